//! The rules that people made or changed. What a rule means is not known here: it is text.

use chrono::{DateTime, Utc};
use rusqlite::params;

use super::{Audit, Control, ControlError, audit};

/// A rule as it is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeptRule {
    /// Its id.
    pub id: String,
    /// The rule as JSON; none: the rule of this id that a file brings was taken away.
    pub rule: Option<String>,
    /// When it was last changed, UTC.
    pub changed_at: DateTime<Utc>,
    /// Who changed it.
    pub changed_by: String,
}

impl Control {
    /// The rules that were made or changed, by id.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn rules(&self) -> Result<Vec<KeptRule>, ControlError> {
        self.read(|connection| {
            connection
                .prepare_cached("SELECT id, rule, changed_at, changed_by FROM rules ORDER BY id")?
                .query_map([], |row| {
                    let rule: String = row.get(1)?;
                    Ok(KeptRule {
                        id: row.get(0)?,
                        rule: (!rule.is_empty()).then_some(rule),
                        changed_at: DateTime::from_timestamp_micros(row.get(2)?)
                            .unwrap_or_default(),
                        changed_by: row.get(3)?,
                    })
                })?
                .collect()
        })
    }

    /// Makes or changes a rule, or takes it away (none), and notes who did.
    ///
    /// # Errors
    /// When the disk says no.
    pub fn keep_rule(
        &self,
        id: &str,
        rule: Option<&str>,
        actor: &str,
        at: DateTime<Utc>,
    ) -> Result<(), ControlError> {
        self.write(|transaction| {
            transaction
                .prepare_cached(
                    "INSERT OR REPLACE INTO rules (id, rule, changed_at, changed_by) VALUES (?1, ?2, ?3, ?4)",
                )?
                .execute(params![id, rule.unwrap_or(""), at.timestamp_micros(), actor])?;
            let action = if rule.is_some() { "rule.change" } else { "rule.remove" };
            audit::note(
                transaction,
                &Audit {
                    at,
                    actor: actor.to_owned(),
                    action: action.to_owned(),
                    subject: id.to_owned(),
                    detail: rule.unwrap_or("{}").to_owned(),
                },
            )
        })
    }
}
