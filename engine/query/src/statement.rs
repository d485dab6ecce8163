//! One of the engine's own statements: text with named values.

use std::collections::HashMap;
use std::fmt::Write;

use chrono::{DateTime, SecondsFormat, Utc};
use datafusion::common::ParamValues;
use datafusion::scalar::ScalarValue;

/// The text of a `.sql` file with its conditions put in, and the values that its `$names` stand for. A value never becomes part of
/// the text that is run.
#[derive(Debug, Clone, Default)]
pub(crate) struct Statement {
    text: String,
    values: HashMap<String, ScalarValue>,
}

impl Statement {
    pub(crate) fn new(text: &str) -> Self {
        Self {
            text: text.trim_end().to_owned(),
            values: HashMap::new(),
        }
    }

    /// Puts the engine's own text (a column, a condition; never a user's) in the place of `:mark`.
    #[must_use]
    pub(crate) fn with(mut self, mark: &str, text: &str) -> Self {
        self.text = self.text.replace(&format!(":{mark}"), text);
        self
    }

    /// Gives `$name` its value.
    #[must_use]
    pub(crate) fn bind(mut self, name: impl Into<String>, value: impl Into<ScalarValue>) -> Self {
        self.values.insert(name.into(), value.into());
        self
    }

    /// Gives several names their values.
    #[must_use]
    pub(crate) fn bind_all(
        mut self,
        values: impl IntoIterator<Item = (String, ScalarValue)>,
    ) -> Self {
        self.values.extend(values);
        self
    }

    /// The text that is run.
    pub(crate) fn text(&self) -> &str {
        &self.text
    }

    /// The values of its names.
    pub(crate) fn values(&self) -> ParamValues {
        ParamValues::from(self.values.clone())
    }

    /// The same statement for a reader, with each value written out: it gives the same rows.
    pub(crate) fn shown(&self) -> String {
        let mut shown = String::with_capacity(self.text.len() * 2);
        let mut rest = self.text.as_str();
        while let Some((before, after)) = rest.split_once('$') {
            let end = after
                .find(|c: char| !c.is_ascii_alphanumeric() && c != '_')
                .unwrap_or(after.len());
            let (name, after) = after.split_at(end);
            shown.push_str(before);
            match self.values.get(name) {
                Some(value) => write_literal(&mut shown, value),
                None => write!(shown, "${name}").expect("writing to a text cannot fail"),
            }
            rest = after;
        }
        shown.push_str(rest);
        shown
    }
}

/// An instant as a SQL value.
pub(crate) fn instant(instant: DateTime<Utc>) -> ScalarValue {
    ScalarValue::TimestampMicrosecond(Some(instant.timestamp_micros()), Some("UTC".into()))
}

fn write_literal(out: &mut String, value: &ScalarValue) {
    match value {
        ScalarValue::Utf8(Some(text)) => write!(out, "'{}'", text.replace('\'', "''")),
        ScalarValue::TimestampMicrosecond(Some(micros), _) => {
            let instant = DateTime::from_timestamp_micros(*micros).unwrap_or_default();
            write!(
                out,
                "'{}'",
                instant.to_rfc3339_opts(SecondsFormat::AutoSi, true)
            )
        }
        ScalarValue::Float64(Some(number)) => write!(out, "{number:?}"),
        value => write!(out, "{value}"),
    }
    .expect("writing to a text cannot fail");
}

#[cfg(test)]
mod tests;
