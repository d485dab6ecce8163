//! Refused rows are read again, profile by profile, by what the profiles are now.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use citybrain_ingest::{Context, Profile, ProfileError, replay};
use citybrain_store::{AppendError, JournalError, Refused, RejectedRow, Snapshot, Writer};
use serde::Serialize;
use serde_json::json;
use tokio::runtime::Handle;
use utoipa::ToSchema;

use crate::clock;
use crate::state::AppState;

/// What became of refused rows that were read again.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct Replayed {
    /// Rows that were read.
    pub(crate) read: u64,
    /// New records.
    pub(crate) accepted: u64,
    /// Records that replace an earlier state of themselves.
    pub(crate) updated: u64,
    /// Records that were there already.
    pub(crate) duplicate: u64,
    /// Rows that are still no record; they stay.
    pub(crate) rejected: u64,
}

/// Rows that are read from the journal at a time.
const PAGE: usize = 10_000;

/// Reads the refused rows that are `wanted` again; those that are records now are appended and no longer refused. Blocks.
///
/// # Errors
/// A profile that is no longer there or cannot be used, and when the store does not take records.
pub(crate) fn replay_refused(
    writer: &Writer,
    runtime: &Handle,
    context: &Context,
    wanted: impl Fn(i64, &Refused) -> bool,
) -> Result<Replayed, ReplayError> {
    let mut sink = writer.clone();
    let (mut after, mut told) = (0, Replayed::default());
    loop {
        let rows = writer.snapshot().rejected(after, PAGE)?;
        let Some(last) = rows.last() else { break };
        after = last.id;
        let mut profiles: BTreeMap<String, (Vec<i64>, Vec<Refused>)> = BTreeMap::new();
        for row in rows {
            if wanted(row.id, &row.refused) {
                let (ids, refused) = profiles.entry(row.refused.profile.clone()).or_default();
                ids.push(row.id);
                refused.push(row.refused);
            }
        }
        for (profile, (ids, rows)) in profiles {
            let profile = Profile::load(&profile)?;
            let replayed = replay(&mut sink, &rows, &profile, context)?;
            let done = ids
                .into_iter()
                .zip(&replayed.refusals)
                .filter(|(_, refusal)| refusal.is_none());
            runtime.block_on(writer.forget_rejected(done.map(|(id, _)| id).collect()))?;
            told.accepted += replayed.summary.accepted;
            told.updated += replayed.summary.updated;
            told.duplicate += replayed.summary.duplicate;
            told.rejected += replayed.summary.rejected;
        }
    }
    told.read = told.accepted + told.updated + told.duplicate + told.rejected;
    Ok(told)
}

/// How often old rows are looked for.
const EVERY: Duration = Duration::from_hours(6);
/// How long they are kept where the settings do not say (`[retention] rejected`).
const REJECTED_DAYS: i64 = 30;

/// Lets go of old refused rows, now and then.
pub(crate) async fn forget_old(state: Arc<AppState>) {
    if state.config.retention.rejected.is_some() {
        // The settings say how long themselves.
        return;
    }
    loop {
        let writer = state.engine.writer().clone();
        let before = clock::now() - TimeDelta::days(REJECTED_DAYS);
        let snapshot = writer.snapshot();
        match tokio::task::spawn_blocking(move || older(&snapshot, before)).await {
            Ok(Ok(ids)) if ids.is_empty() => {}
            Ok(Ok(ids)) => {
                let rows = ids.len();
                match writer.forget_rejected(ids).await {
                    Ok(()) => tracing::info!(rows, "refused_rows_forgotten"),
                    Err(error) => tracing::warn!(%error, "refused_rows_not_forgotten"),
                }
            }
            Ok(Err(error)) => tracing::warn!(%error, "refused_rows_not_read"),
            Err(error) => tracing::warn!(%error, "refused_rows_not_read"),
        }
        tokio::time::sleep(EVERY).await;
    }
}

/// The rows that came in before, by number.
fn older(snapshot: &Snapshot, before: DateTime<Utc>) -> Result<Vec<i64>, JournalError> {
    let (mut after, mut found) = (0, Vec::new());
    loop {
        let rows = snapshot.rejected(after, PAGE)?;
        let Some(last) = rows.last() else {
            return Ok(found);
        };
        after = last.id;
        let known = found.len();
        let old = rows.iter().filter(|row| row.refused.received_at < before);
        found.extend(old.map(|row| row.id));
        // They came in in the order of their numbers.
        if found.len() == known {
            return Ok(found);
        }
    }
}

/// A refused row for people; `whole` with what was read.
pub(crate) fn shown(row: &RejectedRow, whole: bool) -> serde_json::Value {
    let RejectedRow {
        id,
        refused:
            Refused {
                source,
                profile,
                index,
                raw,
                refusal,
                received_at,
            },
    } = row;
    let mut shown = json!({
        "id": id,
        "received_at": received_at.to_rfc3339(),
        "source": source,
        "profile": profile,
        "index": index,
        "field": refusal.field,
        "value": refusal.value,
        "rule": refusal.rule,
        "message": refusal.message,
    });
    if whole {
        // A row that was read from columns is JSON; one that could not be read is text as it was sent.
        shown["raw"] = serde_json::from_str(raw).unwrap_or_else(|_| json!(raw));
    }
    shown
}

/// Why refused rows could not be read again.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub(crate) enum ReplayError {
    /// A profile.
    #[error(transparent)]
    Profile(#[from] ProfileError),
    /// The rows.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// The store.
    #[error(transparent)]
    Append(#[from] AppendError),
}
