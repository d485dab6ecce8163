//! `h3_cell_to_boundary_wkt(cell)`: its outline as WKT, longitude first, in WGS 84 degrees.

use std::sync::Arc;

use datafusion::arrow::array::{ArrayRef, StringArray};
use datafusion::arrow::datatypes::DataType;
use datafusion::error::Result;
use datafusion::logical_expr::ScalarUDF;
use h3o::CellIndex;

use super::arguments::Arguments;
use super::signature::{Takes, pure};

pub(super) fn function() -> ScalarUDF {
    pure(
        "h3_cell_to_boundary_wkt",
        &[Takes::Cell],
        DataType::Utf8,
        outlines,
    )
}

fn outlines(arguments: &Arguments<'_>) -> Result<ArrayRef> {
    let cells = arguments.unsigned(0)?;
    let outlines = cells
        .iter()
        .map(|cell| cell.map(|cell| arguments.cell(cell).map(wkt)).transpose());
    Ok(Arc::new(outlines.collect::<Result<StringArray, _>>()?))
}

fn wkt(cell: CellIndex) -> String {
    let boundary = cell.boundary();
    // A WKT ring ends where it began.
    let ring = boundary.iter().chain(boundary.first());
    let ring: Vec<String> = ring
        .map(|corner| format!("{} {}", corner.lng(), corner.lat()))
        .collect();
    format!("POLYGON (({}))", ring.join(", "))
}
