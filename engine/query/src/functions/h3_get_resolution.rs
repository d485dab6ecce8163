//! `h3_get_resolution(cell)`: its resolution, 0 to 15.

use std::sync::Arc;

use datafusion::arrow::array::{ArrayRef, Int64Array};
use datafusion::arrow::datatypes::DataType;
use datafusion::error::Result;
use datafusion::logical_expr::ScalarUDF;

use super::arguments::Arguments;
use super::signature::{Takes, pure};

pub(super) fn function() -> ScalarUDF {
    pure(
        "h3_get_resolution",
        &[Takes::Cell],
        DataType::Int64,
        resolutions,
    )
}

fn resolutions(arguments: &Arguments<'_>) -> Result<ArrayRef> {
    let cells = arguments.unsigned(0)?;
    let resolutions = cells.iter().map(|cell| {
        cell.map(|cell| {
            arguments
                .cell(cell)
                .map(|cell| i64::from(u8::from(cell.resolution())))
        })
        .transpose()
    });
    Ok(Arc::new(resolutions.collect::<Result<Int64Array, _>>()?))
}
