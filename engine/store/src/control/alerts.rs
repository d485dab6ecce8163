//! Alerts: raised, acknowledged, escalated level by level, resolved; who did it and when.
//!
//! **An alert is never lost**: it is on disk, with all that is to be sent about it, when [`Control::change_alerts`] returns; what
//! happened since is judged again after a crash ([`Control::judged_to`]), and nothing is raised twice by that.

use chrono::{DateTime, Utc};
use rusqlite::{Connection, OptionalExtension, Row, params};
use serde::{Deserialize, Serialize};

use super::{Audit, Control, ControlError, audit, webhooks};

/// An alert as it stands. Instants are UTC.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Alert {
    /// Its number, growing with time.
    pub id: i64,
    /// The id of its rule.
    pub rule: String,
    /// What it is about, as an object.
    pub about: serde_json::Value,
    /// `info`, `warning` or `critical`.
    pub severity: String,
    /// The value that decided.
    pub value: f64,
    /// Whose turn it is: `grid`, `community`, `subdistrict`, `district` or `city`.
    pub level: String,
    /// `raised`, `acknowledged` or `resolved`.
    pub state: String,
    /// Since when it is so.
    pub since: DateTime<Utc>,
    /// When it was raised.
    pub raised_at: DateTime<Utc>,
    /// When somebody acknowledged it.
    pub acknowledged_at: Option<DateTime<Utc>>,
    /// Who.
    pub acknowledged_by: Option<String>,
    /// When it last went a level up.
    pub escalated_at: Option<DateTime<Utc>>,
    /// When it goes a level up unless somebody acknowledges it.
    pub escalate_at: Option<DateTime<Utc>>,
    /// When it ended.
    pub resolved_at: Option<DateTime<Utc>>,
    /// Who ended it: a person, or `rule` when it is no longer so.
    pub resolved_by: Option<String>,
}

/// One step in an alert's life.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AlertStep {
    /// When, UTC.
    pub at: DateTime<Utc>,
    /// Who: a person, or `rule`.
    pub actor: String,
    /// `raised`, `acknowledged`, `escalated` or `resolved`.
    pub step: String,
    /// Whose turn it was from then on.
    pub level: String,
    /// What the person wrote.
    pub note: Option<String>,
}

/// What a rule says of one subject.
#[derive(Debug, Clone, PartialEq)]
pub struct AlertChange {
    /// The rule's id.
    pub rule: String,
    /// What tells subjects of the rule apart.
    pub subject: String,
    /// The subject as JSON.
    pub about: String,
    /// When.
    pub at: DateTime<Utc>,
    /// What.
    pub kind: AlertChangeKind,
}

/// What became of a subject.
#[derive(Debug, Clone, PartialEq)]
pub enum AlertChangeKind {
    /// It is so, not yet for long enough.
    Waiting,
    /// It was waiting, and is no longer so.
    Dropped,
    /// It is to be told.
    Raised {
        /// Since when it is so.
        since: DateTime<Utc>,
        /// How bad it is.
        severity: String,
        /// The value that decided.
        value: f64,
        /// Whose turn it is first.
        level: String,
        /// µs until it goes a level up when nobody acknowledges it.
        escalate_after: Option<i64>,
    },
    /// It is no longer so.
    Cleared,
}

/// What a person does with an alert.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AlertAct {
    /// I know, I act.
    Acknowledge,
    /// To the next level.
    Escalate,
    /// It is over.
    Resolve,
}

/// Why an act was not done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NotDone {
    /// There is no such alert.
    Unknown,
    /// The alert is over.
    Resolved,
    /// It is acknowledged already; by whom.
    Acknowledged(String),
    /// It is at the city's level: there is none above.
    Top,
}

/// Which alerts to list.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct AlertFilter {
    /// Only in this state; `open` stands for raised and acknowledged.
    pub state: Option<String>,
    /// Only of this rule.
    pub rule: Option<String>,
    /// Only at this level.
    pub level: Option<String>,
    /// Only with a number below this.
    pub before: Option<i64>,
    /// Only raised at or after this.
    pub from: Option<DateTime<Utc>>,
}

/// How a subject stood before a restart: rule, subject as JSON, state (`waiting`, `told`, `cleared`) and the instant, µs since 1970.
pub type Standing = (String, String, &'static str, i64);

const COLUMNS: &str = "id, rule, about, severity, value, level, state, since, raised_at, acknowledged_at, acknowledged_by, \
    escalated_at, escalate_at, resolved_at, resolved_by";

impl Control {
    /// Writes down what rules say, all or nothing, and that everything received up to `judged_to` was judged. Gives back the alerts
    /// that changed, as they are now. An alert that is open already, or was raised later than this says, is not raised again.
    ///
    /// # Errors
    /// When the disk says no.
    pub fn change_alerts(
        &self,
        changes: &[AlertChange],
        judged_to: Option<DateTime<Utc>>,
    ) -> Result<Vec<Alert>, ControlError> {
        self.write(|transaction| {
            let mut told = Vec::new();
            for change in changes {
                told.extend(apply(transaction, change)?);
            }
            if let Some(to) = judged_to {
                transaction
                    .prepare_cached(
                        "INSERT INTO alert_progress (one, judged_to) VALUES (1, ?1) ON CONFLICT DO UPDATE SET judged_to = ?1",
                    )?
                    .execute([to.timestamp_micros()])?;
            }
            Ok(told)
        })
    }

    /// Everything received up to this instant was judged by the rules; none when none ever was.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn judged_to(&self) -> Result<Option<DateTime<Utc>>, ControlError> {
        let to: Option<i64> = self.read(|connection| {
            connection
                .query_row("SELECT judged_to FROM alert_progress", [], |row| row.get(0))
                .optional()
        })?;
        Ok(to.and_then(DateTime::from_timestamp_micros))
    }

    /// How subjects stand: what is waiting, what was told, and what ended at or after `ended_from`.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn alert_standings(
        &self,
        ended_from: DateTime<Utc>,
    ) -> Result<Vec<Standing>, ControlError> {
        self.read(|connection| {
            let mut all: Vec<Standing> = connection
                .prepare("SELECT rule, about, since FROM alert_waiting")?
                .query_map([], |row| Ok((row.get(0)?, row.get(1)?, "waiting", row.get(2)?)))?
                .collect::<Result<_, _>>()?;
            let ended = connection
                .prepare("SELECT rule, about, max(resolved_at) FROM alerts WHERE resolved_at >= ?1 GROUP BY rule, subject")?
                .query_map([ended_from.timestamp_micros()], |row| {
                    Ok((row.get(0)?, row.get(1)?, "cleared", row.get(2)?))
                })?
                .collect::<Result<Vec<_>, _>>()?;
            let told = connection
                .prepare("SELECT rule, about, since FROM alerts WHERE so = 1")?
                .query_map([], |row| Ok((row.get(0)?, row.get(1)?, "told", row.get(2)?)))?
                .collect::<Result<Vec<_>, _>>()?;
            // Where a subject stands in several ways the last counts.
            all.splice(0..0, ended);
            all.extend(told);
            Ok(all)
        })
    }

    /// A person does something with an alert; `ladder` is the city's levels from small to large, `city` last.
    ///
    /// # Errors
    /// When the disk says no.
    pub fn act_on_alert(
        &self,
        id: i64,
        act: AlertAct,
        ladder: &[&str],
        audit: &Audit,
        note: Option<&str>,
    ) -> Result<Result<Alert, NotDone>, ControlError> {
        self.write(|transaction| {
            let Some(alert) = alert(transaction, id)? else {
                return Ok(Err(NotDone::Unknown));
            };
            if alert.state == "resolved" {
                return Ok(Err(NotDone::Resolved));
            }
            match act {
                AlertAct::Acknowledge => {
                    if let Some(by) = alert.acknowledged_by {
                        return Ok(Err(NotDone::Acknowledged(by)));
                    }
                    transaction.execute(
                        "UPDATE alerts SET state = 'acknowledged', acknowledged_at = ?2, acknowledged_by = ?3, escalate_at = NULL WHERE id = ?1",
                        params![id, audit.at.timestamp_micros(), audit.actor],
                    )?;
                    step(transaction, id, "acknowledged", audit, note)?;
                }
                AlertAct::Escalate => {
                    if !escalate(transaction, &alert, ladder, audit, note)? {
                        return Ok(Err(NotDone::Top));
                    }
                }
                AlertAct::Resolve => {
                    end(transaction, id, audit, note)?;
                }
            }
            audit::note(transaction, audit)?;
            Ok(self::alert(transaction, id)?.ok_or(NotDone::Unknown))
        })
    }

    /// Takes every alert whose time for it has come a level up. Gives them back.
    ///
    /// # Errors
    /// When the disk says no.
    pub fn escalate_alerts(
        &self,
        now: DateTime<Utc>,
        ladder: &[&str],
    ) -> Result<Vec<Alert>, ControlError> {
        self.write(|transaction| {
            let due: Vec<i64> = transaction
                .prepare_cached(
                    "SELECT id FROM alerts WHERE escalate_at <= ?1 ORDER BY id LIMIT 1000",
                )?
                .query_map([now.timestamp_micros()], |row| row.get(0))?
                .collect::<Result<_, _>>()?;
            let mut changed = Vec::with_capacity(due.len());
            for id in due {
                let Some(before) = alert(transaction, id)? else {
                    continue;
                };
                let by = by_rule(now, "alert.escalate", id);
                if escalate(transaction, &before, ladder, &by, None)? {
                    audit::note(transaction, &by)?;
                    changed.extend(alert(transaction, id)?);
                } else {
                    transaction
                        .execute("UPDATE alerts SET escalate_at = NULL WHERE id = ?1", [id])?;
                }
            }
            Ok(changed)
        })
    }

    /// Alerts, the newest first, at most `limit`.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn alerts(&self, filter: &AlertFilter, limit: usize) -> Result<Vec<Alert>, ControlError> {
        let sql = format!(
            "SELECT {COLUMNS} FROM alerts WHERE id < ?1 AND (?2 IS NULL OR state = ?2 OR ?2 = 'open' AND state <> 'resolved') \
             AND (?3 IS NULL OR rule = ?3) AND (?4 IS NULL OR level = ?4) AND raised_at >= ?5 ORDER BY id DESC LIMIT ?6"
        );
        self.read(|connection| {
            connection
                .prepare_cached(&sql)?
                .query_map(
                    params![
                        filter.before.unwrap_or(i64::MAX),
                        filter.state,
                        filter.rule,
                        filter.level,
                        filter.from.map_or(i64::MIN, |from| from.timestamp_micros()),
                        i64::try_from(limit).unwrap_or(i64::MAX)
                    ],
                    alert_of,
                )?
                .collect()
        })
    }

    /// One alert with its steps, in order.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn alert(&self, id: i64) -> Result<Option<(Alert, Vec<AlertStep>)>, ControlError> {
        self.read(|connection| {
            let Some(alert) = alert(connection, id)? else {
                return Ok(None);
            };
            let steps = connection
                .prepare_cached(
                    "SELECT at, actor, step, level, note FROM alert_steps WHERE alert = ?1 ORDER BY id",
                )?
                .query_map([id], |row| {
                    Ok(AlertStep {
                        at: instant(row.get(0)?),
                        actor: row.get(1)?,
                        step: row.get(2)?,
                        level: row.get(3)?,
                        note: row.get(4)?,
                    })
                })?
                .collect::<Result<_, _>>()?;
            Ok(Some((alert, steps)))
        })
    }
}

fn by_rule(at: DateTime<Utc>, action: &str, id: i64) -> Audit {
    Audit {
        at,
        actor: "rule".to_owned(),
        action: action.to_owned(),
        subject: id.to_string(),
        detail: "{}".to_owned(),
    }
}

fn apply(connection: &Connection, change: &AlertChange) -> rusqlite::Result<Option<Alert>> {
    let AlertChange {
        rule,
        subject,
        about,
        at,
        kind,
    } = change;
    let micros = at.timestamp_micros();
    let forget = || {
        connection
            .prepare_cached("DELETE FROM alert_waiting WHERE rule = ?1 AND subject = ?2")?
            .execute(params![rule, subject])
    };
    match kind {
        AlertChangeKind::Waiting => {
            connection
                .prepare_cached(
                    "INSERT OR IGNORE INTO alert_waiting (rule, subject, about, since) VALUES (?1, ?2, ?3, ?4)",
                )?
                .execute(params![rule, subject, about, micros])?;
            Ok(None)
        }
        AlertChangeKind::Dropped => {
            forget()?;
            Ok(None)
        }
        AlertChangeKind::Raised {
            since,
            severity,
            value,
            level,
            escalate_after,
        } => {
            forget()?;
            let made = connection
                .prepare_cached(include_str!("raise_alert.sql"))?
                .execute(params![
                    rule,
                    subject,
                    about,
                    severity,
                    value,
                    level,
                    since.timestamp_micros(),
                    micros,
                    escalate_after,
                    escalate_after.map(|after| micros.saturating_add(after)),
                ])?;
            if made == 0 {
                return Ok(None);
            }
            let id = connection.last_insert_rowid();
            let by = by_rule(*at, "alert.raise", id);
            step(connection, id, "raised", &by, None)?;
            audit::note(connection, &by)?;
            alert(connection, id)
        }
        AlertChangeKind::Cleared => {
            connection
                .prepare_cached(
                    "UPDATE alerts SET so = 0 WHERE rule = ?1 AND subject = ?2 AND so = 1",
                )?
                .execute(params![rule, subject])?;
            let id: Option<i64> = connection
                .prepare_cached("SELECT id FROM alerts WHERE rule = ?1 AND subject = ?2 AND state <> 'resolved'")?
                .query_row(params![rule, subject], |row| row.get(0))
                .optional()?;
            let Some(id) = id else { return Ok(None) };
            let by = by_rule(*at, "alert.resolve", id);
            end(connection, id, &by, None)?;
            audit::note(connection, &by)?;
            alert(connection, id)
        }
    }
}

fn escalate(
    connection: &Connection,
    alert: &Alert,
    ladder: &[&str],
    by: &Audit,
    note: Option<&str>,
) -> rusqlite::Result<bool> {
    let at = ladder.iter().position(|level| *level == alert.level);
    let Some(next) = at.and_then(|at| ladder.get(at + 1)) else {
        return Ok(false);
    };
    connection
        .prepare_cached(
            "UPDATE alerts SET level = ?2, escalated_at = ?3, \
             escalate_at = CASE WHEN state = 'raised' THEN ?3 + escalate_after END WHERE id = ?1",
        )?
        .execute(params![alert.id, next, by.at.timestamp_micros()])?;
    step(connection, alert.id, "escalated", by, note)?;
    Ok(true)
}

fn end(connection: &Connection, id: i64, by: &Audit, note: Option<&str>) -> rusqlite::Result<()> {
    connection
        .prepare_cached(
            "UPDATE alerts SET state = 'resolved', resolved_at = ?2, resolved_by = ?3, escalate_at = NULL WHERE id = ?1",
        )?
        .execute(params![id, by.at.timestamp_micros(), by.actor])?;
    step(connection, id, "resolved", by, note)
}

/// Writes a step down and puts what is to be sent about it into the outbox: both are there or neither.
fn step(
    connection: &Connection,
    id: i64,
    step: &str,
    by: &Audit,
    note: Option<&str>,
) -> rusqlite::Result<()> {
    let Some(alert) = alert(connection, id)? else {
        return Ok(());
    };
    connection
        .prepare_cached(
            "INSERT INTO alert_steps (alert, at, actor, step, level, note) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
        )?
        .execute(params![
            id,
            by.at.timestamp_micros(),
            by.actor,
            step,
            alert.level,
            note
        ])?;
    webhooks::post(connection, &alert, step, by, note)
}

fn alert(connection: &Connection, id: i64) -> rusqlite::Result<Option<Alert>> {
    connection
        .prepare_cached(&format!("SELECT {COLUMNS} FROM alerts WHERE id = ?1"))?
        .query_row([id], alert_of)
        .optional()
}

fn alert_of(row: &Row<'_>) -> rusqlite::Result<Alert> {
    let about: String = row.get(2)?;
    let maybe = |at: Option<i64>| at.map(instant);
    Ok(Alert {
        id: row.get(0)?,
        rule: row.get(1)?,
        about: serde_json::from_str(&about).unwrap_or_default(),
        severity: row.get(3)?,
        value: row.get(4)?,
        level: row.get(5)?,
        state: row.get(6)?,
        since: instant(row.get(7)?),
        raised_at: instant(row.get(8)?),
        acknowledged_at: maybe(row.get(9)?),
        acknowledged_by: row.get(10)?,
        escalated_at: maybe(row.get(11)?),
        escalate_at: maybe(row.get(12)?),
        resolved_at: maybe(row.get(13)?),
        resolved_by: row.get(14)?,
    })
}

fn instant(micros: i64) -> DateTime<Utc> {
    DateTime::from_timestamp_micros(micros).unwrap_or_default()
}
