//! `/sta/v1.1/…`: the OGC SensorThings API 1.1.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, Method, header};
use axum::response::{IntoResponse, Response};

use crate::http::body;
use crate::http::gate::Caller;
use crate::http::origin::origin;
use crate::sta::{Reply, StaError, answer_parts, boundary, dispatch};
use crate::state::AppState;

const ROOT: &str = "/sta/v1.1";

/// Every path of the API, by every method.
pub(crate) async fn any(
    State(state): State<Arc<AppState>>,
    caller: Caller,
    request: Request,
) -> Response {
    let (parts, body) = request.into_parts();
    let target = parts
        .uri
        .path_and_query()
        .map_or("", |target| target.as_str());
    let target = target.strip_prefix(ROOT).unwrap_or_default();
    let limit = caller.body_bytes(&state.config);
    let base = format!("{}{ROOT}", origin(&parts.headers, &state.config));
    let media_type = parts.headers.get(header::CONTENT_TYPE);
    let media_type = media_type.and_then(|kind| kind.to_str().ok());
    if target.trim_matches('/') == "$batch"
        && parts.method == Method::POST
        && let Some(boundary) = media_type.and_then(boundary)
    {
        return answer_batch(&state, &caller, &base, body, boundary)
            .await
            .unwrap_or_else(Reply::from)
            .into_response();
    }
    let json = match read(limit, &parts.headers, body).await {
        Ok(json) => json,
        Err(error) => return Reply::from(error).into_response(),
    };
    dispatch(&state, &caller, &base, parts.method.as_str(), target, json)
        .await
        .into_response()
}

/// A batch as `multipart/mixed`.
async fn answer_batch(
    state: &AppState,
    caller: &Caller,
    base: &str,
    body: Body,
    boundary: &str,
) -> Result<Reply, StaError> {
    let bytes = body::read(body, caller.body_bytes(&state.config))
        .await
        .map_err(|error| StaError::new(error.kind().0.as_u16(), error.to_string()))?;
    let text = std::str::from_utf8(&bytes)
        .map_err(|error| StaError::bad(format!("the body is no text: {error}")))?;
    answer_parts(state, caller, base, text, boundary).await
}

async fn read(
    limit: usize,
    headers: &HeaderMap,
    body: Body,
) -> Result<Option<serde_json::Value>, StaError> {
    let bytes = body::read(body, limit)
        .await
        .map_err(|error| StaError::new(error.kind().0.as_u16(), error.to_string()))?;
    if bytes.is_empty() {
        return Ok(None);
    }
    // A web page can send a body of another type to us without asking; JSON it cannot.
    let wanted = "application/json";
    let known = [
        wanted,
        "application/json-patch+json",
        "application/merge-patch+json",
    ];
    body::check_type(headers, &known, wanted)
        .map_err(|error| StaError::new(error.kind().0.as_u16(), error.to_string()))?;
    serde_json::from_slice(&bytes)
        .map(Some)
        .map_err(|error| StaError::bad(format!("the body is no JSON: {error}")))
}
