//! A standing rule: what somebody is told about. Rules are data: TOML files and bodies of the API have the same form.

mod check;
mod condition;
mod hours;
mod outline;
mod selection;
mod span;

use std::collections::BTreeMap;

use citybrain_model::AreaLevel;
use serde::{Deserialize, Serialize};

pub use check::RuleError;
pub(crate) use check::area_of;
pub use condition::{
    Burst, Clock, Combination, Condition, Crossing, Direction, EarsKind, Every, Fence, Records,
    Repeat, Same, Silence, Statistic, Steps, Threshold, Trend, Value,
};
pub use hours::{Hours, Season};
pub(crate) use hours::{first_instant, local};
pub use outline::Outline;
pub use selection::{Per, Selection};
pub use span::Span;

/// One standing rule.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rule {
    /// Its id, unique among the rules: letters, digits, `-`, `_` and `.`, at most 64.
    pub id: String,
    /// Its name for people, by language.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub name: BTreeMap<String, String>,
    /// What it is for, in one sentence, by language.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub about: BTreeMap<String, String>,
    /// Does it watch? A rule that is off keeps nothing.
    #[serde(default = "yes")]
    pub on: bool,
    /// How bad it is.
    #[serde(default)]
    pub severity: Severity,
    /// What must be so.
    pub when: Condition,
    /// How long it must be so without a break before anybody is told; 0 by default.
    #[serde(default, skip_serializing_if = "Span::is_zero")]
    pub hold: Span,
    /// Local hours in which nobody is told; what is still so when they end is told then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quiet: Option<Hours>,
    /// Days of the year on which it watches; all by default.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub season: Option<Season>,
    /// After it cleared, the same place, sensor or order is not told again for this long; 0 by default.
    #[serde(default, skip_serializing_if = "Span::is_zero")]
    pub again: Span,
    /// The level whose people are told first; by default that of the place it is about, or the city.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub level: Option<AreaLevel>,
    /// An alert that nobody acknowledged for this long goes one level up; never by default.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub escalate: Option<Span>,
}

/// How bad something is, from `info` to `critical`.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize,
)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Good to know.
    Info,
    /// Somebody should look.
    #[default]
    Warning,
    /// Somebody must act now.
    Critical,
}

impl Severity {
    /// The word in rules and in the API.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Info => "info",
            Self::Warning => "warning",
            Self::Critical => "critical",
        }
    }
}

/// A file of rules: any number of `[[rule]]`.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    rule: Vec<Rule>,
}

impl Rule {
    /// The rules of a TOML text.
    ///
    /// # Errors
    /// When it is no TOML or has another form; what the rules say is checked against the city by [`Rule::check`].
    pub fn of_toml(text: &str) -> Result<Vec<Self>, RuleError> {
        toml::from_str::<File>(text)
            .map(|file| file.rule)
            .map_err(|error| RuleError::Form(Box::new(error)))
    }

    /// The name in one of these languages, the first that there is; the id without one.
    pub fn name_in<'a>(&'a self, languages: &[String]) -> &'a str {
        languages
            .iter()
            .find_map(|language| self.name.get(language))
            .or_else(|| self.name.values().next())
            .unwrap_or(&self.id)
    }
}

const fn yes() -> bool {
    true
}
