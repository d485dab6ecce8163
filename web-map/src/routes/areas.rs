//! `GET /v1/areas`: a value for each area of a level.

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use citybrain_model::AreaLevel;

use crate::error::HttpError;
use crate::http::answer::json;
use crate::http::filter::{FilterParams, measure};
use crate::http::params::Params;
use crate::problem::Problem;
use crate::schema;
use crate::state::AppState;

/// A value for each area of a level, also those without a complaint.
///
/// The counts of all areas add up to `located`.
#[utoipa::path(
    get, path = "/v1/areas", tag = "questions",
    params(
        FilterParams,
        ("level" = Option<schema::LevelWord>, Query, description = "The level; the largest by default"),
        ("measure" = Option<schema::MeasureWord>, Query, description = "What is measured; `count` by default"),
        ("property" = Option<String>, Query, description = "With `measure=mean`: the observed property"),
    ),
    responses((status = 200, body = schema::Areas), (status = 400, body = Problem)),
)]
pub(crate) async fn areas(
    State(state): State<Arc<AppState>>,
    mut params: Params,
) -> Result<Response, HttpError> {
    let level = params
        .parsed::<AreaLevel>("level")?
        .unwrap_or(state.engine.city().largest().level);
    let measure = measure(&mut params)?;
    let filter = state.filter(params)?;
    json(
        &state
            .engine
            .ask("areas")
            .await
            .areas(&filter, level, &measure)
            .await?,
    )
}
