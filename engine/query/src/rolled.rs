//! Answers from roll-ups: what a filter asks for by whole days, places and kinds needs no scan.
//!
//! A filter by time, category, channel, status, area and cell is answered by the counts that the store keeps; what its first and
//! last instants leave of a day is scanned. A filter with a `bbox` or hours of the
//! week is scanned, for it is about positions or times of day.

use std::collections::HashMap;
use std::ops::Range;
use std::sync::Arc;

use citybrain_store::{CountedKind, CountedPlace, Counts};
use datafusion::arrow::array::{Int64Array, RecordBatch, StringArray, UInt64Array};
use datafusion::arrow::datatypes::{DataType, Field, Schema};
use datafusion::catalog::{MemorySchemaProvider, SchemaProvider};
use datafusion::datasource::MemTable;
use h3o::CellIndex;

use crate::{Filter, QueryError, Session, Zone, zone};

const DAY: i64 = 86_400_000_000;

/// The part of a question that roll-ups answer, and what is left to scan.
#[derive(Debug)]
pub(crate) struct Rolled {
    counts: Counts,
    days: Range<i32>,
    /// By the number of a place or kind: does the filter meet it? None: all.
    places: Option<Vec<bool>>,
    kinds: Option<Vec<bool>>,
    /// The first and last parts of days, each the whole filter within its own bounds.
    pub(crate) rest: Vec<Filter>,
}

impl Session {
    /// What roll-ups tell of the complaints of a filter that fits the city; none when only a scan tells.
    pub(crate) async fn rolled(&self, filter: &Filter) -> Result<Option<Rolled>, QueryError> {
        // Roll-ups are kept by day, and know of no hour and no urgency.
        if filter.bbox.is_some() || filter.week.is_some() || !filter.urgencies.is_empty() {
            return Ok(None);
        }
        let zone = Zone::of(self.snapshot.city.time_zone);
        let Some((days, rest)) = whole_days(&zone, filter) else {
            return Ok(None);
        };
        // A file that cannot be read is told by the scan.
        let Ok(Some(counts)) = self.snapshot.counts().await else {
            return Ok(None);
        };
        let some_place = filter.area.is_some() || filter.cell.is_some();
        let some_kind = [&filter.categories, &filter.channels, &filter.statuses];
        let some_kind = some_kind.iter().any(|values| !values.is_empty());
        Ok(Some(Rolled {
            places: some_place.then(|| counts.places(|place| meets_place(filter, place))),
            kinds: some_kind.then(|| counts.kinds(|kind| meets_kind(filter, kind))),
            counts,
            days,
            rest,
        }))
    }

    /// Makes `columns` the table `rolled.NAME` of this session.
    pub(crate) fn put_rolled(
        &self,
        name: &str,
        columns: Vec<(Field, datafusion::arrow::array::ArrayRef)>,
    ) -> Result<(), QueryError> {
        let (fields, columns): (Vec<_>, Vec<_>) = columns.into_iter().unzip();
        let schema = Arc::new(Schema::new(fields));
        let made = RecordBatch::try_new(Arc::clone(&schema), columns)
            .map_err(Into::into)
            .and_then(|rows| MemTable::try_new(schema, vec![vec![rows]]))
            .and_then(|table| {
                let rolled = MemorySchemaProvider::new();
                rolled.register_table(name.to_owned(), Arc::new(table))?;
                self.add_schema("rolled", Arc::new(rolled))
            });
        made.map_err(|error| self.error(error))
    }
}

impl Rolled {
    /// The count of each place that has any, with a value of the place; in order of the places' numbers.
    pub(crate) fn by_place<T>(
        &self,
        value: impl FnMut(CountedPlace<'_>) -> T,
    ) -> impl Iterator<Item = (T, u64)> {
        let values = self.counts.places(value);
        let mut sums = vec![0_i64; values.len()];
        self.for_each(|place, _, _, records| sums[place as usize] += records);
        values.into_iter().zip(sums).filter_map(some)
    }

    /// The count of each kind that has any, with a value of the kind.
    pub(crate) fn by_kind<T>(
        &self,
        value: impl FnMut(CountedKind<'_>) -> T,
    ) -> impl Iterator<Item = (T, u64)> {
        let values = self.counts.kinds(value);
        let mut sums = vec![0_i64; values.len()];
        self.for_each(|_, kind, _, records| sums[kind as usize] += records);
        values.into_iter().zip(sums).filter_map(some)
    }

    /// The count of each local day that has any: days since 1970-01-01, in order.
    pub(crate) fn by_day(&self) -> impl Iterator<Item = (i32, u64)> {
        let known = self.counts.days().unwrap_or((0, -1));
        let first = known.0.max(self.days.start);
        let last = known.1.min(self.days.end.saturating_sub(1));
        let days = usize::try_from(i64::from(last) - i64::from(first) + 1).unwrap_or(0);
        let mut sums = vec![0_i64; days];
        self.for_each(|_, _, day, records| {
            if let Some(sum) = usize::try_from(day - first)
                .ok()
                .and_then(|at| sums.get_mut(at))
            {
                *sum += records;
            }
        });
        (first..).zip(sums).filter_map(some)
    }

    fn for_each(&self, mut count: impl FnMut(u32, u32, i32, i64)) {
        let places = self.places.as_deref();
        let kinds = self.kinds.as_deref();
        match (places, kinds) {
            (None, None) => self.counts.for_each(&self.days, count),
            _ => self
                .counts
                .for_each(&self.days, |place, kind, day, records| {
                    if places.is_none_or(|places| places[place as usize])
                        && kinds.is_none_or(|kinds| kinds[kind as usize])
                    {
                        count(place, kind, day, records);
                    }
                }),
        }
    }
}

/// Rows of a table of cells and counts, for analyses.
pub(crate) fn cell_counts(
    counts: HashMap<Option<u64>, u64>,
) -> Vec<(Field, datafusion::arrow::array::ArrayRef)> {
    let (cells, counts): (Vec<_>, Vec<_>) = counts.into_iter().unzip();
    vec![
        (
            Field::new("cell", DataType::UInt64, true),
            Arc::new(UInt64Array::from(cells)),
        ),
        (Field::new("count", DataType::Int64, false), numbers(counts)),
    ]
}

/// Rows of a table of areas: id, records that have a cell, all records.
pub(crate) fn area_counts(
    counts: HashMap<Option<String>, (u64, u64)>,
) -> Vec<(Field, datafusion::arrow::array::ArrayRef)> {
    let (ids, sums): (Vec<_>, Vec<_>) = counts.into_iter().unzip();
    let (placed, records): (Vec<_>, Vec<_>) = sums.into_iter().unzip();
    vec![
        (
            Field::new("id", DataType::Utf8, true),
            Arc::new(StringArray::from(ids)),
        ),
        (
            Field::new("placed", DataType::Int64, false),
            numbers(placed),
        ),
        (
            Field::new("records", DataType::Int64, false),
            numbers(records),
        ),
    ]
}

fn numbers(values: Vec<u64>) -> datafusion::arrow::array::ArrayRef {
    Arc::new(
        values
            .into_iter()
            .map(|value| i64::try_from(value).ok())
            .collect::<Int64Array>(),
    )
}

fn some<T>((value, sum): (T, i64)) -> Option<(T, u64)> {
    u64::try_from(sum)
        .ok()
        .filter(|sum| *sum > 0)
        .map(|sum| (value, sum))
}

/// The whole local days of a filter, and the filters of what is left before and after them; none when there is no whole day, or
/// when a bound lies where the clocks go back over midnight: days are no spans of time then.
fn whole_days(zone: &Zone, filter: &Filter) -> Option<(Range<i32>, Vec<Filter>)> {
    let mut rest = Vec::new();
    let mut days = i32::MIN..i32::MAX;
    if let Some(from) = filter.from {
        let at = from.timestamp_micros();
        let day = zone.local(at).div_euclid(DAY);
        let whole = zone.first_instant(day * DAY) == at;
        let first = if whole { day } else { day + 1 };
        let begin = begins(zone, first)?;
        if !whole {
            let until = zone::instant(begin);
            rest.push(Filter {
                to: Some(filter.to.map_or(until, |to| to.min(until))),
                ..filter.clone()
            });
        }
        days.start = i32::try_from(first).ok()?;
    }
    if let Some(to) = filter.to {
        let at = to.timestamp_micros();
        let day = zone.local(at).div_euclid(DAY);
        let begin = begins(zone, day)?;
        days.end = i32::try_from(day).ok()?;
        if days.end < days.start {
            return None;
        }
        if begin < at {
            let from = zone::instant(begin);
            rest.push(Filter {
                from: Some(filter.from.map_or(from, |known| known.max(from))),
                ..filter.clone()
            });
        }
    }
    (days.start < days.end).then_some((days, rest))
}

/// The first instant of a local day, when the day before does not come back after it.
fn begins(zone: &Zone, day: i64) -> Option<i64> {
    let begin = zone.first_instant(day * DAY);
    let quarters = (0..12).map(|quarter| zone.local(begin + quarter * DAY / 96));
    quarters
        .into_iter()
        .all(|local| local >= day * DAY)
        .then_some(begin)
}

fn meets_place(filter: &Filter, place: CountedPlace<'_>) -> bool {
    let in_area = filter
        .area
        .as_ref()
        .is_none_or(|(level, id)| place.areas[level.index()] == Some(id.as_str()));
    in_area
        && filter.cell.is_none_or(|cell| {
            let base = place.cell.and_then(|base| CellIndex::try_from(base).ok());
            base.is_some_and(|base| base.parent(cell.resolution()) == Some(cell))
        })
}

fn meets_kind(filter: &Filter, kind: CountedKind<'_>) -> bool {
    let is_one = |values: &[String], value: Option<&str>| {
        values.is_empty() || value.is_some_and(|value| values.iter().any(|one| one == value))
    };
    let below = |path: &str, meant: &str| {
        path.strip_prefix(meant)
            .is_some_and(|rest| rest.is_empty() || rest.starts_with("->"))
    };
    let of_category = filter.categories.is_empty()
        || filter.categories.iter().any(|meant| {
            kind.category == Some(meant.as_str())
                || kind.category_path.is_some_and(|path| below(path, meant))
        });
    of_category && is_one(&filter.channels, kind.channel) && is_one(&filter.statuses, kind.status)
}
