//! `h3_latlng_to_cell(lat, lng, resolution)`: the cell that holds the position; WGS 84 degrees, latitude first.

use std::sync::Arc;

use datafusion::arrow::array::{ArrayRef, UInt64Array};
use datafusion::arrow::datatypes::DataType;
use datafusion::error::Result;
use datafusion::logical_expr::ScalarUDF;
use h3o::{LatLng, Resolution};

use super::FunctionError;
use super::arguments::Arguments;
use super::signature::{Takes, pure};

pub(super) fn function() -> ScalarUDF {
    let takes = [Takes::Number, Takes::Number, Takes::Integer];
    pure("h3_latlng_to_cell", &takes, DataType::UInt64, cells)
}

fn cells(arguments: &Arguments<'_>) -> Result<ArrayRef> {
    let (lat, lng, resolutions) = (
        arguments.numbers(0)?,
        arguments.numbers(1)?,
        arguments.integers(2)?,
    );
    let cells = lat.iter().zip(&lng).zip(&resolutions).map(|row| match row {
        ((Some(lat), Some(lng)), Some(resolution)) => arguments
            .resolution(resolution)
            .and_then(|resolution| cell(arguments, lat, lng, resolution))
            .map(Some),
        _ => Ok(None),
    });
    Ok(Arc::new(cells.collect::<Result<UInt64Array, _>>()?))
}

fn cell(
    arguments: &Arguments<'_>,
    lat: f64,
    lng: f64,
    resolution: Resolution,
) -> Result<u64, FunctionError> {
    // A latitude out of range mostly means that the order was swapped, so it is refused rather than wrapped.
    let off_globe = |axis, value, limit| FunctionError::NotADegree {
        function: arguments.function,
        axis,
        value,
        limit,
    };
    if !(-90.0..=90.0).contains(&lat) {
        return Err(off_globe("latitude", lat, 90));
    }
    if !(-180.0..=180.0).contains(&lng) {
        return Err(off_globe("longitude", lng, 180));
    }
    let position = LatLng::new(lat, lng).expect("a position on the globe is finite");
    Ok(position.to_cell(resolution).into())
}
