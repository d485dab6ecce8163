//! `h3_cell_to_lat(cell)`: latitude of its center in degrees.

use std::sync::Arc;

use datafusion::arrow::array::{ArrayRef, Float64Array};
use datafusion::arrow::datatypes::DataType;
use datafusion::error::Result;
use datafusion::logical_expr::ScalarUDF;
use h3o::LatLng;

use super::arguments::Arguments;
use super::signature::{Takes, pure};

pub(super) fn function() -> ScalarUDF {
    pure(
        "h3_cell_to_lat",
        &[Takes::Cell],
        DataType::Float64,
        latitudes,
    )
}

fn latitudes(arguments: &Arguments<'_>) -> Result<ArrayRef> {
    let cells = arguments.unsigned(0)?;
    let latitudes = cells.iter().map(|cell| {
        cell.map(|cell| arguments.cell(cell).map(|cell| LatLng::from(cell).lat()))
            .transpose()
    });
    Ok(Arc::new(latitudes.collect::<Result<Float64Array, _>>()?))
}
