//! `h3_is_valid_cell(number)`: is it an H3 cell?

use std::sync::Arc;

use datafusion::arrow::array::{ArrayRef, BooleanArray};
use datafusion::arrow::datatypes::DataType;
use datafusion::error::Result;
use datafusion::logical_expr::ScalarUDF;

use super::arguments::Arguments;
use super::signature::{Takes, pure};

pub(super) fn function() -> ScalarUDF {
    pure(
        "h3_is_valid_cell",
        &[Takes::Cell],
        DataType::Boolean,
        validity,
    )
}

fn validity(arguments: &Arguments<'_>) -> Result<ArrayRef> {
    let numbers = arguments.unsigned(0)?;
    let valid = numbers
        .iter()
        .map(|number| number.map(|number| arguments.cell(number).is_ok()));
    Ok(Arc::new(valid.collect::<BooleanArray>()))
}
