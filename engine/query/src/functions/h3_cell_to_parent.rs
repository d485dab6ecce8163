//! `h3_cell_to_parent(cell, resolution)`: the cell's ancestor at a coarser or the same resolution.

use std::sync::Arc;

use datafusion::arrow::array::{ArrayRef, UInt64Array};
use datafusion::arrow::datatypes::DataType;
use datafusion::error::Result;
use datafusion::logical_expr::ScalarUDF;
use h3o::Resolution;

use super::FunctionError;
use super::arguments::Arguments;
use super::signature::{Takes, pure};

pub(super) fn function() -> ScalarUDF {
    pure(
        "h3_cell_to_parent",
        &[Takes::Cell, Takes::Integer],
        DataType::UInt64,
        parents,
    )
}

fn parents(arguments: &Arguments<'_>) -> Result<ArrayRef> {
    let cells = arguments.unsigned(0)?;
    // One resolution for all rows is what every map asks for: it is checked once.
    if let Some(resolution) = arguments.constant_integer(1)? {
        let resolution = arguments.resolution(resolution)?;
        let parents: UInt64Array = cells.try_unary(|cell| parent(arguments, cell, resolution))?;
        return Ok(Arc::new(parents));
    }
    let resolutions = arguments.integers(1)?;
    let parents = cells.iter().zip(&resolutions).map(|pair| match pair {
        (Some(cell), Some(resolution)) => arguments
            .resolution(resolution)
            .and_then(|resolution| parent(arguments, cell, resolution))
            .map(Some),
        _ => Ok(None),
    });
    Ok(Arc::new(parents.collect::<Result<UInt64Array, _>>()?))
}

fn parent(
    arguments: &Arguments<'_>,
    cell: u64,
    resolution: Resolution,
) -> Result<u64, FunctionError> {
    let parent = arguments.cell(cell)?.parent(resolution);
    parent.map(u64::from).ok_or(FunctionError::NoRelative {
        function: arguments.function,
        cell,
        relation: "parent",
        resolution: resolution.into(),
    })
}
