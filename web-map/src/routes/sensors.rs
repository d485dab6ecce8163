//! `GET /v1/sensors`: the sensors and what they last said; `/v1/sensors/{id}/observations`: all that one said.

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use citybrain_query::Cursor;

use crate::error::HttpError;
use crate::http::answer::json;
use crate::http::params::Params;
use crate::http::segments::Segments;
use crate::problem::Problem;
use crate::schema;
use crate::state::AppState;

/// The sensors, each with the latest value of its datastreams.
#[utoipa::path(get, path = "/v1/sensors", tag = "sensors", responses((status = 200, body = schema::Sensors)))]
pub(crate) async fn sensors(
    State(state): State<Arc<AppState>>,
    params: Params,
) -> Result<Response, HttpError> {
    params.finish()?;
    json(&state.engine.ask("sensors").await.sensors().await?)
}

/// What one sensor observed, newest first, a page at a time; doubtful values too, with what speaks against them.
///
/// A datastream that names no sensor is a sensor by itself. One that is not there has no observations.
#[utoipa::path(
    get, path = "/v1/sensors/{id}/observations", operation_id = "sensor_observations", tag = "sensors",
    params(
        ("id" = String, Path, description = "The sensor's name"),
        ("from" = Option<String>, Query, description = "True at or after: RFC 3339 with an offset, or a local day (its start)"),
        ("to" = Option<String>, Query, description = "True before: RFC 3339 with an offset, or a local day (its end)"),
        ("limit" = Option<u32>, Query, description = "Observations on the page, from 1 to 10000; 500 by default"),
        ("cursor" = Option<String>, Query, description = "`next` of the page before"),
    ),
    responses((status = 200, body = schema::SensorObservations), (status = 400, body = Problem)),
)]
pub(crate) async fn observations(
    State(state): State<Arc<AppState>>,
    Segments(sensor): Segments<String>,
    mut params: Params,
) -> Result<Response, HttpError> {
    let limit = params.limit(500, 10_000)?;
    let cursor = params.parsed::<Cursor>("cursor")?;
    let filter = state.filter(params)?;
    let asking = state.engine.ask("sensor_observations").await;
    let found = asking.sensor_observations(&sensor, &filter, cursor.as_ref(), limit);
    json(&found.await?)
}
