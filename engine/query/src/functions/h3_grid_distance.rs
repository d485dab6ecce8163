//! `h3_grid_distance(a, b)`: steps from cell to cell. NULL where the grid has no answer: the cells are of different
//! resolutions, too far apart, or have a pentagon between them.

use std::sync::Arc;

use datafusion::arrow::array::{ArrayRef, Int64Array};
use datafusion::arrow::datatypes::DataType;
use datafusion::error::Result;
use datafusion::logical_expr::ScalarUDF;

use super::FunctionError;
use super::arguments::Arguments;
use super::signature::{Takes, pure};

pub(super) fn function() -> ScalarUDF {
    pure(
        "h3_grid_distance",
        &[Takes::Cell, Takes::Cell],
        DataType::Int64,
        distances,
    )
}

fn distances(arguments: &Arguments<'_>) -> Result<ArrayRef> {
    let (from, to) = (arguments.unsigned(0)?, arguments.unsigned(1)?);
    let distances = from.iter().zip(&to).map(|pair| match pair {
        (Some(from), Some(to)) => distance(arguments, from, to),
        _ => Ok(None),
    });
    Ok(Arc::new(distances.collect::<Result<Int64Array, _>>()?))
}

fn distance(arguments: &Arguments<'_>, from: u64, to: u64) -> Result<Option<i64>, FunctionError> {
    let (from, to) = (arguments.cell(from)?, arguments.cell(to)?);
    Ok(from.grid_distance(to).ok().map(i64::from))
}
