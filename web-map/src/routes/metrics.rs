//! `GET /metrics`: what Prometheus collects.

use std::sync::Arc;

use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};

use crate::error::HttpError;
use crate::state::AppState;

/// Metrics in the text format of Prometheus.
#[utoipa::path(
    get, path = "/metrics", tag = "operation",
    responses((status = 200, body = String, content_type = "text/plain; version=0.0.4")),
)]
pub(crate) async fn metrics(State(state): State<Arc<AppState>>) -> Result<Response, HttpError> {
    let Some(metrics) = &state.metrics else {
        return Err(HttpError::NotFound("metric collected here".to_owned()));
    };
    let feeds = state
        .feeds
        .health(state.engine.writer(), &[], crate::clock::now());
    crate::metrics::feeds(&feeds);
    crate::metrics::standing(state.engine.writer().snapshot().seq, state.tiles.bytes());
    Ok((
        [(
            header::CONTENT_TYPE,
            "text/plain; version=0.0.4; charset=utf-8",
        )],
        metrics.render(),
    )
        .into_response())
}
