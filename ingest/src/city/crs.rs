//! The coordinate system of a file: longitude and latitude, or a projected system by its EPSG code.
//!
//! Positions are `x, y` as files hold them: longitude before latitude, easting before northing, whatever order the authority
//! gives the axes. The mathematics is that of PROJ 4 (`proj4rs`), the definitions are those of the EPSG register
//! (`crs-definitions`).

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use citybrain_grid::{BBox, Crs, UnknownCrs};
use proj4rs::Proj;
use proj4rs::transform::transform;

/// The coordinate system of a file or feed, and the way from it to WGS 84. Cheap to clone.
///
/// How exact: a projection is inverted to better than 10⁻⁹ degrees. Between datums, a shift of three or seven parameters is
/// applied where the definition has one (metres, as the authority states it); systems on GRS 80 without a shift (NAD 83,
/// CGCS2000, ETRS 89, GDA) are taken for WGS 84, which they are within two metres; systems that need a grid of shifts are
/// refused.
#[derive(Debug, Clone)]
pub enum SourceCrs {
    /// Longitude and latitude in degrees.
    LonLat(Crs),
    /// Another system of the EPSG register.
    Epsg(Arc<EpsgCrs>),
}

/// A system of the EPSG register, ready to compute.
pub struct EpsgCrs {
    code: u16,
    proj: Proj,
    wgs84: Proj,
    datum: Datum,
}

/// How far a system's datum is from WGS 84.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Datum {
    /// Centimetres or nothing.
    Same,
    /// Within two metres, and taken for the same.
    Near,
    /// Shifted by the parameters of the definition.
    Shifted,
}

/// Why a word names no coordinate system that can be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CrsError {
    /// Neither a known word nor `epsg:` and a number.
    #[error(
        "\"{0}\" is not a coordinate system (wgs84, cgcs2000, gcj02, bd09, or epsg: and a code, such as epsg:4549)"
    )]
    Word(String),
    /// The EPSG register has no horizontal system of this code.
    #[error("epsg:{0} is not in the EPSG register, or is no horizontal system")]
    Unknown(u16),
    /// The projection is one that cannot be computed.
    #[error("epsg:{code} cannot be computed ({reason}); convert the file to WGS 84")]
    Unsupported {
        /// The code.
        code: u16,
        /// What the library says.
        reason: String,
    },
    /// The datum lies at an unknown distance from WGS 84.
    #[error(
        "epsg:{0} is on a datum whose shift to WGS 84 its definition does not state, or states by a grid: taken as it is, places would be up to hundreds of metres off; convert the file to WGS 84"
    )]
    Datum(u16),
}

/// Why a position cannot be brought to WGS 84.
#[derive(Debug, Clone, Copy, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum PositionError {
    /// No longitude and latitude.
    #[error("no longitude and latitude in degrees")]
    NotDegrees,
    /// No place of a projected system.
    #[error("no easting and northing of epsg:{0}")]
    NotProjected(u16),
    /// Far from where the projection is made for.
    #[error(
        "{degrees:.0} degrees of longitude from the middle of epsg:{code}: another zone, or easting and northing swapped"
    )]
    Far {
        /// The code.
        code: u16,
        /// The distance in longitude.
        degrees: f64,
    },
}

impl SourceCrs {
    /// The WGS 84 position, degrees, longitude first, of a position in this system (easting before northing, in the system's
    /// own unit of length).
    ///
    /// # Errors
    /// [`PositionError`] for what is no position of the system.
    pub fn to_wgs84(&self, x: f64, y: f64) -> Result<(f64, f64), PositionError> {
        match self {
            Self::LonLat(crs) if BBox::EARTH.holds(x, y) => Ok(crs.to_wgs84(x, y)),
            Self::LonLat(_) => Err(PositionError::NotDegrees),
            Self::Epsg(epsg) => epsg.to_wgs84(x, y),
        }
    }

    /// Whether positions are lengths, not degrees.
    pub fn is_projected(&self) -> bool {
        matches!(self, Self::Epsg(epsg) if !epsg.proj.is_latlong())
    }

    /// Whether the datum is taken for WGS 84 although it may be up to two metres from it.
    pub fn is_near(&self) -> bool {
        matches!(self, Self::Epsg(epsg) if epsg.datum == Datum::Near)
    }

    /// The system of an EPSG code.
    ///
    /// # Errors
    /// [`CrsError`] for a code that is unknown or cannot be computed.
    pub fn of_epsg(code: u16) -> Result<Self, CrsError> {
        match code {
            4326 => Ok(Self::LonLat(Crs::Wgs84)),
            4490 => Ok(Self::LonLat(Crs::Cgcs2000)),
            _ => EpsgCrs::try_new(code).map(|epsg| Self::Epsg(Arc::new(epsg))),
        }
    }
}

impl Default for SourceCrs {
    fn default() -> Self {
        Self::LonLat(Crs::Wgs84)
    }
}

impl PartialEq for SourceCrs {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::LonLat(one), Self::LonLat(other)) => one == other,
            (Self::Epsg(one), Self::Epsg(other)) => one.code == other.code,
            _ => false,
        }
    }
}

impl FromStr for SourceCrs {
    type Err = CrsError;

    fn from_str(word: &str) -> Result<Self, Self::Err> {
        if let Some(code) = word.strip_prefix("epsg:") {
            return match code.parse() {
                Ok(code) => Self::of_epsg(code),
                Err(_) => Err(CrsError::Word(word.to_owned())),
            };
        }
        let crs: Result<Crs, UnknownCrs> = word.parse();
        crs.map(Self::LonLat)
            .or(Err(CrsError::Word(word.to_owned())))
    }
}

impl fmt::Display for SourceCrs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::LonLat(crs) => f.write_str(crs.as_str()),
            Self::Epsg(epsg) => write!(f, "epsg:{}", epsg.code),
        }
    }
}

impl EpsgCrs {
    fn try_new(code: u16) -> Result<Self, CrsError> {
        let definition = crs_definitions::from_code(code).ok_or(CrsError::Unknown(code))?;
        let datum = datum(code, definition.proj4).ok_or(CrsError::Datum(code))?;
        let unsupported = |error: proj4rs::errors::Error| CrsError::Unsupported {
            code,
            reason: error.to_string(),
        };
        let proj = Proj::from_proj_string(definition.proj4).map_err(unsupported)?;
        if !proj.has_inverse() || proj.is_geocent() {
            return Err(CrsError::Unsupported {
                code,
                reason: format!("{} has no way back to degrees", proj.projname()),
            });
        }
        let wgs84 = Proj::from_proj_string(WGS84).map_err(unsupported)?;
        Ok(Self {
            code,
            proj,
            wgs84,
            datum,
        })
    }

    fn to_wgs84(&self, x: f64, y: f64) -> Result<(f64, f64), PositionError> {
        let refused = PositionError::NotProjected(self.code);
        let degrees = self.proj.is_latlong();
        if degrees && !BBox::EARTH.holds(x, y) {
            return Err(PositionError::NotDegrees);
        }
        let mut at = if degrees {
            (x.to_radians(), y.to_radians(), 0.0)
        } else {
            (x, y, 0.0)
        };
        transform(&self.proj, &self.wgs84, &mut at).or(Err(refused))?;
        let (lon, lat) = (at.0.to_degrees(), at.1.to_degrees());
        if !BBox::EARTH.holds(lon, lat) {
            return Err(refused);
        }
        let far = (lon - self.proj.longitude_of_origin().to_degrees()).abs();
        let far = far.min(360.0 - far);
        if !degrees && far > self.reach_deg() {
            return Err(PositionError::Far {
                code: self.code,
                degrees: far,
            });
        }
        Ok((lon, lat))
    }

    /// How many degrees of longitude from its middle a system may be used. National systems in one zone reach 30 (Canada in
    /// Lambert's projection 50); a transverse Mercator zone is 3 or 6 degrees wide and used a little beyond.
    fn reach_deg(&self) -> f64 {
        match self.proj.projname() {
            "tmerc" | "etmerc" | "utm" | "estmerc" => 15.0,
            "merc" | "eqc" | "cea" | "mill" | "moll" | "robin" | "sinu" | "eqearth" | "stere"
            | "laea" => 180.0,
            _ => 60.0,
        }
    }
}

impl fmt::Debug for EpsgCrs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EpsgCrs")
            .field("code", &self.code)
            .field("projection", &self.proj.projname())
            .field("datum", &self.datum)
            .finish_non_exhaustive()
    }
}

const WGS84: &str = "+proj=longlat +datum=WGS84 +no_defs";

/// The CGCS2000 systems of the register: longitude and latitude, and the Gauss-Krüger zones of six and three degrees.
const CGCS2000: std::ops::RangeInclusive<u16> = 4490..=4554;

/// What a proj string says about the way from its datum to WGS 84; none when it says nothing that can be followed.
fn datum(code: u16, definition: &str) -> Option<Datum> {
    let value = |key: &str| {
        definition
            .split_whitespace()
            .find_map(|part| part.strip_prefix(key))
    };
    // Web Mercator computes on a sphere but means WGS 84.
    if value("+nadgrids=") == Some("@null") || CGCS2000.contains(&code) {
        return Some(Datum::Same);
    }
    if value("+nadgrids=").is_some() {
        return None;
    }
    if let Some(shift) = value("+towgs84=") {
        let none = shift.split(',').all(|number| number.parse() == Ok(0.0_f64));
        return Some(if none { Datum::Near } else { Datum::Shifted });
    }
    match (value("+datum="), value("+ellps=")) {
        (Some("WGS84"), _) => Some(Datum::Same),
        (Some("NAD83"), _) | (None, Some("GRS80" | "WGS84")) => Some(Datum::Near),
        // Known to the library with its shift; NAD 27 with a grid, which is not at hand.
        (Some("NAD27") | None, _) => None,
        (Some(_), _) => Some(Datum::Shifted),
    }
}

#[cfg(test)]
mod tests;
