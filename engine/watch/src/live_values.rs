//! Values of sensors over a window that slides, kept current batch by batch.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::hash::Hash;
use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::types::{Float64Type, Int64Type, TimestampMicrosecondType};
use arrow_array::{Array, RecordBatch};
use chrono_tz::Tz;
use citybrain_model::Identity;
use citybrain_store::{Published, Table};
use h3o::Resolution;

use crate::live_view::at_resolution;
use crate::question::{column, text, value};
use crate::window::{Timed, Windowed};
use crate::{Question, Statistic, Window};

/// The latest, mean, greatest or least value of one observed property within a [`Window`] that ends now, per sensor and per H3 cell.
///
/// It knows each observation of the window (about 250 bytes), so that it is exact whatever comes late, twice or corrected: a value is
/// that of a scan over the latest states of all observations that are not doubtful. It is *stale* as a [`LiveView`](crate::LiveView) is, and
/// [`seed`](Self::seed) ends that.
#[derive(Debug)]
pub struct LiveValues {
    question: Question,
    property: String,
    statistic: Statistic,
    resolution: Resolution,
    windowed: Windowed<Seen>,
    sensors: Sorted<Arc<str>>,
    cells: Sorted<u64>,
    names: HashSet<Arc<str>>,
    seq: u64,
    /// Batches up to this sequence number were in what it was seeded with.
    read_at: u64,
    stale: bool,
}

/// What changed since the last look: new values of sensors and cells, none of those that have no value in the window any more.
#[derive(Debug, Clone, PartialEq)]
pub struct ChangedValues {
    /// Every batch up to this one counts.
    pub seq: u64,
    /// Sensor and its value, by name.
    pub sensors: Vec<(Arc<str>, Option<f64>)>,
    /// H3 cell and its value, by cell.
    pub cells: Vec<(u64, Option<f64>)>,
}

/// One observation.
#[derive(Debug, Clone, PartialEq)]
struct Seen {
    at: i64,
    value: f64,
    sensor: Arc<str>,
    cell: Option<u64>,
}

impl Timed for Seen {
    fn at(&self) -> i64 {
        self.at
    }
}

impl LiveValues {
    /// The values of `property` from the observations that `question` is about (its area, cell, position and time; what only
    /// complaints have must be empty), within a window that ends now (µs since 1970, UTC). It is stale.
    ///
    /// `statistic` is not `Change`, which is for rules: it counts as the latest.
    pub fn new(
        question: Question,
        property: String,
        statistic: Statistic,
        resolution: Resolution,
        window: Window,
        zone: Tz,
        now: i64,
    ) -> Self {
        Self {
            question,
            property,
            statistic,
            resolution,
            windowed: Windowed::new(window, zone, now),
            sensors: Sorted::default(),
            cells: Sorted::default(),
            names: HashSet::new(),
            seq: 0,
            read_at: 0,
            stale: true,
        }
    }

    /// Takes the observations that lie in the window, or will, as they were up to `seq`: the latest state of each.
    pub fn seed(&mut self, rows: &RecordBatch, seq: u64) {
        self.windowed.clear();
        self.sensors.clear();
        self.cells.clear();
        self.take(rows);
        self.seq = seq;
        self.read_at = seq;
        self.stale = false;
    }

    /// Takes the rows of a published batch. A batch of another table, or one that was in what it was seeded with, changes nothing;
    /// when observations left the store for good it is stale.
    pub fn fold(&mut self, published: &Published) {
        if self.stale || published.seq <= self.read_at {
            return;
        }
        if published.table == Table::Observations && published.is_removal() {
            self.stale = true;
            return;
        }
        self.seq = self.seq.max(published.seq);
        if published.table == Table::Observations {
            self.take(&published.rows);
        }
    }

    /// Time goes on (µs since 1970, UTC): what is too old is no longer in it.
    pub fn advance(&mut self, now: i64) {
        let (sensors, cells) = (&mut self.sensors, &mut self.cells);
        self.windowed
            .advance(now, |seen, weight| weigh(sensors, cells, seen, weight));
    }

    /// Published batches were missed: it must be seeded anew.
    pub const fn missed(&mut self) {
        self.stale = true;
    }

    /// Must it be seeded anew?
    pub const fn is_stale(&self) -> bool {
        self.stale
    }

    /// How many observations it knows.
    pub fn known(&self) -> usize {
        self.windowed.len()
    }

    /// Every value, as it is now.
    pub fn all(&self) -> ChangedValues {
        ChangedValues {
            seq: self.seq,
            sensors: self.sensors.all(self.statistic),
            cells: self.cells.all(self.statistic),
        }
    }

    /// What changed since this was last called; nothing when nothing did, or while it is stale.
    pub fn take_changes(&mut self) -> Option<ChangedValues> {
        if self.stale || self.sensors.changed.is_empty() && self.cells.changed.is_empty() {
            return None;
        }
        Some(ChangedValues {
            seq: self.seq,
            sensors: self.sensors.take_changes(self.statistic),
            cells: self.cells.take_changes(self.statistic),
        })
    }

    fn take(&mut self, rows: &RecordBatch) {
        let selected = self.question.select(rows);
        let [source, id, datastream] = ["source", "id", "datastream"].map(|name| text(rows, name));
        let quality = text(rows, "quality");
        let [sensor, property] = ["sensor", "property"].map(|name| text(rows, name));
        let at = column(rows, "phenomenon_time").as_primitive::<TimestampMicrosecondType>();
        let result = column(rows, "result").as_primitive::<Float64Type>();
        let cells = column(rows, "cell").as_primitive::<Int64Type>();
        for (row, selected) in selected.into_iter().enumerate() {
            let is_meant = selected
                && result.is_valid(row)
                && quality.value(row) != "doubtful"
                && value(property, row) == Some(self.property.as_str());
            let seen = is_meant.then(|| {
                // As `/v1/sensors` names them: a datastream without a sensor is one by itself.
                let name = value(sensor, row).unwrap_or_else(|| datastream.value(row));
                Seen {
                    at: at.value(row),
                    value: result.value(row),
                    sensor: named(&mut self.names, name),
                    cell: cells
                        .is_valid(row)
                        .then(|| cells.value(row).cast_unsigned())
                        .and_then(|cell| at_resolution(cell, self.resolution)),
                }
            });
            let identity = value(id, row).map_or_else(
                || Identity::of_instant(source.value(row), datastream.value(row), at.value(row)),
                |id| Identity::of(source.value(row), id),
            );
            let (sensors, cells) = (&mut self.sensors, &mut self.cells);
            self.windowed.put(identity.0, seen, |seen, weight| {
                weigh(sensors, cells, seen, weight);
            });
        }
    }
}

fn named(names: &mut HashSet<Arc<str>>, name: &str) -> Arc<str> {
    if let Some(name) = names.get(name) {
        return Arc::clone(name);
    }
    let name: Arc<str> = name.into();
    names.insert(Arc::clone(&name));
    name
}

fn weigh(sensors: &mut Sorted<Arc<str>>, cells: &mut Sorted<u64>, seen: &Seen, weight: i64) {
    sensors.weigh(&seen.sensor, seen, weight);
    if let Some(cell) = &seen.cell {
        cells.weigh(cell, seen, weight);
    }
}

/// Observations by key, of each in order of time and then of value, with how many there are of the same.
#[derive(Debug)]
struct Sorted<K> {
    entries: HashMap<K, BTreeMap<(i64, i64), i64>>,
    changed: BTreeSet<K>,
}

impl<K> Default for Sorted<K> {
    fn default() -> Self {
        Self {
            entries: HashMap::default(),
            changed: BTreeSet::new(),
        }
    }
}

impl<K: Ord + Hash + Clone> Sorted<K> {
    fn weigh(&mut self, key: &K, seen: &Seen, weight: i64) {
        if !self.changed.contains(key) {
            self.changed.insert(key.clone());
        }
        let entries = match self.entries.get_mut(key) {
            Some(entries) => entries,
            None => self.entries.entry(key.clone()).or_default(),
        };
        let at = (seen.at, in_order(seen.value));
        let count = entries.entry(at).or_default();
        *count += weight;
        if *count == 0 {
            entries.remove(&at);
            if entries.is_empty() {
                self.entries.remove(key);
            }
        }
    }

    /// Forgets every observation; what had a value has changed.
    fn clear(&mut self) {
        self.changed
            .extend(self.entries.drain().map(|(key, _)| key));
    }

    fn value(&self, key: &K, statistic: Statistic) -> Option<f64> {
        let entries = self.entries.get(key)?;
        let values = || entries.iter().map(|((_, value), _)| of_order(*value));
        match statistic {
            Statistic::Latest | Statistic::Change => values().next_back(),
            Statistic::Max => values().reduce(f64::max),
            Statistic::Min => values().reduce(f64::min),
            Statistic::Mean => {
                let (mut sum, mut count) = (0.0, 0.0);
                for ((_, value), times) in entries {
                    #[expect(clippy::cast_precision_loss, reason = "counts are far below 2^53")]
                    let times = *times as f64;
                    sum += of_order(*value) * times;
                    count += times;
                }
                Some(sum / count)
            }
        }
    }

    fn all(&self, statistic: Statistic) -> Vec<(K, Option<f64>)> {
        let keys: BTreeSet<K> = self.entries.keys().cloned().collect();
        keys.into_iter()
            .map(|key| {
                let value = self.value(&key, statistic);
                (key, value)
            })
            .collect()
    }

    fn take_changes(&mut self, statistic: Statistic) -> Vec<(K, Option<f64>)> {
        std::mem::take(&mut self.changed)
            .into_iter()
            .map(|key| {
                let value = self.value(&key, statistic);
                (key, value)
            })
            .collect()
    }
}

/// A number for a float, in the order of the floats (IEEE 754 total order); it is its own inverse with [`of_order`].
const fn in_order(value: f64) -> i64 {
    let bits = value.to_bits().cast_signed();
    bits ^ (((bits >> 63).cast_unsigned()) >> 1).cast_signed()
}

const fn of_order(number: i64) -> f64 {
    f64::from_bits((number ^ (((number >> 63).cast_unsigned()) >> 1).cast_signed()).cast_unsigned())
}

#[cfg(test)]
mod tests;
