//! `h3_cell_to_string(cell)`: its lower-case hex text.

use std::sync::Arc;

use datafusion::arrow::array::{ArrayRef, StringArray};
use datafusion::arrow::datatypes::DataType;
use datafusion::error::Result;
use datafusion::logical_expr::ScalarUDF;

use super::arguments::Arguments;
use super::signature::{Takes, pure};

pub(super) fn function() -> ScalarUDF {
    pure("h3_cell_to_string", &[Takes::Cell], DataType::Utf8, texts)
}

fn texts(arguments: &Arguments<'_>) -> Result<ArrayRef> {
    let cells = arguments.unsigned(0)?;
    let texts = cells.iter().map(|cell| {
        cell.map(|cell| arguments.cell(cell).map(|cell| cell.to_string()))
            .transpose()
    });
    Ok(Arc::new(texts.collect::<Result<StringArray, _>>()?))
}
