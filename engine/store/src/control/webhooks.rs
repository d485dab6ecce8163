//! Where alerts are sent, and what is to be sent: an outbox that is written with the alert itself.

use chrono::{DateTime, Utc};
use rusqlite::{Connection, Row, params};
use serde::Serialize;

use super::{Alert, Audit, Control, ControlError, audit};

/// An address that is told of alerts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Webhook {
    /// Its name.
    pub name: String,
    /// Where to: `http://`, `https://` or `mqtt://LINK/TOPIC`.
    pub url: String,
    /// What messages are signed with; never shown; empty for brokers.
    pub secret: String,
    /// The least severity that is sent: `info`, `warning` or `critical`.
    pub severity: String,
    /// Only alerts of these rules; empty: all.
    pub rules: Vec<String>,
}

/// One message to one webhook. **It is sent at least once**: until the webhook answers 2xx it stays due, or dead after too many
/// attempts, and a dead one can be sent again.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Delivery {
    /// Its number: the webhook knows by it what it has seen already.
    pub id: i64,
    /// The webhook.
    pub webhook: String,
    /// The alert.
    pub alert: i64,
    /// The step that it tells: `raised`, `acknowledged`, `escalated` or `resolved`.
    pub step: String,
    /// The message, JSON.
    #[serde(skip)]
    pub body: String,
    /// `due`, `done` or `dead`.
    pub state: String,
    /// How often it was tried.
    pub attempts: u32,
    /// When it is tried next, UTC.
    pub next_at: DateTime<Utc>,
    /// When it was made, UTC.
    pub made_at: DateTime<Utc>,
    /// When it ended, UTC.
    pub ended_at: Option<DateTime<Utc>>,
    /// Why the last attempt failed.
    pub error: Option<String>,
}

/// How an attempt went.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Attempt {
    /// The webhook has it.
    Done,
    /// It failed; it is tried again then.
    Again {
        /// When.
        at: DateTime<Utc>,
        /// Why it failed.
        error: String,
    },
    /// It failed once too often.
    Dead {
        /// Why it failed.
        error: String,
    },
}

const COLUMNS: &str =
    "id, webhook, alert, step, body, state, attempts, next_at, made_at, ended_at, error";

impl Control {
    /// All webhooks, by name.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn webhooks(&self) -> Result<Vec<Webhook>, ControlError> {
        self.read(webhooks)
    }

    /// Makes or changes a webhook, and notes who did.
    ///
    /// # Errors
    /// When the disk says no.
    pub fn keep_webhook(&self, webhook: &Webhook, audit: &Audit) -> Result<(), ControlError> {
        self.write(|transaction| {
            let rules = serde_json::to_string(&webhook.rules).unwrap_or_default();
            transaction.execute(
                "INSERT OR REPLACE INTO webhooks (name, url, secret, severity, rules, made_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
                params![
                    webhook.name,
                    webhook.url,
                    webhook.secret,
                    webhook.severity,
                    rules,
                    audit.at.timestamp_micros()
                ],
            )?;
            audit::note(transaction, audit)
        })
    }

    /// Takes a webhook away with what is still due to it; false when there is none of this name.
    ///
    /// # Errors
    /// When the disk says no.
    pub fn remove_webhook(&self, name: &str, audit: &Audit) -> Result<bool, ControlError> {
        self.write(|transaction| {
            if transaction.execute("DELETE FROM webhooks WHERE name = ?1", [name])? == 0 {
                return Ok(false);
            }
            transaction.execute(
                "DELETE FROM deliveries WHERE webhook = ?1 AND state = 'due'",
                [name],
            )?;
            audit::note(transaction, audit)?;
            Ok(true)
        })
    }

    /// What is due at `now`, the oldest first, at most `limit`.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn due_deliveries(
        &self,
        now: DateTime<Utc>,
        limit: usize,
    ) -> Result<Vec<Delivery>, ControlError> {
        let sql = format!(
            "SELECT {COLUMNS} FROM deliveries WHERE state = 'due' AND next_at <= ?1 ORDER BY next_at, id LIMIT ?2"
        );
        self.read(|connection| {
            connection
                .prepare_cached(&sql)?
                .query_map(
                    params![
                        now.timestamp_micros(),
                        i64::try_from(limit).unwrap_or(i64::MAX)
                    ],
                    delivery_of,
                )?
                .collect()
        })
    }

    /// Deliveries, the newest first, in a state or all.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn deliveries(
        &self,
        state: Option<&str>,
        limit: usize,
    ) -> Result<Vec<Delivery>, ControlError> {
        let sql = format!(
            "SELECT {COLUMNS} FROM deliveries WHERE ?1 IS NULL OR state = ?1 ORDER BY id DESC LIMIT ?2"
        );
        self.read(|connection| {
            connection
                .prepare_cached(&sql)?
                .query_map(
                    params![state, i64::try_from(limit).unwrap_or(i64::MAX)],
                    delivery_of,
                )?
                .collect()
        })
    }

    /// Writes down how an attempt went.
    ///
    /// # Errors
    /// When the disk says no.
    pub fn delivered(
        &self,
        id: i64,
        attempt: &Attempt,
        now: DateTime<Utc>,
    ) -> Result<(), ControlError> {
        let (state, next, ended, error) = match attempt {
            Attempt::Done => ("done", now, Some(now), None),
            Attempt::Again { at, error } => ("due", *at, None, Some(error)),
            Attempt::Dead { error } => ("dead", now, Some(now), Some(error)),
        };
        self.write(|transaction| {
            transaction
                .prepare_cached(
                    "UPDATE deliveries SET state = ?2, next_at = ?3, ended_at = ?4, error = ?5, attempts = attempts + 1 WHERE id = ?1",
                )?
                .execute(params![
                    id,
                    state,
                    next.timestamp_micros(),
                    ended.map(|at| at.timestamp_micros()),
                    error
                ])
                .map(|_rows| ())
        })
    }

    /// Makes a dead or done delivery due again; false when there is none of this number.
    ///
    /// # Errors
    /// When the disk says no.
    pub fn deliver_again(&self, id: i64, audit: &Audit) -> Result<bool, ControlError> {
        self.write(|transaction| {
            let found = transaction.execute(
                "UPDATE deliveries SET state = 'due', attempts = 0, next_at = ?2, ended_at = NULL WHERE id = ?1",
                params![id, audit.at.timestamp_micros()],
            )?;
            if found == 0 {
                return Ok(false);
            }
            audit::note(transaction, audit)?;
            Ok(true)
        })
    }

    /// Forgets deliveries that were done before an instant.
    ///
    /// # Errors
    /// When the disk says no.
    pub fn forget_deliveries(&self, before: DateTime<Utc>) -> Result<usize, ControlError> {
        self.write(|transaction| {
            transaction.execute(
                "DELETE FROM deliveries WHERE state = 'done' AND ended_at < ?1",
                [before.timestamp_micros()],
            )
        })
    }
}

/// Puts a step of an alert into the outbox of every webhook that wants it.
pub(super) fn post(
    connection: &Connection,
    alert: &Alert,
    step: &str,
    by: &Audit,
    note: Option<&str>,
) -> rusqlite::Result<()> {
    for webhook in webhooks(connection)? {
        let wanted = rank(&alert.severity) >= rank(&webhook.severity)
            && (webhook.rules.is_empty() || webhook.rules.contains(&alert.rule));
        if !wanted {
            continue;
        }
        let body = serde_json::json!({
            "step": step,
            "at": by.at,
            "actor": by.actor,
            "note": note,
            "alert": alert,
        });
        connection
            .prepare_cached(
                "INSERT INTO deliveries (webhook, alert, step, body, state, next_at, made_at) VALUES (?1, ?2, ?3, ?4, 'due', ?5, ?5)",
            )?
            .execute(params![
                webhook.name,
                alert.id,
                step,
                body.to_string(),
                by.at.timestamp_micros()
            ])?;
    }
    Ok(())
}

fn rank(severity: &str) -> usize {
    ["info", "warning", "critical"]
        .iter()
        .position(|known| *known == severity)
        .unwrap_or(0)
}

fn webhooks(connection: &Connection) -> rusqlite::Result<Vec<Webhook>> {
    connection
        .prepare_cached("SELECT name, url, secret, severity, rules FROM webhooks ORDER BY name")?
        .query_map([], |row| {
            let rules: String = row.get(4)?;
            Ok(Webhook {
                name: row.get(0)?,
                url: row.get(1)?,
                secret: row.get(2)?,
                severity: row.get(3)?,
                rules: serde_json::from_str(&rules).unwrap_or_default(),
            })
        })?
        .collect()
}

fn delivery_of(row: &Row<'_>) -> rusqlite::Result<Delivery> {
    let instant = |micros: i64| DateTime::from_timestamp_micros(micros).unwrap_or_default();
    let ended: Option<i64> = row.get(9)?;
    Ok(Delivery {
        id: row.get(0)?,
        webhook: row.get(1)?,
        alert: row.get(2)?,
        step: row.get(3)?,
        body: row.get(4)?,
        state: row.get(5)?,
        attempts: row.get(6)?,
        next_at: instant(row.get(7)?),
        made_at: instant(row.get(8)?),
        ended_at: ended.map(instant),
        error: row.get(10)?,
    })
}
