//! What the role `public` is told: sums by whole days, in steps, without SQL.
//!
//! Every count that leaves the server for it, in cells, areas, bins, groups, sums and on the live stream, is the largest multiple of
//! the step (5 by default) that is not above the count. A count below the step is 0 and its cell is left out. Because all numbers
//! are stepped alike, taking one from another tells no more than the steps do. What would let a single complaint be found by moving
//! a border over it is refused: rectangles and cells as filters, instants within a day, rates and means, columns (Arrow).

use axum::body::{Body, to_bytes};
use axum::extract::Request;
use axum::http::{Uri, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use futures::StreamExt;
use serde_json::Value;

use crate::error::HttpError;

/// Lets a request of the role `public` through when it asks for sums that may be told, and steps the counts of the answer.
pub(super) async fn answer(request: Request, next: Next, step: u64) -> Response {
    if let Err(error) = check(request.uri()) {
        return error.into_response();
    }
    let response = next.run(request).await;
    if !response.status().is_success() {
        return response;
    }
    let kind = response
        .headers()
        .get(header::CONTENT_TYPE)
        .and_then(|kind| kind.to_str().ok())
        .unwrap_or_default()
        .to_owned();
    if kind.starts_with("text/event-stream") {
        return response.map(|body| stepped_events(body, step));
    }
    if !kind.starts_with("application/json") {
        // Tiles: outlines, no counts.
        return response;
    }
    changed_json(response, |value| step_all(value, step)).await
}

/// What may be asked: a list of what is known to be safe, so that a parameter that is added later is refused until somebody says so.
fn check(uri: &Uri) -> Result<(), HttpError> {
    let Some(query) = uri.query() else {
        return Ok(());
    };
    for (name, value) in url_pairs(query) {
        let rule = match name.as_str() {
            "category" | "channel" | "status" | "urgency" | "area" | "level" | "resolution"
            | "by" | "limit" | "v" => continue,
            "from" | "to" if is_day(&value) => continue,
            "from" | "to" => "asks by whole days: YYYY-MM-DD",
            "bin" if value != "hour" => continue,
            "bin" => "asks by whole days",
            "measure" if value == "count" => continue,
            "measure" => "is told counts only",
            "format" if value == "json" => continue,
            "format" => "is told JSON only",
            _ => "asks by areas and days only",
        };
        return Err(HttpError::Forbidden(format!(
            "parameter {name}: the role public {rule}"
        )));
    }
    Ok(())
}

fn url_pairs(query: &str) -> Vec<(String, String)> {
    // Whatever cannot be read is refused by the route.
    let uri: Uri = format!("/?{query}").parse().unwrap_or_default();
    axum::extract::Query::try_from_uri(&uri).map_or_else(|_| Vec::new(), |pairs| pairs.0)
}

fn is_day(value: &str) -> bool {
    value.parse::<chrono::NaiveDate>().is_ok()
}

/// Largest answer that is stepped, bytes.
const ANSWER_BYTES_MAX: usize = 256 << 20;

/// An answer in JSON, changed.
pub(super) async fn changed_json(response: Response, change: impl FnOnce(&mut Value)) -> Response {
    let (mut parts, body) = response.into_parts();
    let changed = async {
        let bytes = to_bytes(body, ANSWER_BYTES_MAX)
            .await
            .map_err(HttpError::internal)?;
        let mut value = serde_json::from_slice(&bytes).map_err(HttpError::internal)?;
        change(&mut value);
        serde_json::to_vec(&value).map_err(HttpError::internal)
    };
    match changed.await {
        Ok(text) => {
            parts.headers.remove(header::CONTENT_LENGTH);
            Response::from_parts(parts, Body::from(text))
        }
        Err(error) => error.into_response(),
    }
}

/// The events of the live stream that hold sums.
const EVENTS: [&str; 4] = ["snapshot", "cells", "areas", "freshness"];

/// Each frame of the stream is one whole event.
fn stepped_events(body: Body, step: u64) -> Body {
    Body::from_stream(
        body.into_data_stream().map(move |frame| {
            frame.map(|bytes| stepped_event(&String::from_utf8_lossy(&bytes), step))
        }),
    )
}

/// An event with its counts in steps; nothing for one that is not known to hold sums alone.
fn stepped_event(text: &str, step: u64) -> String {
    let name = text.lines().find_map(|line| line.strip_prefix("event:"));
    if name.is_some_and(|name| !EVENTS.contains(&name.trim())) {
        return String::new();
    }
    let mut out = String::with_capacity(text.len());
    for line in text.split_inclusive('\n') {
        let Some(data) = line.strip_prefix("data:") else {
            out.push_str(line);
            continue;
        };
        // Data without a name, and half an event, should a frame ever hold one, must not be told.
        if let (Some(_), Ok(mut value)) = (name, serde_json::from_str::<Value>(data.trim())) {
            step_all(&mut value, step);
            out.push_str("data: ");
            out.push_str(&value.to_string());
            out.push('\n');
        }
    }
    out
}

/// Members that are counts, whatever they lie in.
const COUNTS: [&str; 10] = [
    "per_minute",
    "value",
    "records",
    "area_only",
    "total",
    "located",
    "outside",
    "not_located",
    "other",
    "complaints",
];
/// Members that are lists of pairs: a name and a count.
const PAIRS: [&str; 3] = ["cells", "areas", "series"];

fn step_all(value: &mut Value, step: u64) {
    match value {
        Value::Object(members) => {
            members.retain(|name, _| name != "sql" && name != "feeds");
            for (name, member) in members {
                if COUNTS.contains(&name.as_str()) && member.is_number() {
                    *member = stepped(member, step);
                } else if PAIRS.contains(&name.as_str()) && is_pairs(member) {
                    step_pairs(member, step, name == "cells");
                } else {
                    step_all(member, step);
                }
            }
        }
        Value::Array(items) => {
            for item in items {
                step_all(item, step);
            }
        }
        _ => {}
    }
}

fn is_pairs(value: &Value) -> bool {
    value
        .as_array()
        .is_some_and(|items| items.iter().all(Value::is_array))
}

fn step_pairs(value: &mut Value, step: u64, are_cells: bool) {
    let Some(pairs) = value.as_array_mut() else {
        return;
    };
    for pair in pairs.iter_mut() {
        if let Some(count) = pair.get_mut(1) {
            *count = stepped(count, step);
        }
    }
    if are_cells {
        // Which cells have a count below the step would tell where somebody lives.
        pairs.retain(|pair| pair.get(1).is_some_and(|count| count.as_u64() != Some(0)));
    }
}

/// The largest multiple of `step` that is not above the count.
fn stepped(count: &Value, step: u64) -> Value {
    let step = step.max(1);
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a count is whole and not negative; a float that is none becomes 0"
    )]
    let whole = count
        .as_u64()
        .or_else(|| count.as_f64().map(|count| count as u64))
        .unwrap_or(0);
    Value::from(whole / step * step)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn every_count_is_told_in_steps_and_small_ones_are_not() {
        let mut value = json!({
            "seq": 17, "resolution": 9, "cells": [["a", 4], ["b", 5.0], ["c", 14]], "total": 23, "located": 23,
            "areas": [{"id": "x", "value": 4.0, "records": 4, "population": 12345.0}], "sql": "SELECT 1",
        });
        step_all(&mut value, 5);
        assert_eq!(
            value,
            json!({
                "seq": 17, "resolution": 9, "cells": [["b", 5], ["c", 10]], "total": 20, "located": 20,
                "areas": [{"id": "x", "value": 0, "records": 0, "population": 12345.0}],
            })
        );
    }

    #[test]
    fn of_the_stream_only_sums_are_told() {
        let event = |text| stepped_event(text, 5);
        assert_eq!(
            event("event: cells\ndata: {\"seq\":3,\"cells\":[[\"a\",7],[\"b\",4]]}\nid: 3\n\n"),
            "event: cells\ndata: {\"seq\":3,\"cells\":[[\"a\",5]]}\nid: 3\n\n"
        );
        assert_eq!(event("event: alerts\ndata: {\"count\":1}\n\n"), "");
        assert!(!event("data: {\"total\":17}\n\n").contains("17"));
        assert_eq!(event(":\n\n"), ":\n\n");
    }

    #[test]
    fn borders_of_ones_own_are_refused() {
        let ask = |query: &str| check(&format!("/v1/cells?{query}").parse().unwrap());
        for refused in [
            "bbox=1,2,3,4",
            "cell=89",
            "from=2026-01-01T00:00:00Z",
            "to=2026-01-01T12%3A00%3A00Z",
            "measure=mean&property=x",
            "format=arrow",
            "bin=hour",
            "window=1h",
            "something=new",
        ] {
            assert!(ask(refused).is_err(), "{refused}");
        }
        for told in [
            "from=2026-01-01&to=2026-02-01",
            "measure=count",
            "category=noise&resolution=8",
        ] {
            assert!(ask(told).is_ok(), "{told}");
        }
    }
}
