//! The named arguments of an analysis, read by type and rule.

use std::collections::BTreeMap;
use std::fmt::Display;
use std::str::FromStr;

use datafusion::arrow::datatypes::{DataType, TimeUnit};
use datafusion::error::Result;
use datafusion::scalar::ScalarValue;

use super::AnalysisError;
use super::input::Input;

/// The arguments of one call that are not read yet.
#[derive(Debug)]
pub(super) struct Arguments {
    pub(super) function: &'static str,
    values: BTreeMap<String, ScalarValue>,
    queries: BTreeMap<String, Input>,
}

impl Arguments {
    pub(super) const fn new(
        function: &'static str,
        values: BTreeMap<String, ScalarValue>,
        queries: BTreeMap<String, Input>,
    ) -> Self {
        Self {
            function,
            values,
            queries,
        }
    }

    /// A query that is an argument besides the first.
    pub(super) fn query(&mut self, name: &str) -> Option<Input> {
        self.queries.remove(name)
    }

    /// Is the argument given, and not NULL?
    pub(super) fn has(&self, name: &str) -> bool {
        self.values.get(name).is_some_and(|value| !value.is_null())
    }

    /// A whole number within bounds; `None` when it is not given or NULL.
    pub(super) fn whole(
        &mut self,
        name: &str,
        bounds: std::ops::RangeInclusive<i64>,
    ) -> Result<Option<i64>> {
        let Some(value) = self.value(name) else {
            return Ok(None);
        };
        match value.cast_to(&DataType::Int64) {
            Ok(ScalarValue::Int64(Some(number)))
                if bounds.contains(&number) && !matches!(value, ScalarValue::Utf8(_)) =>
            {
                Ok(Some(number))
            }
            _ => Err(self.broken(
                name,
                &value,
                format!(
                    "must be a whole number from {} to {}",
                    bounds.start(),
                    bounds.end()
                ),
            )),
        }
    }

    /// A number within bounds; `None` when it is not given or NULL.
    pub(super) fn number(
        &mut self,
        name: &str,
        bounds: std::ops::RangeInclusive<f64>,
    ) -> Result<Option<f64>> {
        let Some(value) = self.value(name) else {
            return Ok(None);
        };
        match value.cast_to(&DataType::Float64) {
            Ok(ScalarValue::Float64(Some(number)))
                if bounds.contains(&number) && !matches!(value, ScalarValue::Utf8(_)) =>
            {
                Ok(Some(number))
            }
            _ => Err(self.broken(
                name,
                &value,
                format!(
                    "must be a number from {} to {}",
                    bounds.start(),
                    bounds.end()
                ),
            )),
        }
    }

    /// One of the words that a type knows; `None` when it is not given or NULL.
    pub(super) fn word<T: FromStr>(&mut self, name: &str, known: &str) -> Result<Option<T>> {
        let Some(value) = self.value(name) else {
            return Ok(None);
        };
        let word = value
            .try_as_str()
            .flatten()
            .and_then(|word| word.parse().ok());
        match word {
            Some(word) => Ok(Some(word)),
            None => Err(self.broken(name, &value, format!("must be one of {known}"))),
        }
    }

    /// Any text; `None` when it is not given or NULL.
    pub(super) fn text(&mut self, name: &str) -> Result<Option<String>> {
        let Some(value) = self.value(name) else {
            return Ok(None);
        };
        match value.try_as_str().flatten() {
            Some(text) => Ok(Some(text.to_owned())),
            None => Err(self.broken(name, &value, "must be a text".to_owned())),
        }
    }

    /// True or false; `None` when it is not given or NULL.
    pub(super) fn truth(&mut self, name: &str) -> Result<Option<bool>> {
        match self.value(name) {
            None => Ok(None),
            Some(ScalarValue::Boolean(Some(truth))) => Ok(Some(truth)),
            Some(value) => Err(self.broken(name, &value, "must be true or false".to_owned())),
        }
    }

    /// An instant, µs since 1970; `None` when it is not given or NULL.
    pub(super) fn instant(&mut self, name: &str) -> Result<Option<i64>> {
        let Some(value) = self.value(name) else {
            return Ok(None);
        };
        let instant = DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into()));
        match value.cast_to(&instant) {
            Ok(ScalarValue::TimestampMicrosecond(Some(micros), _)) => Ok(Some(micros)),
            _ => Err(self.broken(name, &value, "must be an instant (RFC 3339)".to_owned())),
        }
    }

    /// The error for a value that breaks a rule.
    pub(super) fn broken(
        &self,
        name: &str,
        value: &impl Display,
        rule: String,
    ) -> datafusion::error::DataFusionError {
        AnalysisError::Argument {
            function: self.function,
            argument: name.to_owned(),
            value: value.to_string(),
            rule,
        }
        .into()
    }

    fn value(&mut self, name: &str) -> Option<ScalarValue> {
        self.values.remove(name).filter(|value| !value.is_null())
    }
}
