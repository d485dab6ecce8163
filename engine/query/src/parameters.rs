//! The values that `$1`, `$2` … stand for.

use datafusion::scalar::ScalarValue;
use serde_json::Value;

use crate::QueryError;

/// The SQL value of the parameter at `index` (from 0).
pub(crate) fn scalar((index, value): (usize, &Value)) -> Result<ScalarValue, QueryError> {
    let refuse = |rule| QueryError::parameter(format!("${}", index + 1), rule);
    match value {
        Value::Null => Ok(ScalarValue::Null),
        Value::Bool(value) => Ok(ScalarValue::from(*value)),
        Value::String(value) => Ok(ScalarValue::from(value.as_str())),
        Value::Number(value) => match (value.as_i64(), value.as_u64(), value.as_f64()) {
            (Some(value), _, _) => Ok(ScalarValue::from(value)),
            (_, Some(value), _) => Ok(ScalarValue::from(value)),
            (_, _, Some(value)) => Ok(ScalarValue::from(value)),
            _ => Err(refuse("a number must fit 64 bits")),
        },
        Value::Array(_) | Value::Object(_) => Err(refuse(
            "a value must be null, true, false, a number or a text",
        )),
    }
}
