//! `h3_string_to_cell(text)`: the cell that the hex text names.

use std::sync::Arc;

use datafusion::arrow::array::{ArrayRef, UInt64Array};
use datafusion::arrow::datatypes::DataType;
use datafusion::error::Result;
use datafusion::logical_expr::ScalarUDF;
use h3o::CellIndex;

use super::FunctionError;
use super::arguments::Arguments;
use super::signature::{Takes, pure};

pub(super) fn function() -> ScalarUDF {
    pure("h3_string_to_cell", &[Takes::Text], DataType::UInt64, cells)
}

fn cells(arguments: &Arguments<'_>) -> Result<ArrayRef> {
    let texts = arguments.texts(0)?;
    let cells = texts.iter().map(|text| {
        text.map(|text| match text.parse::<CellIndex>() {
            Ok(cell) => Ok(u64::from(cell)),
            Err(_) => Err(FunctionError::NotACell {
                function: arguments.function,
                value: format!("\"{text}\""),
            }),
        })
        .transpose()
    });
    Ok(Arc::new(cells.collect::<Result<UInt64Array, _>>()?))
}
