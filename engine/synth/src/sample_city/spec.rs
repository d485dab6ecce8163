//! What a sample city is asked to be.

use chrono_tz::Tz;
use h3o::Resolution;

/// What the sample city is like.
#[derive(Debug, Clone, PartialEq)]
pub struct SampleCitySpec {
    /// The city's name.
    pub name: String,
    /// The city's time zone.
    pub time_zone: Tz,
    /// The H3 resolution at which the city's records are counted.
    pub base_resolution: Resolution,
    /// Longitude and latitude of the centre in WGS 84 degrees.
    pub centre: (f64, f64),
    /// Mean distance from the centre to the outline in kilometres.
    pub radius_km: f64,
    /// Number of districts.
    pub districts: usize,
    /// Number of subdistricts of all districts together.
    pub subdistricts: usize,
    /// Number of communities of all subdistricts together.
    pub communities: usize,
    /// Residents of the whole city, near enough: each community's number is rounded.
    pub population: f64,
}

impl Default for SampleCitySpec {
    fn default() -> Self {
        Self {
            name: "汀澜市".to_owned(),
            time_zone: Tz::Asia__Shanghai,
            base_resolution: Resolution::Ten,
            centre: (116.4, 39.9),
            radius_km: 44.0,
            districts: 16,
            subdistricts: 343,
            communities: 7000,
            population: 13_800_000.0,
        }
    }
}

impl SampleCitySpec {
    /// The default city with another number of communities; districts, subdistricts and residents follow in proportion.
    pub fn with_communities(communities: usize) -> Self {
        let default = Self::default();
        let subdistricts = (communities * default.subdistricts).div_ceil(default.communities);
        Self {
            districts: default.districts.min(subdistricts.div_ceil(5)),
            subdistricts,
            communities,
            #[expect(
                clippy::cast_precision_loss,
                reason = "far fewer than 2^52 communities"
            )]
            population: default.population * communities as f64 / default.communities as f64,
            ..default
        }
    }

    pub(super) fn check(&self) -> Result<(), SampleCityError> {
        let counts = [self.districts, self.subdistricts, self.communities];
        if counts[0] == 0 || !counts.is_sorted() || self.communities > COMMUNITIES_MAX {
            return Err(SampleCityError::Counts { counts });
        }
        let (lon, lat) = self.centre;
        let on_map = lon.abs() < 178.0 && lat.abs() < 70.0;
        if !on_map || !(1.0..=120.0).contains(&self.radius_km) {
            return Err(SampleCityError::Place {
                lon,
                lat,
                radius_km: self.radius_km,
            });
        }
        if !(0.0..=1e10).contains(&self.population) {
            return Err(SampleCityError::Population(self.population));
        }
        Ok(())
    }
}

const COMMUNITIES_MAX: usize = 100_000;

/// Why a sample city cannot be made.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SampleCityError {
    /// The numbers of areas do not nest.
    #[error(
        "{} districts, {} subdistricts and {} communities do not nest: each level needs as many areas as the one above, and at most {COMMUNITIES_MAX}",
        counts[0], counts[1], counts[2]
    )]
    Counts {
        /// Districts, subdistricts, communities.
        counts: [usize; 3],
    },
    /// The centre or the size leaves the map.
    #[error(
        "a city of radius {radius_km} km at {lon}, {lat} does not fit: up to 120 km, latitude within 70 degrees"
    )]
    Place {
        /// Longitude of the centre in degrees.
        lon: f64,
        /// Latitude of the centre in degrees.
        lat: f64,
        /// Radius in kilometres.
        radius_km: f64,
    },
    /// The population is negative, not finite or beyond all cities.
    #[error("{0} is no population of a city")]
    Population(f64),
    /// A group has more members than its three-digit codes allow.
    #[error("area {parent} would have {members} parts, but codes of three digits end at 999")]
    Codes {
        /// Code of the area whose parts are too many.
        parent: String,
        /// The number of its parts.
        members: usize,
    },
    /// No attempt gave valid areas.
    #[error("no valid partition came out of {0} attempts with this seed")]
    NoPartition(u64),
}
