//! Sums that every answer about places carries.

use serde::Serialize;

/// How many records a filter meets, and how many of them have a place. For any filter
/// `total = located + outside + not_located`, areas add up to `located`, and cells to `located - area_only + outside`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct Totals {
    /// Records that the filter meets: `count(*)`.
    pub total: u64,
    /// In an area of the level: of the level that was asked for, or of the city's largest level.
    pub located: u64,
    /// Of the located: those that are known by their area alone; they count in areas and in no cell.
    pub area_only: u64,
    /// With a cell, but in no area of that level.
    pub outside: u64,
    /// In no cell and in no area of that level.
    pub not_located: u64,
}

impl Totals {
    /// Adds records that have a cell, of which `located` lie in an area.
    pub(crate) const fn add_placed(&mut self, records: u64, located: u64) {
        self.total += records;
        self.located += located;
        self.outside += records - located;
    }

    /// Adds records that have no cell, of which `area_only` lie in an area.
    pub(crate) const fn add_without_cell(&mut self, records: u64, area_only: u64) {
        self.total += records;
        self.located += area_only;
        self.area_only += area_only;
        self.not_located += records - area_only;
    }
}
