//! `GET /v1/complaints/{id}` and `/v1/complaints/{source}/{id}`: one complaint.

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;

use crate::error::HttpError;
use crate::http::answer::json;
use crate::http::params::Params;
use crate::http::segments::Segments;
use crate::problem::Problem;
use crate::schema;
use crate::state::AppState;

/// One complaint with all its steps, by its id alone.
///
/// Refused when several sources have the id.
#[utoipa::path(
    get, path = "/v1/complaints/{id}", tag = "complaints",
    params(("id" = String, Path, description = "The complaint's id")),
    responses((status = 200, body = schema::ComplaintDetail), (status = 400, body = Problem), (status = 404, body = Problem)),
)]
pub(crate) async fn by_id(
    State(state): State<Arc<AppState>>,
    Segments(id): Segments<String>,
    params: Params,
) -> Result<Response, HttpError> {
    params.finish()?;
    complaint(&state, None, &id).await
}

/// One complaint with all its steps.
#[utoipa::path(
    get, path = "/v1/complaints/{source}/{id}", tag = "complaints",
    params(
        ("source" = String, Path, description = "The source that the id belongs to"),
        ("id" = String, Path, description = "The complaint's id within the source"),
    ),
    responses((status = 200, body = schema::ComplaintDetail), (status = 404, body = Problem)),
)]
pub(crate) async fn by_source_and_id(
    State(state): State<Arc<AppState>>,
    Segments((source, id)): Segments<(String, String)>,
    params: Params,
) -> Result<Response, HttpError> {
    params.finish()?;
    complaint(&state, Some(&source), &id).await
}

async fn complaint(
    state: &AppState,
    source: Option<&str>,
    id: &str,
) -> Result<Response, HttpError> {
    match state
        .engine
        .ask("complaint")
        .await
        .complaint(source, id)
        .await?
    {
        Some(complaint) => json(&complaint),
        None => Err(HttpError::NotFound(match source {
            Some(source) => format!("complaint \"{id}\" of source \"{source}\""),
            None => format!("complaint \"{id}\""),
        })),
    }
}
