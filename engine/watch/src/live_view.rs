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
use crate::window::{Timed, Windowed};
use crate::{Question, Window};

/// Live counts of the complaints that a [`Question`] is about, per H3 cell of one resolution and per area of one level.
///
/// A batch says which rows its rows replace: these are counted no more, so that the counts stay exact over corrected and withdrawn
/// complaints. A view is *stale* when its counts cannot be carried on: at first, when a batch replaces rows and does not say which,
/// when complaints left the store for good, and when published batches were missed. A stale view ignores batches; [`reset`](Self::reset) with counts read anew ends that.
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
    changed_aligned: BTreeSet<Aligned>,
    changed_categories: BTreeSet<AreaCategory>,
    changed_totals: bool,
    windowed: Option<Windowed<Counted>>,
    detail: Detail,
    names: HashSet<Arc<str>>,
}

/// What a view of a window counts besides cells and areas.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Detail {
    /// By aligned cell: the part of a cell in one area of this level, the city's smallest.
    pub aligned: Option<AreaLevel>,
    /// By area of the view's level and category.
    pub categories: bool,
}

/// An aligned cell: the part of an H3 cell that lies in the area of this id.
pub type Aligned = (u64, Arc<str>);

/// An area's id and a category; none is a category of its own.
pub type AreaCategory = (Arc<str>, Option<Arc<str>>);

/// Everything that a view counts, at one sequence number. Cells and areas with no complaint may be missing.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Counts {
    /// Every batch up to this one is counted.
    pub seq: u64,
    /// Complaints per H3 cell of the view's resolution.
    pub cells: HashMap<u64, u64>,
    /// Complaints per area id of the view's level.
    pub areas: BTreeMap<String, u64>,
    /// Complaints per aligned cell, in a view that counts them.
    pub aligned: BTreeMap<Aligned, u64>,
    /// Complaints per area and category, in a view that counts them.
    pub categories: BTreeMap<AreaCategory, u64>,
    /// Sums over everything.
    pub totals: Totals,
}

/// Where a complaint counts.
#[derive(Debug, Clone, PartialEq)]
struct Counted {
    at: i64,
    /// The cell at the view's resolution.
    cell: Option<u64>,
    area: Option<Arc<str>>,
    /// The area whose part of the cell it is; none where aligned cells are not counted.
    part_of: Option<Arc<str>>,
    category: Option<Arc<str>>,
}

impl Timed for Counted {
    fn at(&self) -> i64 {
        self.at
    }
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
    /// Aligned cell and its new count, in order.
    pub aligned: Vec<(Aligned, u64)>,
    /// Area and category and their new count, in order.
    pub categories: Vec<(AreaCategory, u64)>,
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
            changed_aligned: BTreeSet::new(),
            changed_categories: BTreeSet::new(),
            changed_totals: false,
            windowed: None,
            detail: Detail::default(),
            names: HashSet::new(),
        }
    }

    /// A view that counts what was made within a window that ends now (µs since 1970, UTC), without counts yet. It knows each complaint
    /// (about 200 bytes), and is filled by [`seed`](Self::seed) instead of [`reset`](Self::reset).
    pub fn windowed(
        question: Question,
        resolution: Resolution,
        level: AreaLevel,
        detail: Detail,
        window: Window,
        zone: Tz,
        now: i64,
    ) -> Self {
        Self {
            windowed: Some(Windowed::new(window, zone, now)),
            detail,
            ..Self::new(question, resolution, level)
        }
    }

    /// The window that the view counts, if it has one.
    pub fn window(&self) -> Option<Window> {
        self.windowed.as_ref().map(Windowed::window)
    }

    /// How many complaints it knows one by one: those of its window. Without a window it knows none.
    pub fn known(&self) -> usize {
        self.windowed.as_ref().map_or(0, Windowed::len)
    }

    /// Takes the complaints that lie in the window, or will, as they were up to `seq`: the latest state of each.
    pub fn seed(&mut self, rows: &RecordBatch, seq: u64) {
        let before = std::mem::take(&mut self.counts);
        if let Some(windowed) = &mut self.windowed {
            windowed.clear();
        }
        let changed = (
            self.changed_cells.clone(),
            self.changed_areas.clone(),
            self.changed_aligned.clone(),
            self.changed_categories.clone(),
            self.changed_totals,
        );
        self.fold_windowed(rows);
        // What was only counted again has not changed.
        (
            self.changed_cells,
            self.changed_areas,
            self.changed_aligned,
            self.changed_categories,
            self.changed_totals,
        ) = changed;
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
        let parts = self.detail.aligned.map(|level| text(rows, level.as_str()));
        let categories = self.detail.categories.then(|| text(rows, "category"));
        let (source, id) = (text(rows, "source"), text(rows, "id"));
        for (row, selected) in selected.into_iter().enumerate() {
            let counted = selected.then(|| Counted {
                at: at.value(row),
                cell: cells
                    .is_valid(row)
                    .then(|| cells.value(row).cast_unsigned())
                    .and_then(|cell| at_resolution(cell, self.resolution)),
                area: value(areas, row).map(|area| self.name(area)),
                part_of: parts
                    .and_then(|parts| value(parts, row))
                    .map(|area| self.name(area)),
                category: categories
                    .and_then(|categories| value(categories, row))
                    .map(|category| self.name(category)),
            });
            let identity = Identity::of(source.value(row), id.value(row)).0;
            windowed.put(identity, counted, |counted, weight| {
                self.weigh(counted, weight);
            });
        }
        self.windowed = Some(windowed);
    }

    /// Each text once.
    fn name(&mut self, text: &str) -> Arc<str> {
        if let Some(name) = self.names.get(text) {
            return Arc::clone(name);
        }
        let name: Arc<str> = text.into();
        self.names.insert(Arc::clone(&name));
        name
    }

    /// Counts a complaint of the window, or takes it back.
    fn weigh(&mut self, counted: &Counted, weight: i64) {
        self.count(counted.cell, counted.area.as_deref(), weight);
        if let (Some(cell), Some(area)) = (counted.cell, &counted.part_of) {
            let part = (cell, Arc::clone(area));
            add(&mut self.counts.aligned, &part, weight);
            self.changed_aligned.insert(part);
        }
        if let (true, Some(area)) = (self.detail.categories, &counted.area) {
            let both = (Arc::clone(area), counted.category.clone());
            add(&mut self.counts.categories, &both, weight);
            self.changed_categories.insert(both);
        }
    }

    /// Takes counts that were read anew. What differs from the counts before is changed.
    pub fn reset(&mut self, counts: Counts) {
        let before = std::mem::replace(&mut self.counts, counts);
        let after = &self.counts;
        self.changed_aligned
            .extend(differing(&before.aligned, &after.aligned));
        self.changed_categories
            .extend(differing(&before.categories, &after.categories));
        let cells = before.cells.keys().chain(after.cells.keys());
        self.changed_cells
            .extend(cells.filter(|cell| before.cells.get(cell) != after.cells.get(cell)));
        self.changed_areas
            .extend(differing(&before.areas, &after.areas));
        self.changed_totals |= before.totals != after.totals;
        self.read_at = after.seq;
        self.stale = false;
    }

    /// Counts the rows of a published batch, and no longer those that they replace. A batch of another table, or one that was in the
    /// counts when they were read, changes nothing; one that does not say what it replaces, or what went, makes the view stale.
    pub fn fold(&mut self, published: &Published) {
        if self.stale || published.seq <= self.read_at {
            return;
        }
        let rows = &published.rows;
        let is_counted = published.table == Table::Complaints;
        if is_counted && published.is_removal() {
            self.stale = true;
            return;
        }
        if !is_counted || self.windowed.is_some() {
            self.counts.seq = self.counts.seq.max(published.seq);
            if is_counted {
                self.fold_windowed(rows);
            }
            return;
        }
        let replaced = match (published.replaces, &published.replaced) {
            (false, _) => None,
            (true, Some(replaced)) if replaced.num_rows() == replacing(rows) => Some(replaced),
            (true, _) => {
                self.stale = true;
                return;
            }
        };
        self.counts.seq = self.counts.seq.max(published.seq);
        self.fold_counts(rows, 1);
        if let Some(replaced) = replaced {
            self.fold_counts(replaced, -1);
        }
    }

    fn fold_counts(&mut self, rows: &RecordBatch, weight: i64) {
        let cells = column(rows, "cell").as_primitive::<Int64Type>();
        let areas = text(rows, self.level.as_str());
        let selected = self.question.select(rows);
        for row in (0..rows.num_rows()).filter(|&row| selected[row]) {
            let cell = cells
                .is_valid(row)
                .then(|| cells.value(row).cast_unsigned())
                .and_then(|cell| at_resolution(cell, self.resolution));
            self.count(cell, value(areas, row), weight);
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
                && self.changed_aligned.is_empty()
                && self.changed_categories.is_empty()
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
        Some(Changes {
            seq: counts.seq,
            cells,
            areas: newest(std::mem::take(&mut self.changed_areas), &counts.areas),
            aligned: newest(std::mem::take(&mut self.changed_aligned), &counts.aligned),
            categories: newest(
                std::mem::take(&mut self.changed_categories),
                &counts.categories,
            ),
            totals: counts.totals,
        })
    }

    /// Counts a complaint (1), or takes it back (-1). `cell` is of the view's resolution.
    fn count(&mut self, cell: Option<u64>, area: Option<&str>, weight: i64) {
        let Counts {
            cells,
            areas,
            totals,
            ..
        } = &mut self.counts;
        let more = |count: &mut u64| *count = count.saturating_add_signed(weight);
        more(&mut totals.total);
        self.changed_totals = true;
        if let Some(cell) = cell {
            let count = cells.entry(cell).or_default();
            more(count);
            if *count == 0 {
                cells.remove(&cell);
            }
            self.changed_cells.insert(cell);
        }
        let Some(area) = area else {
            more(match cell {
                Some(_) => &mut totals.outside,
                None => &mut totals.not_located,
            });
            return;
        };
        more(&mut totals.located);
        if cell.is_none() {
            more(&mut totals.area_only);
        }
        match areas.get_mut(area) {
            Some(count) => {
                more(count);
                if *count == 0 {
                    areas.remove(area);
                }
            }
            None => {
                areas.insert(area.to_owned(), 0_u64.saturating_add_signed(weight));
            }
        }
        if !self.changed_areas.contains(area) {
            self.changed_areas.insert(area.to_owned());
        }
    }
}

/// How many of the rows replace another one.
fn replacing(rows: &RecordBatch) -> usize {
    let supersedes = column(rows, "supersedes");
    supersedes.len() - supersedes.null_count()
}

/// Counts `weight` more of `key`; what is 0 is left out.
fn add<K: Ord + Clone>(counts: &mut BTreeMap<K, u64>, key: &K, weight: i64) {
    match counts.get_mut(key) {
        Some(count) => {
            *count = count.saturating_add_signed(weight);
            if *count == 0 {
                counts.remove(key);
            }
        }
        None => {
            counts.insert(key.clone(), 0_u64.saturating_add_signed(weight));
        }
    }
}

/// The keys whose counts differ.
fn differing<K: Ord + Clone>(before: &BTreeMap<K, u64>, after: &BTreeMap<K, u64>) -> Vec<K> {
    let keys = before.keys().chain(after.keys());
    keys.filter(|key| before.get(*key) != after.get(*key))
        .cloned()
        .collect()
}

/// The counts of what changed.
fn newest<K: Ord>(changed: BTreeSet<K>, counts: &BTreeMap<K, u64>) -> Vec<(K, u64)> {
    let count = |key: K| {
        let count = counts.get(&key).copied().unwrap_or(0);
        (key, count)
    };
    changed.into_iter().map(count).collect()
}

/// The cell's parent at `resolution`; none for something that is no cell, or for a coarser one.
pub(crate) fn at_resolution(cell: u64, resolution: Resolution) -> Option<u64> {
    CellIndex::try_from(cell)
        .ok()?
        .parent(resolution)
        .map(u64::from)
}

#[cfg(test)]
mod tests;
