//! What a page of observations costs over SensorThings when there are many: the first one, one in the middle by its link, behind a `$skip`, of
//! a time window, and the count. Needs the release build (`CITYBRAIN`, or beside this program). Everything stays on loopback and ends by itself.
//!
//! `paging [OBSERVATIONS] [STATE_DIR]`: a state directory that has observations already is asked as it is.

#![expect(
    clippy::print_stdout,
    clippy::unwrap_used,
    clippy::panic,
    clippy::cast_precision_loss,
    clippy::cast_possible_wrap,
    reason = "a tool for people that ends at its first fault"
)]

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use arrow_array::{ArrayRef, Float64Array, RecordBatch, StringArray, TimestampMicrosecondArray};
use chrono::{DateTime, SecondsFormat};
use citybrain_benches::Server;
use reqwest::blocking::Client;
use serde_json::Value;

/// Datastreams; each has a value a second.
const STREAMS: u64 = 500;
/// Rows of a body.
const ROWS: u64 = 50_000;
/// Rows of a page.
const PAGE: usize = 100;
/// How often each page is asked for.
const ROUNDS: usize = 21;
/// The first instant: 2026-01-01, s since 1970.
const BEGIN: i64 = 1_767_225_600;

fn main() {
    let mut arguments = std::env::args().skip(1);
    let wanted: u64 = arguments
        .next()
        .map_or(1_000_000, |text| text.parse().unwrap());
    let scratch = tempfile::tempdir().unwrap();
    let state = arguments
        .next()
        .map_or_else(|| scratch.path().join("state"), PathBuf::from);
    let asked = Asked::start(scratch.path(), &state);
    let mut there = asked.server.observations();
    if there == 0 {
        let begin = Instant::now();
        asked.load(wanted);
        there = asked.server.observations();
        println!("loaded in {:.0} s", begin.elapsed().as_secs_f64());
    }
    let seconds = there / STREAMS;
    println!("{there} observations of {STREAMS} datastreams, {seconds} s of each");
    // The engine registers the datastreams when somebody asks first.
    let begin = Instant::now();
    let first = asked.get("/sta/v1.1/Datastreams?$top=1");
    println!("datastreams after a start: {:.0} ms", ms(begin));
    let stream = first["value"][0]["@iot.id"].clone();
    let middle = at(seconds / 2);

    let ask = |name: &str, path: &str| {
        let mut times: Vec<f64> = Vec::with_capacity(ROUNDS);
        let mut rows = 0;
        for _ in 0..ROUNDS {
            let begin = Instant::now();
            let page = asked.get(path);
            times.push(ms(begin));
            rows = page["value"].as_array().map_or(0, Vec::len);
        }
        let slowest_first = times[0];
        times.sort_by(f64::total_cmp);
        println!(
            "{name}: p50 {:.1} ms, at most {:.1} ms, the first time {slowest_first:.1} ms ({rows} rows)",
            times[ROUNDS / 2],
            times[ROUNDS - 1]
        );
    };
    ask("first page", &format!("/sta/v1.1/Observations?$top={PAGE}"));
    ask(
        "first page of one datastream",
        &format!("/sta/v1.1/Datastreams({stream})/Observations?$top={PAGE}"),
    );
    let newest = "$orderby=phenomenonTime%20desc";
    ask(
        "its newest page",
        &format!("/sta/v1.1/Datastreams({stream})/Observations?$top={PAGE}&{newest}"),
    );
    ask(
        "newest page of all",
        &format!("/sta/v1.1/Observations?$top={PAGE}&{newest}"),
    );
    // The link behind a page in the middle leads on by its key alone, whatever lies before it.
    let page = asked.get(&format!(
        "/sta/v1.1/Observations?$top={PAGE}&$orderby=phenomenonTime&$filter=phenomenonTime%20ge%20{middle}"
    ));
    let next = page["@iot.nextLink"].as_str().unwrap();
    let (_, next) = next.split_once("/sta/v1.1/").unwrap();
    ask(
        "page behind a link in the middle of time",
        &format!("/sta/v1.1/{next}"),
    );
    let mut link = format!("/sta/v1.1/Datastreams({stream})/Observations?$top={PAGE}");
    for _ in 0..20 {
        let page = asked.get(&link);
        let Some(next) = page["@iot.nextLink"].as_str() else {
            break;
        };
        let (_, next) = next.split_once("/sta/v1.1/").unwrap();
        link = format!("/sta/v1.1/{next}");
    }
    ask("twentieth page of one datastream by links", &link);
    ask(
        "behind a $skip of 10,000",
        &format!("/sta/v1.1/Observations?$top={PAGE}&$skip=10000"),
    );
    let until = at(seconds / 2 + 60);
    let window =
        format!("$filter=phenomenonTime%20ge%20{middle}%20and%20phenomenonTime%20lt%20{until}");
    ask(
        "a minute in the middle",
        &format!("/sta/v1.1/Observations?$top={PAGE}&{window}"),
    );
    ask(
        "an hour of one datastream, counted",
        &format!(
            "/sta/v1.1/Datastreams({stream})/Observations?$top={PAGE}&$count=true&$filter=phenomenonTime%20ge%20{middle}%20and%20phenomenonTime%20lt%20{}",
            at(seconds / 2 + 3600)
        ),
    );
    ask(
        "first page with $count",
        &format!("/sta/v1.1/Observations?$top={PAGE}&$count=true"),
    );
}

fn ms(begin: Instant) -> f64 {
    begin.elapsed().as_secs_f64() * 1e3
}

/// The instant of that second.
fn at(second: u64) -> String {
    let at = DateTime::from_timestamp(BEGIN + second as i64, 0).unwrap();
    at.to_rfc3339_opts(SecondsFormat::Secs, true)
}

/// Rows from `first` on as an Arrow IPC stream.
fn body(first: u64, until: u64) -> Vec<u8> {
    let rows = first..until;
    let text = |value: fn(u64) -> String| -> ArrayRef {
        Arc::new(StringArray::from_iter_values(rows.clone().map(value)))
    };
    let times = rows
        .clone()
        .map(|n| (BEGIN + (n / STREAMS) as i64) * 1_000_000);
    let columns: [(&str, ArrayRef); 5] = [
        ("datastream", text(|n| format!("{}/noise", n % STREAMS))),
        ("sensor", text(|n| (n % STREAMS).to_string())),
        ("property", text(|_| "sound".to_owned())),
        (
            "phenomenon_time",
            Arc::new(TimestampMicrosecondArray::from_iter_values(times).with_timezone("UTC")),
        ),
        (
            "result",
            Arc::new(Float64Array::from_iter_values(
                rows.clone().map(|n| (40 + n % 50) as f64),
            )),
        ),
    ];
    let batch = RecordBatch::try_from_iter(columns).unwrap();
    let mut out = Vec::new();
    let mut writer = arrow_ipc::writer::StreamWriter::try_new(&mut out, &batch.schema()).unwrap();
    writer.write(&batch).unwrap();
    writer.finish().unwrap();
    drop(writer);
    out
}

/// The server and who asks it.
struct Asked {
    server: Server,
    client: Client,
}

impl Asked {
    fn start(dir: &Path, state: &Path) -> Self {
        let client = Client::builder().timeout(Duration::from_mins(10)).build();
        Self {
            server: Server::start(dir, state, None),
            client: client.unwrap(),
        }
    }

    fn load(&self, wanted: u64) {
        let next = AtomicU64::new(0);
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    loop {
                        let first = next.fetch_add(ROWS, Ordering::Relaxed);
                        if first >= wanted {
                            return;
                        }
                        self.send(&body(first, (first + ROWS).min(wanted)));
                    }
                });
            }
        });
    }

    fn send(&self, body: &[u8]) {
        loop {
            let answer = self
                .client
                .post(format!("{}/v1/observations", self.server.url()))
                .header("Content-Type", "application/vnd.apache.arrow.stream")
                .body(body.to_vec())
                .send()
                .unwrap();
            match answer.status().as_u16() {
                200 => return,
                429 => std::thread::sleep(Duration::from_secs(1)),
                status => panic!("{status}: {}", answer.text().unwrap()),
            }
        }
    }

    fn get(&self, path: &str) -> Value {
        let answer = self
            .client
            .get(format!("{}{path}", self.server.url()))
            .send();
        let answer = answer.unwrap();
        let status = answer.status();
        let text = answer.text().unwrap();
        assert!(status.is_success(), "{path}: {status} {text}");
        serde_json::from_str(&text).unwrap()
    }
}
