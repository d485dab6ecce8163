//! What was planted, for checking what analyses find.

use chrono::{DateTime, FixedOffset};
use serde::{Deserialize, Serialize};

/// The simulation's answer key. Written as `truth.json`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Truth {
    /// The seed.
    pub seed: u64,
    /// The city that was simulated.
    pub city: CityTruth,
    /// The history's window and size as asked for.
    pub window: WindowTruth,
    /// How many records there are.
    pub totals: Totals,
    /// Cells that have more of a category than the city around explains.
    pub hotspots: Vec<HotspotTruth>,
    /// Issues that come back by the day, week, month or year.
    pub periodic_issues: Vec<PeriodicTruth>,
    /// Sudden issues of some hours.
    pub bursts: Vec<BurstTruth>,
    /// Sensors whose values tell of complaints hours ahead.
    pub leading_sensors: Vec<LeadTruth>,
}

/// The city that a simulation is of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CityTruth {
    /// Its name.
    pub name: String,
    /// Its time zone.
    pub time_zone: String,
    /// Resolution of its base cells.
    pub base_resolution: u8,
    /// Its fingerprint as hexadecimal text.
    pub fingerprint: String,
    /// Its boundary version.
    pub boundary_version: String,
}

/// The window and the size that were asked for.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct WindowTruth {
    /// First instant.
    pub from: DateTime<FixedOffset>,
    /// End, not in it.
    pub to: DateTime<FixedOffset>,
    /// Complaints a day.
    pub complaints_per_day: f64,
    /// Number of sensors.
    pub sensors: usize,
    /// Minutes between observations.
    pub observation_minutes: u32,
}

/// Numbers of records; exact.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Totals {
    /// All complaints: `background` + `planted`.
    pub complaints: u64,
    /// Complaints of the ordinary city.
    pub background: u64,
    /// Complaints of planted facts.
    pub planted: u64,
    /// Observations of all datastreams.
    pub observations: u64,
    /// Datastreams of all sensors.
    pub datastreams: u64,
}

/// An area as `areas` has it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AreaTruth {
    /// The level's word.
    pub level: String,
    /// The area's id.
    pub id: String,
    /// Its name.
    pub name: String,
}

/// How a hotspot goes over its window.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum HotspotKind {
    /// The same from beginning to end.
    Persistent,
    /// Only in the last part of the history.
    New,
    /// Growing all along.
    Intensifying,
}

/// A hotspot.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct HotspotTruth {
    /// How it goes over its window.
    pub kind: HotspotKind,
    /// The category's name.
    pub category: String,
    /// The category with its ancestors.
    pub category_path: String,
    /// H3 cells at the base resolution, hexadecimal, the middle one first.
    pub cells: Vec<String>,
    /// Middle of the middle cell: longitude in degrees.
    pub lon: f64,
    /// Middle of the middle cell: latitude in degrees.
    pub lat: f64,
    /// Its beginning.
    pub from: DateTime<FixedOffset>,
    /// Its end, not in it.
    pub to: DateTime<FixedOffset>,
    /// Complaints of the category that the ordinary city is expected to have in the cells a day.
    pub background_per_day: f64,
    /// Complaints that are expected on top a day, on average over its window.
    pub extra_per_day: f64,
    /// (background + extra) / background.
    pub rate_ratio: f64,
    /// Complaints that were planted.
    pub planted: u64,
}

/// How a periodic issue comes back, in local time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "every", rename_all = "lowercase")]
pub enum Rhythm {
    /// Every day.
    #[serde(rename = "day")]
    Daily,
    /// Once a week.
    #[serde(rename = "week")]
    Weekly {
        /// 1 for Monday to 7 for Sunday.
        weekday: u32,
    },
    /// The same days of each month.
    #[serde(rename = "month")]
    Monthly {
        /// First day of the month.
        day: u32,
        /// Number of days.
        days: u32,
    },
    /// The same days of each year.
    #[serde(rename = "year")]
    Yearly {
        /// Month of the first day.
        month: u32,
        /// First day.
        day: u32,
        /// Number of days.
        days: u32,
    },
}

impl Rhythm {
    /// The mean period in hours.
    pub fn period_h(self) -> f64 {
        match self {
            Self::Daily => 24.0,
            Self::Weekly { .. } => 168.0,
            Self::Monthly { .. } => 730.485,
            Self::Yearly { .. } => 8765.82,
        }
    }
}

/// A periodic issue.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PeriodicTruth {
    /// Where.
    pub area: AreaTruth,
    /// The category's name.
    pub category: String,
    /// The category with its ancestors.
    pub category_path: String,
    /// When it comes back.
    pub rhythm: Rhythm,
    /// The mean period in hours.
    pub period_h: f64,
    /// Local hour at which it begins on such a day.
    pub from_hour: usize,
    /// How many hours it lasts on such a day.
    pub hours: usize,
    /// The phase: its first hour in the window.
    pub first: Option<DateTime<FixedOffset>>,
    /// Expected complaints in each such hour on top of the ordinary ones.
    pub extra_per_hour: f64,
    /// Complaints that were planted.
    pub planted: u64,
}

/// A burst.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct BurstTruth {
    /// Where.
    pub area: AreaTruth,
    /// The category's name.
    pub category: String,
    /// The category with its ancestors.
    pub category_path: String,
    /// Its first instant.
    pub start: DateTime<FixedOffset>,
    /// How many hours it lasts.
    pub length_h: i64,
    /// Complaints expected on top of the ordinary ones.
    pub size: f64,
    /// Complaints that were planted.
    pub planted: u64,
}

/// A sensor that leads a category.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LeadTruth {
    /// The sensor.
    pub sensor: String,
    /// Its datastream.
    pub datastream: String,
    /// What it measures.
    pub property: String,
    /// The category's name.
    pub category: String,
    /// The category with its ancestors.
    pub category_path: String,
    /// Where complaints follow.
    pub area: AreaTruth,
    /// How many hours complaints come after the sensor's excursion.
    pub lag_h: i64,
    /// Complaints that were planted.
    pub planted: u64,
}
