//! `GET /v1/aligned`: complaints in each part of a cell that lies in one area.

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;

use crate::error::HttpError;
use crate::http::answer::json;
use crate::http::filter::FilterParams;
use crate::http::params::Params;
use crate::problem::Problem;
use crate::schema;
use crate::state::AppState;

/// Complaints in each aligned cell: the part of a cell of the base resolution that lies in one area of the smallest level. The fullest first.
///
/// The tiles `aligned` have their outlines, with `cell` and `area` to put the numbers on.
#[utoipa::path(
    get, path = "/v1/aligned", tag = "questions",
    params(
        FilterParams,
        ("limit" = Option<u32>, Query, description = "Aligned cells in the answer, from 1 to 50000; 20000 by default"),
    ),
    responses((status = 200, body = schema::AlignedCells), (status = 400, body = Problem)),
)]
pub(crate) async fn aligned(
    State(state): State<Arc<AppState>>,
    mut params: Params,
) -> Result<Response, HttpError> {
    let limit = params.limit(20_000, 50_000)?;
    let filter = state.filter(params)?;
    json(
        &state
            .engine
            .ask("aligned")
            .await
            .aligned(&filter, limit)
            .await?,
    )
}
