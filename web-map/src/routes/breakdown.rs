//! `GET /v1/breakdown`: complaints by what they have in common.

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use citybrain_query::By;

use crate::error::HttpError;
use crate::http::answer::json;
use crate::http::filter::FilterParams;
use crate::http::params::Params;
use crate::problem::Problem;
use crate::schema;
use crate::state::AppState;

/// Complaints by category, channel, status or agency, the largest group first.
#[utoipa::path(
    get, path = "/v1/breakdown", tag = "questions",
    params(
        FilterParams,
        ("by" = Option<schema::ByWord>, Query, description = "What they are grouped by; `category` by default"),
        ("limit" = Option<u32>, Query, description = "Groups to list, from 1 to 1000; 20 by default; the rest is `other`"),
    ),
    responses((status = 200, body = schema::Breakdown), (status = 400, body = Problem)),
)]
pub(crate) async fn breakdown(
    State(state): State<Arc<AppState>>,
    mut params: Params,
) -> Result<Response, HttpError> {
    let by = params.parsed("by")?.unwrap_or(By::Category);
    let limit = params.limit(20, 1000)?;
    let filter = state.filter(params)?;
    json(
        &state
            .engine
            .ask("breakdown")
            .await
            .breakdown(&filter, by, limit)
            .await?,
    )
}
