//! A city that does not exist: nested areas with shared curved borders, populations and names.

mod files;
mod gzip;
mod hierarchy;
mod mesh;
mod names;
mod outline;
mod sites;

use std::collections::HashSet;

use geo::{Area as _, MultiPolygon, Validation};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use spade::Triangulation as _;

pub use files::write_files;

use self::mesh::{Border, Frame};
use self::names::{Kind, Name};
use self::sites::Sites;

/// What the sample city is like.
#[derive(Debug, Clone, PartialEq)]
pub struct SampleCitySpec {
    /// The city's name.
    pub name: String,
    /// IANA name of the city's time zone.
    pub time_zone: String,
    /// The resolution of the city's base cells.
    pub base_resolution: u8,
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
            time_zone: "Asia/Shanghai".to_owned(),
            base_resolution: 10,
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

    fn check(&self) -> Result<(), SampleCityError> {
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

/// A city that does not exist. Areas of one level never overlap and leave no gaps; the parts of an area make it up exactly.
#[derive(Debug, Clone, PartialEq)]
pub struct SampleCity {
    /// The seed that it was made from.
    pub seed: u64,
    /// What was asked for.
    pub spec: SampleCitySpec,
    /// Districts, in the order of their codes.
    pub districts: Vec<SampleArea>,
    /// Subdistricts, in the order of their codes.
    pub subdistricts: Vec<SampleArea>,
    /// Communities, in the order of their codes.
    pub communities: Vec<SampleArea>,
}

impl SampleCity {
    /// The seed of the sample city that comes with the project.
    pub const SEED: u64 = 1;
}

/// One area of the sample city.
#[derive(Debug, Clone, PartialEq)]
pub struct SampleArea {
    /// 6 digits for a district, 9 for a subdistrict, 12 for a community; the longer begins with its parent's.
    pub code: String,
    /// Chinese name, unique within the parent.
    pub name: String,
    /// English name.
    pub name_en: String,
    /// Code of the area that it lies in; a district lies in the city.
    pub parent: String,
    /// Residents; a parent's are the sum of its parts'.
    pub population: u64,
    /// Longitude and latitude in WGS 84 degrees of six decimals.
    pub geometry: MultiPolygon,
}

/// Code of the sample city. No province's codes begin with 68.
const CITY_CODE: &str = "680100";

const ATTEMPTS: u64 = 16;

/// Makes the city of `seed`: the same seed and spec give the same city on every machine.
///
/// # Errors
/// When the spec does not fit a map or its counts do not nest.
pub fn sample_city(seed: u64, spec: &SampleCitySpec) -> Result<SampleCity, SampleCityError> {
    spec.check()?;
    let frame = Frame {
        lon: spec.centre.0,
        lat: spec.centre.1,
    };
    for attempt in 0..ATTEMPTS {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        rng.set_stream(attempt);
        let Some(sites) = sites::draw(spec.communities, spec.radius_km, &mut rng) else {
            continue;
        };
        let mut borders = mesh::borders(&sites, frame, &mut rng);
        let Some(shapes) = valid_shapes(&mut borders, spec.communities) else {
            continue;
        };
        return Plan::new(spec, &sites, &borders, shapes, &mut rng).city(seed, &mut rng);
    }
    Err(SampleCityError::NoPartition(ATTEMPTS))
}

/// The communities' polygons. A border that makes one invalid loses its bend; `None` when that does not help or when the city
/// as a whole is not one polygon without holes.
fn valid_shapes(borders: &mut [Border], communities: usize) -> Option<Vec<MultiPolygon>> {
    let whole = outline::outlines(borders, &vec![0; communities], 1);
    if whole[0].0.len() != 1 || !whole[0].0[0].interiors().is_empty() {
        return None;
    }
    let own: Vec<usize> = (0..communities).collect();
    for _ in 0..3 {
        let shapes = outline::outlines(borders, &own, communities);
        let bad: HashSet<usize> = (0..communities)
            .filter(|&i| shapes[i].0.len() != 1 || !shapes[i].is_valid())
            .collect();
        if bad.is_empty() {
            return Some(shapes);
        }
        for border in &mut *borders {
            let touched = |i: usize| bad.contains(&i);
            if touched(border.left) || border.right.is_some_and(touched) {
                border.path.drain(1..border.path.len() - 1);
            }
        }
    }
    None
}

/// The communities with their groups, before names and codes.
struct Plan<'a> {
    spec: &'a SampleCitySpec,
    borders: &'a [Border],
    shapes: Vec<MultiPolygon>,
    /// Kilometres from the centre.
    positions: Vec<[f64; 2]>,
    subdistrict_of: Vec<usize>,
    district_of: Vec<usize>,
    populations: Vec<u64>,
}

impl<'a> Plan<'a> {
    fn new(
        spec: &'a SampleCitySpec,
        sites: &Sites,
        borders: &'a [Border],
        shapes: Vec<MultiPolygon>,
        rng: &mut impl Rng,
    ) -> Self {
        let positions: Vec<[f64; 2]> = sites
            .triangulation
            .vertices()
            .take(sites.inside)
            .map(|site| [site.position().x, site.position().y])
            .collect();
        let mut neighbours = vec![Vec::new(); positions.len()];
        for border in borders {
            if let Some(right) = border.right {
                neighbours[border.left].push(right);
                neighbours[right].push(border.left);
            }
        }
        let subdistrict_of = hierarchy::group(&positions, &neighbours, spec.subdistricts, rng);

        let mut centres = vec![([0.0, 0.0], 0.0_f64); spec.subdistricts];
        let mut touching = vec![Vec::new(); spec.subdistricts];
        for (i, &group) in subdistrict_of.iter().enumerate() {
            let (sum, n) = &mut centres[group];
            *sum = [sum[0] + positions[i][0], sum[1] + positions[i][1]];
            *n += 1.0;
            let others = neighbours[i].iter().map(|&j| subdistrict_of[j]);
            touching[group].extend(others.filter(|&other| other != group));
        }
        let centres: Vec<[f64; 2]> = centres
            .into_iter()
            .map(|([x, y], n)| [x / n, y / n])
            .collect();
        let district_of = hierarchy::group(&centres, &touching, spec.districts, rng);

        let populations = populations(spec, &shapes, rng);
        Self {
            spec,
            borders,
            shapes,
            positions,
            subdistrict_of,
            district_of,
            populations,
        }
    }

    /// Names and codes from the core outwards, then the outlines of the larger areas.
    fn city(self, seed: u64, rng: &mut impl Rng) -> Result<SampleCity, SampleCityError> {
        let mut city = SampleCity {
            seed,
            spec: self.spec.clone(),
            districts: Vec::new(),
            subdistricts: Vec::new(),
            communities: Vec::new(),
        };
        let community_districts: Vec<usize> = self
            .subdistrict_of
            .iter()
            .map(|&subdistrict| self.district_of[subdistrict])
            .collect();
        let district_shapes =
            outline::outlines(self.borders, &community_districts, self.spec.districts);
        let subdistrict_shapes =
            outline::outlines(self.borders, &self.subdistrict_of, self.spec.subdistricts);

        let mut taken = HashSet::new();
        let districts = self.from_core(self.spec.districts, |i| community_districts[i]);
        let subdistricts = self.from_core(self.spec.subdistricts, |i| self.subdistrict_of[i]);
        if districts.len() > 99 {
            return Err(too_many(CITY_CODE, districts.len()));
        }
        for (number, &district) in (1..).zip(&districts) {
            let code = format!("{}{number:02}", &CITY_CODE.get(..4).expect("six digits"));
            let name = names::district(number - 1, rng, &mut taken);
            let members: Vec<usize> = subdistricts
                .iter()
                .copied()
                .filter(|&subdistrict| self.district_of[subdistrict] == district)
                .collect();
            let population =
                self.subdistricts(&mut city, &code, &members, &subdistrict_shapes, rng)?;
            city.districts.push(SampleArea {
                code,
                name: name.zh,
                name_en: name.en,
                parent: CITY_CODE.to_owned(),
                population,
                geometry: district_shapes[district].clone(),
            });
        }
        Ok(city)
    }

    /// Adds the subdistricts of one district with their communities; returns their residents.
    fn subdistricts(
        &self,
        city: &mut SampleCity,
        district: &str,
        members: &[usize],
        shapes: &[MultiPolygon],
        rng: &mut impl Rng,
    ) -> Result<u64, SampleCityError> {
        let mut kinds: Vec<(Kind, usize)> = members
            .iter()
            .map(|&subdistrict| (self.kind(&shapes[subdistrict], subdistrict), subdistrict))
            .collect();
        kinds.sort_by_key(|(kind, _)| *kind);
        let codes = codes(
            district,
            &kinds.iter().map(|(kind, _)| *kind).collect::<Vec<_>>(),
            |kind| match kind {
                Kind::Street => 1,
                Kind::Town => 100,
                Kind::Township => 200,
            },
        )?;
        let mut taken = HashSet::new();
        let mut residents = 0;
        for ((kind, subdistrict), code) in kinds.into_iter().zip(codes) {
            let stem = names::subdistrict_stem(rng, &mut taken);
            let name = names::subdistrict(&stem, kind);
            let population = self.communities(city, &code, subdistrict, &stem, kind, rng)?;
            residents += population;
            city.subdistricts.push(SampleArea {
                code,
                name: name.zh,
                name_en: name.en,
                parent: district.to_owned(),
                population,
                geometry: shapes[subdistrict].clone(),
            });
        }
        Ok(residents)
    }

    /// Adds the communities of one subdistrict; returns their residents.
    fn communities(
        &self,
        city: &mut SampleCity,
        subdistrict: &str,
        group: usize,
        stem: &Name,
        kind: Kind,
        rng: &mut impl Rng,
    ) -> Result<u64, SampleCityError> {
        // In a town every fourth community is a village, in a township most are.
        let villages = match kind {
            Kind::Street => 0.0,
            Kind::Town => 0.3,
            Kind::Township => 0.85,
        };
        let mut members: Vec<(bool, usize)> = (0..self.positions.len())
            .filter(|&i| self.subdistrict_of[i] == group)
            .map(|i| (rng.random_bool(villages), i))
            .collect();
        members.sort_by_key(|(village, _)| *village);
        let codes = codes(
            subdistrict,
            &members
                .iter()
                .map(|(village, _)| *village)
                .collect::<Vec<_>>(),
            |village| if village { 200 } else { 1 },
        )?;
        let mut taken = HashSet::new();
        let mut residents = 0;
        for ((village, i), code) in members.into_iter().zip(codes) {
            let name = if village {
                names::village(rng, &mut taken)
            } else {
                names::community(stem, rng, &mut taken)
            };
            residents += self.populations[i];
            city.communities.push(SampleArea {
                code,
                name: name.zh,
                name_en: name.en,
                parent: subdistrict.to_owned(),
                population: self.populations[i],
                geometry: self.shapes[i].clone(),
            });
        }
        Ok(residents)
    }

    /// Groups in the order of their members' mean distance from the centre.
    fn from_core(&self, groups: usize, group_of: impl Fn(usize) -> usize) -> Vec<usize> {
        let mut sums = vec![(0.0, 0.0); groups];
        for (i, [x, y]) in self.positions.iter().enumerate() {
            let (sum, n) = &mut sums[group_of(i)];
            *sum += libm::hypot(*x, *y);
            *n += 1.0;
        }
        let mut order: Vec<usize> = (0..groups).collect();
        order.sort_by(|&a, &b| (sums[a].0 / sums[a].1).total_cmp(&(sums[b].0 / sums[b].1)));
        order
    }

    fn kind(&self, shape: &MultiPolygon, subdistrict: usize) -> Kind {
        let members = self
            .subdistrict_of
            .iter()
            .filter(|&&k| k == subdistrict)
            .count();
        #[expect(clippy::cast_precision_loss, reason = "a count of communities")]
        let each_km2 = outline::area_km2(shape, self.spec.centre.1) / members as f64;
        let city_km2 = std::f64::consts::PI * self.spec.radius_km * self.spec.radius_km;
        #[expect(clippy::cast_precision_loss, reason = "a count of communities")]
        let mean_km2 = city_km2 / self.positions.len() as f64;
        match each_km2 / mean_km2 {
            share if share < 0.6 => Kind::Street,
            share if share < 2.4 => Kind::Town,
            _ => Kind::Township,
        }
    }
}

/// Residents of each community: many where it is small, scaled to the city's population.
fn populations(spec: &SampleCitySpec, shapes: &[MultiPolygon], rng: &mut impl Rng) -> Vec<u64> {
    let weights: Vec<f64> = shapes
        .iter()
        .map(|shape| {
            let size = libm::pow(shape.unsigned_area(), -0.22);
            size * libm::exp(rng.random_range(-0.7..0.7))
        })
        .collect();
    let scale = spec.population / weights.iter().sum::<f64>();
    weights
        .into_iter()
        .map(|weight| {
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "a population is checked to be positive and below 1e10"
            )]
            let residents = (weight * scale).round() as u64;
            residents
        })
        .collect()
}

/// Codes of an area's parts: each class counts from its own number on, and goes past the next class when it overflows.
fn codes<T: Copy>(
    parent: &str,
    classes: &[T],
    first: impl Fn(T) -> usize,
) -> Result<Vec<String>, SampleCityError> {
    let mut next = 0;
    classes
        .iter()
        .map(|&class| {
            next = first(class).max(next + 1);
            match next {
                1..=999 => Ok(format!("{parent}{next:03}")),
                _ => Err(too_many(parent, classes.len())),
            }
        })
        .collect()
}

fn too_many(parent: &str, members: usize) -> SampleCityError {
    SampleCityError::Codes {
        parent: parent.to_owned(),
        members,
    }
}

#[cfg(test)]
mod tests;
