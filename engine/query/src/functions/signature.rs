//! How a function is declared: its name, what it takes, what it gives, its body.

use std::sync::Arc;

use datafusion::arrow::array::ArrayRef;
use datafusion::arrow::datatypes::DataType;
use datafusion::common::types::{
    NativeType, logical_float64, logical_int64, logical_string, logical_uint64,
};
use datafusion::error::Result;
use datafusion::logical_expr::expr_fn::SimpleScalarUDF;
use datafusion::logical_expr::{
    Coercion, ColumnarValue, ScalarUDF, Signature, TypeSignature, TypeSignatureClass, Volatility,
};
use datafusion::scalar::ScalarValue;

use super::arguments::Arguments;

/// What a parameter takes.
#[derive(Debug, Clone, Copy)]
pub(super) enum Takes {
    /// An H3 cell: any integer.
    Cell,
    /// Any integer.
    Integer,
    /// Any number.
    Number,
    /// Text.
    Text,
    /// An instant; one without a zone is UTC.
    Instant,
}

/// A pure function of columns. A call whose arguments are all constants gives a constant.
pub(super) fn pure(
    name: &'static str,
    takes: &[Takes],
    gives: DataType,
    body: impl Fn(&Arguments<'_>) -> Result<ArrayRef> + Send + Sync + 'static,
) -> ScalarUDF {
    pure_in_forms(name, &[takes], gives, body)
}

/// [`pure`], with parameters that take one of several `forms`.
pub(super) fn pure_in_forms(
    name: &'static str,
    forms: &[&[Takes]],
    gives: DataType,
    body: impl Fn(&Arguments<'_>) -> Result<ArrayRef> + Send + Sync + 'static,
) -> ScalarUDF {
    let forms = forms.iter().map(|takes| {
        let takes = takes.iter().map(|takes| takes.coercion());
        TypeSignature::Coercible(takes.collect())
    });
    let signature = Signature::one_of(forms.collect(), Volatility::Immutable);
    let call = move |values: &[ColumnarValue]| {
        let arguments = Arguments::new(name, values);
        let column = body(&arguments)?;
        if arguments.all_constant() {
            return Ok(ColumnarValue::Scalar(ScalarValue::try_from_array(
                &column, 0,
            )?));
        }
        Ok(ColumnarValue::Array(column))
    };
    ScalarUDF::from(SimpleScalarUDF::new_with_signature(
        name,
        signature,
        gives,
        Arc::new(call),
    ))
}

impl Takes {
    fn coercion(self) -> Coercion {
        let integers = vec![TypeSignatureClass::Integer];
        match self {
            Self::Cell => {
                let cell = TypeSignatureClass::Native(logical_uint64());
                Coercion::new_implicit(cell, integers, NativeType::UInt64)
            }
            Self::Integer => {
                let integer = TypeSignatureClass::Native(logical_int64());
                Coercion::new_implicit(integer, integers, NativeType::Int64)
            }
            Self::Number => {
                let number = TypeSignatureClass::Native(logical_float64());
                Coercion::new_implicit(
                    number,
                    vec![TypeSignatureClass::Numeric],
                    NativeType::Float64,
                )
            }
            Self::Text => Coercion::new_exact(TypeSignatureClass::Native(logical_string())),
            Self::Instant => {
                let text = vec![TypeSignatureClass::Native(logical_string())];
                Coercion::new_implicit(
                    TypeSignatureClass::Timestamp,
                    text,
                    super::arguments::instant_type(),
                )
            }
        }
    }
}
