//! `h3_cell_to_children(cell, resolution)`: the cell's descendants at a finer or the same resolution.

use datafusion::arrow::array::ArrayRef;
use datafusion::arrow::datatypes::DataType;
use datafusion::error::Result;
use datafusion::logical_expr::ScalarUDF;
use h3o::{CellIndex, Resolution};

use super::FunctionError;
use super::arguments::Arguments;
use super::lists::{cell_lists, list_of};
use super::signature::{Takes, pure};

pub(super) fn function() -> ScalarUDF {
    pure(
        "h3_cell_to_children",
        &[Takes::Cell, Takes::Integer],
        list_of(DataType::UInt64),
        children,
    )
}

fn children(arguments: &Arguments<'_>) -> Result<ArrayRef> {
    cell_lists(
        arguments,
        |cell, resolution| Ok(cell.children_count(finer(arguments, cell, resolution)?)),
        |cell, resolution| Ok(cell.children(finer(arguments, cell, resolution)?)),
    )
}

fn finer(
    arguments: &Arguments<'_>,
    cell: CellIndex,
    resolution: i64,
) -> Result<Resolution, FunctionError> {
    let resolution = arguments.resolution(resolution)?;
    if resolution >= cell.resolution() {
        return Ok(resolution);
    }
    Err(FunctionError::NoRelative {
        function: arguments.function,
        cell: cell.into(),
        relation: "children",
        resolution: resolution.into(),
    })
}
