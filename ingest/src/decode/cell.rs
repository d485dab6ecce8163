//! What is done to a column's cells before anything else.

use std::borrow::Cow;

use crate::profile::ColumnRule;

/// The rule of one column.
#[derive(Debug)]
pub(super) struct CellRule {
    nulls: Vec<String>,
    null_containing: Vec<String>,
    strip: Option<String>,
    until: Option<String>,
    digits: Option<usize>,
}

impl CellRule {
    pub(super) fn new(rule: &ColumnRule) -> Self {
        Self {
            nulls: lower(&rule.nulls),
            null_containing: lower(&rule.null_containing),
            strip: rule.strip.clone(),
            until: rule.until.clone(),
            digits: rule.digits,
        }
    }

    /// The cell's value; `None` when it has none.
    pub(super) fn apply<'r>(&self, text: &'r str) -> Option<Cow<'r, str>> {
        let is_null = |text: &str| self.nulls.iter().any(|null| is_caseless(text, null));
        let lowered = || text.to_lowercase();
        if is_null(text)
            || (!self.null_containing.is_empty()
                && self
                    .null_containing
                    .iter()
                    .any(|part| lowered().contains(part)))
        {
            return None;
        }
        let text = match &self.strip {
            Some(start) => text.strip_prefix(start.as_str()).unwrap_or(text).trim(),
            None => text,
        };
        let until = self.until.as_deref();
        let text = until
            .and_then(|end| text.split_once(end))
            .map_or(text, |(before, _)| before.trim());
        let Some(digits) = self.digits else {
            return Some(Cow::Borrowed(text));
        };
        let whole = without_decimals(text);
        if is_null(whole) {
            return None;
        }
        if whole.len() < digits && whole.bytes().all(|byte| byte.is_ascii_digit()) {
            return Some(Cow::Owned(format!("{whole:0>digits$}")));
        }
        Some(Cow::Borrowed(whole))
    }
}

/// `2121.0` without its decimals; any other text as it is.
fn without_decimals(text: &str) -> &str {
    match text.split_once('.') {
        Some((whole, zeros))
            if !whole.is_empty()
                && whole.bytes().all(|byte| byte.is_ascii_digit())
                && zeros.bytes().all(|byte| byte == b'0') =>
        {
            whole
        }
        _ => text,
    }
}

pub(super) fn lower(texts: &[String]) -> Vec<String> {
    texts.iter().map(|text| text.to_lowercase()).collect()
}

pub(super) fn is_caseless(text: &str, lower: &str) -> bool {
    text.eq_ignore_ascii_case(lower)
}
