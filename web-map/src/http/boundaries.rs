//! Every answer says by which boundaries its records are placed.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::{HeaderName, HeaderValue};
use axum::middleware::Next;
use axum::response::Response;

use crate::state::AppState;

/// The name of the boundaries in use, as `/v1/city` gives it.
const BOUNDARIES: HeaderName = HeaderName::from_static("x-citybrain-boundary-version");

/// Sets the header on every answer of the API and of the tiles.
pub(crate) async fn set_header(
    State(state): State<Arc<AppState>>,
    request: Request,
    next: Next,
) -> Response {
    let version = state.engine.city().boundary_version();
    let mut response = next.run(request).await;
    let value = HeaderValue::try_from(version).expect("a date and hex digits are a header");
    response.headers_mut().insert(BOUNDARIES, value);
    response
}
