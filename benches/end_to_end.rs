//! The whole product, measured from outside on the synthetic city: import, size of the lake, the map's query, and the time
//! from a pushed complaint to the change on the stream.
//!
//! `cargo bench -p citybrain-benches --bench end_to_end` after a release build. It prints one line a figure, and the machine
//! that it ran on. `CITYBRAIN_BENCH_DAYS` (default 500, of 2,000 complaints) makes the city's history shorter.

#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::string_slice,
    clippy::assigning_clones,
    reason = "a measuring program prints rounded figures, and ends at the first failure"
)]

use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Mutex;
use std::time::{Duration, Instant};

use reqwest::blocking::Client;
use serde_json::{Value, json};

const COMPLAINTS_PER_DAY: u32 = 2_000;
const REQUESTS: usize = 200;
const RECORDS_PER_SECOND: u32 = 500;
const PUSH_FOR: Duration = Duration::from_secs(20);
const SENDERS: u32 = 8;

fn main() {
    // `cargo test --benches` starts every bench once with this flag: there is nothing to measure then.
    if std::env::args().any(|argument| argument == "--test") {
        return;
    }
    machine();
    let scratch = tempfile::tempdir().unwrap();
    let city = repository().join("data/sample-city/city.toml");
    boston(scratch.path());

    let days = std::env::var("CITYBRAIN_BENCH_DAYS").map_or(500, |days| days.parse().unwrap());
    let history = scratch.path().join("history");
    let begin = Instant::now();
    let simulated = citybrain()
        .args([
            "simulate",
            "--seed",
            "1",
            "--sensors",
            "0",
            "--days",
            &u32::to_string(&days),
        ])
        .args([
            "--complaints-per-day",
            &COMPLAINTS_PER_DAY.to_string(),
            "--city",
        ])
        .arg(&city)
        .arg("--out")
        .arg(&history)
        .stdout(Stdio::null())
        .status();
    assert!(simulated.unwrap().success());
    println!(
        "simulate: {:.1} s for {days} days of {COMPLAINTS_PER_DAY} complaints",
        begin.elapsed().as_secs_f64()
    );
    let state = scratch.path().join("state");
    init(&city, &state);
    let file = std::fs::read_dir(&history)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .find(|path| {
            path.file_name()
                .unwrap()
                .to_string_lossy()
                .starts_with("complaints")
        })
        .unwrap();
    let rows = import("simulated complaints", &state, "simulated", &file);
    let bytes = folder_bytes(&state.join("lake/complaints"));
    println!(
        "lake: {:.1} bytes a complaint ({bytes} bytes)",
        bytes as f64 / rows as f64
    );

    let server = Served::start(&state);
    println!(
        "serve: ready after {:.2} s with {rows} complaints",
        server.ready_after.as_secs_f64()
    );
    cells(&server);
    push_to_stream(&server);
}

/// Boston's half year, when it is there.
fn boston(scratch: &Path) {
    let data = repository().join("../shared/data/complaints-boston/boston_311_2011h2.csv.zst");
    if !data.exists() {
        println!("import boston: skipped: no real data");
        return;
    }
    let state = scratch.join("boston");
    init(&repository().join("tests/cities/boston.toml"), &state);
    import("boston 2011 H2", &state, "boston-311", &data);
}

fn import(what: &str, state: &Path, profile: &str, file: &Path) -> u64 {
    let begin = Instant::now();
    let mut child = citybrain()
        .args(["import", "--source", profile, "--state-dir"])
        .arg(state)
        .arg(file)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut out = child.stdout.take().unwrap();
    let reader = std::thread::spawn(move || {
        let mut text = String::new();
        out.read_to_string(&mut text).unwrap();
        text
    });
    let mut peak = 0;
    while child.try_wait().unwrap().is_none() {
        peak = peak.max(peak_memory_kib(child.id()));
        std::thread::sleep(Duration::from_millis(20));
    }
    let elapsed = begin.elapsed().as_secs_f64();
    let summary: Value = serde_json::from_str(&reader.join().unwrap()).unwrap();
    let rows = summary["read"].as_u64().unwrap();
    println!(
        "import {what}: {rows} rows in {elapsed:.2} s, sealed: {:.0} rows/s; peak memory {:.0} MiB; {}",
        rows as f64 / elapsed,
        peak as f64 / 1024.0,
        summary
    );
    rows
}

/// The map's question over the whole history.
fn cells(server: &Served) {
    let url = format!("{}/v1/cells?resolution=9", server.url);
    let client = Client::new();
    let mut times = Vec::new();
    let mut bytes = 0;
    for _ in 0..REQUESTS {
        let begin = Instant::now();
        bytes = client
            .get(&url)
            .send()
            .unwrap()
            .error_for_status()
            .unwrap()
            .bytes()
            .unwrap()
            .len();
        times.push(begin.elapsed());
    }
    println!(
        "GET /v1/cells, all time, resolution 9: {} over {REQUESTS} requests, {bytes} bytes",
        quantiles(times)
    );
}

/// Single complaints at a fixed rate from several senders, and when each is seen on the stream of the page.
fn push_to_stream(server: &Served) {
    let areas: Value = Client::new()
        .get(format!("{}/v1/areas?level=community", server.url))
        .send()
        .unwrap()
        .json()
        .unwrap();
    let points: Vec<(f64, f64)> = areas["areas"]
        .as_array()
        .unwrap()
        .iter()
        .map(|area| (area["lon"].as_f64().unwrap(), area["lat"].as_f64().unwrap()))
        .collect();
    let stream = Client::builder().timeout(None).build().unwrap();
    let stream = stream
        .get(format!("{}/v1/live?resolution=9", server.url))
        .send()
        .unwrap();
    // (when, seq) of each change on the stream; it ends when the server does.
    let seen: &'static Mutex<Vec<(Instant, u64)>> = Box::leak(Box::default());
    std::thread::spawn(move || {
        let mut event = String::new();
        for line in BufReader::new(stream).lines().map_while(Result::ok) {
            if let Some(name) = line.strip_prefix("event:") {
                event = name.trim().to_owned();
            } else if let Some(data) = line.strip_prefix("data:")
                && (event == "cells" || event == "snapshot")
            {
                let data: Value = serde_json::from_str(data).unwrap();
                seen.lock()
                    .unwrap()
                    .push((Instant::now(), data["seq"].as_u64().unwrap()));
            }
        }
    });
    while seen.lock().unwrap().is_empty() {
        std::thread::sleep(Duration::from_millis(10));
    }
    let pause = Duration::from_secs(1) * SENDERS / RECORDS_PER_SECOND;
    let senders: Vec<_> = (0..SENDERS)
        .map(|sender| {
            let (url, points) = (format!("{}/v1/complaints", server.url), points.clone());
            std::thread::spawn(move || {
                let client = Client::new();
                let begin = Instant::now();
                let mut sent = Vec::new();
                for number in 0.. {
                    let due = begin + pause * number;
                    if due.duration_since(begin) > PUSH_FOR {
                        break;
                    }
                    std::thread::sleep(due.saturating_duration_since(Instant::now()));
                    let (lon, lat) = points[(number * SENDERS + sender) as usize % points.len()];
                    let body = json!([{
                        "id": format!("bench-{sender}-{number}"), "source": "bench",
                        "requested_at": "2026-01-01T00:00:00Z", "lon": lon, "lat": lat, "category": "noise"
                    }]);
                    // From the moment it was due: a sender that falls behind must not hide it.
                    let receipt: Value = client.post(&url).json(&body).send().unwrap().error_for_status().unwrap().json().unwrap();
                    sent.push((due, Instant::now(), receipt["seq"].as_u64().unwrap()));
                }
                sent
            })
        })
        .collect();
    let sent: Vec<_> = senders
        .into_iter()
        .flat_map(|sender| sender.join().unwrap())
        .collect();
    std::thread::sleep(Duration::from_secs(2));
    let seen = seen.lock().unwrap();
    let acknowledged = sent
        .iter()
        .map(|(due, answered, _)| answered.saturating_duration_since(*due))
        .collect();
    let visible: Vec<Duration> = sent
        .iter()
        .filter_map(|(due, _, seq)| {
            let at = seen.partition_point(|(_, shown)| shown < seq);
            seen.get(at)
                .map(|(when, _)| when.saturating_duration_since(*due))
        })
        .collect();
    assert_eq!(visible.len(), sent.len(), "every complaint was seen");
    println!(
        "POST /v1/complaints at {RECORDS_PER_SECOND}/s, to the receipt: {} over {} records",
        quantiles(acknowledged),
        sent.len()
    );
    println!(
        "POST /v1/complaints at {RECORDS_PER_SECOND}/s, to the change on the stream: {}",
        quantiles(visible)
    );
}

fn quantiles(mut times: Vec<Duration>) -> String {
    times.sort();
    let at = |share: f64| times[((times.len() - 1) as f64 * share) as usize].as_secs_f64() * 1e3;
    format!("p50 {:.1} ms, p99 {:.1} ms", at(0.5), at(0.99))
}

struct Served {
    child: Child,
    url: String,
    ready_after: Duration,
}

impl Served {
    fn start(state: &Path) -> Self {
        let begin = Instant::now();
        let mut child = citybrain()
            .args(["serve", "--listen", "127.0.0.1:0", "--state-dir"])
            .arg(state)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap())
            .lines()
            .map_while(Result::ok);
        let line = lines.find(|line| line.contains("http://")).unwrap();
        let url = line[line.find("http://").unwrap()..]
            .split_whitespace()
            .next()
            .unwrap()
            .trim_end_matches('/')
            .to_owned();
        Self {
            child,
            url,
            ready_after: begin.elapsed(),
        }
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

fn init(city: &Path, state: &Path) {
    let made = citybrain()
        .args(["init", "--city"])
        .arg(city)
        .arg("--state-dir")
        .arg(state)
        .stdout(Stdio::null())
        .status();
    assert!(made.unwrap().success());
}

fn citybrain() -> Command {
    let binary = std::env::var_os("CITYBRAIN").map_or_else(
        || {
            let bench = std::env::current_exe().unwrap();
            bench.ancestors().nth(2).unwrap().join("citybrain")
        },
        PathBuf::from,
    );
    assert!(
        binary.exists(),
        "{}: build the release binary first",
        binary.display()
    );
    Command::new(binary)
}

fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .unwrap()
        .to_owned()
}

fn peak_memory_kib(process: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.and_then(|line| line.split_whitespace().next())
        .map_or(0, |kib| kib.parse().unwrap_or(0))
}

fn folder_bytes(folder: &Path) -> u64 {
    let entries = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap());
    entries
        .map(|entry| {
            let about = entry.metadata().unwrap();
            if about.is_dir() {
                folder_bytes(&entry.path())
            } else {
                about.len()
            }
        })
        .sum()
}

fn machine() {
    let cpu = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let cpu = cpu
        .lines()
        .find_map(|line| line.strip_prefix("model name"))
        .unwrap_or(": unknown")
        .trim_start_matches([' ', '\t', ':']);
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    let memory = std::fs::read_to_string("/proc/meminfo").unwrap_or_default();
    let memory = memory.lines().next().unwrap_or_default().to_owned();
    println!("machine: {cpu}, {cores} cores, {memory}");
}
