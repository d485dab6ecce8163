//! `GET /v1/sensors`: the sensors and what they last said.

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;

use crate::error::HttpError;
use crate::http::answer::json;
use crate::http::params::Params;
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
