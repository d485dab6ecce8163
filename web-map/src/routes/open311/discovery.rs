//! `GET /open311/v2/discovery.json`: where the service is.

use std::sync::Arc;

use axum::extract::State;
use axum::http::{HeaderMap, Uri};
use axum::response::Response;
use serde_json::json;

use super::form;
use crate::http::origin::origin;
use crate::state::AppState;

/// The day of the last change of what these routes answer.
const CHANGESET: &str = "2026-11-29T00:00:00Z";

/// Where the service is and what it speaks.
#[utoipa::path(
    get, path = "/open311/v2/discovery.json", tag = "open311",
    responses((status = 200, description = "Endpoints; `.xml` for XML", body = serde_json::Value)),
)]
pub(crate) async fn discovery(
    State(state): State<Arc<AppState>>,
    headers: HeaderMap,
    uri: Uri,
) -> Response {
    let url = format!("{}/open311/v2", origin(&headers, &state.config));
    let city = &state.engine.city().name;
    let endpoint = json!({
        "specification": "http://wiki.open311.org/GeoReport_v2",
        "url": url,
        "changeset": CHANGESET,
        "type": "production",
        "formats": ["text/xml", "application/json"],
    });
    let discovery = json!({
        "changeset": CHANGESET,
        "contact": city,
        "key_service": "ask the operator of this server for a key",
        "endpoints": [endpoint],
    });
    form(&uri, &headers).answer("discovery", &discovery)
}
