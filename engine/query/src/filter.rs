//! Which records a question is about.

mod conditions;
mod error;
mod parse;

use chrono::{DateTime, Utc};
use citybrain_model::{AreaLevel, WeekHours};
use h3o::CellIndex;

pub use error::{FilterError, FilterRule};

/// Which records a question is about: all conditions hold; an empty list asks for nothing. The default is every record.
///
/// A record without a position has no cell, and lies in an area only when it declares one: conditions of cell and `bbox` leave it
/// out, those of area ask for what it declares.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Filter {
    /// At or after this instant (`requested_at`; for observations `phenomenon_time`).
    pub from: Option<DateTime<Utc>>,
    /// Before this instant.
    pub to: Option<DateTime<Utc>>,
    /// The position lies in west, south, east, north: WGS 84 degrees, borders included.
    pub bbox: Option<[f64; 4]>,
    /// The category or the category path is one of these, or the path lies below one.
    pub categories: Vec<String>,
    /// The channel is one of these.
    pub channels: Vec<String>,
    /// The status is one of these.
    pub statuses: Vec<String>,
    /// The urgency is one of these.
    pub urgencies: Vec<String>,
    /// Lies in the area of this level and id.
    pub area: Option<(AreaLevel, String)>,
    /// Its base cell lies below this cell; at most as fine as the city's base resolution.
    pub cell: Option<CellIndex>,
    /// At one of these hours of the city's week.
    pub week: Option<WeekHours>,
}

#[cfg(test)]
mod tests;
