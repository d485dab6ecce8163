//! Which rules there are: shipped ones, those of a folder, and those that people made; the later ones replace earlier ones of their id.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use chrono::{DateTime, Utc};
use citybrain_grid::City;
use citybrain_store::{Control, ControlError};
use citybrain_watch::{Rule, RuleError};

/// The rules of files; those that people made are in the control state.
#[derive(Debug, Clone, Default)]
pub(crate) struct Book {
    files: BTreeMap<String, (Rule, &'static str)>,
}

/// A rule and where it comes from.
#[derive(Debug, Clone)]
pub(crate) struct Entry {
    pub(crate) rule: Rule,
    /// `shipped`, `file` or `api`.
    pub(crate) origin: &'static str,
    pub(crate) changed: Option<(DateTime<Utc>, String)>,
    /// Why it does not watch although it is on.
    pub(crate) problem: Option<String>,
}

/// Why a folder of rules cannot be used.
#[derive(Debug, thiserror::Error)]
pub(crate) enum RulesError {
    #[error("{}: {source}", path.display())]
    Read {
        path: PathBuf,
        source: std::io::Error,
    },
    #[error("{}: {source}", path.display())]
    Rule { path: PathBuf, source: RuleError },
    #[error("{}: rule {id}: {source}", path.display())]
    Check {
        path: PathBuf,
        id: String,
        source: RuleError,
    },
}

const SHIPPED: [&str; 5] = [
    include_str!("../../../data/rules/emergency-clock.toml"),
    include_str!("../../../data/rules/feed-quiet.toml"),
    include_str!("../../../data/rules/heating-failures.toml"),
    include_str!("../../../data/rules/repeat-callers.toml"),
    include_str!("../../../data/rules/returned-orders.toml"),
];

impl Book {
    /// The shipped rules, and those of the `*.toml` files of a folder, which are held to the city.
    ///
    /// # Errors
    /// When a file cannot be read or a rule of it is wrong.
    pub(crate) fn open(folder: Option<&Path>, city: &City) -> Result<Self, RulesError> {
        let mut book = Self::default();
        for text in SHIPPED {
            let rules =
                Rule::of_toml(text).expect("shipped rules are held to their form by a test");
            // A city without the levels that a shipped rule asks for does without the rule.
            for rule in rules.into_iter().filter(|rule| rule.check(city).is_ok()) {
                book.files.insert(rule.id.clone(), (rule, "shipped"));
            }
        }
        let Some(folder) = folder else {
            return Ok(book);
        };
        let read = |path: &Path| {
            let path = path.to_owned();
            move |source| RulesError::Read { path, source }
        };
        let mut paths = std::fs::read_dir(folder)
            .and_then(|entries| {
                entries
                    .map(|entry| entry.map(|entry| entry.path()))
                    .collect::<Result<Vec<_>, _>>()
            })
            .map_err(read(folder))?;
        paths.retain(|path| {
            path.extension()
                .is_some_and(|extension| extension == "toml")
        });
        paths.sort();
        for path in paths {
            let text = std::fs::read_to_string(&path).map_err(read(&path))?;
            let rules = Rule::of_toml(&text).map_err(|source| RulesError::Rule {
                path: path.clone(),
                source,
            })?;
            for rule in rules {
                rule.check(city).map_err(|source| RulesError::Check {
                    path: path.clone(),
                    id: rule.id.clone(),
                    source,
                })?;
                book.files.insert(rule.id.clone(), (rule, "file"));
            }
        }
        Ok(book)
    }

    /// All rules by id.
    ///
    /// # Errors
    /// When the control state cannot be read.
    pub(crate) fn entries(
        &self,
        control: &Control,
        city: &City,
    ) -> Result<Vec<Entry>, ControlError> {
        let mut all: BTreeMap<String, Entry> = self
            .files
            .iter()
            .map(|(id, (rule, origin))| {
                let entry = Entry {
                    rule: rule.clone(),
                    origin,
                    changed: None,
                    problem: None,
                };
                (id.clone(), entry)
            })
            .collect();
        for kept in control.rules()? {
            let Some(text) = kept.rule else {
                all.remove(&kept.id);
                continue;
            };
            match serde_json::from_str(&text) {
                Ok(rule) => {
                    let entry = Entry {
                        rule,
                        origin: "api",
                        changed: Some((kept.changed_at, kept.changed_by)),
                        problem: None,
                    };
                    all.insert(kept.id, entry);
                }
                Err(error) => tracing::warn!(rule = kept.id, %error, "rule_not_read"),
            }
        }
        let mut all: Vec<Entry> = all.into_values().collect();
        for entry in &mut all {
            // The boundaries may be others than when the rule was made.
            entry.problem = entry.rule.check(city).err().map(|error| error.to_string());
        }
        Ok(all)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_shipped_rule_fits_the_sample_city() {
        let city = crate::app::tests::city();
        let book = Book::open(None, &city).unwrap();
        assert_eq!(book.files.len(), SHIPPED.len());
        assert!(book.files.values().all(|(rule, _)| !rule.name.is_empty()));
    }
}
