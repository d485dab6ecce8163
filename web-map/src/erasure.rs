//! A complaint is erased or masked, and the audit trail says that one was.

use chrono::{DateTime, Utc};
use citybrain_model::Identity;
use citybrain_store::{Audit, Control, Erased, RemoveError, Writer};
use serde_json::json;

use crate::metrics;

/// How a complaint goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum How {
    /// Whole.
    Erase,
    /// Its rows stay, without what tells of a person.
    Mask,
}

/// Erases or masks the complaint (`source`, `id`) and writes down who did. The trail names it by the hash of its identity alone.
///
/// # Errors
/// As [`Writer::erase`].
pub(crate) async fn erase(
    how: How,
    writer: &Writer,
    control: &Control,
    source: &str,
    id: &str,
    actor: &str,
    now: DateTime<Utc>,
) -> Result<Erased, RemoveError> {
    let (erased, action) = match how {
        How::Erase => (writer.erase(source, id, now).await?, "record.erase"),
        How::Mask => (writer.mask(source, id, now).await?, "record.mask"),
    };
    if how == How::Erase {
        metrics::removed("complaints", "erasure", erased.complaints);
        metrics::removed("complaint_events", "erasure", erased.steps);
    }
    metrics::removed("rejected", "erasure", erased.rejected);
    let audit = Audit {
        at: now,
        actor: actor.to_owned(),
        action: action.to_owned(),
        subject: format!("{:032x}", Identity::of(source, id).0),
        detail: json!(erased).to_string(),
    };
    let control = control.clone();
    let noted = tokio::task::spawn_blocking(move || control.note(&audit)).await;
    if !matches!(noted, Ok(Ok(()))) {
        tracing::warn!("erasure_not_noted");
    }
    Ok(erased)
}
