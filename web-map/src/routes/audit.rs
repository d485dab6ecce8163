//! `GET /v1/audit`: who did what.

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use chrono::{DateTime, Utc};
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use crate::error::HttpError;
use crate::http::answer::json;
use crate::http::params::Params;
use crate::problem::Problem;
use crate::state::AppState;

/// What was done, newest first.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct AuditTrail {
    audit: Vec<AuditLine>,
    /// Ask with `before` of this for what was done earlier; null at the end.
    #[schema(required)]
    next: Option<i64>,
}

/// One thing that somebody did.
#[derive(Debug, Serialize, ToSchema)]
struct AuditLine {
    /// Its number.
    id: i64,
    /// When.
    at: DateTime<Utc>,
    /// Who: a key, `loopback` where none is asked for, `command line`.
    actor: String,
    /// What: `key.create`, `session.begin` and the like.
    action: String,
    /// To what.
    subject: String,
    /// More.
    #[schema(value_type = Object)]
    detail: Value,
}

/// Who did what, newest first.
#[utoipa::path(
    get, path = "/v1/audit", tag = "operation",
    params(
        ("before" = Option<i64>, Query, description = "`next` of the answer before"),
        ("limit" = Option<u32>, Query, description = "Lines, from 1 to 1000; 100 by default"),
    ),
    responses((status = 200, body = AuditTrail), (status = 403, body = Problem)),
)]
pub(crate) async fn audit(
    State(state): State<Arc<AppState>>,
    mut params: Params,
) -> Result<Response, HttpError> {
    let before = params.parsed("before")?;
    let limit = params.limit(100, 1000)?;
    params.finish()?;
    let control = state.control.clone();
    let lines = tokio::task::spawn_blocking(move || control.audited(before, limit))
        .await
        .map_err(HttpError::internal)?
        .map_err(HttpError::internal)?;
    let next = (lines.len() == limit)
        .then(|| lines.last().map(|line| line.id))
        .flatten();
    let audit = lines
        .into_iter()
        .map(|line| AuditLine {
            id: line.id,
            at: line.audit.at,
            actor: line.audit.actor,
            action: line.audit.action,
            subject: line.audit.subject,
            detail: serde_json::from_str(&line.audit.detail).unwrap_or_default(),
        })
        .collect();
    json(&AuditTrail { audit, next })
}
