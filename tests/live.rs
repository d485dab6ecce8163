//! Promise P5: what is accepted is seen, on the stream, as a change of just the cells it lies in.

use std::io::{BufRead, BufReader};
use std::time::{Duration, Instant};

use citybrain_tests::Server;
use serde_json::{Value, json};

use crate::import::small_state;

/// The next event of this name on a stream of server-sent events.
fn next(lines: &mut impl Iterator<Item = String>, name: &str) -> Value {
    let patience = Instant::now();
    let mut event = String::new();
    for line in lines {
        assert!(
            patience.elapsed() < Duration::from_secs(30),
            "no {name} event in time"
        );
        if let Some(this) = line.strip_prefix("event:") {
            event = this.trim().to_owned();
        } else if let (Some(data), true) = (line.strip_prefix("data:"), event == name) {
            return serde_json::from_str(data.trim()).unwrap();
        }
    }
    panic!("the stream ended before an event {name}");
}

fn complaint(id: &str, lon: f64) -> Value {
    json!([{"id": id, "source": "test", "requested_at": "2024-05-01T08:00:00Z", "lon": lon, "lat": 0.5, "category": "noise"}])
}

#[test]
fn a_pushed_complaint_changes_its_cell_on_the_stream_and_no_other() {
    let state = small_state();
    let server = Server::start(state.path());
    server.post_json("/v1/complaints", &complaint("1", 0.25));
    server.post_json("/v1/complaints", &complaint("2", 0.75));
    let stream = reqwest::blocking::Client::builder()
        .timeout(None)
        .build()
        .unwrap();
    let stream = stream
        .get(format!("{}/v1/live?resolution=9", server.url()))
        .send()
        .unwrap();
    assert_eq!(stream.headers()["content-type"], "text/event-stream");
    let mut lines = BufReader::new(stream).lines().map_while(Result::ok);
    let snapshot = next(&mut lines, "snapshot");
    assert_eq!(snapshot["cells"].as_array().unwrap().len(), 2);
    assert_eq!(snapshot["total"], 2);

    let receipt = server.post_json("/v1/complaints", &complaint("3", 0.25));
    let delta = next(&mut lines, "cells");
    assert!(delta["seq"].as_u64() >= receipt["seq"].as_u64());
    let changed = delta["cells"].as_array().unwrap();
    assert_eq!(changed.len(), 1, "one cell changed: {delta}");
    assert_eq!(changed[0][1], 2, "its new value is given");
    assert!(
        snapshot["cells"]
            .as_array()
            .unwrap()
            .iter()
            .any(|cell| cell[0] == changed[0][0])
    );
    let answer = server.get("/v1/cells?resolution=9");
    assert!(
        answer["cells"].as_array().unwrap().contains(&changed[0]),
        "the map and the stream agree"
    );

    // A complaint that changes its place leaves one cell and enters another.
    server.post_json("/v1/complaints", &complaint("3", 0.75));
    let moved = next(&mut lines, "cells");
    let mut values: Vec<u64> = moved["cells"]
        .as_array()
        .unwrap()
        .iter()
        .map(|cell| cell[1].as_u64().unwrap())
        .collect();
    values.sort_unstable();
    assert_eq!(values, [1, 2], "{moved}");
    assert_eq!(moved["total"], 3);
}

#[test]
fn the_stream_says_how_fresh_it_is() {
    let state = small_state();
    let server = Server::start(state.path());
    let stream = server.response("/v1/live");
    let mut lines = BufReader::new(stream).lines().map_while(Result::ok);
    let freshness = next(&mut lines, "freshness");
    assert!(freshness["server_time"].is_string(), "{freshness}");
}

#[test]
fn windows_are_whole_again_after_the_server_was_killed() {
    let state = small_state();
    let server = Server::start(state.path());
    let made = |id: u32, minutes: i64, category: &str| {
        let at = crate::alerts::now() - chrono::TimeDelta::minutes(minutes);
        json!([{"id": id.to_string(), "source": "test", "requested_at": at.to_rfc3339(), "lon": 0.25, "lat": 0.5, "category": category}])
    };
    // Late, twice, corrected, withdrawn from what is asked; one is too old.
    for (id, minutes, category) in [
        (1, 30, "noise"),
        (2, 90, "noise"),
        (1, 30, "noise"),
        (3, 1, "noise"),
        (4, 5, "noise"),
        (3, 1, "water"),
    ] {
        server.post_json("/v1/complaints", &made(id, minutes, category));
    }
    let totals = |server: &Server| {
        ["1h", "24h"].map(|window| {
            let stream = server.response(&format!("/v1/live?window={window}&category=noise"));
            let mut lines = BufReader::new(stream).lines().map_while(Result::ok);
            next(&mut lines, "snapshot")["total"].as_u64().unwrap()
        })
    };
    assert_eq!(totals(&server), [2, 3]);
    server.kill();
    let server = Server::start(state.path());
    assert_eq!(totals(&server), [2, 3]);
    let stream = server.response("/v1/live?window=1h&category=noise");
    let mut lines = BufReader::new(stream).lines().map_while(Result::ok);
    assert_eq!(next(&mut lines, "snapshot")["total"], 2);
    server.post_json("/v1/complaints", &made(5, 2, "noise"));
    assert_eq!(next(&mut lines, "cells")["total"], 3);
}
