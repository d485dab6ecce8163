//! How far back records are kept.

use std::collections::BTreeMap;

use arrow_array::cast::AsArray;
use arrow_array::types::TimestampMicrosecondType;
use arrow_array::{BooleanArray, RecordBatch};
use chrono::{DateTime, Utc};

use crate::Table;
use crate::columns::month_of_micros;

/// For one table, the instant before which records are not kept; a source may have its own.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Cutoffs {
    /// µs since 1970, UTC, by source; the empty source stands for all that are not named.
    by_source: BTreeMap<String, i64>,
}

impl Cutoffs {
    /// The records of `source`, or of every source without its own cutoff, go when they are older than `before`. Instants are
    /// rounded down to a whole hour, so that an hour is kept or gone.
    #[must_use]
    pub fn and(mut self, source: Option<&str>, before: DateTime<Utc>) -> Self {
        let before = before.timestamp_micros();
        self.raise(source.unwrap_or_default(), before - before.rem_euclid(HOUR));
        self
    }

    /// Moves a cutoff forward; it never goes back.
    pub(crate) fn raise(&mut self, source: &str, before: i64) {
        let kept = self.by_source.entry(source.to_owned()).or_insert(before);
        *kept = before.max(*kept);
    }

    /// The later of the cutoffs of both.
    #[must_use]
    pub(crate) fn merged(mut self, other: &Self) -> Self {
        for (source, &before) in &other.by_source {
            self.raise(source, before);
        }
        self
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (&str, i64)> {
        self.by_source
            .iter()
            .map(|(source, &before)| (source.as_str(), before))
    }

    /// Is everything kept?
    pub fn is_empty(&self) -> bool {
        self.by_source.is_empty()
    }

    /// The month of the last record that goes.
    pub(crate) fn last_month(&self) -> Option<i32> {
        self.by_source
            .values()
            .max()
            .map(|&before| month_of_micros(before))
    }

    /// Which rows of `table` are not kept.
    pub(crate) fn mark(&self, table: Table, rows: &RecordBatch) -> BooleanArray {
        let sources = rows["source"].as_string::<i32>();
        let at = rows[table.time_column()].as_primitive::<TimestampMicrosecondType>();
        let all = self.by_source.get("").copied();
        let mut last: Option<(&str, Option<i64>)> = None;
        sources
            .iter()
            .zip(at.values())
            .map(|(source, &at)| {
                let source = source.unwrap_or_default();
                let before = match last {
                    Some((same, before)) if same == source => before,
                    _ => self.by_source.get(source).copied().or(all),
                };
                last = Some((source, before));
                Some(before.is_some_and(|before| at < before))
            })
            .collect()
    }
}

pub(crate) const HOUR: i64 = 3_600_000_000;
