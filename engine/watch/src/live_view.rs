//! The counts of one standing question, kept current batch by batch.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::types::{Int64Type, TimestampMicrosecondType};
use arrow_array::{Array, RecordBatch};
use chrono_tz::Tz;
use citybrain_model::{AreaLevel, Identity};
use citybrain_store::{Published, Table};
use h3o::{CellIndex, Resolution};

use crate::question::{column, text, value};
use crate::window::{Counted, Windowed};
use crate::{Question, Window};

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
    windowed: Option<Windowed>,
    names: HashSet<Arc<str>>,
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
            windowed: None,
            names: HashSet::new(),
        }
    }

    /// A view that counts what was made within a window that ends now (µs since 1970, UTC), without counts yet. It carries on over rows that
    /// replace earlier ones, and is filled by [`seed`](Self::seed) instead of [`reset`](Self::reset).
    pub fn windowed(
        question: Question,
        resolution: Resolution,
        level: AreaLevel,
        window: Window,
        zone: Tz,
        now: i64,
    ) -> Self {
        Self {
            windowed: Some(Windowed::new(window, zone, now)),
            ..Self::new(question, resolution, level)
        }
    }

    /// The window that the view counts, if it has one.
    pub fn window(&self) -> Option<Window> {
        self.windowed.as_ref().map(Windowed::window)
    }

    /// Takes the complaints that lie in the window, or will, as they were up to `seq`: the latest state of each.
    pub fn seed(&mut self, rows: &RecordBatch, seq: u64) {
        let before = std::mem::take(&mut self.counts);
        if let Some(windowed) = &mut self.windowed {
            windowed.clear();
        }
        self.fold_windowed(rows);
        let mut after = std::mem::replace(&mut self.counts, before);
        after.seq = seq;
        self.reset(after);
    }

    /// Time goes on (µs since 1970, UTC): what is too old is counted no more. A view without a window does not change.
    pub fn advance(&mut self, now: i64) {
        if let Some(mut windowed) = self.windowed.take() {
            windowed.advance(now, |counted, weight| self.weigh(counted, weight));
            self.windowed = Some(windowed);
        }
    }

    fn fold_windowed(&mut self, rows: &RecordBatch) {
        let Some(mut windowed) = self.windowed.take() else {
            return;
        };
        let selected = self.question.select(rows);
        let cells = column(rows, "cell").as_primitive::<Int64Type>();
        let at = column(rows, "requested_at").as_primitive::<TimestampMicrosecondType>();
        let areas = text(rows, self.level.as_str());
        let (source, id) = (text(rows, "source"), text(rows, "id"));
        for (row, selected) in selected.into_iter().enumerate() {
            let counted = selected.then(|| Counted {
                at: at.value(row),
                cell: cells
                    .is_valid(row)
                    .then(|| cells.value(row).cast_unsigned())
                    .and_then(|cell| at_resolution(cell, self.resolution)),
                area: value(areas, row).map(|area| self.name(area)),
            });
            let identity = Identity::of(source.value(row), id.value(row)).0;
            windowed.put(identity, counted, |counted, weight| {
                self.weigh(counted, weight);
            });
        }
        self.windowed = Some(windowed);
    }

    /// Each area's id once.
    fn name(&mut self, area: &str) -> Arc<str> {
        if let Some(name) = self.names.get(area) {
            return Arc::clone(name);
        }
        let name: Arc<str> = area.into();
        self.names.insert(Arc::clone(&name));
        name
    }

    /// Counts a complaint of the window, or takes it back.
    fn weigh(&mut self, counted: &Counted, weight: i64) {
        let Counts {
            cells,
            areas,
            totals,
            ..
        } = &mut self.counts;
        let add = |count: &mut u64| *count = count.saturating_add_signed(weight);
        add(&mut totals.total);
        self.changed_totals = true;
        if let Some(cell) = counted.cell {
            let count = cells.entry(cell).or_default();
            add(count);
            if *count == 0 {
                cells.remove(&cell);
            }
            self.changed_cells.insert(cell);
        }
        let Some(area) = &counted.area else {
            add(match counted.cell {
                Some(_) => &mut totals.outside,
                None => &mut totals.not_located,
            });
            return;
        };
        add(&mut totals.located);
        if counted.cell.is_none() {
            add(&mut totals.area_only);
        }
        let count = areas.entry(area.to_string()).or_default();
        add(count);
        if *count == 0 {
            areas.remove(&**area);
        }
        self.changed_areas.insert(area.to_string());
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
        if counted && published.replaces && self.windowed.is_none() {
            self.stale = true;
            return;
        }
        self.counts.seq = self.counts.seq.max(published.seq);
        if !counted {
            return;
        }

        let rows = &published.rows;
        if self.windowed.is_some() {
            self.fold_windowed(rows);
            return;
        }
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
