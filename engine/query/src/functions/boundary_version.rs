//! `boundary_version()`: by which boundaries the records of this answer are placed.

use std::sync::Arc;

use citybrain_grid::City;
use datafusion::arrow::datatypes::DataType;
use datafusion::logical_expr::expr_fn::SimpleScalarUDF;
use datafusion::logical_expr::{ColumnarValue, ScalarUDF, Signature, Volatility};
use datafusion::scalar::ScalarValue;

pub(super) fn function(city: &City) -> ScalarUDF {
    let version = ScalarValue::from(city.boundary_version());
    ScalarUDF::from(SimpleScalarUDF::new_with_signature(
        "boundary_version",
        Signature::nullary(Volatility::Immutable),
        DataType::Utf8,
        Arc::new(move |_| Ok(ColumnarValue::Scalar(version.clone()))),
    ))
}
