//! A complaint is erased, and the audit trail says that one was.

use chrono::{DateTime, Utc};
use citybrain_model::Identity;
use citybrain_store::{Audit, Control, Erased, RemoveError, Writer};
use serde_json::json;

use crate::metrics;

/// Erases the complaint (`source`, `id`) and writes down who did. The trail names it by the hash of its identity alone.
///
/// # Errors
/// As [`Writer::erase`].
pub(crate) async fn erase(
    writer: &Writer,
    control: &Control,
    source: &str,
    id: &str,
    actor: &str,
    now: DateTime<Utc>,
) -> Result<Erased, RemoveError> {
    let erased = writer.erase(source, id, now).await?;
    metrics::removed("complaints", "erasure", erased.complaints);
    metrics::removed("complaint_events", "erasure", erased.steps);
    metrics::removed("rejected", "erasure", erased.rejected);
    let audit = Audit {
        at: now,
        actor: actor.to_owned(),
        action: "record.erase".to_owned(),
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
