//! From points to places.

use chrono::{DateTime, Days, NaiveDate, NaiveTime};
use chrono_tz::Tz;
use citybrain_model::AreaLevel;

use crate::hexagon::Hexagons;
use crate::share::{PIECE, share};
use crate::{City, Level, Version};

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
    /// From 100,000 points on, as many threads as the machine runs at once share the work; the call returns when all are done.
    /// The answers do not depend on it.
    ///
    /// # Panics
    /// When the slices differ in length.
    pub fn locate(&self, lon: &[f64], lat: &[f64], at: Option<&[i64]>) -> Places {
        assert_eq!(lon.len(), lat.len(), "as many longitudes as latitudes");
        assert!(
            at.is_none_or(|at| at.len() == lon.len()),
            "as many instants as positions"
        );
        let mut places = Places {
            cell: vec![0; lon.len()],
            areas: AreaLevel::ALL.map(|level| {
                let start = self.level(level).map_or(NOWHERE, |_| 0);
                vec![start; lon.len()]
            }),
        };
        let placing = Placing::new(self, at.is_some());
        let pieces = pieces(lon, lat, at, &mut places);
        share(lon.len(), pieces, |piece| placing.place(piece));
        places
    }
}

impl Level {
    /// The areas of this level alone that hold the points, by the latest boundaries, in order: indices into [`Level::areas`],
    /// or [`NOWHERE`]. Exact as [`City::locate`], and shared among threads like it.
    ///
    /// # Panics
    /// When the slices differ in length.
    pub fn locate(&self, lon: &[f64], lat: &[f64]) -> Vec<u32> {
        assert_eq!(lon.len(), lat.len(), "as many longitudes as latitudes");
        let mut areas = vec![0; lon.len()];
        let version = self.latest_version();
        let points = lon.chunks(PIECE).zip(lat.chunks(PIECE));
        let pieces = points.zip(areas.chunks_mut(PIECE));
        share(lon.len(), pieces, |((lon, lat), areas)| {
            version.fill(lon, lat, areas);
        });
        areas
    }
}

/// Some of the points, and where their places go.
struct Piece<'a> {
    lon: &'a [f64],
    lat: &'a [f64],
    at: Option<&'a [i64]>,
    cell: &'a mut [u64],
    areas: [&'a mut [u32]; 4],
}

fn pieces<'a>(
    lon: &'a [f64],
    lat: &'a [f64],
    at: Option<&'a [i64]>,
    places: &'a mut Places,
) -> impl Iterator<Item = Piece<'a>> + Send {
    let mut at = at.map(|at| at.chunks(PIECE));
    let mut areas = places.areas.each_mut().map(|areas| areas.chunks_mut(PIECE));
    let points = lon.chunks(PIECE).zip(lat.chunks(PIECE));
    points
        .zip(places.cell.chunks_mut(PIECE))
        .map(move |((lon, lat), cell)| Piece {
            lon,
            lat,
            at: at.as_mut().and_then(Iterator::next),
            cell,
            areas: areas
                .each_mut()
                .map(|areas| areas.next().unwrap_or_default()),
        })
}

/// What placing needs of the city, worked out once for all pieces.
struct Placing<'a> {
    /// Each level, and its versions when points are placed by different ones.
    levels: Vec<(&'a Level, Option<Calendar<'a>>)>,
    hexagons: Hexagons,
}

impl<'a> Placing<'a> {
    fn new(city: &'a City, by_instant: bool) -> Self {
        let calendar = |level: &'a Level| {
            (by_instant && level.versions().len() > 1).then(|| Calendar::new(level, city.time_zone))
        };
        let levels = city.levels.iter().map(|level| (level, calendar(level)));
        Self {
            levels: levels.collect(),
            hexagons: Hexagons::new(city.base_resolution),
        }
    }

    fn place(&self, piece: Piece<'_>) {
        let Piece {
            lon,
            lat,
            at,
            cell,
            areas,
        } = piece;
        for (level, calendar) in &self.levels {
            let areas = &mut *areas[level.level.index()];
            if let (Some(at), Some(versions)) = (at, calendar) {
                let points = lon.iter().zip(lat).zip(at);
                for (((&x, &y), &at), area) in points.zip(areas) {
                    *area = versions.at(at).locate(x, y);
                }
            } else {
                level.latest_version().fill(lon, lat, areas);
            }
        }
        self.hexagons.fill(lon, lat, cell);
    }
}

impl Version {
    /// As [`Version::locate`], for many positions.
    fn fill(&self, lon: &[f64], lat: &[f64], areas: &mut [u32]) {
        self.index.fill(lon, lat, areas);
        if self.areas.start > 0 {
            for area in areas.iter_mut().filter(|area| **area != NOWHERE) {
                *area += self.areas.start;
            }
        }
    }
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
