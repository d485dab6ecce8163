//! How much that is written may be on its way at a time. What comes beyond it is told at once to come again, and when.
//!
//! A body counts from its head on: first as what it says of its size, up to [`FIRST_BYTES_MAX`], then as what came of it, so that slow
//! senders take little of the room. It counts as a sixteenth of the room at most, so that sixteen senders of large bodies are never in
//! each other's way; what is durable or refused counts no more.

use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use axum::body::{Body, Bytes, HttpBody};
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderValue, Method, header};
use axum::middleware::Next;
use axum::response::Response;
use hyper::body::{Frame, SizeHint};

use super::gate::refuse;
use crate::config::Config;
use crate::error::HttpError;
use crate::metrics;
use crate::state::AppState;

/// What any request counts at least, bytes.
const BYTES_MIN: usize = 1 << 10;
/// What a request counts at most before its body is there, bytes.
const FIRST_BYTES_MAX: usize = 64 << 10;
/// How much larger than it is sent a packed body is taken to be.
const UNPACKING: usize = 8;
/// Parts of the room of which one body takes one at most.
const PARTS: usize = 16;
/// The rate is measured over about this time.
const RATE_OVER: Duration = Duration::from_secs(1);
/// Longest pause that is asked for, in seconds.
const PAUSE_MAX: f64 = 30.0;

/// The room for what is on its way.
#[derive(Debug)]
pub(crate) struct Intake {
    bytes_max: usize,
    requests_max: usize,
    /// Held to add a few numbers.
    load: Mutex<Load>,
}

#[derive(Debug)]
struct Load {
    bytes: usize,
    requests: usize,
    /// Bytes that were dealt with since `since`.
    done: usize,
    since: Instant,
    /// Bytes a second before that; 0 when nothing is known.
    rate: f64,
}

impl Intake {
    pub(crate) fn new(config: &Config, now: Instant) -> Self {
        Self {
            bytes_max: config.intake_bytes_max,
            requests_max: config.intake_requests_max,
            load: Mutex::new(Load {
                bytes: 0,
                requests: 0,
                done: 0,
                since: now,
                rate: 0.0,
            }),
        }
    }

    fn load(&self) -> MutexGuard<'_, Load> {
        self.load.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What a request counts that takes `bytes`.
    fn weight(&self, bytes: usize) -> usize {
        bytes.min(self.bytes_max / PARTS).max(BYTES_MIN)
    }

    /// A place for a request of about `bytes`; how long to wait when there is none. One request alone always has a place.
    fn place(self: &Arc<Self>, bytes: usize, now: Instant) -> Result<Place, Duration> {
        let weight = self.weight(bytes);
        let mut load = self.load();
        let room =
            load.bytes + weight <= self.bytes_max && load.requests < self.requests_max.max(1);
        if !room && load.requests > 0 {
            return Err(load.pause(now));
        }
        load.bytes += weight;
        load.requests += 1;
        drop(load);
        Ok(Place {
            of: Arc::clone(self),
            weight: Mutex::new(weight),
        })
    }
}

impl Load {
    /// How long what is on its way needs at the present rate.
    #[expect(
        clippy::cast_precision_loss,
        reason = "a pause is told in whole seconds"
    )]
    fn pause(&self, now: Instant) -> Duration {
        let elapsed = now.duration_since(self.since);
        let rate = if elapsed >= RATE_OVER {
            self.done as f64 / elapsed.as_secs_f64()
        } else {
            self.rate
        };
        let seconds = match (rate > 0.0, elapsed >= RATE_OVER) {
            (true, _) => self.bytes as f64 / rate,
            // Nothing is known yet, or nothing moves.
            (false, false) => 1.0,
            (false, true) => elapsed.as_secs_f64(),
        };
        Duration::from_secs_f64(seconds.ceil().clamp(1.0, PAUSE_MAX))
    }

    #[expect(
        clippy::cast_precision_loss,
        reason = "a rate is no more than a good guess"
    )]
    fn end(&mut self, weight: usize, now: Instant) {
        self.bytes -= weight;
        self.requests -= 1;
        self.done += weight;
        let elapsed = now.duration_since(self.since);
        if elapsed >= RATE_OVER {
            self.rate = self.done as f64 / elapsed.as_secs_f64();
            (self.done, self.since) = (0, now);
        }
    }
}

/// The place of one request, given back when it is dropped.
#[derive(Debug)]
struct Place {
    of: Arc<Intake>,
    /// Held to add a number.
    weight: Mutex<usize>,
}

impl Place {
    /// More of the body is there: `bytes` in all.
    fn grow(&self, bytes: usize) {
        let mut weight = self.weight.lock().unwrap_or_else(PoisonError::into_inner);
        let grown = self.of.weight(bytes).max(*weight);
        self.of.load().bytes += grown - *weight;
        *weight = grown;
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let weight = self
            .weight
            .get_mut()
            .unwrap_or_else(PoisonError::into_inner);
        self.of.load().end(*weight, Instant::now());
    }
}

/// Takes a request that writes records when there is room for it, and tells it to come again when not.
pub(crate) async fn admit(
    State(state): State<Arc<AppState>>,
    request: Request,
    next: Next,
) -> Response {
    if !writes(request.method(), request.uri().path()) {
        return next.run(request).await;
    }
    let factor = if request.headers().contains_key(header::CONTENT_ENCODING) {
        UNPACKING
    } else {
        1
    };
    let first = declared(request.headers())
        .saturating_mul(factor)
        .min(FIRST_BYTES_MAX);
    let place = match state.intake.place(first, Instant::now()) {
        Ok(place) => Arc::new(place),
        Err(retry_after) => return full(&request, retry_after),
    };
    let (parts, body) = request.into_parts();
    let body = Body::new(Weighed {
        body,
        bytes: 0,
        factor,
        place: Arc::clone(&place),
    });
    let response = next.run(Request::from_parts(parts, body)).await;
    drop(place);
    response
}

fn full(request: &Request, retry_after: Duration) -> Response {
    metrics::turned_away();
    let error = HttpError::Busy {
        message:
            "more is on its way than can be made durable at once; nothing of this request was kept"
                .to_owned(),
        retry_after,
    };
    let mut response = refuse(request, error);
    let seconds = HeaderValue::from(retry_after.as_secs());
    response.headers_mut().insert(header::RETRY_AFTER, seconds);
    response
}

/// Does the request bring records, or what they belong to?
fn writes(method: &Method, path: &str) -> bool {
    match *method {
        Method::POST => {
            matches!(
                path,
                "/v1/complaints" | "/v1/complaint-events" | "/v1/observations"
            ) || path.starts_with("/open311/")
                || path.starts_with("/sta/")
        }
        Method::PATCH | Method::PUT | Method::DELETE => path.starts_with("/sta/"),
        _ => false,
    }
}

/// The size of the body by its head; of one that does not say it, the most that counts before it is there.
fn declared(headers: &HeaderMap) -> usize {
    let length = headers.get(header::CONTENT_LENGTH);
    let length = length.and_then(|length| length.to_str().ok()?.parse().ok());
    length.unwrap_or_else(|| {
        if headers.contains_key(header::TRANSFER_ENCODING) {
            FIRST_BYTES_MAX
        } else {
            0
        }
    })
}

/// A body that counts as it comes.
struct Weighed {
    body: Body,
    bytes: usize,
    factor: usize,
    place: Arc<Place>,
}

impl HttpBody for Weighed {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        let polled = Pin::new(&mut self.body).poll_frame(context);
        if let Poll::Ready(Some(Ok(frame))) = &polled
            && let Some(data) = frame.data_ref()
        {
            self.bytes = self.bytes.saturating_add(data.len());
            self.place.grow(self.bytes.saturating_mul(self.factor));
        }
        polled
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

#[cfg(test)]
mod tests;
