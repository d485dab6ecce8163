//! Roll-ups: how many complaints there are of each place, kind and local day, kept as records arrive.
//!
//! A count is kept for each (place, kind, day): a place is a base cell with its areas (so an aligned cell, and what is known by its
//! area alone), a kind is category, category path, channel and status together, a day is one of the city's zone. Each file of the lake
//! has its counts in `rollups.db`; a file never changes, so they stay right whatever is updated, merged or compacted, and what a
//! restart finds there it need not read again. Rows in memory are counted when somebody asks, each batch once. A row that a later
//! one replaces is taken off by that one, so **the counts are always those of a scan of the snapshot**.
//!
//! The file holds nothing that cannot be made again: when it is damaged or missing it is made anew from the lake.
//!
//! Memory: counts that were asked for stay in memory up to [`CACHE_BYTES`] (12 bytes for each place, kind and day that occurs: at most
//! as many as records), least recently used ones go first; each place that ever occurred takes about 100 bytes.

mod cache;
mod database;
mod dictionary;
mod entries;
mod keeper;

use std::ops::Range;
use std::sync::{Arc, PoisonError, RwLock};

use dictionary::Dictionary;
use entries::Entries;

pub(crate) use entries::{KEY_COLUMNS, key_columns};
pub(crate) use keeper::RollUps;

/// Counts in memory take at most so many bytes.
pub const CACHE_BYTES: usize = 256 << 20;

/// A place that complaints are counted at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CountedPlace<'a> {
    /// The base cell; none for what has no position.
    pub cell: Option<u64>,
    /// The ids of its areas, by `AreaLevel::index()`.
    pub areas: [Option<&'a str>; 4],
}

/// A kind of complaint that is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CountedKind<'a> {
    /// The category at the lowest level known.
    pub category: Option<&'a str>,
    /// The category with its ancestors.
    pub category_path: Option<&'a str>,
    /// How it came in.
    pub channel: Option<&'a str>,
    /// The state's word.
    pub status: Option<&'a str>,
}

/// The counts of one snapshot: what a scan of its complaints would count.
#[derive(Debug, Clone)]
pub struct Counts {
    names: Arc<RwLock<Dictionary>>,
    /// What is added, and (true) what is taken off.
    parts: Vec<(Arc<Entries>, bool)>,
}

impl Counts {
    /// A value for each place by its number.
    pub fn places<T>(&self, value: impl FnMut(CountedPlace<'_>) -> T) -> Vec<T> {
        self.names
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .places(value)
    }

    /// A value for each kind by its number.
    pub fn kinds<T>(&self, value: impl FnMut(CountedKind<'_>) -> T) -> Vec<T> {
        self.names
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .kinds(value)
    }

    /// Every count of a local day in `days` (days since 1970-01-01): the numbers of place and kind, the day, and how many are added or, if
    /// negative, taken off again. One place, kind and day may come several times: their sum counts.
    pub fn for_each(&self, days: &Range<i32>, mut count: impl FnMut(u32, u32, i32, i64)) {
        for (entries, taken_off) in &self.parts {
            entries.for_each(days, |place, kind, day, records| {
                let records = i64::from(records);
                count(
                    place,
                    kind,
                    day,
                    if *taken_off { -records } else { records },
                );
            });
        }
    }

    /// The first and the last local day that occur.
    pub fn days(&self) -> Option<(i32, i32)> {
        let days = self.parts.iter().filter_map(|(entries, _)| entries.days());
        days.reduce(|(first, last), (from, to)| (first.min(from), last.max(to)))
    }
}

#[cfg(test)]
mod tests;
