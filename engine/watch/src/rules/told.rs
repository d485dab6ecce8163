//! What rules tell, and how things stood before a restart.

use std::sync::Arc;

use super::Subject;
use crate::Rule;

/// Something that became so or is no longer so.
#[derive(Debug, Clone, PartialEq)]
pub struct Told {
    /// The rule.
    pub rule: Arc<Rule>,
    /// About what.
    pub subject: Subject,
    /// What changed.
    pub change: Change,
    /// When: µs since 1970, UTC.
    pub at: i64,
    /// The value that decided: a count, a sensor's value, minutes.
    pub value: f64,
}

/// What changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Change {
    /// It is so, but not yet for as long as the rule asks.
    Waiting,
    /// It was waiting, and is no longer so.
    Dropped,
    /// It is so: somebody is to be told.
    Raised {
        /// Since when it is so: µs since 1970, UTC.
        since: i64,
    },
    /// It was told, and is no longer so.
    Cleared,
}

/// What was so before a restart.
#[derive(Debug, Clone, PartialEq)]
pub struct Resume {
    /// The rule's id.
    pub rule: String,
    /// About what.
    pub subject: Subject,
    /// How it stood.
    pub state: ResumeState,
}

/// How something stood before a restart; instants in µs since 1970, UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ResumeState {
    /// It was so since then, and not yet told.
    Waiting {
        /// Since when.
        since: i64,
    },
    /// It was told.
    Told {
        /// Since when it was so.
        since: i64,
    },
    /// It was no longer so from then on.
    Cleared {
        /// Since when.
        at: i64,
    },
}
