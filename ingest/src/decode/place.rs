//! Positions in the source's coordinate system become WGS 84.

use std::collections::HashMap;

use citybrain_model::Refusal;

use super::{Notes, bound::Bound};
use crate::{
    city::SourceCrs,
    profile::{DefaultPosition, Field, FieldRule, Profile},
    rows::{Columns, Row},
};

/// The position is the feed's default for "no address".
pub(super) const DEFAULT_LOCATION: &str = "default_location";

/// Reads the positions of one source.
#[derive(Debug)]
pub(super) struct Places {
    crs: SourceCrs,
    swap: bool,
    defaults: Vec<DefaultPosition>,
    sensors: HashMap<String, (f64, f64)>,
}

/// A position as far as the row has one, in WGS 84 degrees.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(super) struct Placed {
    pub(super) lon: Option<f64>,
    pub(super) lat: Option<f64>,
    /// It is the feed's default and no place.
    pub(super) is_default: bool,
}

/// The columns that the profile reads positions from.
pub(super) fn position_columns(profile: &Profile, columns: &Columns) -> Vec<usize> {
    let fields = [Field::Lon, Field::Lat];
    let rules = fields.iter().filter_map(|field| profile.fields.get(field));
    let names = rules.flat_map(|rules| rules.0.iter().flat_map(FieldRule::columns));
    names.filter_map(|name| columns.find(name)).collect()
}

impl Places {
    pub(super) fn new(profile: &Profile) -> Self {
        let rule = profile.position.as_ref();
        let sensors = profile.sensor.iter();
        Self {
            crs: rule.map_or_else(SourceCrs::default, |rule| rule.crs.clone()),
            swap: rule.is_some_and(|rule| rule.swap),
            defaults: rule.map_or_else(Vec::new, |rule| rule.default.clone()),
            sensors: sensors
                .map(|sensor| (sensor.id.clone(), (sensor.lon, sensor.lat)))
                .collect(),
        }
    }

    /// The row's position.
    ///
    /// # Errors
    /// A refusal by rule `number`.
    pub(super) fn of_row(
        &self,
        bound: &Bound,
        row: &Row,
        notes: &mut Notes,
    ) -> Result<Placed, Refusal> {
        let (lon, lat) = if self.swap {
            (Field::Lat, Field::Lon)
        } else {
            (Field::Lon, Field::Lat)
        };
        let placed = self.placed(bound.number(row, lon)?, bound.number(row, lat)?);
        if placed.is_default {
            notes.count(DEFAULT_LOCATION);
        }
        Ok(placed)
    }

    /// The position of a sensor that the profile knows.
    pub(super) fn of_sensor(&self, sensor: &str) -> Option<Placed> {
        let (lon, lat) = self.sensors.get(sensor)?;
        Some(self.placed(Some(*lon), Some(*lat)))
    }

    /// The position in WGS 84; what is no position of the system stays as it is, for the record's own rules to refuse.
    pub(super) fn placed(&self, lon: Option<f64>, lat: Option<f64>) -> Placed {
        let (Some(lon), Some(lat)) = (lon, lat) else {
            return Placed {
                lon,
                lat,
                is_default: false,
            };
        };
        let is_default = self.defaults.iter().any(|default| {
            (default.lon - lon).abs() <= default.tolerance_deg
                && (default.lat - lat).abs() <= default.tolerance_deg
        });
        let (lon, lat) = self.crs.to_wgs84(lon, lat).unwrap_or((lon, lat));
        Placed {
            lon: Some(lon),
            lat: Some(lat),
            is_default,
        }
    }
}
