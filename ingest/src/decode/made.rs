//! The ways to make a field from columns.

use std::{borrow::Cow, collections::HashMap};

use citybrain_model::Refusal;
use xxhash_rust::xxh3::Xxh3;

use super::category::PATH_SEPARATOR;
use crate::{
    profile::{Field, FieldRule, Other, TimeColumns},
    rows::{Columns, Row},
};

/// One way to make a field.
#[derive(Debug)]
pub(super) struct BoundRule {
    pub(super) way: Way,
    pub(super) map: Option<ValueMap>,
    pub(super) split: Option<String>,
}

/// Columns are positions in the file.
#[derive(Debug)]
pub(super) enum Way {
    Column(usize),
    Any(Vec<usize>),
    Join(Vec<usize>, String),
    Value(String),
    Hash(Vec<usize>),
    Parts([Option<usize>; 6]),
}

/// Values and what they become.
#[derive(Debug)]
pub(super) struct ValueMap {
    exact: HashMap<String, String>,
    folded: HashMap<String, String>,
    other: Other,
}

impl BoundRule {
    /// The rule for these columns; `None` when the file has none of those that it reads.
    pub(super) fn new(field: Field, rule: &FieldRule, columns: &Columns) -> Option<Self> {
        let some = |names: &[String]| -> Option<Vec<usize>> {
            let at: Vec<usize> = found(names, columns).collect();
            (!at.is_empty()).then_some(at)
        };
        let way = if let Some(name) = &rule.column {
            Way::Column(columns.find(name)?)
        } else if let Some(value) = &rule.value {
            Way::Value(value.clone())
        } else if let Some(names) = &rule.hash {
            let all = || (0..columns.len()).collect();
            Way::Hash(some(names).unwrap_or_else(all))
        } else if let Some(parts) = &rule.parts {
            Way::Parts(bound_parts(parts, columns)?)
        } else if rule.join.is_empty() {
            Way::Any(some(&rule.any)?)
        } else {
            let between = match field {
                Field::CategoryPath => PATH_SEPARATOR,
                _ => " ",
            };
            let with = rule.with.clone().unwrap_or_else(|| between.to_owned());
            Way::Join(some(&rule.join)?, with)
        };
        let map = (!rule.map.is_empty()).then(|| ValueMap {
            exact: rule.map.clone().into_iter().collect(),
            folded: rule
                .map
                .iter()
                .map(|(from, to)| (from.to_lowercase(), to.clone()))
                .collect(),
            other: rule.other,
        });
        Some(Self {
            way,
            map,
            split: rule.split.clone(),
        })
    }
}

fn bound_parts(parts: &TimeColumns, columns: &Columns) -> Option<[Option<usize>; 6]> {
    let mut bound = [None; 6];
    for (bound, name) in bound.iter_mut().zip(parts.columns()) {
        // A part that is named must be there: a time without its hour would be another time.
        *bound = name
            .map(|name| columns.find(name).ok_or(()))
            .transpose()
            .ok()?;
    }
    Some(bound)
}

impl ValueMap {
    /// What a value becomes.
    ///
    /// # Errors
    /// A refusal by rule `vocabulary` when the map is complete and lacks the value.
    pub(super) fn apply<'r>(
        &'r self,
        value: Cow<'r, str>,
        field: Field,
    ) -> Result<Option<Cow<'r, str>>, Refusal> {
        let to = self.exact.get(value.as_ref());
        if let Some(to) = to.or_else(|| self.folded.get(&value.to_lowercase())) {
            // A value that becomes nothing is no value.
            return Ok((!to.is_empty()).then_some(Cow::Borrowed(to)));
        }
        match self.other {
            Other::Keep => Ok(Some(value)),
            Other::Drop => Ok(None),
            Other::Refuse => {
                let mut words: Vec<&str> = self.exact.keys().map(String::as_str).collect();
                words.sort_unstable();
                let message = format!("the value must be one of {}", words.join(", "));
                Err(Refusal::new(field.as_str(), value, "vocabulary", message))
            }
        }
    }
}

/// Lengths go in before values, so that ("ab", "c") and ("a", "bc") differ.
pub(super) fn hash(row: &Row, columns: &[usize]) -> String {
    let mut hasher = Xxh3::new();
    for at in columns {
        let cell = row.cells.get(*at).unwrap_or_default().trim();
        hasher.update(&(cell.len() as u64).to_le_bytes());
        hasher.update(cell.as_bytes());
    }
    format!("{:032x}", hasher.digest128())
}

/// The positions of the columns that are there.
pub(super) fn found<'a>(
    names: &'a [String],
    columns: &'a Columns,
) -> impl Iterator<Item = usize> + 'a {
    names.iter().filter_map(|name| columns.find(name))
}
