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
use citybrain_watch::{Detail, Statistic, Window};
use futures::Stream;
use tokio::sync::broadcast;
use tokio::sync::broadcast::error::RecvError;
use tokio::time::{MissedTickBehavior, interval};
use tokio_util::sync::CancellationToken;

use crate::error::HttpError;
use crate::http::filter::FilterParams;
use crate::http::params::Params;
use crate::live::event::{LiveEvent, alerts as alerts_event, event, problem};
use crate::live::{Ask, Freshness, Measure, View};
use crate::problem::Problem;
use crate::routes::alerts::blocking;
use crate::state::AppState;
use crate::{clock, metrics, schema};

/// What changes, as it changes: a stream of events (`text/event-stream`).
///
/// First `snapshot` with every count, then `cells` and `areas` with the new counts of what changed, at most four times a second,
/// `freshness` at once and every two seconds, and `alerts` with those that are open and then those that change. A client that falls behind or comes back is sent a new `snapshot`.
/// With `detail` there are `aligned` and `categories`; of values of sensors `sensors` instead of `areas`. A stream that the server ends says why in `problem`.
#[utoipa::path(
    get, path = "/v1/live", tag = "live",
    params(
        FilterParams,
        ("window" = Option<String>, Query, description = "Only what was made within the last `5min`, `1h`, `24h` or the like (1s to 24h), or `today`; complaints leave the counts as time goes on"),
        ("detail" = Option<String>, Query, description = "With a window: what is counted besides cells and areas, separated by commas: `aligned` (the part of each cell in each area of the city's smallest level), `categories` (each category in each area)"),
        ("measure" = Option<schema::LiveMeasureWord>, Query, description = "`count` (the default) of complaints; or `latest`, `mean`, `max`, `min` of the observations of `property` in the window, per sensor and per cell"),
        ("property" = Option<String>, Query, description = "The observed property"),
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
    params: Params,
) -> Result<Response, HttpError> {
    let ask = ask(&state, params)?;
    let view = state.live.view(ask)?;
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

/// Reads what is asked.
fn ask(state: &AppState, mut params: Params) -> Result<Ask, HttpError> {
    let resolution = state.resolution(&mut params)?;
    let mut window = params.parsed::<Window>("window")?;
    let measure = measure(&mut params)?;
    let has_level = params.has("level");
    let level = level(state, &mut params)?;
    let detail = detail(state, &mut params)?;
    let filter = state.filter(params)?;
    if let Measure::Value { statistic, .. } = &measure {
        let complaints_only = [
            ("category", !filter.categories.is_empty()),
            ("channel", !filter.channels.is_empty()),
            ("status", !filter.statuses.is_empty()),
            ("urgency", !filter.urgencies.is_empty()),
            ("week", filter.week.is_some()),
            ("level", has_level),
            ("detail", detail != Detail::default()),
        ];
        if let Some((name, _)) = complaints_only.iter().find(|(_, is_given)| *is_given) {
            return Err(HttpError::parameter(
                *name,
                "is about complaints: it goes with measure=count",
            ));
        }
        // A value of last week is not the latest: it is none.
        let usual = match statistic {
            Statistic::Latest => "24h",
            _ => "1h",
        };
        window = window.or_else(|| usual.parse().ok());
    }
    if window.is_none() && detail != Detail::default() {
        return Err(HttpError::parameter("detail", "goes with a window"));
    }
    if window.is_some() && (filter.from.is_some() || filter.to.is_some()) {
        return Err(HttpError::parameter("window", "goes without from and to"));
    }
    Ok(Ask {
        filter,
        resolution,
        level,
        window,
        detail,
        measure,
    })
}

/// Reads `measure` and `property`.
fn measure(params: &mut Params) -> Result<Measure, HttpError> {
    let (word, property) = (params.text("measure")?, params.text("property")?);
    let statistics = [
        Statistic::Latest,
        Statistic::Mean,
        Statistic::Max,
        Statistic::Min,
    ];
    match (word.as_deref().unwrap_or("count"), property) {
        ("count", None) => Ok(Measure::Count),
        ("count", Some(_)) => Err(HttpError::parameter(
            "property",
            "goes with measure=latest, mean, max or min",
        )),
        (word, property) => {
            let statistic = statistics.into_iter().find(|known| known.as_str() == word);
            let statistic = statistic.ok_or_else(|| {
                let message = format!("\"{word}\" is not one of count, latest, mean, max, min");
                HttpError::parameter("measure", message)
            })?;
            let property = property
                .ok_or_else(|| HttpError::parameter("property", "is needed: which is measured?"))?;
            Ok(Measure::Value {
                property,
                statistic,
            })
        }
    }
}

/// Reads `detail`.
fn detail(state: &AppState, params: &mut Params) -> Result<Detail, HttpError> {
    let mut detail = Detail::default();
    for word in params
        .text("detail")?
        .iter()
        .flat_map(|words| words.split(','))
    {
        match word {
            "aligned" => {
                let smallest = state.engine.city().levels.last();
                detail.aligned = smallest.map(|level| level.level);
            }
            "categories" => detail.categories = true,
            other => {
                let message = format!("\"{other}\" is not one of aligned, categories");
                return Err(HttpError::parameter("detail", message));
            }
        }
    }
    Ok(detail)
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
/// Why a view ends by itself.
const OVER: &str = "the windows of live views hold more records than they may (live_records); ask for a shorter one, or with a filter";
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
                    () = view.over() => {
                        yield Ok(problem(OVER.to_owned()));
                        return;
                    }
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
