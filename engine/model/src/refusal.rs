//! Why a record was not taken.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

/// The reason why one record is refused: which field, which value, which rule, and a sentence for a person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[error("{field}: {message} (value \"{value}\", rule {rule})")]
pub struct Refusal {
    /// The field's name as in the body or the file's column.
    pub field: Cow<'static, str>,
    /// The offending value, shortened to 120 characters.
    pub value: String,
    /// The rule's short name, stable for machines: `required`, `range`, `length`, `format`, `time`, `zone`, `control`, …
    pub rule: Cow<'static, str>,
    /// What the rule asks for, in one sentence.
    pub message: String,
}

impl Refusal {
    /// A refusal of `value` in `field` by `rule`; a long value is shortened, control characters are escaped.
    pub fn new(
        field: impl Into<Cow<'static, str>>,
        value: impl AsRef<str>,
        rule: impl Into<Cow<'static, str>>,
        message: impl Into<String>,
    ) -> Self {
        Self {
            field: field.into(),
            value: short(value.as_ref()),
            rule: rule.into(),
            message: message.into(),
        }
    }

    /// A refusal because `field` is missing.
    pub fn required(field: impl Into<Cow<'static, str>>) -> Self {
        Self::new(field, "", "required", "the field is required")
    }
}

const SHOWN_CHARS: usize = 120;

fn short(value: &str) -> String {
    let mut out: String = value
        .chars()
        .take(SHOWN_CHARS)
        .flat_map(char::escape_debug)
        .collect();
    if value.chars().nth(SHOWN_CHARS).is_some() {
        out.push('…');
    }
    out
}

pub(crate) fn shown(value: f64) -> String {
    value.to_string()
}
