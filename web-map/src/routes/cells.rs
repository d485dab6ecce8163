//! `GET /v1/cells`: a value for each H3 cell.

use std::sync::Arc;

use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use citybrain_grid::City;
use citybrain_query::{Answer, Cells};
use datafusion::arrow::array::{ArrayRef, Float64Array, RecordBatch, UInt64Array};

use crate::error::HttpError;
use crate::format::Format;
use crate::http::answer::json;
use crate::http::filter::{FilterParams, measure};
use crate::http::params::Params;
use crate::problem::Problem;
use crate::schema;
use crate::state::AppState;

/// A value for each H3 cell that holds a matching complaint.
///
/// The counts of all cells add up to `located - area_only + outside`: what is known by its area alone is in no cell.
#[utoipa::path(
    get, path = "/v1/cells", tag = "questions",
    params(
        FilterParams,
        ("resolution" = Option<u8>, Query, description = "H3 resolution, from 5 to the base resolution; 9 by default", minimum = 5, maximum = 15),
        ("measure" = Option<schema::MeasureWord>, Query, description = "What is measured; `count` by default"),
        ("property" = Option<String>, Query, description = "With `measure=mean`: the observed property"),
        ("format" = Option<schema::CellsFormat>, Query, description = "`json` by default"),
    ),
    responses(
        (status = 200, content((schema::Cells = "application/json"), (Vec<u8> = "application/vnd.apache.arrow.stream"))),
        (status = 400, body = Problem),
    ),
)]
pub(crate) async fn cells(
    State(state): State<Arc<AppState>>,
    mut params: Params,
) -> Result<Response, HttpError> {
    let resolution = state.resolution(&mut params)?;
    let measure = measure(&mut params)?;
    let format = params.text("format")?;
    let filter = state.filter(params)?;
    let asking = state.engine.ask("cells").await;
    let cells = async || asking.cells(&filter, resolution, &measure).await;
    match format.as_deref() {
        None | Some("json") => json(&cells().await?),
        Some("arrow") => arrow(&cells().await?, state.engine.city()),
        Some(other) => Err(HttpError::parameter(
            "format",
            format!("\"{other}\" is not json or arrow"),
        )),
    }
}

/// The cells as columns.
fn arrow(cells: &Cells, city: &City) -> Result<Response, HttpError> {
    let columns: [(&str, ArrayRef); 2] = [
        (
            "cell",
            Arc::new(
                cells
                    .cells
                    .iter()
                    .map(|cell| Some(u64::from(cell.cell)))
                    .collect::<UInt64Array>(),
            ),
        ),
        (
            "value",
            Arc::new(
                cells
                    .cells
                    .iter()
                    .map(|cell| Some(cell.value))
                    .collect::<Float64Array>(),
            ),
        ),
    ];
    let rows = RecordBatch::try_from_iter(columns).expect("both columns have one value a cell");
    let answer = Answer {
        schema: rows.schema(),
        batches: vec![rows],
        truncated: false,
        parameters: Vec::new(),
    };
    let mut out = Vec::new();
    Format::Arrow
        .write(&answer, city, &mut out)
        .map_err(HttpError::internal)?;
    let headers = [
        (header::CONTENT_TYPE, Format::Arrow.media_type()),
        (header::CACHE_CONTROL, "no-store"),
    ];
    Ok((headers, out).into_response())
}
