//! Rows that are refused for what they hold, whatever else they say.

use regex::Regex;
use serde::{Deserialize, Deserializer, de::Error as _};

use crate::rows::folded;

/// A rule that refuses a row when it holds a member of a name, or a value of a form. It looks at every member at any depth.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Unwanted {
    /// The rule's name in the refusal.
    pub rule: String,
    /// What is asked for, in one sentence.
    pub message: String,
    /// Names of members, compared by letters and digits alone whatever their case; a member of an inner object by its own name.
    #[serde(default, deserialize_with = "folded_names")]
    pub members: Vec<String>,
    /// Patterns of which one is found in the value, as a text.
    #[serde(default, deserialize_with = "patterns")]
    pub values: Vec<Regex>,
    /// A list of at least so many numbers counts as well: a vector that describes a face or a body.
    #[serde(default)]
    pub numbers_min: Option<usize>,
    /// Is the row kept with its refusal? What must not be here at all is not.
    #[serde(default = "kept")]
    pub keep_raw: bool,
}

const fn kept() -> bool {
    true
}

impl Unwanted {
    /// Does a member of this name (folded, without the outer objects' names) make the row unwanted?
    pub(crate) fn names(&self, folded_name: &str) -> bool {
        self.members.iter().any(|member| member == folded_name)
    }

    /// Does a value of this text?
    pub(crate) fn matches(&self, text: &str) -> bool {
        self.values.iter().any(|pattern| pattern.is_match(text))
    }
}

fn folded_names<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<String>, D::Error> {
    let names = Vec::<String>::deserialize(deserializer)?;
    Ok(names.iter().map(|name| folded(name)).collect())
}

fn patterns<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<Regex>, D::Error> {
    let patterns = Vec::<String>::deserialize(deserializer)?;
    let compiled = patterns.iter().map(|pattern| {
        Regex::new(pattern).map_err(|error| {
            D::Error::custom(format!(
                "\"{pattern}\" is no regular expression: {}",
                error.to_string().lines().last().unwrap_or_default()
            ))
        })
    });
    compiled.collect()
}
