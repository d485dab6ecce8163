//! The counts of one standing question, kept current batch by batch.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use arrow_array::Array;
use arrow_array::cast::AsArray;
use arrow_array::types::Int64Type;
use citybrain_model::AreaLevel;
use citybrain_store::{Published, Table};
use h3o::{CellIndex, Resolution};

use crate::Question;
use crate::question::{column, text, value};

/// Live counts of the complaints that a [`Question`] is about, per H3 cell of one resolution and per area of one level.
///
/// A view is *stale* when its counts cannot be carried on: at first, when a batch replaces rows that were counted before, and
/// when published batches were missed. A stale view ignores batches; [`reset`](Self::reset) with counts read anew ends that.
/// The caller subscribes to the store before it takes the snapshot that it counts, so that no batch is missed between the two;
/// batches that the counts already hold are recognised by their sequence number and are not counted again.
#[derive(Debug)]
pub struct LiveView {
    question: Question,
    resolution: Resolution,
    level: AreaLevel,
    counts: Counts,
    /// Batches up to this sequence number were in the counts when they were last read.
    read_at: u64,
    stale: bool,
    changed_cells: HashSet<u64>,
    changed_areas: BTreeSet<String>,
    changed_totals: bool,
}

/// Everything that a view counts, at one sequence number. Cells and areas with no complaint may be missing.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Counts {
    /// Every batch up to this one is counted.
    pub seq: u64,
    /// Complaints per H3 cell of the view's resolution.
    pub cells: HashMap<u64, u64>,
    /// Complaints per area id of the view's level.
    pub areas: BTreeMap<String, u64>,
    /// Sums over everything.
    pub totals: Totals,
}

/// `total = located + outside + not_located`; of the located, `area_only` are in no cell.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Totals {
    /// All complaints that the question is about.
    pub total: u64,
    /// Those in an area of the view's level.
    pub located: u64,
    /// Of the located: those that are known by their area alone, in no cell.
    pub area_only: u64,
    /// Those with a position, but in no area of the view's level.
    pub outside: u64,
    /// Those in no cell and in no area of the view's level.
    pub not_located: u64,
}

/// What changed since the last look: the new count of each cell and area that changed, and the sums.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Changes {
    /// Every batch up to this one is counted.
    pub seq: u64,
    /// H3 cell and its new count, by cell.
    pub cells: Vec<(u64, u64)>,
    /// Area id and its new count, by id.
    pub areas: Vec<(String, u64)>,
    /// The new sums.
    pub totals: Totals,
}

impl LiveView {
    /// A view without counts yet: it is stale.
    pub fn new(question: Question, resolution: Resolution, level: AreaLevel) -> Self {
        Self {
            question,
            resolution,
            level,
            counts: Counts::default(),
            read_at: 0,
            stale: true,
            changed_cells: HashSet::new(),
            changed_areas: BTreeSet::new(),
            changed_totals: false,
        }
    }

    /// Takes counts that were read anew. What differs from the counts before is changed.
    pub fn reset(&mut self, counts: Counts) {
        let before = std::mem::replace(&mut self.counts, counts);
        let after = &self.counts;
        let cells = before.cells.keys().chain(after.cells.keys());
        self.changed_cells
            .extend(cells.filter(|cell| before.cells.get(cell) != after.cells.get(cell)));
        let areas = before.areas.keys().chain(after.areas.keys());
        self.changed_areas.extend(
            areas
                .filter(|area| before.areas.get(*area) != after.areas.get(*area))
                .cloned(),
        );
        self.changed_totals |= before.totals != after.totals;
        self.read_at = after.seq;
        self.stale = false;
    }

    /// Counts the rows of a published batch. A batch of another table, or one that was in the counts when they were read,
    /// changes nothing; one that replaces earlier rows makes the view stale.
    pub fn fold(&mut self, published: &Published) {
        if self.stale || published.seq <= self.read_at {
            return;
        }
        let counted = published.table == Table::Complaints;
        if counted && published.replaces {
            self.stale = true;
            return;
        }
        self.counts.seq = self.counts.seq.max(published.seq);
        if !counted {
            return;
        }

        let rows = &published.rows;
        let cells = column(rows, "cell").as_primitive::<Int64Type>();
        let areas = text(rows, self.level.as_str());
        let selected = self.question.select(rows);
        for row in (0..rows.num_rows()).filter(|&row| selected[row]) {
            let cell = cells
                .is_valid(row)
                .then(|| cells.value(row).cast_unsigned());
            self.count(cell, value(areas, row));
        }
    }

    /// Published batches were missed: the counts must be read anew.
    pub fn missed(&mut self) {
        self.stale = true;
    }

    /// Must the counts be read anew?
    pub const fn is_stale(&self) -> bool {
        self.stale
    }

    /// The counts as they are now; of a stale view, those before it became stale.
    pub const fn counts(&self) -> &Counts {
        &self.counts
    }

    /// What changed since this was last called; nothing when nothing did, or while the view is stale.
    pub fn take_changes(&mut self) -> Option<Changes> {
        if self.stale
            || !self.changed_totals
                && self.changed_cells.is_empty()
                && self.changed_areas.is_empty()
        {
            return None;
        }
        self.changed_totals = false;
        let counts = &self.counts;
        let mut cells: Vec<_> = self
            .changed_cells
            .drain()
            .map(|cell| (cell, counts.cells.get(&cell).copied().unwrap_or(0)))
            .collect();
        cells.sort_unstable();
        let areas = std::mem::take(&mut self.changed_areas)
            .into_iter()
            .map(|area| {
                let count = counts.areas.get(&area).copied().unwrap_or(0);
                (area, count)
            })
            .collect();
        Some(Changes {
            seq: counts.seq,
            cells,
            areas,
            totals: counts.totals,
        })
    }

    fn count(&mut self, cell: Option<u64>, area: Option<&str>) {
        let Counts {
            cells,
            areas,
            totals,
            ..
        } = &mut self.counts;
        totals.total += 1;
        self.changed_totals = true;
        let cell = cell.and_then(|cell| at_resolution(cell, self.resolution));
        if let Some(cell) = cell {
            *cells.entry(cell).or_default() += 1;
            self.changed_cells.insert(cell);
        }
        let Some(area) = area else {
            match cell {
                Some(_) => totals.outside += 1,
                None => totals.not_located += 1,
            }
            return;
        };
        totals.located += 1;
        totals.area_only += u64::from(cell.is_none());
        match areas.get_mut(area) {
            Some(count) => *count += 1,
            None => {
                areas.insert(area.to_owned(), 1);
            }
        }
        if !self.changed_areas.contains(area) {
            self.changed_areas.insert(area.to_owned());
        }
    }
}

/// The cell's parent at `resolution`; none for something that is no cell, or for a coarser one.
fn at_resolution(cell: u64, resolution: Resolution) -> Option<u64> {
    CellIndex::try_from(cell)
        .ok()?
        .parent(resolution)
        .map(u64::from)
}

#[cfg(test)]
mod tests;
