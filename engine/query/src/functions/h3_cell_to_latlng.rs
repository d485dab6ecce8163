//! `h3_cell_to_latlng(cell)`: its center as a list of two, latitude and longitude in degrees.

use std::sync::Arc;

use datafusion::arrow::array::{ArrayRef, Float64Builder, ListBuilder};
use datafusion::arrow::datatypes::DataType;
use datafusion::error::Result;
use datafusion::logical_expr::ScalarUDF;
use h3o::LatLng;

use super::arguments::Arguments;
use super::lists::list_of;
use super::signature::{Takes, pure};

pub(super) fn function() -> ScalarUDF {
    pure(
        "h3_cell_to_latlng",
        &[Takes::Cell],
        list_of(DataType::Float64),
        centers,
    )
}

fn centers(arguments: &Arguments<'_>) -> Result<ArrayRef> {
    let mut centers = ListBuilder::new(Float64Builder::new());
    for cell in &arguments.unsigned(0)? {
        let Some(cell) = cell else {
            centers.append_null();
            continue;
        };
        let center = LatLng::from(arguments.cell(cell)?);
        centers.append_value([Some(center.lat()), Some(center.lng())]);
    }
    Ok(Arc::new(centers.finish()))
}
