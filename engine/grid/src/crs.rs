//! Coordinate systems of feeds and boundary files, and the way from each to WGS 84.

use std::f64::consts::PI;
use std::str::FromStr;

/// A coordinate system of longitude and latitude in degrees.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Crs {
    /// WGS 84 (EPSG:4326).
    #[default]
    Wgs84,
    /// CGCS2000 (EPSG:4490): centimetres from WGS 84, treated as equal.
    Cgcs2000,
    /// GCJ-02, the official offset of Chinese web maps: 50 to 700 m from WGS 84 inside China, equal to it outside.
    Gcj02,
    /// BD-09, a second shift on top of GCJ-02.
    Bd09,
}

/// A word that names no coordinate system which can be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum UnknownCrs {
    /// A projected or other system by its EPSG code.
    #[error(
        "the coordinate system {0} cannot be read yet; convert the file to WGS 84 (wgs84, cgcs2000, gcj02 and bd09 can)"
    )]
    Epsg(String),
    /// No coordinate system at all.
    #[error("\"{0}\" is not a coordinate system (wgs84, cgcs2000, gcj02 or bd09)")]
    Word(String),
}

impl FromStr for Crs {
    type Err = UnknownCrs;

    fn from_str(word: &str) -> Result<Self, Self::Err> {
        match word {
            "wgs84" | "epsg:4326" => Ok(Self::Wgs84),
            "cgcs2000" | "epsg:4490" => Ok(Self::Cgcs2000),
            "gcj02" => Ok(Self::Gcj02),
            "bd09" => Ok(Self::Bd09),
            epsg if epsg.starts_with("epsg:") => Err(UnknownCrs::Epsg(epsg.to_owned())),
            _ => Err(UnknownCrs::Word(word.to_owned())),
        }
    }
}

impl Crs {
    /// The word for it in city files and source profiles.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Wgs84 => "wgs84",
            Self::Cgcs2000 => "cgcs2000",
            Self::Gcj02 => "gcj02",
            Self::Bd09 => "bd09",
        }
    }

    /// The WGS 84 position of a position in this system, degrees, longitude first. GCJ-02 and BD-09 are inverted by iteration:
    /// the way back by [`Crs::from_wgs84`] meets the input within 10⁻⁹ degrees. NaN stays NaN.
    pub fn to_wgs84(self, lon: f64, lat: f64) -> (f64, f64) {
        match self {
            Self::Wgs84 | Self::Cgcs2000 => (lon, lat),
            Self::Gcj02 => inverted(wgs84_to_gcj02, lon, lat),
            Self::Bd09 => {
                let (lon, lat) = inverted(gcj02_to_bd09, lon, lat);
                inverted(wgs84_to_gcj02, lon, lat)
            }
        }
    }

    /// The position in this system of a WGS 84 position, degrees, longitude first.
    pub fn from_wgs84(self, lon: f64, lat: f64) -> (f64, f64) {
        match self {
            Self::Wgs84 | Self::Cgcs2000 => (lon, lat),
            Self::Gcj02 => wgs84_to_gcj02(lon, lat),
            Self::Bd09 => {
                let (lon, lat) = wgs84_to_gcj02(lon, lat);
                gcj02_to_bd09(lon, lat)
            }
        }
    }
}

/// Semi-major axis of the Krasovsky 1940 ellipsoid, m: the one that GCJ-02 is computed on.
const KRASOVSKY_A_M: f64 = 6_378_245.0;
/// Its eccentricity squared, as GCJ-02 has it.
const KRASOVSKY_EE: f64 = 0.006_693_421_622_965_943;
/// Where GCJ-02 has its origin, degrees.
const ORIGIN: (f64, f64) = (105.0, 35.0);
/// π as BD-09 has it: in units of 1/3000 degree.
const BD09_PI: f64 = PI * 3000.0 / 180.0;

fn wgs84_to_gcj02(lon: f64, lat: f64) -> (f64, f64) {
    // The rectangle in which the offset applies, degrees.
    if !((72.004..=137.8347).contains(&lon) && (0.8293..=55.8271).contains(&lat)) {
        return (lon, lat);
    }
    let (east_m, north_m) = offset_m(lon - ORIGIN.0, lat - ORIGIN.1);
    let (sin, cos) = lat.to_radians().sin_cos();
    let w2 = 1.0 - KRASOVSKY_EE * sin * sin;
    let meridian_m = KRASOVSKY_A_M * (1.0 - KRASOVSKY_EE) / (w2 * w2.sqrt());
    let parallel_m = KRASOVSKY_A_M / w2.sqrt() * cos;
    (
        lon + (east_m / parallel_m).to_degrees(),
        lat + (north_m / meridian_m).to_degrees(),
    )
}

/// The offset in metres at `x` and `y` degrees from the origin.
fn offset_m(x: f64, y: f64) -> (f64, f64) {
    let wave = |amplitude: f64, value: f64, divisor: f64| amplitude * (value / divisor * PI).sin();
    let root = x.abs().sqrt();
    let common = wave(20.0, x, 1.0 / 6.0) + wave(20.0, x, 0.5);
    let east = 300.0
        + x
        + 2.0 * y
        + 0.1 * x * x
        + 0.1 * x * y
        + 0.1 * root
        + (common
            + wave(20.0, x, 1.0)
            + wave(40.0, x, 3.0)
            + wave(150.0, x, 12.0)
            + wave(300.0, x, 30.0))
            * 2.0
            / 3.0;
    let north = -100.0
        + 2.0 * x
        + 3.0 * y
        + 0.2 * y * y
        + 0.1 * x * y
        + 0.2 * root
        + (common
            + wave(20.0, y, 1.0)
            + wave(40.0, y, 3.0)
            + wave(160.0, y, 12.0)
            + wave(320.0, y, 30.0))
            * 2.0
            / 3.0;
    (east, north)
}

fn gcj02_to_bd09(lon: f64, lat: f64) -> (f64, f64) {
    let radius = lon.hypot(lat) + 0.000_02 * (lat * BD09_PI).sin();
    let angle = lat.atan2(lon) + 0.000_003 * (lon * BD09_PI).cos();
    (radius * angle.cos() + 0.0065, radius * angle.sin() + 0.006)
}

/// The position that `forward` takes to the given one. The shifts change by less than a hundredth over their own length, so
/// that each step divides the error by a hundred: six steps from a kilometre to below the last digit of an f64.
fn inverted(forward: fn(f64, f64) -> (f64, f64), lon: f64, lat: f64) -> (f64, f64) {
    let (mut x, mut y) = (lon, lat);
    for _ in 0..STEPS_MAX {
        let (got_lon, got_lat) = forward(x, y);
        let (dx, dy) = (lon - got_lon, lat - got_lat);
        (x, y) = (x + dx, y + dy);
        if dx.abs().max(dy.abs()) < 1e-13 {
            break;
        }
    }
    (x, y)
}

/// A bound for places on the border of the rectangle, where the shift jumps and the steps may not settle.
const STEPS_MAX: usize = 30;

#[cfg(test)]
mod tests;
