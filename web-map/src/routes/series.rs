//! `GET /v1/series`: complaints over time.

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use citybrain_query::Bin;

use crate::error::HttpError;
use crate::http::answer::json;
use crate::http::filter::FilterParams;
use crate::http::params::Params;
use crate::problem::Problem;
use crate::schema;
use crate::state::AppState;

/// Complaints in each hour, day, week or month of the city's calendar.
///
/// Bins without a complaint are there with 0.
#[utoipa::path(
    get, path = "/v1/series", tag = "questions",
    params(
        FilterParams,
        ("bin" = Option<schema::BinWord>, Query, description = "The unit of the calendar; `day` by default"),
    ),
    responses((status = 200, body = schema::Series), (status = 400, body = Problem)),
)]
pub(crate) async fn series(
    State(state): State<Arc<AppState>>,
    mut params: Params,
) -> Result<Response, HttpError> {
    let bin = params.parsed("bin")?.unwrap_or(Bin::Day);
    let filter = state.filter(params)?;
    json(
        &state
            .engine
            .ask("series")
            .await
            .series(&filter, bin)
            .await?,
    )
}
