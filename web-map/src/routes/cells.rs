//! `GET /v1/cells`: a value for each H3 cell.

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;

use crate::error::{HttpError, Problem};
use crate::http::answer::json;
use crate::http::filter::{FilterParams, measure};
use crate::http::params::Params;
use crate::schema;
use crate::state::AppState;

/// A value for each H3 cell that holds a matching complaint.
///
/// The counts of all cells add up to `located + outside`.
#[utoipa::path(
    get, path = "/v1/cells", tag = "questions",
    params(
        FilterParams,
        ("resolution" = Option<u8>, Query, description = "H3 resolution, from 5 to the base resolution; 9 by default", minimum = 5, maximum = 15),
        ("measure" = Option<schema::MeasureWord>, Query, description = "What is measured; `count` by default"),
        ("property" = Option<String>, Query, description = "With `measure=mean`: the observed property"),
    ),
    responses((status = 200, body = schema::Cells), (status = 400, body = Problem)),
)]
pub(crate) async fn cells(
    State(state): State<Arc<AppState>>,
    mut params: Params,
) -> Result<Response, HttpError> {
    let resolution = state.resolution(&mut params)?;
    let measure = measure(&mut params)?;
    let filter = state.filter(params)?;
    json(
        &state
            .engine
            .ask("cells")
            .await
            .cells(&filter, resolution, &measure)
            .await?,
    )
}
