//! `GET /v1/freshness`: how old the data are, feed by feed.

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;

use crate::clock;
use crate::error::HttpError;
use crate::http::answer::json;
use crate::http::params::Params;
use crate::live::Freshness;
use crate::state::AppState;

/// How old the data are: as the stream's event `freshness` tells it, feed by feed.
///
/// Every answer of the API says so in short: `x-citybrain-received-at` is when the last record was taken in, `x-citybrain-feed-ages` the
/// seconds since the last record of each feed.
#[utoipa::path(get, path = "/v1/freshness", tag = "live", responses((status = 200, body = Freshness)))]
pub(crate) async fn freshness(
    State(state): State<Arc<AppState>>,
    params: Params,
) -> Result<Response, HttpError> {
    params.finish()?;
    let freshness = state.pulse().freshness(clock::now());
    json(&freshness)
}
