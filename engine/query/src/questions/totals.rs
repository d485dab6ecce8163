//! Sums that every answer about places carries.

use serde::Serialize;

/// How many records a filter meets, and how many of them have a place. `total = located + outside + not_located`, for any filter.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct Totals {
    /// Records that the filter meets: `count(*)`.
    pub total: u64,
    /// In an area of the level: of the level that was asked for, or of the city's largest level.
    pub located: u64,
    /// With a cell, but in no area of that level.
    pub outside: u64,
    /// Without a usable position.
    pub not_located: u64,
}

impl Totals {
    /// Adds records that have a cell, of which `located` lie in an area.
    pub(crate) const fn add_placed(&mut self, records: u64, located: u64) {
        self.total += records;
        self.located += located;
        self.outside += records - located;
    }

    /// Adds records that have no cell.
    pub(crate) const fn add_not_located(&mut self, records: u64) {
        self.total += records;
        self.not_located += records;
    }
}
