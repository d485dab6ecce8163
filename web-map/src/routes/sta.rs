//! `/sta/v1.1/…`: the OGC SensorThings API 1.1.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Response};

use crate::http::body;
use crate::sta::{Reply, StaError, dispatch};
use crate::state::AppState;

const ROOT: &str = "/sta/v1.1";

/// Every path of the API, by every method.
pub(crate) async fn any(State(state): State<Arc<AppState>>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let target = parts
        .uri
        .path_and_query()
        .map_or("", |target| target.as_str());
    let target = target.strip_prefix(ROOT).unwrap_or_default();
    let json = match read(&state, &parts.headers, body).await {
        Ok(json) => json,
        Err(error) => return Reply::from(error).into_response(),
    };
    let base = base(&parts.headers, &state);
    dispatch(&state, &base, parts.method.as_str(), target, json)
        .await
        .into_response()
}

async fn read(
    state: &AppState,
    headers: &HeaderMap,
    body: Body,
) -> Result<Option<serde_json::Value>, StaError> {
    let bytes = body::read(body, state.config.body_bytes_max)
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

/// The address of the API as the client wrote it.
fn base(headers: &HeaderMap, state: &AppState) -> String {
    let text = |name| headers.get(name).and_then(|value| value.to_str().ok());
    let scheme = match text(header::HeaderName::from_static("x-forwarded-proto")) {
        Some("https") => "https",
        _ => "http",
    };
    let host = text(header::HOST).map_or_else(|| state.config.listen.to_string(), str::to_owned);
    format!("{scheme}://{host}{ROOT}")
}
