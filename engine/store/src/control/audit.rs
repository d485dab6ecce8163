//! Who did what: every change of the control state and every use of a power leaves a line that nothing takes away.

use chrono::{DateTime, Utc};
use rusqlite::params;

use super::{Control, ControlError};

/// One thing that somebody did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Audit {
    /// When, UTC.
    pub at: DateTime<Utc>,
    /// Who: the name of a key, `loopback` where no key is asked for, `command line`, or a part of the engine.
    pub actor: String,
    /// What, as a verb and a noun: `key.create`, `rule.change`, `alert.acknowledge`, `record.erase`.
    pub action: String,
    /// To what: its id or name; never personal data.
    pub subject: String,
    /// More, as a JSON object; never a secret, never personal data.
    pub detail: String,
}

/// A line of the audit table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Audited {
    /// Its number, growing with time.
    pub id: i64,
    /// What was done.
    pub audit: Audit,
}

impl Control {
    /// Writes down what somebody did; on disk when this returns.
    ///
    /// # Errors
    /// When the disk says no.
    pub fn note(&self, audit: &Audit) -> Result<(), ControlError> {
        self.write(|transaction| note(transaction, audit))
    }

    /// What was done before number `before` (none: up to now), newest first, at most `limit` lines.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn audited(&self, before: Option<i64>, limit: usize) -> Result<Vec<Audited>, ControlError> {
        self.read(|connection| {
            connection
                .prepare_cached(
                    "SELECT id, at, actor, action, subject, detail FROM audit WHERE id < ?1 ORDER BY id DESC LIMIT ?2",
                )?
                .query_map(
                    params![
                        before.unwrap_or(i64::MAX),
                        i64::try_from(limit).unwrap_or(i64::MAX)
                    ],
                    |row| {
                        Ok(Audited {
                            id: row.get(0)?,
                            audit: Audit {
                                at: DateTime::from_timestamp_micros(row.get(1)?)
                                    .unwrap_or_default(),
                                actor: row.get(2)?,
                                action: row.get(3)?,
                                subject: row.get(4)?,
                                detail: row.get(5)?,
                            },
                        })
                    },
                )?
                .collect()
        })
    }
}

/// [`Control::note`] within a transaction that changes something: both are there or neither.
pub(super) fn note(connection: &rusqlite::Connection, audit: &Audit) -> rusqlite::Result<()> {
    connection
        .prepare_cached(
            "INSERT INTO audit (at, actor, action, subject, detail) VALUES (?1, ?2, ?3, ?4, ?5)",
        )?
        .execute(params![
            audit.at.timestamp_micros(),
            audit.actor,
            audit.action,
            audit.subject,
            audit.detail,
        ])
        .map(|_rows| ())
}
