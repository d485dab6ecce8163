//! `/v1/rejected`: rows that are no records, with their reasons; and a second chance for them.

use std::collections::VecDeque;
use std::sync::Arc;

use axum::body::Body;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use citybrain_ingest::Context;
use citybrain_store::{Audit, JournalError, RejectedRow, Role, Snapshot};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json as value};
use tokio::runtime::Handle;
use utoipa::ToSchema;

use crate::clock;
use crate::error::HttpError;
use crate::http::answer::json;
use crate::http::body;
use crate::http::gate::Caller;
use crate::http::params::Params;
use crate::http::segments::Segments;
use crate::problem::Problem;
use crate::replay::{ReplayError, Replayed, replay_refused, shown};
use crate::schema;
use crate::state::AppState;

/// Refused rows, newest first.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct RejectedRows {
    /// Each with number, time, source, profile, position, field, value, rule and message.
    #[schema(value_type = Vec<schema::RejectedRow>)]
    rejected: Vec<Value>,
    /// `before` of the next page; null after the last.
    #[schema(required)]
    next: Option<i64>,
}

/// Which refused rows are read again; all that the key may when nothing is said.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct ReplayRequest {
    /// Only rows of this feed.
    source: Option<String>,
    /// Only rows that this rule refused.
    rule: Option<String>,
    /// Only these rows, by number.
    ids: Option<Vec<i64>>,
}

/// Rows that are read from the journal at a time.
const PAGE: usize = 1_000;

/// Refused rows, newest first, a page at a time. A key that is held to feeds is told of theirs.
#[utoipa::path(
    get, path = "/v1/rejected", operation_id = "rejected", tag = "operation",
    params(
        ("source" = Option<String>, Query, description = "Only rows of this feed"),
        ("rule" = Option<String>, Query, description = "Only rows that this rule refused"),
        ("limit" = Option<u32>, Query, description = "Rows on the page, from 1 to 1000; 50 by default"),
        ("before" = Option<i64>, Query, description = "`next` of the page before"),
    ),
    responses((status = 200, body = RejectedRows), (status = 400, body = Problem)),
)]
pub(crate) async fn list(
    State(state): State<Arc<AppState>>,
    caller: Caller,
    mut params: Params,
) -> Result<Response, HttpError> {
    let (source, rule) = (params.text("source")?, params.text("rule")?);
    let limit = params.limit(50, 1000)?;
    let before = params.parsed::<i64>("before")?;
    params.finish()?;
    let snapshot = state.engine.writer().snapshot();
    let newest = move || {
        newest(&snapshot, before, limit + 1, |row| {
            let refused = &row.refused;
            caller.may_feed(&refused.source)
                && source
                    .as_ref()
                    .is_none_or(|source| *source == refused.source)
                && rule
                    .as_ref()
                    .is_none_or(|rule| *rule == refused.refusal.rule)
        })
    };
    let mut rows = tokio::task::spawn_blocking(newest)
        .await
        .map_err(HttpError::internal)?
        .map_err(HttpError::internal)?;
    let more = rows.len() > limit;
    rows.truncate(limit);
    let next = rows.last().filter(|_| more).map(|row| row.id);
    let rejected = rows.iter().map(|row| shown(row, false)).collect();
    json(&RejectedRows { rejected, next })
}

/// The newest rows that are `wanted`, newest first.
fn newest(
    snapshot: &Snapshot,
    before: Option<i64>,
    limit: usize,
    wanted: impl Fn(&RejectedRow) -> bool,
) -> Result<Vec<RejectedRow>, JournalError> {
    let (mut after, mut found) = (0, VecDeque::new());
    loop {
        let rows = snapshot.rejected(after, PAGE)?;
        let Some(last) = rows.last() else { break };
        after = last.id;
        for row in rows {
            if before.is_none_or(|before| row.id < before) && wanted(&row) {
                if found.len() == limit {
                    found.pop_front();
                }
                found.push_back(row);
            }
        }
        if before.is_some_and(|before| after >= before) {
            break;
        }
    }
    Ok(found.into_iter().rev().collect())
}

/// One refused row as it was read. The role `operator`, which sees no words of citizens, is not told the row itself.
#[utoipa::path(
    get, path = "/v1/rejected/{id}", operation_id = "rejected_row", tag = "operation",
    params(("id" = i64, Path, description = "The row's number")),
    responses((status = 200, body = schema::RejectedRow), (status = 404, body = Problem)),
)]
pub(crate) async fn one(
    State(state): State<Arc<AppState>>,
    caller: Caller,
    Segments(id): Segments<i64>,
    params: Params,
) -> Result<Response, HttpError> {
    params.finish()?;
    let snapshot = state.engine.writer().snapshot();
    let found = tokio::task::spawn_blocking(move || snapshot.rejected(id.saturating_sub(1), 1));
    let found = found
        .await
        .map_err(HttpError::internal)?
        .map_err(HttpError::internal)?;
    let row = found
        .first()
        .filter(|row| row.id == id && caller.may_feed(&row.refused.source))
        .ok_or_else(|| HttpError::NotFound(format!("refused row {id}")))?;
    json(&shown(row, caller.role() != Role::Operator))
}

/// Reads refused rows again, by the profiles as they are now; rows that are records now are no longer refused.
#[utoipa::path(
    post, path = "/v1/rejected/replay", operation_id = "replay_rejected", tag = "operation",
    request_body = ReplayRequest,
    responses(
        (status = 200, body = Replayed),
        (status = 400, body = Problem),
        (status = 409, body = Problem, description = "A profile of the rows is no longer there"),
        (status = 503, body = Problem),
    ),
)]
pub(crate) async fn replay(
    State(state): State<Arc<AppState>>,
    caller: Caller,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, HttpError> {
    const BYTES_MAX: usize = 1 << 20;
    const JSON: &str = "application/json";
    body::check_type(&headers, &[JSON], JSON)?;
    let bytes = body::read(body, BYTES_MAX).await?;
    let asked: ReplayRequest = if bytes.is_empty() {
        ReplayRequest::default()
    } else {
        serde_json::from_slice(&bytes).map_err(|error| {
            HttpError::Body(format!("the body does not say what to replay: {error}"))
        })?
    };
    let context = Context {
        source: None,
        city_zone: state.engine.city().time_zone,
        received_at: clock::now(),
        place_names: Some(Arc::clone(&state.place_names)),
    };
    let (writer, control, runtime) = (
        state.engine.writer().clone(),
        state.control.clone(),
        Handle::current(),
    );
    let replayed = tokio::task::spawn_blocking(move || {
        let replayed = replay_refused(&writer, &runtime, &context, |id, row| {
            caller.may_feed(&row.source)
                && asked
                    .source
                    .as_ref()
                    .is_none_or(|source| *source == row.source)
                && asked
                    .rule
                    .as_ref()
                    .is_none_or(|rule| *rule == row.refusal.rule)
                && asked.ids.as_ref().is_none_or(|ids| ids.contains(&id))
        })?;
        let note = control.note(&Audit {
            at: context.received_at,
            actor: caller.actor(),
            action: "rejected.replay".to_owned(),
            subject: asked
                .source
                .clone()
                .unwrap_or_else(|| "all feeds".to_owned()),
            detail: value!(replayed).to_string(),
        });
        if let Err(error) = note {
            tracing::error!(%error, "audit_not_written");
        }
        Ok::<Replayed, ReplayError>(replayed)
    });
    let replayed = replayed.await.map_err(HttpError::internal)?;
    json(&replayed.map_err(|error| match error {
        ReplayError::Profile(error) => HttpError::Conflict(error.to_string()),
        ReplayError::Append(error) => error.into(),
        ReplayError::Journal(error) => HttpError::internal(error),
    })?)
}
