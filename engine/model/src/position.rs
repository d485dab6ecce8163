//! A position on the earth.

use crate::{Refusal, refusal::shown};

/// Longitude and latitude in WGS 84 degrees; both finite, lon in [-180, 180], lat in [-90, 90].
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Position {
    lon: f64,
    lat: f64,
}

impl Position {
    /// A checked position from degrees, longitude first.
    ///
    /// # Errors
    /// A [`Refusal`] of rule `range` when a value is not finite or lies outside the globe.
    pub fn try_new(lon: f64, lat: f64) -> Result<Self, Refusal> {
        if !(-180.0..=180.0).contains(&lon) {
            return Err(Refusal::new(
                "lon",
                shown(lon),
                "range",
                "longitude must lie in -180 to 180 degrees",
            ));
        }
        if !(-90.0..=90.0).contains(&lat) {
            return Err(Refusal::new(
                "lat",
                shown(lat),
                "range",
                "latitude must lie in -90 to 90 degrees",
            ));
        }
        Ok(Self { lon, lat })
    }

    /// Longitude in degrees.
    pub const fn lon(self) -> f64 {
        self.lon
    }

    /// Latitude in degrees.
    pub const fn lat(self) -> f64 {
        self.lat
    }
}
