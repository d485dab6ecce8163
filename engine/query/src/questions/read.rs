//! Columns of an answer as the types that the questions work with.

use chrono::{DateTime, Utc};
use datafusion::arrow::array::{
    Array, ArrayRef, AsArray, BooleanArray, Float64Array, RecordBatch, StringArray,
    TimestampMicrosecondArray, UInt64Array,
};
use datafusion::arrow::compute::cast;
use datafusion::arrow::datatypes::{
    DataType, Float64Type, TimeUnit, TimestampMicrosecondType, UInt64Type,
};

use crate::zone;

pub(crate) fn text(rows: &RecordBatch, name: &str) -> StringArray {
    column(rows, name, &DataType::Utf8)
        .as_string::<i32>()
        .clone()
}

pub(crate) fn unsigned(rows: &RecordBatch, name: &str) -> UInt64Array {
    column(rows, name, &DataType::UInt64)
        .as_primitive::<UInt64Type>()
        .clone()
}

pub(crate) fn number(rows: &RecordBatch, name: &str) -> Float64Array {
    column(rows, name, &DataType::Float64)
        .as_primitive::<Float64Type>()
        .clone()
}

pub(crate) fn boolean(rows: &RecordBatch, name: &str) -> BooleanArray {
    column(rows, name, &DataType::Boolean).as_boolean().clone()
}

pub(crate) fn instant(rows: &RecordBatch, name: &str) -> TimestampMicrosecondArray {
    let instant = DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into()));
    column(rows, name, &instant)
        .as_primitive::<TimestampMicrosecondType>()
        .clone()
}

/// The text in a row.
pub(crate) fn text_at(column: &StringArray, row: usize) -> Option<String> {
    column.is_valid(row).then(|| column.value(row).to_owned())
}

/// The number in a row.
pub(crate) fn number_at(column: &Float64Array, row: usize) -> Option<f64> {
    column.is_valid(row).then(|| column.value(row))
}

/// The instant in a row.
pub(crate) fn instant_at(column: &TimestampMicrosecondArray, row: usize) -> Option<DateTime<Utc>> {
    column
        .is_valid(row)
        .then(|| zone::instant(column.value(row)))
}

fn column(rows: &RecordBatch, name: &str, data_type: &DataType) -> ArrayRef {
    let column = rows
        .column_by_name(name)
        .expect("the statement names the column");
    cast(column, data_type).expect("the statement gives the column a type that casts")
}
