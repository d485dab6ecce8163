//! `GET /healthz` and `GET /readyz`: is the server alive, can it do its work.

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use citybrain_store::Batch;
use serde::Serialize;
use utoipa::ToSchema;

use crate::error::HttpError;
use crate::http::answer::json;
use crate::problem::Problem;
use crate::state::AppState;

/// How the server is.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Health {
    /// `ok`.
    status: &'static str,
    /// Every record up to this sequence number is in the answers.
    seq: u64,
}

/// Alive: the process answers.
#[utoipa::path(get, path = "/healthz", tag = "operation", responses((status = 200, body = Health)))]
pub(crate) async fn healthz(State(state): State<Arc<AppState>>) -> Result<Response, HttpError> {
    healthy(&state)
}

/// Ready: the journal takes records and the lake can be read.
#[utoipa::path(
    get, path = "/readyz", tag = "operation",
    responses((status = 200, body = Health), (status = 503, body = Problem)),
)]
pub(crate) async fn readyz(State(state): State<Arc<AppState>>) -> Result<Response, HttpError> {
    // An empty batch goes the whole way to the writer and back.
    state
        .engine
        .writer()
        .append(Batch::Complaints(Vec::new()), Vec::new())
        .await?;
    let asking = state.engine.ask("ready").await;
    asking
        .city_range()
        .await
        .map_err(|error| HttpError::Unavailable(error.to_string()))?;
    healthy(&state)
}

fn healthy(state: &AppState) -> Result<Response, HttpError> {
    json(&Health {
        status: "ok",
        seq: state.engine.writer().snapshot().seq,
    })
}
