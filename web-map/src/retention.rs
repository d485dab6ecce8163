//! How long records are kept: the setting, and its application now and then.

use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use citybrain_store::{Audit, Control, Cutoffs, RemoveError, Table, Writer};
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::state::AppState;
use crate::{clock, metrics};

/// Days that records are kept, counted from the instant that they tell of; what is not named is kept for ever. Of observations
/// their hours stay for ever.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Retention {
    /// Days that complaints are kept.
    pub complaints: Option<u32>,
    /// Days that steps of complaints are kept.
    pub complaint_events: Option<u32>,
    /// Days that observations are kept one by one.
    pub observations: Option<u32>,
    /// Days that refused rows are kept; 30 when not given.
    pub rejected: Option<u32>,
    /// Sources that differ, each a `[[retention.source]]`.
    pub source: Vec<OfSource>,
}

/// How long the records of one source are kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OfSource {
    /// The source (feed).
    pub source: String,
    /// `complaints`, `complaint_events` or `observations`.
    pub table: TableWord,
    /// Days.
    pub days: u32,
}

/// A table of records by its name in SQL.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "snake_case")]
#[value(rename_all = "snake_case")]
pub enum TableWord {
    /// Complaints.
    Complaints,
    /// Steps of complaints.
    ComplaintEvents,
    /// Observations.
    Observations,
}

impl TableWord {
    const fn table(self) -> Table {
        match self {
            Self::Complaints => Table::Complaints,
            Self::ComplaintEvents => Table::ComplaintEvents,
            Self::Observations => Table::Observations,
        }
    }
}

/// What went of one table.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Went {
    table: &'static str,
    /// Records.
    pub(crate) rows: usize,
    /// Hours that stay of them.
    hours: usize,
}

impl Retention {
    /// Is everything kept?
    pub fn is_for_ever(&self) -> bool {
        *self == Self::default()
    }

    /// How far back a table is kept at `now`; whole days, so that there is something to do once a day.
    fn cutoffs(&self, table: Table, now: DateTime<Utc>) -> Cutoffs {
        let all = match table {
            Table::Complaints => self.complaints,
            Table::ComplaintEvents => self.complaint_events,
            Table::Observations => self.observations,
        };
        let mut cutoffs = Cutoffs::default();
        if let Some(days) = all {
            cutoffs = cutoffs.and(None, days_before(now, days));
        }
        for of in self.source.iter().filter(|of| of.table.table() == table) {
            cutoffs = cutoffs.and(Some(&of.source), days_before(now, of.days));
        }
        cutoffs
    }

    /// Takes out what is older than it is kept, and writes down who did and how much went.
    ///
    /// # Errors
    /// When a table cannot be changed; those before it are.
    pub(crate) async fn apply(
        &self,
        writer: &Writer,
        control: &Control,
        actor: &str,
        now: DateTime<Utc>,
    ) -> Result<Vec<Went>, RemoveError> {
        let mut all = Vec::new();
        for table in Table::ALL {
            let cutoffs = self.cutoffs(table, now);
            if cutoffs.is_empty() {
                continue;
            }
            let expired = writer.expire(table, cutoffs).await?;
            all.push(Went {
                table: table.as_str(),
                rows: expired.rows,
                hours: expired.hours,
            });
        }
        if let Some(days) = self.rejected {
            let rows = writer.expire_rejected(days_before(now, days)).await?;
            let table = "rejected";
            all.push(Went {
                table,
                rows,
                hours: 0,
            });
        }
        for went in all.iter().filter(|went| went.rows > 0) {
            metrics::removed(went.table, "age", went.rows);
            let audit = Audit {
                at: now,
                actor: actor.to_owned(),
                action: "retention.apply".to_owned(),
                subject: went.table.to_owned(),
                detail: json!({"rows": went.rows, "hours": went.hours}).to_string(),
            };
            let control = control.clone();
            let noted = tokio::task::spawn_blocking(move || control.note(&audit)).await;
            if !matches!(noted, Ok(Ok(()))) {
                tracing::warn!(table = went.table, "retention_not_noted");
            }
        }
        Ok(all)
    }
}

/// How often a server looks for records that are to go.
const EVERY: Duration = Duration::from_hours(1);

/// Applies the setting of a server at once and then every hour.
pub(crate) async fn keep(state: Arc<AppState>) {
    let retention = &state.config.retention;
    if retention.is_for_ever() {
        return;
    }
    loop {
        let (writer, control) = (state.engine.writer(), &state.control);
        match retention
            .apply(writer, control, "retention", clock::now())
            .await
        {
            Ok(went) => {
                for went in went.iter().filter(|went| went.rows > 0) {
                    tracing::info!(
                        table = went.table,
                        rows = went.rows,
                        hours = went.hours,
                        "retained"
                    );
                }
            }
            Err(error) => tracing::error!(%error, "retention_failed"),
        }
        tokio::time::sleep(EVERY).await;
    }
}

fn days_before(now: DateTime<Utc>, days: u32) -> DateTime<Utc> {
    let today = now
        .date_naive()
        .and_hms_opt(0, 0, 0)
        .unwrap_or_default()
        .and_utc();
    today
        .checked_sub_signed(TimeDelta::days(i64::from(days)))
        .unwrap_or(DateTime::UNIX_EPOCH)
}
