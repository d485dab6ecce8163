//! Limits that every text and every instant of a record keeps.

use chrono::{DateTime, Datelike, Utc};

use crate::Refusal;

/// Longest id or datastream name, in characters.
pub const ID_CHARS_MAX: usize = 256;
/// Longest category path, channel, status, agency, address or other label, in characters.
pub const LABEL_CHARS_MAX: usize = 1024;
/// Longest free text, in characters.
pub const TEXT_CHARS_MAX: usize = 65_536;
/// First year that an instant may lie in.
pub const YEAR_MIN: i32 = 1970;
/// Last year that an instant may lie in; later ones are placeholders such as 9999-12-31.
pub const YEAR_MAX: i32 = 2199;

/// An id: present, at most [`ID_CHARS_MAX`] characters, no control characters; surrounding blanks are cut.
pub(crate) fn id(field: &'static str, value: Option<String>) -> Result<String, Refusal> {
    let value = trimmed(value).ok_or_else(|| Refusal::required(field))?;
    if value.chars().any(char::is_control) {
        return Err(Refusal::new(
            field,
            value,
            "control",
            "an id must not hold control characters",
        ));
    }
    if value.chars().nth(ID_CHARS_MAX).is_some() {
        return Err(Refusal::new(
            field,
            value,
            "length",
            format!("an id has at most {ID_CHARS_MAX} characters"),
        ));
    }
    Ok(value)
}

/// A label: blank means none, control characters become blanks, too long is refused.
pub(crate) fn label(field: &'static str, value: Option<String>) -> Result<Option<String>, Refusal> {
    bounded(field, trimmed(value).map(without_controls), LABEL_CHARS_MAX)
}

/// Free text: blank means none; line breaks and tabs stay.
pub(crate) fn text(field: &'static str, value: Option<String>) -> Result<Option<String>, Refusal> {
    bounded(field, trimmed(value), TEXT_CHARS_MAX)
}

/// An instant between the years [`YEAR_MIN`] and [`YEAR_MAX`].
pub(crate) fn instant(field: &'static str, value: DateTime<Utc>) -> Result<DateTime<Utc>, Refusal> {
    if (YEAR_MIN..=YEAR_MAX).contains(&value.year()) {
        return Ok(value);
    }
    Err(Refusal::new(
        field,
        value.to_rfc3339(),
        "time",
        format!("the year must lie in {YEAR_MIN} to {YEAR_MAX}"),
    ))
}

pub(crate) fn optional_instant(
    field: &'static str,
    value: Option<DateTime<Utc>>,
) -> Result<Option<DateTime<Utc>>, Refusal> {
    value.map(|value| instant(field, value)).transpose()
}

fn trimmed(value: Option<String>) -> Option<String> {
    let value = value?;
    let cut = value.trim();
    match cut.len() {
        0 => None,
        n if n == value.len() => Some(value),
        _ => Some(cut.to_owned()),
    }
}

fn without_controls(value: String) -> String {
    if value.chars().any(char::is_control) {
        return value
            .split(char::is_control)
            .filter(|part| !part.is_empty())
            .collect::<Vec<_>>()
            .join(" ");
    }
    value
}

fn bounded(
    field: &'static str,
    value: Option<String>,
    chars_max: usize,
) -> Result<Option<String>, Refusal> {
    match value {
        // A byte count bounds the character count, so most texts are not walked.
        Some(value) if value.len() > chars_max && value.chars().nth(chars_max).is_some() => {
            Err(Refusal::new(
                field,
                value,
                "length",
                format!("at most {chars_max} characters"),
            ))
        }
        value => Ok(value),
    }
}
