//! Why filter parameters are refused.

use std::fmt;

/// A filter parameter that is refused: which, its value, and the rule it breaks.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{parameter}=\"{value}\": {rule}")]
pub struct FilterError {
    /// The parameter's name.
    pub parameter: &'static str,
    /// The value as given.
    pub value: String,
    /// What it must be.
    pub rule: FilterRule,
}

/// What a filter parameter must be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum FilterRule {
    /// Given once.
    Once,
    /// Not empty.
    NotEmpty,
    /// An instant with an offset, or a day.
    Instant,
    /// `from` not after `to`.
    FromBeforeTo,
    /// Four numbers: west, south, east, north.
    BBox,
    /// A level, a colon and an id.
    Area,
    /// The hex text of an H3 cell.
    Cell,
    /// Days of the week, a colon and hours.
    Week,
}

impl fmt::Display for FilterRule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Once => "must be given once",
            Self::NotEmpty => "must not be empty",
            Self::Instant => "must be a time with an offset such as 2026-01-31T08:00:00+08:00, or a day such as 2026-01-31",
            Self::FromBeforeTo => "must not be before the parameter from",
            Self::BBox => "must be west,south,east,north in degrees, west ≤ east and south ≤ north",
            Self::Area => "must be LEVEL:ID, with the level district, subdistrict, community or grid",
            Self::Cell => "must be the hex text of an H3 cell",
            Self::Week => "must be DAYS:HOURS such as 1-5:7-9, days from 1 (Monday) to 7, hours from 0 to 23",
        })
    }
}
