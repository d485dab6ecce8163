//! What an import tells besides its counts.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

/// Most columns that are named.
const COLUMNS_MAX: usize = 100;

/// What an import tells besides its counts: how often something was read in a way that the user may want to know of
/// (`default_location`, `local_time_twice`, `local_time_missing`, `at_ceiling`), and which columns were left out because the
/// profile does not know them.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Notes {
    #[serde(flatten)]
    counts: BTreeMap<&'static str, u64>,
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    columns_left_out: BTreeSet<String>,
}

impl Notes {
    /// Counts `what` once more.
    pub fn count(&mut self, what: &'static str) {
        *self.counts.entry(what).or_default() += 1;
    }

    /// Notes that a column was left out.
    pub fn left_out(&mut self, column: &str) {
        if self.columns_left_out.len() < COLUMNS_MAX {
            self.columns_left_out.insert(column.to_owned());
        }
    }

    /// How often `what` was counted.
    pub fn get(&self, what: &str) -> u64 {
        self.counts.get(what).copied().unwrap_or_default()
    }

    /// The columns that were left out, in the order of their names.
    pub fn columns_left_out(&self) -> impl Iterator<Item = &str> {
        self.columns_left_out.iter().map(String::as_str)
    }

    /// Is there nothing to tell?
    pub fn is_empty(&self) -> bool {
        self.counts.is_empty() && self.columns_left_out.is_empty()
    }

    /// Adds what is told of later rows.
    pub fn extend(&mut self, later: Self) {
        for (what, count) in later.counts {
            *self.counts.entry(what).or_default() += count;
        }
        for column in later.columns_left_out {
            self.left_out(&column);
        }
    }
}
