//! Every answer says by which boundaries its records are placed, and how old the data are.

use std::fmt::Write;
use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::{HeaderName, HeaderValue};
use axum::middleware::Next;
use axum::response::Response;
use chrono::SecondsFormat;

use crate::clock;
use crate::state::AppState;

/// The name of the boundaries in use, as `/v1/city` gives it.
const BOUNDARIES: HeaderName = HeaderName::from_static("x-citybrain-boundary-version");

/// When the last record was taken in, RFC 3339.
const RECEIVED_AT: HeaderName = HeaderName::from_static("x-citybrain-received-at");
/// Seconds since the last record of each feed: `feed=12, other=3`, at most 32; names in percent encoding.
const FEED_AGES: HeaderName = HeaderName::from_static("x-citybrain-feed-ages");
const FEEDS_MAX: usize = 32;

/// How old the data are.
fn freshness(state: &AppState) -> (Option<HeaderValue>, Option<HeaderValue>) {
    let pulse = state.pulse();
    let received_at = pulse
        .received_at()
        .and_then(|at| HeaderValue::try_from(at.to_rfc3339_opts(SecondsFormat::Millis, true)).ok());
    let mut ages = String::new();
    for (source, age) in pulse.ages(clock::now()).take(FEEDS_MAX) {
        let name = percent(source);
        let comma = if ages.is_empty() { "" } else { ", " };
        write!(ages, "{comma}{name}={age}").expect("writing to a text cannot fail");
    }
    let ages = (!ages.is_empty())
        .then(|| HeaderValue::try_from(ages).ok())
        .flatten();
    (received_at, ages)
}

/// Sets the headers on every answer of the API and of the tiles.
pub(crate) async fn set_header(
    State(state): State<Arc<AppState>>,
    request: Request,
    next: Next,
) -> Response {
    let version = state.engine.city().boundary_version();
    let mut response = next.run(request).await;
    let (received_at, ages) = freshness(&state);
    if let Some(received_at) = received_at {
        response.headers_mut().insert(RECEIVED_AT, received_at);
    }
    if let Some(ages) = ages {
        response.headers_mut().insert(FEED_AGES, ages);
    }
    let value = HeaderValue::try_from(version).expect("a date and hex digits are a header");
    response.headers_mut().insert(BOUNDARIES, value);
    response
}

/// The name in percent encoding: letters, digits, `-`, `_`, `.` and `:` stay.
fn percent(name: &str) -> String {
    let mut text = String::with_capacity(name.len());
    for byte in name.bytes() {
        if byte.is_ascii_alphanumeric() || b"-_.:".contains(&byte) {
            text.push(char::from(byte));
        } else {
            write!(text, "%{byte:02X}").expect("writing to a text cannot fail");
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::percent;

    #[test]
    fn a_feed_of_any_name_fits_into_a_header() {
        assert_eq!(percent("city-311.a"), "city-311.a");
        assert_eq!(percent("热线 1"), "%E7%83%AD%E7%BA%BF%201");
    }
}
