//! `GET /v1/feeds` and `/v1/feeds/{source}`: how the feeds are.

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use serde::Serialize;
use utoipa::ToSchema;

use crate::clock;
use crate::error::HttpError;
use crate::feeds::{FeedHealth, StreamHealth};
use crate::http::answer::json;
use crate::http::gate::Caller;
use crate::http::params::Params;
use crate::http::segments::Segments;
use crate::problem::Problem;
use crate::state::AppState;

/// All feeds.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct FeedList {
    /// In order of name.
    feeds: Vec<FeedHealth>,
}

/// One feed with its datastreams.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct FeedDetail {
    #[serde(flatten)]
    feed: FeedHealth,
    /// Its datastreams as far as this server heard them since its start: those with troubles first, at most a thousand.
    streams: Vec<StreamHealth>,
}

/// How the feeds are: when each was last heard, its rate now and usually, its lag, and what became of what it sent.
///
/// A key that is held to feeds is told of these.
#[utoipa::path(get, path = "/v1/feeds", operation_id = "feeds", tag = "operation", responses((status = 200, body = FeedList)))]
pub(crate) async fn list(
    State(state): State<Arc<AppState>>,
    caller: Caller,
    params: Params,
) -> Result<Response, HttpError> {
    params.finish()?;
    let feeds = health(&state, caller.feeds().to_vec()).await?;
    json(&FeedList { feeds })
}

/// How one feed is, and each of its datastreams.
#[utoipa::path(
    get, path = "/v1/feeds/{source}", operation_id = "feed", tag = "operation",
    params(("source" = String, Path, description = "The feed's name")),
    responses((status = 200, body = FeedDetail), (status = 404, body = Problem)),
)]
pub(crate) async fn one(
    State(state): State<Arc<AppState>>,
    caller: Caller,
    Segments(source): Segments<String>,
    params: Params,
) -> Result<Response, HttpError> {
    const STREAMS_MAX: usize = 1000;
    params.finish()?;
    let unknown = || HttpError::NotFound(format!("feed \"{source}\""));
    if !caller.may_feed(&source) {
        return Err(unknown());
    }
    let found = health(&state, vec![source.clone()]).await?;
    let feed = found.into_iter().next().ok_or_else(unknown)?;
    let now = clock::now();
    let known = state.engine.writer().inspector().streams(Some(&source));
    let mut streams: Vec<StreamHealth> = known
        .into_iter()
        .map(|stream| StreamHealth::of(stream, now))
        .collect();
    streams.sort_by(|a, b| {
        let troubles = b.troubles.len().cmp(&a.troubles.len());
        troubles.then_with(|| a.datastream.cmp(&b.datastream))
    });
    streams.truncate(STREAMS_MAX);
    json(&FeedDetail { feed, streams })
}

/// Many datastreams take a while.
async fn health(state: &Arc<AppState>, only: Vec<String>) -> Result<Vec<FeedHealth>, HttpError> {
    let state = Arc::clone(state);
    let health = move || {
        state
            .feeds
            .health(state.engine.writer(), &only, clock::now())
    };
    tokio::task::spawn_blocking(health)
        .await
        .map_err(HttpError::internal)
}
