//! `GET /v1/imports`: the files of watched folders that were read, with their summaries.

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

/// Files that were read, newest first.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Imports {
    imports: Vec<ImportedFile>,
    /// `before` of the next page; null after the last.
    #[schema(required)]
    next: Option<i64>,
}

/// A file of a watched folder and what became of it.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ImportedFile {
    id: i64,
    folder: String,
    name: String,
    /// In bytes.
    size: u64,
    /// When it was read, UTC.
    at: DateTime<Utc>,
    /// The source of its records.
    source: String,
    /// Why it was not read, or not to its end.
    #[schema(required)]
    error: Option<String>,
    /// As `citybrain import` prints it.
    #[schema(value_type = Object)]
    summary: Value,
}

/// The files of watched folders that were read, newest first, a page at a time.
#[utoipa::path(
    get, path = "/v1/imports", tag = "operation",
    params(
        ("limit" = Option<u32>, Query, description = "Files on the page, from 1 to 1000; 50 by default"),
        ("before" = Option<i64>, Query, description = "`next` of the page before"),
    ),
    responses((status = 200, body = Imports), (status = 400, body = Problem)),
)]
pub(crate) async fn imports(
    State(state): State<Arc<AppState>>,
    mut params: Params,
) -> Result<Response, HttpError> {
    let limit = params.limit(50, 1000)?;
    let before = params.parsed::<i64>("before")?;
    params.finish()?;
    let control = state.control.clone();
    // One more than the page tells whether there is a next one.
    let fetched = tokio::task::spawn_blocking(move || control.fetched(before, limit + 1));
    let mut fetched = fetched
        .await
        .map_err(HttpError::internal)?
        .map_err(HttpError::internal)?;
    let more = fetched.len() > limit;
    fetched.truncate(limit);
    let next = fetched.last().filter(|_| more).map(|last| last.id);
    let imports = fetched.into_iter().map(|fetched| ImportedFile {
        id: fetched.id,
        folder: fetched.file.folder,
        name: fetched.file.name,
        size: fetched.file.size,
        at: fetched.at,
        source: fetched.source,
        error: fetched.error,
        summary: serde_json::from_str(&fetched.summary).unwrap_or_default(),
    });
    json(&Imports {
        imports: imports.collect(),
        next,
    })
}
