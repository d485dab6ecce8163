//! `h3_cell_area(cell, unit)`: the cell's own area; the unit is `km^2`, `m^2` or `rads^2`.

use std::sync::Arc;

use datafusion::arrow::array::{ArrayRef, Float64Array};
use datafusion::arrow::datatypes::DataType;
use datafusion::error::Result;
use datafusion::logical_expr::ScalarUDF;

use super::FunctionError;
use super::arguments::Arguments;
use super::signature::{Takes, pure};

pub(super) fn function() -> ScalarUDF {
    pure(
        "h3_cell_area",
        &[Takes::Cell, Takes::Text],
        DataType::Float64,
        areas,
    )
}

fn areas(arguments: &Arguments<'_>) -> Result<ArrayRef> {
    let (cells, units) = (arguments.unsigned(0)?, arguments.texts(1)?);
    let areas = cells.iter().zip(&units).map(|pair| match pair {
        (Some(cell), Some(unit)) => area(arguments, cell, unit).map(Some),
        _ => Ok(None),
    });
    Ok(Arc::new(areas.collect::<Result<Float64Array, _>>()?))
}

fn area(arguments: &Arguments<'_>, cell: u64, unit: &str) -> Result<f64, FunctionError> {
    let cell = arguments.cell(cell)?;
    match unit {
        "km^2" => Ok(cell.area_km2()),
        "m^2" => Ok(cell.area_m2()),
        "rads^2" => Ok(cell.area_rads2()),
        _ => Err(FunctionError::UnknownWord {
            function: arguments.function,
            value: unit.to_owned(),
            known: "km^2, m^2, rads^2",
        }),
    }
}
