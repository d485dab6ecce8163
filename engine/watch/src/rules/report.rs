//! A complaint, a step and an observation as rules see them: numbers, and the texts that few rules ask for.

use arrow_array::cast::AsArray;
use arrow_array::types::{Float64Type, Int64Type, TimestampMicrosecondType};
use arrow_array::{
    Array, Float64Array, Int64Array, RecordBatch, StringArray, TimestampMicrosecondArray,
};
use citybrain_model::{AreaLevel, Identity};

use crate::question::value;

/// The columns of a batch of complaints that rules read.
pub(crate) struct ComplaintColumns<'a> {
    pub(crate) id: &'a StringArray,
    pub(crate) source: &'a StringArray,
    pub(crate) category: &'a StringArray,
    pub(crate) path: &'a StringArray,
    pub(crate) words: [&'a StringArray; 4],
    pub(crate) requested_at: &'a TimestampMicrosecondArray,
    pub(crate) received_at: &'a TimestampMicrosecondArray,
    pub(crate) due_at: &'a TimestampMicrosecondArray,
    pub(crate) closed_at: &'a TimestampMicrosecondArray,
    pub(crate) lon: &'a Float64Array,
    pub(crate) lat: &'a Float64Array,
    pub(crate) cell: &'a Int64Array,
    pub(crate) areas: [&'a StringArray; 4],
    pub(crate) address: &'a StringArray,
    pub(crate) repeat_of: &'a StringArray,
    pub(crate) tags: &'a StringArray,
}

/// Which of the four words of a complaint.
pub(crate) const CHANNEL: usize = 0;
pub(crate) const KIND: usize = 1;
pub(crate) const STATUS: usize = 2;
pub(crate) const URGENCY: usize = 3;

/// A complaint as numbers, 80 bytes.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Report {
    pub(crate) at: i64,
    /// Number of the pair of category and path.
    pub(crate) what: u32,
    /// Number of the areas that it lies in.
    pub(crate) place: u32,
    /// The base cell; 0 without one.
    pub(crate) cell: u64,
    /// WGS 84 degrees; NaN without a position.
    pub(crate) lon: f64,
    pub(crate) lat: f64,
    /// Channel, kind, status, urgency.
    pub(crate) words: [u32; 4],
    /// Which drawn fences hold it: one bit each.
    pub(crate) fences: u64,
}

fn texts<'a>(rows: &'a RecordBatch, name: &str) -> &'a StringArray {
    column(rows, name).as_string::<i32>()
}

fn instants<'a>(rows: &'a RecordBatch, name: &str) -> &'a TimestampMicrosecondArray {
    column(rows, name).as_primitive::<TimestampMicrosecondType>()
}

fn numbers<'a>(rows: &'a RecordBatch, name: &str) -> &'a Float64Array {
    column(rows, name).as_primitive::<Float64Type>()
}

fn column<'a>(rows: &'a RecordBatch, name: &str) -> &'a arrow_array::ArrayRef {
    rows.column_by_name(name)
        .expect("rows have the columns of their table")
}

/// An instant in a row; none where it is null.
pub(crate) fn instant(column: &TimestampMicrosecondArray, row: usize) -> Option<i64> {
    column.is_valid(row).then(|| column.value(row))
}

impl<'a> ComplaintColumns<'a> {
    pub(crate) fn of(rows: &'a RecordBatch) -> Self {
        Self {
            id: texts(rows, "id"),
            source: texts(rows, "source"),
            category: texts(rows, "category"),
            path: texts(rows, "category_path"),
            words: ["channel", "kind", "status", "urgency"].map(|name| texts(rows, name)),
            requested_at: instants(rows, "requested_at"),
            received_at: instants(rows, "received_at"),
            due_at: instants(rows, "due_at"),
            closed_at: instants(rows, "closed_at"),
            lon: numbers(rows, "lon"),
            lat: numbers(rows, "lat"),
            cell: column(rows, "cell").as_primitive::<Int64Type>(),
            areas: AreaLevel::ALL.map(|level| texts(rows, level.as_str())),
            address: texts(rows, "address"),
            repeat_of: texts(rows, "repeat_of"),
            tags: texts(rows, "tags"),
        }
    }

    pub(crate) fn identity(&self, row: usize) -> Identity {
        Identity::of(self.source.value(row), self.id.value(row))
    }

    /// Base cell, longitude and latitude; 0 and NaN where there is none. A position without a cell is no place.
    pub(crate) fn place(&self, row: usize) -> (u64, f64, f64) {
        place(self.cell, self.lon, self.lat, row)
    }
}

fn place(cell: &Int64Array, lon: &Float64Array, lat: &Float64Array, row: usize) -> (u64, f64, f64) {
    if cell.is_null(row) || lon.is_null(row) || lat.is_null(row) {
        return (0, f64::NAN, f64::NAN);
    }
    (
        cell.value(row).cast_unsigned(),
        lon.value(row),
        lat.value(row),
    )
}

/// The columns of a batch of steps that rules read.
pub(crate) struct StepColumns<'a> {
    pub(crate) source: &'a StringArray,
    pub(crate) complaint: &'a StringArray,
    pub(crate) event: &'a StringArray,
    pub(crate) at: &'a TimestampMicrosecondArray,
    pub(crate) received_at: &'a TimestampMicrosecondArray,
    /// Rows that replace others say again what was counted; history has no such column.
    pub(crate) supersedes: Option<&'a Int64Array>,
}

impl<'a> StepColumns<'a> {
    pub(crate) fn of(rows: &'a RecordBatch) -> Self {
        Self {
            source: texts(rows, "source"),
            complaint: texts(rows, "complaint"),
            event: texts(rows, "event"),
            at: instants(rows, "at"),
            received_at: instants(rows, "received_at"),
            supersedes: rows.column_by_name("supersedes").map(AsArray::as_primitive),
        }
    }

    /// Says again what an earlier row said?
    pub(crate) fn repeats(&self, row: usize) -> bool {
        self.supersedes.is_some_and(|column| column.is_valid(row))
    }
}

/// The columns of a batch of observations that rules read.
pub(crate) struct ObservationColumns<'a> {
    pub(crate) source: &'a StringArray,
    pub(crate) datastream: &'a StringArray,
    pub(crate) sensor: &'a StringArray,
    pub(crate) property: &'a StringArray,
    pub(crate) quality: &'a StringArray,
    pub(crate) at: &'a TimestampMicrosecondArray,
    pub(crate) received_at: &'a TimestampMicrosecondArray,
    pub(crate) result: &'a Float64Array,
    cell: &'a Int64Array,
    lon: &'a Float64Array,
    lat: &'a Float64Array,
    pub(crate) areas: [&'a StringArray; 4],
}

impl<'a> ObservationColumns<'a> {
    pub(crate) fn of(rows: &'a RecordBatch) -> Self {
        Self {
            source: texts(rows, "source"),
            datastream: texts(rows, "datastream"),
            sensor: texts(rows, "sensor"),
            property: texts(rows, "property"),
            quality: texts(rows, "quality"),
            at: instants(rows, "phenomenon_time"),
            received_at: instants(rows, "received_at"),
            result: numbers(rows, "result"),
            cell: column(rows, "cell").as_primitive::<Int64Type>(),
            lon: numbers(rows, "lon"),
            lat: numbers(rows, "lat"),
            areas: AreaLevel::ALL.map(|level| texts(rows, level.as_str())),
        }
    }

    pub(crate) fn place(&self, row: usize) -> (u64, f64, f64) {
        place(self.cell, self.lon, self.lat, row)
    }

    /// The sensor's name; a datastream that names none is one.
    pub(crate) fn sensor_name(&self, row: usize) -> &'a str {
        value(self.sensor, row).unwrap_or_else(|| self.datastream.value(row))
    }
}
