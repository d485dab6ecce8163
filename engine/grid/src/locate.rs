//! From points to places.

use chrono::{DateTime, Days, NaiveDate, NaiveTime};
use chrono_tz::Tz;
use h3o::{LatLng, Resolution};

use crate::{BBox, City, Level, Version};

/// In [`Places::areas`]: the point lies in no area of the level.
pub const NOWHERE: u32 = u32::MAX;

/// Where points lie, one entry for each point.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Places {
    /// The H3 cell at the city's base resolution; 0 when there is no position.
    pub cell: Vec<u64>,
    /// For each level, by `AreaLevel::index()`: the area's index in [`Level::areas`], or [`NOWHERE`]. A level that the city
    /// lacks is [`NOWHERE`] throughout.
    pub areas: [Vec<u32>; 4],
}

impl City {
    /// The places of points, in order. `lon` and `lat` are WGS 84 degrees; `at` are the points' instants in µs since 1970, UTC:
    /// each point is placed by the boundaries in force on its local day; without `at` by the latest ones.
    ///
    /// Place is exact: for the coordinates as given, the answer of each level is that of testing the point against every ring
    /// edge of every area with exact predicates. Areas are closed, a feature's rings count by the even-odd rule and a point on
    /// any of its edges is inside. Where several areas hold the point, it is in the one whose id comes first in byte order.
    /// A point that is not finite or lies outside ±180 and ±90 degrees has no position: cell 0 and [`NOWHERE`].
    ///
    /// # Panics
    /// When the slices differ in length.
    pub fn locate(&self, lon: &[f64], lat: &[f64], at: Option<&[i64]>) -> Places {
        assert_eq!(lon.len(), lat.len(), "as many longitudes as latitudes");
        assert!(
            at.is_none_or(|at| at.len() == lon.len()),
            "as many instants as positions"
        );
        let mut areas = [const { Vec::new() }; 4];
        for level in &self.levels {
            let found = &mut areas[level.level.index()];
            found.reserve_exact(lon.len());
            let points = lon.iter().zip(lat);
            if let (Some(at), [_, _, ..]) = (at, level.versions()) {
                let versions = Calendar::new(level, self.time_zone);
                let points = points.zip(at);
                found.extend(points.map(|((&x, &y), &at)| versions.at(at).locate(x, y)));
            } else {
                let version = level.latest_version();
                found.extend(points.map(|(&x, &y)| version.locate(x, y)));
            }
        }
        for absent in areas.iter_mut().filter(|areas| areas.len() < lon.len()) {
            absent.resize(lon.len(), NOWHERE);
        }
        let points = lon.iter().zip(lat);
        Places {
            cell: points
                .map(|(&x, &y)| cell(x, y, self.base_resolution))
                .collect(),
            areas,
        }
    }
}

fn cell(lon: f64, lat: f64, resolution: Resolution) -> u64 {
    if !BBox::EARTH.holds(lon, lat) {
        return 0;
    }
    LatLng::new(lat, lon).map_or(0, |position| position.to_cell(resolution).into())
}

/// A level's versions by instant. Local dates are only worked out within two days of a change of version.
struct Calendar<'a> {
    level: &'a Level,
    time_zone: Tz,
    /// For each version after the first: µs from which its local day may, and from which it must have begun.
    changes: Vec<(i64, i64)>,
}

impl<'a> Calendar<'a> {
    fn new(level: &'a Level, time_zone: Tz) -> Self {
        let micros = |date: Option<NaiveDate>| {
            date.map_or(0, |date| {
                date.and_time(NaiveTime::MIN).and_utc().timestamp_micros()
            })
        };
        let later = &level.versions()[1..];
        let changes = later.iter().map(|version| {
            let day = version.valid_from;
            (
                micros(day.and_then(|day| day.checked_sub_days(Days::new(2)))),
                micros(day.and_then(|day| day.checked_add_days(Days::new(2)))),
            )
        });
        Self {
            level,
            time_zone,
            changes: changes.collect(),
        }
    }

    fn at(&self, micros: i64) -> &'a Version {
        let surely = self.changes.partition_point(|change| change.1 <= micros);
        let maybe = self.changes.partition_point(|change| change.0 <= micros);
        if surely == maybe {
            return &self.level.versions()[surely];
        }
        let instant = DateTime::from_timestamp_micros(micros)
            .expect("instants near a version's date are in chrono's range");
        self.level
            .version_on(instant.with_timezone(&self.time_zone).date_naive())
    }
}

#[cfg(test)]
mod tests;
