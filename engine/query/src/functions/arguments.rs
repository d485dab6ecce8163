//! The arguments of one call, read as the types that the functions work with.

use datafusion::arrow::array::{
    Array, ArrayRef, AsArray, Float64Array, Int64Array, StringArray, TimestampMicrosecondArray,
    UInt64Array,
};
use datafusion::arrow::compute::cast;
use datafusion::arrow::datatypes::{
    DataType, Float64Type, Int64Type, TimeUnit, TimestampMicrosecondType, UInt64Type,
};
use datafusion::common::types::NativeType;
use datafusion::error::Result;
use datafusion::logical_expr::ColumnarValue;
use h3o::{CellIndex, Resolution};

use super::FunctionError;

/// An instant as the engine keeps it: µs since 1970, UTC.
pub(super) fn instant_type() -> NativeType {
    NativeType::Timestamp(TimeUnit::Microsecond, Some("UTC".into()))
}

/// The arguments of one call of `function`. Constants are spread to the length of the columns.
pub(super) struct Arguments<'a> {
    pub(super) function: &'static str,
    values: &'a [ColumnarValue],
    rows: usize,
}

impl<'a> Arguments<'a> {
    pub(super) fn new(function: &'static str, values: &'a [ColumnarValue]) -> Self {
        let rows = values.iter().find_map(|value| match value {
            ColumnarValue::Array(column) => Some(column.len()),
            ColumnarValue::Scalar(_) => None,
        });
        Self {
            function,
            values,
            rows: rows.unwrap_or(1),
        }
    }

    /// How many there are.
    pub(super) const fn len(&self) -> usize {
        self.values.len()
    }

    /// Is there no column among the arguments?
    pub(super) fn all_constant(&self) -> bool {
        self.values
            .iter()
            .all(|value| matches!(value, ColumnarValue::Scalar(_)))
    }

    /// Rows of the answer.
    pub(super) const fn rows(&self) -> usize {
        self.rows
    }

    /// Argument `index` as numbers that may be cells.
    pub(super) fn unsigned(&self, index: usize) -> Result<UInt64Array> {
        Ok(self
            .column(index, &DataType::UInt64)?
            .as_primitive::<UInt64Type>()
            .clone())
    }

    /// Argument `index` as integers.
    pub(super) fn integers(&self, index: usize) -> Result<Int64Array> {
        Ok(self
            .column(index, &DataType::Int64)?
            .as_primitive::<Int64Type>()
            .clone())
    }

    /// Argument `index` as numbers.
    pub(super) fn numbers(&self, index: usize) -> Result<Float64Array> {
        Ok(self
            .column(index, &DataType::Float64)?
            .as_primitive::<Float64Type>()
            .clone())
    }

    /// Argument `index` as text.
    pub(super) fn texts(&self, index: usize) -> Result<StringArray> {
        Ok(self
            .column(index, &DataType::Utf8)?
            .as_string::<i32>()
            .clone())
    }

    /// Argument `index` as instants: µs since 1970, UTC.
    pub(super) fn instants(&self, index: usize) -> Result<TimestampMicrosecondArray> {
        let instant = DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into()));
        Ok(self
            .column(index, &instant)?
            .as_primitive::<TimestampMicrosecondType>()
            .clone())
    }

    /// Argument `index` as one integer for all rows, when it is a constant that is not NULL.
    pub(super) fn constant_integer(&self, index: usize) -> Result<Option<i64>> {
        match &self.values[index] {
            ColumnarValue::Scalar(value) => {
                let one = value.cast_to(&DataType::Int64)?.to_array()?;
                let one = one.as_primitive::<Int64Type>();
                Ok(one.is_valid(0).then(|| one.value(0)))
            }
            ColumnarValue::Array(_) => Ok(None),
        }
    }

    /// Argument `index` as one text for all rows, when it is a constant that is not NULL.
    pub(super) fn constant_text(&self, index: usize) -> Option<&str> {
        match &self.values[index] {
            ColumnarValue::Scalar(value) => value.try_as_str().flatten(),
            ColumnarValue::Array(_) => None,
        }
    }

    /// `value` as a cell.
    pub(super) fn cell(&self, value: u64) -> Result<CellIndex, FunctionError> {
        CellIndex::try_from(value).map_err(|_not| FunctionError::NotACell {
            function: self.function,
            value: value.to_string(),
        })
    }

    /// `value` as a resolution.
    pub(super) fn resolution(&self, value: i64) -> Result<Resolution, FunctionError> {
        u8::try_from(value)
            .ok()
            .and_then(|value| Resolution::try_from(value).ok())
            .ok_or(FunctionError::NotAResolution {
                function: self.function,
                value,
            })
    }

    fn column(&self, index: usize, data_type: &DataType) -> Result<ArrayRef> {
        let column = self.values[index].to_array(self.rows)?;
        if column.data_type() == data_type {
            return Ok(column);
        }
        Ok(cast(&column, data_type)?)
    }
}
