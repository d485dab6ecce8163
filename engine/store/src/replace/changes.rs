//! What a replacement of the boundaries changes.

use std::collections::{BTreeMap, HashMap};

use arrow_array::cast::AsArray;
use arrow_array::{Array, ArrayRef, RecordBatch};
use citybrain_grid::City;
use citybrain_model::AreaLevel;
use serde::{Deserialize, Serialize};

/// What a replacement of the boundaries changes, over all records that are read: the latest state of each complaint and the
/// last value of each observation.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Changes {
    /// Records.
    pub read: u64,
    /// Records without a usable position: they stay as they are.
    pub not_located: u64,
    /// Records that come into another area of at least one level.
    pub moved: u64,
    /// Records that were in an area of the largest level and are in none now.
    pub now_outside: u64,
    /// Records that were in no area of the largest level and are in one now.
    pub now_inside: u64,
    /// For each level, by `AreaLevel::index()`: from which area into which, in order of their ids.
    pub levels: [Vec<Change>; 4],
}

/// Records that come from one area into another.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Change {
    /// The area's id before; none for records outside of all areas.
    pub from: Option<String>,
    /// The area's id now; none for records outside of all areas.
    pub to: Option<String>,
    /// How many.
    pub records: u64,
}

impl Changes {
    /// The changes of both. Sums do not depend on the order.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        let mut levels = self.levels;
        for (changes, more) in levels.iter_mut().zip(other.levels) {
            let all = std::mem::take(changes).into_iter().chain(more);
            let mut sums = BTreeMap::new();
            for change in all {
                *sums.entry((change.from, change.to)).or_insert(0) += change.records;
            }
            *changes = listed(sums);
        }
        Self {
            read: self.read + other.read,
            not_located: self.not_located + other.not_located,
            moved: self.moved + other.moved,
            now_outside: self.now_outside + other.now_outside,
            now_inside: self.now_inside + other.now_inside,
            levels,
        }
    }

    /// Records that come into another area of the level.
    pub fn moved_in(&self, level: AreaLevel) -> u64 {
        let changes = self.levels[level.index()].iter();
        changes.map(|change| change.records).sum()
    }
}

/// The largest levels of the city before and after: a record is outside when it is in none of its areas.
#[derive(Debug, Clone, Copy)]
pub(super) struct Largest {
    before: usize,
    after: usize,
}

impl Largest {
    pub(super) fn of(before: &City, after: &City) -> Self {
        Self {
            before: before.largest().level.index(),
            after: after.largest().level.index(),
        }
    }
}

/// Compares the areas that `rows` have with those that they get, row by row where `counts` says that the row is read.
pub(super) fn compare(
    rows: &RecordBatch,
    after: &[ArrayRef; 4],
    largest: Largest,
    counts: impl Fn(usize) -> bool,
) -> Changes {
    let before = AreaLevel::ALL.map(|level| rows[level.as_str()].as_string::<i32>());
    let after = after.each_ref().map(AsArray::as_string::<i32>);
    let cell = &rows["cell"];
    let mut changes = Changes::default();
    let mut sums: [HashMap<_, u64>; 4] = Default::default();
    for row in (0..rows.num_rows()).filter(|&row| counts(row)) {
        changes.read += 1;
        if cell.is_null(row) {
            changes.not_located += 1;
            continue;
        }
        let mut moved = false;
        for ((before, after), sums) in before.iter().zip(&after).zip(&mut sums) {
            let id = |areas: &&'_ arrow_array::StringArray| {
                areas.is_valid(row).then(|| areas.value(row).to_owned())
            };
            if before.is_null(row) == after.is_null(row)
                && (before.is_null(row) || before.value(row) == after.value(row))
            {
                continue;
            }
            moved = true;
            *sums.entry((id(before), id(after))).or_default() += 1;
        }
        changes.moved += u64::from(moved);
        let inside = (
            before[largest.before].is_valid(row),
            after[largest.after].is_valid(row),
        );
        changes.now_outside += u64::from(inside == (true, false));
        changes.now_inside += u64::from(inside == (false, true));
    }
    changes.levels = sums.map(|sums| listed(sums.into_iter().collect()));
    changes
}

fn listed(sums: BTreeMap<(Option<String>, Option<String>), u64>) -> Vec<Change> {
    let changes = sums.into_iter();
    changes
        .map(|((from, to), records)| Change { from, to, records })
        .collect()
}
