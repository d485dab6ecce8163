//! Rows that are refused for what they hold.

use citybrain_model::Refusal;
use serde_json::Value;

use crate::{
    profile::Unwanted,
    rows::{Columns, Row, folded},
};

/// The refusal of a row that a rule does not want, and whether the row may be kept with it. The value is not repeated when it
/// must not be here at all.
pub(super) fn refusal(rules: &[Unwanted], columns: &Columns, row: &Row) -> Option<(Refusal, bool)> {
    if rules.is_empty() {
        return None;
    }
    columns
        .names()
        .iter()
        .zip(&row.cells)
        .find_map(|(name, text)| {
            let text = text.trim();
            if text.is_empty() {
                return None;
            }
            rules
                .iter()
                .find(|rule| of_cell(rule, name, text))
                .map(|rule| {
                    let shown = if rule.keep_raw { text } else { "" };
                    let refusal =
                        Refusal::new(name.clone(), shown, rule.rule.clone(), rule.message.clone());
                    (refusal, rule.keep_raw)
                })
        })
}

fn of_cell(rule: &Unwanted, name: &str, text: &str) -> bool {
    if name.split('.').any(|part| rule.names(&folded(part))) || rule.matches(text) {
        return true;
    }
    // Lists, and objects that the profile keeps whole, are JSON text in their cell.
    if !text.starts_with(['[', '{']) {
        return false;
    }
    serde_json::from_str(text).is_ok_and(|value| of_value(rule, &value))
}

fn of_value(rule: &Unwanted, value: &Value) -> bool {
    match value {
        Value::String(text) => rule.matches(text),
        Value::Number(number) => rule.matches(&number.to_string()),
        Value::Array(elements) => {
            let numbers = elements
                .iter()
                .filter(|element| element.is_number())
                .count();
            rule.numbers_min.is_some_and(|min| numbers >= min)
                || elements.iter().any(|element| of_value(rule, element))
        }
        Value::Object(members) => members
            .iter()
            .any(|(name, value)| rule.names(&folded(name)) || of_value(rule, value)),
        Value::Null | Value::Bool(_) => false,
    }
}
