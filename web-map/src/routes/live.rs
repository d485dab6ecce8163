//! `GET /v1/live`: what changes, as it changes.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::State;
use axum::http::{HeaderName, HeaderValue};
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use citybrain_watch::{Changes, Counts, Totals};
use futures::Stream;
use serde::Serialize;
use tokio::sync::broadcast::error::RecvError;
use tokio::time::{MissedTickBehavior, interval};
use tokio_util::sync::CancellationToken;
use utoipa::ToSchema;

use crate::error::{HttpError, Problem};
use crate::http::filter::FilterParams;
use crate::http::params::Params;
use crate::live::{Ask, Freshness, View};
use crate::state::AppState;
use crate::{clock, metrics};

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

/// The data of an event of the live stream.
#[derive(Debug, Serialize, ToSchema)]
#[serde(untagged)]
pub(crate) enum LiveEvent {
    Snapshot(Snapshot),
    Cells(ChangedCells),
    Areas(ChangedAreas),
    Freshness(Freshness),
}

/// Event `snapshot`: every count.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = LiveSnapshot)]
pub(crate) struct Snapshot {
    /// Every record up to this sequence number is counted.
    seq: u64,
    /// H3 resolution of the cells.
    resolution: u8,
    /// Cell as hex text, and complaints in it.
    cells: Vec<(String, u64)>,
    #[serde(flatten)]
    sums: Sums,
}

/// Event `cells`: the new counts of the cells that changed.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = LiveCells)]
pub(crate) struct ChangedCells {
    /// Every record up to this sequence number is counted.
    seq: u64,
    /// Cell as hex text, and complaints in it now.
    cells: Vec<(String, u64)>,
    #[serde(flatten)]
    sums: Sums,
}

/// Event `areas`: the new counts of the areas that changed; after a snapshot, all that have any.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = LiveAreas)]
pub(crate) struct ChangedAreas {
    /// Every record up to this sequence number is counted.
    seq: u64,
    /// The level: the city's largest.
    level: &'static str,
    /// Area id, and complaints in it now.
    areas: Vec<(String, u64)>,
}

/// `total = located + outside + not_located`.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = LiveSums)]
pub(crate) struct Sums {
    /// Complaints that the filter meets.
    total: u64,
    /// In an area of the city's largest level.
    located: u64,
    /// With a position outside of them.
    outside: u64,
    /// Without a position.
    not_located: u64,
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

fn everything(counts: Counts, resolution: u8, level: &'static str) -> [Event; 2] {
    let Counts {
        seq,
        cells,
        areas,
        totals,
    } = counts;
    let mut cells: Vec<_> = cells.into_iter().collect();
    cells.sort_unstable();
    let snapshot = Snapshot {
        seq,
        resolution,
        cells: cells.into_iter().map(shown).collect(),
        sums: totals.into(),
    };
    let areas = ChangedAreas {
        seq,
        level,
        areas: areas.into_iter().collect(),
    };
    [
        event("snapshot", Some(seq), &LiveEvent::Snapshot(snapshot)),
        event("areas", Some(seq), &LiveEvent::Areas(areas)),
    ]
}

fn changed_only(changes: &Changes, level: &'static str) -> Vec<Event> {
    let Changes {
        seq,
        cells,
        areas,
        totals,
    } = changes;
    let cells = ChangedCells {
        seq: *seq,
        cells: cells.iter().copied().map(shown).collect(),
        sums: (*totals).into(),
    };
    let mut events = vec![event("cells", Some(*seq), &LiveEvent::Cells(cells))];
    if !areas.is_empty() {
        let areas = ChangedAreas {
            seq: *seq,
            level,
            areas: areas.clone(),
        };
        events.push(event("areas", Some(*seq), &LiveEvent::Areas(areas)));
    }
    events
}

fn shown((cell, count): (u64, u64)) -> (String, u64) {
    (format!("{cell:x}"), count)
}

fn event(name: &str, seq: Option<u64>, data: &LiveEvent) -> Event {
    let event = Event::default()
        .event(name)
        .json_data(data)
        .expect("numbers and texts have a form in JSON");
    match seq {
        Some(seq) => event.id(seq.to_string()),
        None => event,
    }
}

impl From<Totals> for Sums {
    fn from(totals: Totals) -> Self {
        let Totals {
            total,
            located,
            outside,
            not_located,
        } = totals;
        Self {
            total,
            located,
            outside,
            not_located,
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
