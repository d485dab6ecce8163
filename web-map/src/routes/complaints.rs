//! `GET /v1/complaints`: complaints one by one.

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use citybrain_query::Cursor;

use crate::error::HttpError;
use crate::http::answer::json;
use crate::http::filter::FilterParams;
use crate::http::params::Params;
use crate::problem::Problem;
use crate::schema;
use crate::state::AppState;

/// Complaints one by one, newest first, a page at a time.
#[utoipa::path(
    get, path = "/v1/complaints", tag = "complaints",
    params(
        FilterParams,
        ("limit" = Option<u32>, Query, description = "Complaints on the page, from 1 to 1000; 50 by default"),
        ("cursor" = Option<String>, Query, description = "`next` of the page before"),
    ),
    responses((status = 200, body = schema::Complaints), (status = 400, body = Problem)),
)]
pub(crate) async fn complaints(
    State(state): State<Arc<AppState>>,
    mut params: Params,
) -> Result<Response, HttpError> {
    let limit = params.limit(50, 1000)?;
    let cursor = params.parsed::<Cursor>("cursor")?;
    let filter = state.filter(params)?;
    json(
        &state
            .engine
            .ask("complaints")
            .await
            .complaints(&filter, cursor.as_ref(), limit)
            .await?,
    )
}
