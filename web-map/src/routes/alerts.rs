//! `/v1/alerts`: what the rules told, and what people do about it.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use citybrain_store::{Alert, AlertAct, AlertFilter, AlertStep, Audit, NotDone};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::alerts::ladder;
use crate::clock;
use crate::error::HttpError;
use crate::http::answer::json;
use crate::http::body;
use crate::http::gate::Caller;
use crate::http::params::Params;
use crate::http::segments::Segments;
use crate::problem::Problem;
use crate::schema;
use crate::state::AppState;

/// Alerts, the newest first.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct AlertList {
    #[schema(value_type = Vec<schema::Alert>)]
    alerts: Vec<Alert>,
    /// The value of `before` that gives the next ones; null: these are all.
    #[schema(required)]
    next: Option<i64>,
}

/// An alert and its life.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct AlertDetail {
    #[schema(value_type = schema::Alert)]
    alert: Alert,
    /// What happened to it, in order.
    #[schema(value_type = Vec<schema::AlertStep>)]
    steps: Vec<AlertStep>,
}

/// What somebody writes with an act; the body may also be empty.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct AlertNote {
    /// At most 1,000 characters; no personal data.
    note: Option<String>,
}

/// Longest note, bytes.
const NOTE_BYTES_MAX: usize = 8 << 10;
const NOTE_CHARS_MAX: usize = 1000;

/// What the rules told, the newest first.
#[utoipa::path(
    get, path = "/v1/alerts", operation_id = "alerts", tag = "alerts",
    params(
        ("state" = Option<schema::AlertStateWord>, Query, description = "Only in this state; `open` is raised and acknowledged"),
        ("rule" = Option<String>, Query, description = "Only of this rule"),
        ("level" = Option<String>, Query, description = "Only whose turn is this level's: grid, community, subdistrict, district or city"),
        ("from" = Option<String>, Query, description = "Raised at or after: RFC 3339"),
        ("before" = Option<i64>, Query, description = "Only with a number below this: `next` of the answer before"),
        ("limit" = Option<usize>, Query, description = "At most so many; 100 by default", minimum = 1, maximum = 1000),
    ),
    responses((status = 200, body = AlertList), (status = 400, body = Problem)),
)]
pub(crate) async fn list(
    State(state): State<Arc<AppState>>,
    mut params: Params,
) -> Result<Response, HttpError> {
    const STATES: [&str; 4] = ["open", "raised", "acknowledged", "resolved"];
    let limit = params.limit(100, 1000)?;
    let filter = AlertFilter {
        state: params.text("state")?,
        rule: params.text("rule")?,
        level: params.text("level")?,
        before: params.parsed("before")?,
        from: params.parsed("from")?,
    };
    params.finish()?;
    if let Some(word) = &filter.state
        && !STATES.contains(&word.as_str())
    {
        let message = format!("\"{word}\" is not one of {}", STATES.join(", "));
        return Err(HttpError::parameter("state", message));
    }
    let control = state.control.clone();
    let mut alerts = blocking(move || control.alerts(&filter, limit + 1)).await?;
    let next = (alerts.len() > limit).then(|| {
        alerts.truncate(limit);
        alerts.last().map(|alert| alert.id)
    });
    json(&AlertList {
        alerts,
        next: next.flatten(),
    })
}

/// One alert with everything that happened to it.
#[utoipa::path(
    get, path = "/v1/alerts/{id}", operation_id = "alert", tag = "alerts",
    params(("id" = i64, Path, description = "The alert's number")),
    responses((status = 200, body = AlertDetail), (status = 404, body = Problem)),
)]
pub(crate) async fn one(
    State(state): State<Arc<AppState>>,
    Segments(id): Segments<i64>,
    params: Params,
) -> Result<Response, HttpError> {
    params.finish()?;
    detail(&state, id).await
}

/// Acknowledges an alert: somebody knows and acts. It goes no level up by itself any more.
#[utoipa::path(
    post, path = "/v1/alerts/{id}/acknowledge", operation_id = "acknowledge_alert", tag = "alerts",
    params(("id" = i64, Path, description = "The alert's number")),
    request_body = AlertNote,
    responses((status = 200, body = AlertDetail), (status = 404, body = Problem), (status = 409, body = Problem)),
)]
pub(crate) async fn acknowledge(
    state: State<Arc<AppState>>,
    id: Segments<i64>,
    caller: Caller,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, HttpError> {
    act(state, id, &caller, headers, body, AlertAct::Acknowledge).await
}

/// Takes an alert to the next level: community, subdistrict, district, city.
#[utoipa::path(
    post, path = "/v1/alerts/{id}/escalate", operation_id = "escalate_alert", tag = "alerts",
    params(("id" = i64, Path, description = "The alert's number")),
    request_body = AlertNote,
    responses((status = 200, body = AlertDetail), (status = 404, body = Problem), (status = 409, body = Problem)),
)]
pub(crate) async fn escalate(
    state: State<Arc<AppState>>,
    id: Segments<i64>,
    caller: Caller,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, HttpError> {
    act(state, id, &caller, headers, body, AlertAct::Escalate).await
}

/// Ends an alert, also while its condition is still so; it is raised again only after it was no longer so.
#[utoipa::path(
    post, path = "/v1/alerts/{id}/resolve", operation_id = "resolve_alert", tag = "alerts",
    params(("id" = i64, Path, description = "The alert's number")),
    request_body = AlertNote,
    responses((status = 200, body = AlertDetail), (status = 404, body = Problem), (status = 409, body = Problem)),
)]
pub(crate) async fn resolve(
    state: State<Arc<AppState>>,
    id: Segments<i64>,
    caller: Caller,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, HttpError> {
    act(state, id, &caller, headers, body, AlertAct::Resolve).await
}

async fn act(
    State(state): State<Arc<AppState>>,
    Segments(id): Segments<i64>,
    caller: &Caller,
    headers: HeaderMap,
    body: Body,
    act: AlertAct,
) -> Result<Response, HttpError> {
    let note = note(&headers, body).await?;
    let (action, verb) = match act {
        AlertAct::Acknowledge => ("alert.acknowledge", "acknowledged"),
        AlertAct::Escalate => ("alert.escalate", "escalated"),
        AlertAct::Resolve => ("alert.resolve", "resolved"),
    };
    let audit = Audit {
        at: clock::now(),
        actor: caller.actor(),
        action: action.to_owned(),
        subject: id.to_string(),
        detail: "{}".to_owned(),
    };
    let ladder = ladder(state.engine.city());
    let control = state.control.clone();
    let done =
        blocking(move || control.act_on_alert(id, act, &ladder, &audit, note.as_deref())).await?;
    match done {
        Ok(alert) => state.alerts.tell(vec![alert]),
        Err(NotDone::Unknown) => return Err(HttpError::NotFound(format!("alert {id}"))),
        Err(NotDone::Resolved) => {
            return Err(HttpError::Conflict(format!(
                "alert {id} is resolved, so it cannot be {verb}"
            )));
        }
        Err(NotDone::Acknowledged(by)) => {
            return Err(HttpError::Conflict(format!(
                "alert {id} was acknowledged by {by} already"
            )));
        }
        Err(NotDone::Top) => {
            return Err(HttpError::Conflict(format!(
                "alert {id} is at the city's level: there is none above"
            )));
        }
    }
    detail(&state, id).await
}

async fn note(headers: &HeaderMap, body: Body) -> Result<Option<String>, HttpError> {
    const JSON: &str = "application/json";
    let bytes = body::read(body, NOTE_BYTES_MAX).await?;
    if bytes.is_empty() {
        return Ok(None);
    }
    body::check_type(headers, &[JSON], JSON)?;
    let AlertNote { note } = serde_json::from_slice(&bytes)
        .map_err(|error| HttpError::Body(format!("the body is no note: {error}")))?;
    if note
        .as_ref()
        .is_some_and(|note| note.chars().count() > NOTE_CHARS_MAX)
    {
        return Err(HttpError::Body(format!(
            "note is longer than {NOTE_CHARS_MAX} characters"
        )));
    }
    Ok(note)
}

async fn detail(state: &AppState, id: i64) -> Result<Response, HttpError> {
    let control = state.control.clone();
    match blocking(move || control.alert(id)).await? {
        Some((alert, steps)) => json(&AlertDetail { alert, steps }),
        None => Err(HttpError::NotFound(format!("alert {id}"))),
    }
}

/// Work on the control state, which waits for the disk.
pub(crate) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, citybrain_store::ControlError> + Send + 'static,
) -> Result<T, HttpError> {
    tokio::task::spawn_blocking(work)
        .await
        .map_err(HttpError::internal)?
        .map_err(|error| HttpError::Unavailable(error.to_string()))
}
