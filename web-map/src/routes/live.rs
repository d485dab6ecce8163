//! `GET /v1/live`: what changes, as it changes.

mod event;

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::State;
use axum::http::{HeaderName, HeaderValue};
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use futures::Stream;
use tokio::sync::broadcast::error::RecvError;
use tokio::time::{MissedTickBehavior, interval};
use tokio_util::sync::CancellationToken;

use crate::error::HttpError;
use crate::http::filter::FilterParams;
use crate::http::params::Params;
use crate::live::{Ask, Freshness, View};
use crate::problem::Problem;
use crate::state::AppState;
use crate::{clock, metrics};

use self::event::{LiveEvent, changed_only, event, everything};

/// What changes, as it changes: a stream of events (`text/event-stream`).
///
/// First `snapshot` with every count, then `cells` and `areas` with the new counts of what changed, at most four times a second,
/// and `freshness` at once and every two seconds. A client that falls behind or comes back is sent a new `snapshot`.
#[utoipa::path(
    get, path = "/v1/live", tag = "live",
    params(
        FilterParams,
        ("resolution" = Option<u8>, Query, description = "H3 resolution, from 5 to the base resolution; 9 by default", minimum = 5, maximum = 15),
    ),
    responses(
        (status = 200, body = LiveEvent, content_type = "text/event-stream", description = "Each event's data is one of these as JSON"),
        (status = 400, body = Problem),
        (status = 429, body = Problem, description = "Too many different views are open"),
    ),
)]
pub(crate) async fn live(
    State(state): State<Arc<AppState>>,
    mut params: Params,
) -> Result<Response, HttpError> {
    let resolution = state.resolution(&mut params)?;
    let filter = state.filter(params)?;
    let level = state.engine.city().largest().level;
    let view = state.live.view(Ask {
        filter,
        resolution,
        level,
    })?;
    view.ready()
        .await
        .map_err(|error| HttpError::from(&*error))?;
    let stop = state.stop.clone();
    let stream = events(
        view,
        stop,
        move || state.pulse().freshness(clock::now()),
        resolution.into(),
        level.as_str(),
    );
    let unbuffered = (
        HeaderName::from_static("x-accel-buffering"),
        HeaderValue::from_static("no"),
    );
    Ok((
        [unbuffered],
        Sse::new(stream).keep_alive(KeepAlive::default()),
    )
        .into_response())
}

/// How often freshness is told.
const FRESHNESS: Duration = Duration::from_secs(2);

/// One client's events, until it leaves or the server stops. They are made as the client takes them: one that is slow falls
/// behind in the view's changes and is sent everything anew.
fn events(
    view: Arc<View>,
    stop: CancellationToken,
    freshness: impl Fn() -> Freshness,
    resolution: u8,
    level: &'static str,
) -> impl Stream<Item = Result<Event, Infallible>> {
    async_stream::stream! {
        let _client = Client::came();
        let mut tick = interval(FRESHNESS);
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        'anew: loop {
            let (counts, mut changes) = view.join();
            for event in everything(counts, resolution, level) {
                yield Ok(event);
            }
            loop {
                tokio::select! {
                    () = stop.cancelled() => return,
                    _ = tick.tick() => yield Ok(event("freshness", None, &LiveEvent::Freshness(freshness()))),
                    told = changes.recv() => match told {
                        Ok(changes) => {
                            for event in changed_only(&changes, level) {
                                yield Ok(event);
                            }
                        }
                        Err(RecvError::Lagged(_)) => continue 'anew,
                        Err(RecvError::Closed) => return,
                    }
                }
            }
        }
    }
}

/// Counts a client as long as it is there.
struct Client;

impl Client {
    fn came() -> Self {
        metrics::live_clients(1.0);
        Self
    }
}

impl Drop for Client {
    fn drop(&mut self) {
        metrics::live_clients(-1.0);
    }
}

#[cfg(test)]
mod tests;
