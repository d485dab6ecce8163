//! Which complaints a standing question is about.

use arrow_array::cast::AsArray;
use arrow_array::types::{Float64Type, Int64Type, TimestampMicrosecondType};
use arrow_array::{Array, ArrayRef, RecordBatch, StringArray};
use chrono::{DateTime, Offset, TimeZone};
use chrono_tz::Tz;
use citybrain_model::{AreaLevel, WeekHours};
use h3o::CellIndex;

/// Conditions on a complaint, all of which must hold; an empty list asks for nothing. The default question is about every
/// complaint. It selects exactly the rows that a query with the same filter selects.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Question {
    /// Requested at or after this instant: µs since 1970, UTC.
    pub from: Option<i64>,
    /// Requested before this instant: µs since 1970, UTC.
    pub to: Option<i64>,
    /// West, south, east, north in WGS 84 degrees, borders included.
    pub bbox: Option<[f64; 4]>,
    /// The category is one of these, or its path is one of these or lies below one.
    pub categories: Vec<String>,
    /// The channel is one of these.
    pub channels: Vec<String>,
    /// The status is one of these.
    pub statuses: Vec<String>,
    /// The urgency is one of these.
    pub urgencies: Vec<String>,
    /// Lies in this area.
    pub area: Option<(AreaLevel, String)>,
    /// Lies in this cell, of any resolution up to the base resolution.
    pub cell: Option<CellIndex>,
    /// Requested at one of these hours of the week, in this zone.
    pub week: Option<(WeekHours, Tz)>,
}

impl Question {
    /// Which rows of a batch of complaints are meant: one truth value a row. Each condition strikes out the rows that break it.
    pub(crate) fn select(&self, rows: &RecordBatch) -> Vec<bool> {
        let mut selected = vec![true; rows.num_rows()];
        let mut strike = |meant: &dyn Fn(usize) -> bool| {
            for (row, selected) in selected.iter_mut().enumerate() {
                *selected = *selected && meant(row);
            }
        };

        if self.from.is_some() || self.to.is_some() {
            let requested_at =
                column(rows, "requested_at").as_primitive::<TimestampMicrosecondType>();
            let (from, to) = (self.from.unwrap_or(i64::MIN), self.to.unwrap_or(i64::MAX));
            strike(&|row| (from..to).contains(&requested_at.value(row)));
        }
        if let Some((hours, zone)) = self.week {
            let requested_at =
                column(rows, "requested_at").as_primitive::<TimestampMicrosecondType>();
            strike(&|row| {
                local(requested_at.value(row), zone).is_some_and(|at| hours.contains(at))
            });
        }
        if let Some([west, south, east, north]) = self.bbox {
            let lon = column(rows, "lon").as_primitive::<Float64Type>();
            let lat = column(rows, "lat").as_primitive::<Float64Type>();
            strike(&|row| {
                lon.is_valid(row)
                    && lat.is_valid(row)
                    && (west..=east).contains(&lon.value(row))
                    && (south..=north).contains(&lat.value(row))
            });
        }
        if !self.categories.is_empty() {
            let category = text(rows, "category");
            let path = text(rows, "category_path");
            strike(&|row| {
                let (category, path) = (value(category, row), value(path, row));
                self.categories.iter().any(|meant| {
                    category == Some(meant) || path.is_some_and(|path| lies_in(path, meant))
                })
            });
        }
        for (name, meant) in [
            ("channel", &self.channels),
            ("status", &self.statuses),
            ("urgency", &self.urgencies),
        ] {
            if !meant.is_empty() {
                let column = text(rows, name);
                strike(&|row| {
                    value(column, row).is_some_and(|value| meant.iter().any(|meant| meant == value))
                });
            }
        }
        if let Some((level, id)) = &self.area {
            let column = text(rows, level.as_str());
            strike(&|row| value(column, row) == Some(id));
        }
        if let Some(cell) = self.cell {
            let cells = column(rows, "cell").as_primitive::<Int64Type>();
            strike(&|row| {
                cells.is_valid(row)
                    && CellIndex::try_from(cells.value(row).cast_unsigned())
                        .is_ok_and(|base| base.parent(cell.resolution()) == Some(cell))
            });
        }
        selected
    }
}

/// The wall clock of `zone` at an instant, both µs since 1970.
fn local(instant: i64, zone: Tz) -> Option<i64> {
    let at = DateTime::from_timestamp_micros(instant)?;
    let offset = zone.offset_from_utc_datetime(&at.naive_utc()).fix();
    Some(instant + i64::from(offset.local_minus_utc()) * 1_000_000)
}

/// Is `path` the category path `meant` or one below it?
pub(crate) fn lies_in(path: &str, meant: &str) -> bool {
    path.strip_prefix(meant)
        .is_some_and(|rest| rest.is_empty() || rest.starts_with("->"))
}

pub(crate) fn column<'a>(rows: &'a RecordBatch, name: &str) -> &'a ArrayRef {
    rows.column_by_name(name)
        .expect("complaint rows have every column of their schema")
}

pub(crate) fn text<'a>(rows: &'a RecordBatch, name: &str) -> &'a StringArray {
    column(rows, name).as_string::<i32>()
}

pub(crate) fn value(column: &StringArray, row: usize) -> Option<&str> {
    column.is_valid(row).then(|| column.value(row))
}

#[cfg(test)]
pub(crate) mod tests;
