//! `GET /v1/live`: what changes, as it changes.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::State;
use axum::http::{HeaderName, HeaderValue};
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use citybrain_model::AreaLevel;
use citybrain_store::{Alert, AlertFilter};
use citybrain_watch::Window;
use futures::Stream;
use tokio::sync::broadcast;
use tokio::sync::broadcast::error::RecvError;
use tokio::time::{MissedTickBehavior, interval};
use tokio_util::sync::CancellationToken;

use crate::error::HttpError;
use crate::http::filter::FilterParams;
use crate::http::params::Params;
use crate::live::event::{LiveEvent, alerts as alerts_event, event};
use crate::live::{Ask, Freshness, View};
use crate::problem::Problem;
use crate::routes::alerts::blocking;
use crate::state::AppState;
use crate::{clock, metrics, schema};

/// What changes, as it changes: a stream of events (`text/event-stream`).
///
/// First `snapshot` with every count, then `cells` and `areas` with the new counts of what changed, at most four times a second,
/// `freshness` at once and every two seconds, and `alerts` with those that are open and then those that change. A client that falls behind or comes back is sent a new `snapshot`.
#[utoipa::path(
    get, path = "/v1/live", tag = "live",
    params(
        FilterParams,
        ("window" = Option<String>, Query, description = "Only what was made within the last `5min`, `1h`, `24h` or the like (1s to 24h), or `today`; complaints leave the counts as time goes on"),
        ("level" = Option<schema::LevelWord>, Query, description = "The level of the areas; the city's largest by default"),
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
    let window = params.parsed::<Window>("window")?;
    let level = level(&state, &mut params)?;
    let filter = state.filter(params)?;
    if window.is_some() && (filter.from.is_some() || filter.to.is_some()) {
        return Err(HttpError::parameter("window", "goes without from and to"));
    }
    let view = state.live.view(Ask {
        filter,
        resolution,
        level,
        window,
    })?;
    view.ready()
        .await
        .map_err(|error| HttpError::from(&*error))?;
    let stop = state.stop.clone();
    // Listened to before what is open is read: none is missed between the two.
    let told = state.alerts.listen();
    let control = state.control.clone();
    let open = AlertFilter {
        state: Some("open".to_owned()),
        ..AlertFilter::default()
    };
    let open = blocking(move || control.alerts(&open, OPEN_MAX)).await?;
    let stream = events(view, Told { open, told }, stop, move || {
        state.pulse().freshness(clock::now())
    });
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

/// Reads `level`; the city's largest by default.
fn level(state: &AppState, params: &mut Params) -> Result<AreaLevel, HttpError> {
    let city = state.engine.city();
    match params.parsed::<AreaLevel>("level")? {
        None => Ok(city.largest().level),
        Some(level) if city.level(level).is_some() => Ok(level),
        Some(level) => Err(HttpError::parameter(
            "level",
            format!("{level} is a level that this city does not have"),
        )),
    }
}

/// The alerts that are open, and those that change from then on.
struct Told {
    open: Vec<Alert>,
    told: broadcast::Receiver<Arc<Vec<Alert>>>,
}

/// Most open alerts that a client is told of at first.
const OPEN_MAX: usize = 200;
/// How often freshness is told.
const FRESHNESS: Duration = Duration::from_secs(2);

/// One client's events, until it leaves or the server stops. They are made as the client takes them: one that is slow falls
/// behind in the view's changes and is sent everything anew.
fn events(
    view: Arc<View>,
    alerts: Told,
    stop: CancellationToken,
    freshness: impl Fn() -> Freshness,
) -> impl Stream<Item = Result<Event, Infallible>> {
    async_stream::stream! {
        let _client = Client::came();
        let Told { open, mut told } = alerts;
        let mut open = Some(open);
        let mut tick = interval(FRESHNESS);
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        'anew: loop {
            let (snapshot, mut changes) = view.join();
            for event in snapshot.iter() {
                yield Ok(event.clone());
            }
            if let Some(open) = open.take().filter(|open| !open.is_empty()) {
                yield Ok(alerts_event(Arc::new(open)));
            }
            loop {
                tokio::select! {
                    () = stop.cancelled() => return,
                    alerts = told.recv() => match alerts {
                        Ok(alerts) => yield Ok(alerts_event(alerts)),
                        // What was missed is in the list of alerts; the next change comes here.
                        Err(RecvError::Lagged(_)) => {}
                        Err(RecvError::Closed) => return,
                    },
                    _ = tick.tick() => yield Ok(event("freshness", None, &LiveEvent::Freshness(freshness()))),
                    told = changes.recv() => match told {
                        Ok(changes) => {
                            for event in changes.iter() {
                                yield Ok(event.clone());
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
