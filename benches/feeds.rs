//! How much comes in over HTTP in a second, durable and queryable when it is acknowledged: observations as NDJSON, as Arrow IPC, one by one, and
//! over SensorThings; and what becomes of a server that is sent three times what it can take. Needs the release build (`CITYBRAIN`, or beside
//! this program). Everything stays on loopback and ends by itself.
//!
//! `feeds ndjson|arrow|single|sensorthings|overload [SECONDS]`

#![expect(
    clippy::print_stdout,
    clippy::unwrap_used,
    clippy::panic,
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a tool for people that ends at its first fault"
)]

use std::fmt::Write as _;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use arrow_array::{ArrayRef, Float64Array, RecordBatch, StringArray, TimestampMicrosecondArray};
use citybrain_benches::Server;

/// Rows of a batch.
const ROWS: u64 = 1_000;
/// The first instant: 2026-01-01, ms since 1970.
const BEGIN: u64 = 1_767_225_600_000;

fn main() {
    let mut arguments = std::env::args().skip(1);
    let mode = arguments.next().unwrap_or_else(|| "ndjson".to_owned());
    let seconds = arguments.next().map_or(30, |text| text.parse().unwrap());
    let dir = tempfile::tempdir().unwrap();
    let server = Server::start(dir.path(), &dir.path().join("state"), None);
    let (connections, body): (u64, Body) = match mode.as_str() {
        "ndjson" => (8, Body::Ndjson),
        "arrow" => (8, Body::Arrow),
        "single" => (64, Body::Single),
        "sensorthings" => (8, Body::SensorThings(datastreams(&server))),
        "overload" => (128, Body::Ndjson),
        other => panic!("{other}: ndjson, arrow, single, sensorthings or overload"),
    };
    let load = Load::run(&server, connections, &body, Duration::from_secs(seconds));
    let rate = load.rows as f64 / load.took;
    let mut latencies = load.latencies;
    latencies.sort_by(f64::total_cmp);
    let at = |share: f64| latencies[((latencies.len() - 1) as f64 * share) as usize] * 1e3;
    println!(
        "{mode}, {connections} connections, {:.0} s: {rate:.0} rows/s ({} rows), answered in p50 {:.1} ms, p99 {:.1} ms; refused {} times (429); memory of the server at its most, by fifths of the time: {} MiB",
        load.took,
        load.rows,
        at(0.5),
        at(0.99),
        load.refused,
        load.memory
            .iter()
            .map(u64::to_string)
            .collect::<Vec<_>>()
            .join(", "),
    );
    let recovered = Instant::now();
    let mut one = Connection::open(&server);
    one.post(
        "/v1/observations",
        "application/json",
        &single(u64::MAX >> 20, 0),
    );
    println!(
        "a request right after it was answered in {:.3} s",
        recovered.elapsed().as_secs_f64()
    );
    let kept = server.observations();
    assert_eq!(kept, load.rows + 1, "every acknowledged row is there once");
    println!("{kept} rows are there, each once");
}

/// What is sent.
enum Body {
    Ndjson,
    Arrow,
    Single,
    SensorThings(Vec<u64>),
}

/// Rows from `first` on, of connection `of`.
fn ndjson(first: u64, of: u64) -> Vec<u8> {
    let mut text = String::with_capacity(200 * ROWS as usize);
    for n in first..first + ROWS {
        let (sensor, at) = (n % 500, BEGIN + n / 500 * 1000);
        writeln!(
            text,
            "{{\"datastream\":\"{of}-{sensor}/noise\",\"sensor\":\"{of}-{sensor}\",\"property\":\"sound\",\"unit\":\"dB\",\"phenomenon_time\":\"{}\",\"result\":{}.5,\"lon\":0.{sensor:03},\"lat\":0.5}}",
            rfc3339(at),
            40 + n % 50,
        )
        .unwrap();
    }
    text.into_bytes()
}

fn single(n: u64, of: u64) -> Vec<u8> {
    format!(
        "{{\"datastream\":\"{of}/noise\",\"property\":\"sound\",\"unit\":\"dB\",\"phenomenon_time\":\"{}\",\"result\":{}.5,\"lon\":0.25,\"lat\":0.5}}",
        rfc3339(BEGIN + n % 1_000_000_000),
        40 + n % 50
    )
    .into_bytes()
}

fn arrow(first: u64, of: u64) -> Vec<u8> {
    let rows = first..first + ROWS;
    let sensor = |n: u64| format!("{of}-{}", n % 500);
    let text = |values: Vec<String>| -> ArrayRef { Arc::new(StringArray::from(values)) };
    let times = rows
        .clone()
        .map(|n| ((BEGIN + n / 500 * 1000) * 1000).cast_signed());
    let times = TimestampMicrosecondArray::from_iter_values(times).with_timezone("UTC");
    let columns: [(&str, ArrayRef); 8] = [
        (
            "datastream",
            text(rows.clone().map(|n| sensor(n) + "/noise").collect()),
        ),
        ("sensor", text(rows.clone().map(sensor).collect())),
        (
            "property",
            text(rows.clone().map(|_| "sound".to_owned()).collect()),
        ),
        (
            "unit",
            text(rows.clone().map(|_| "dB".to_owned()).collect()),
        ),
        ("phenomenon_time", Arc::new(times)),
        (
            "result",
            Arc::new(
                rows.clone()
                    .map(|n| Some((40 + n % 50) as f64))
                    .collect::<Float64Array>(),
            ),
        ),
        (
            "lon",
            Arc::new(
                rows.clone()
                    .map(|n| Some((n % 500) as f64 / 1000.0))
                    .collect::<Float64Array>(),
            ),
        ),
        (
            "lat",
            Arc::new(rows.map(|_| Some(0.5)).collect::<Float64Array>()),
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

fn sensorthings(first: u64, datastream: u64) -> Vec<u8> {
    let mut text = format!(
        "[{{\"Datastream\":{{\"@iot.id\":{datastream}}},\"components\":[\"phenomenonTime\",\"result\"],\"dataArray\":["
    );
    for n in first..first + ROWS {
        let comma = if n > first { "," } else { "" };
        write!(
            text,
            "{comma}[\"{}\",{}.5]",
            rfc3339(BEGIN + n * 100),
            40 + n % 50
        )
        .unwrap();
    }
    (text + "]}]").into_bytes()
}

/// An instant, ms since 1970, by the civil calendar (Hinnant's `civil_from_days`).
fn rfc3339(ms: u64) -> String {
    let (days, rest) = (ms / 86_400_000 + 719_468, ms % 86_400_000);
    let era = days / 146_097;
    let doe = days % 146_097;
    let yoe = (doe - doe / 1460 + doe / 36_524 - doe / 146_096) / 365;
    let doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
    let mp = (5 * doy + 2) / 153;
    let (day, month) = (
        doy - (153 * mp + 2) / 5 + 1,
        if mp < 10 { mp + 3 } else { mp - 9 },
    );
    let year = yoe + era * 400 + u64::from(month <= 2);
    format!(
        "{year:04}-{month:02}-{day:02}T{:02}:{:02}:{:02}.{:03}Z",
        rest / 3_600_000,
        rest / 60_000 % 60,
        rest / 1000 % 60,
        rest % 1000
    )
}

/// What came of a load.
struct Load {
    rows: u64,
    refused: u64,
    took: f64,
    latencies: Vec<f64>,
    memory: Vec<u64>,
}

impl Load {
    fn run(server: &Server, connections: u64, body: &Body, time: Duration) -> Self {
        let (rows, refused, stop) = (AtomicU64::new(0), AtomicU64::new(0), AtomicBool::new(false));
        let start = Instant::now();
        let (latencies, memory) = std::thread::scope(|scope| {
            let senders: Vec<_> = (0..connections)
                .map(|of| {
                    let (rows, refused, stop) = (&rows, &refused, &stop);
                    scope.spawn(move || {
                        let mut connection = Connection::open(server);
                        let (mut next, mut latencies) = (0, Vec::new());
                        while !stop.load(Ordering::Relaxed) {
                            let (path, kind, sent, bytes) = match body {
                                Body::Ndjson => (
                                    "/v1/observations",
                                    "application/x-ndjson",
                                    ROWS,
                                    ndjson(next, of),
                                ),
                                Body::Arrow => (
                                    "/v1/observations",
                                    "application/vnd.apache.arrow.stream",
                                    ROWS,
                                    arrow(next, of),
                                ),
                                Body::Single => {
                                    ("/v1/observations", "application/json", 1, single(next, of))
                                }
                                Body::SensorThings(ids) => (
                                    "/sta/v1.1/CreateObservations",
                                    "application/json",
                                    ROWS,
                                    sensorthings(next, ids[usize::try_from(of).unwrap()]),
                                ),
                            };
                            let begin = Instant::now();
                            let status = connection.post(path, kind, &bytes);
                            latencies.push(begin.elapsed().as_secs_f64());
                            match status {
                                200 | 201 => {
                                    next += sent;
                                    rows.fetch_add(sent, Ordering::Relaxed);
                                }
                                429 => {
                                    refused.fetch_add(1, Ordering::Relaxed);
                                    // Against the rules of good behaviour: it is to be too much.
                                    std::thread::sleep(Duration::from_millis(20));
                                }
                                status => panic!("{status}"),
                            }
                        }
                        latencies
                    })
                })
                .collect();
            let mut memory = vec![0; 5];
            while start.elapsed() < time {
                let fifth = (start.elapsed().as_secs_f64() / time.as_secs_f64() * 5.0) as usize;
                memory[fifth.min(4)] = memory[fifth.min(4)].max(resident(server));
                std::thread::sleep(Duration::from_millis(200));
            }
            stop.store(true, Ordering::Relaxed);
            let all = senders
                .into_iter()
                .flat_map(|sender| sender.join().unwrap());
            (all.collect(), memory)
        });
        Self {
            rows: rows.into_inner(),
            refused: refused.into_inner(),
            took: start.elapsed().as_secs_f64(),
            latencies,
            memory,
        }
    }
}

/// A connection that stays.
struct Connection {
    stream: BufReader<TcpStream>,
    host: String,
}

impl Connection {
    fn open(server: &Server) -> Self {
        let stream = TcpStream::connect(server.host()).unwrap();
        stream.set_nodelay(true).unwrap();
        Self {
            stream: BufReader::new(stream),
            host: server.host().to_owned(),
        }
    }

    /// Sends a body; the status of the answer.
    fn post(&mut self, path: &str, kind: &str, body: &[u8]) -> u16 {
        self.send(path, kind, body).0
    }

    fn send(&mut self, path: &str, kind: &str, body: &[u8]) -> (u16, Vec<u8>) {
        let head = format!(
            "POST {path} HTTP/1.1\r\nHost: {}\r\nContent-Type: {kind}\r\nContent-Length: {}\r\n\r\n",
            self.host,
            body.len()
        );
        let stream = self.stream.get_mut();
        stream.write_all(&[head.as_bytes(), body].concat()).unwrap();
        let (mut line, mut status, mut length, mut chunked) = (String::new(), 0, 0, false);
        loop {
            line.clear();
            self.stream.read_line(&mut line).unwrap();
            let text = line.trim_end();
            if text.is_empty() {
                break;
            }
            if status == 0 {
                status = text.split(' ').nth(1).unwrap().parse().unwrap();
            }
            let lower = text.to_ascii_lowercase();
            if let Some(value) = lower.strip_prefix("content-length:") {
                length = value.trim().parse().unwrap();
            }
            chunked |= lower == "transfer-encoding: chunked";
        }
        let mut answer = vec![0; length];
        self.stream.read_exact(&mut answer).unwrap();
        while chunked {
            line.clear();
            self.stream.read_line(&mut line).unwrap();
            let size = usize::from_str_radix(line.trim(), 16).unwrap();
            let mut chunk = vec![0; size + 2];
            self.stream.read_exact(&mut chunk).unwrap();
            answer.extend_from_slice(&chunk[..size]);
            chunked = size > 0;
        }
        (status, answer)
    }
}

/// Eight datastreams over SensorThings.
fn datastreams(server: &Server) -> Vec<u64> {
    let mut connection = Connection::open(server);
    (0..8)
        .map(|n| {
            let thing = format!(
                "{{\"name\":\"t{n}\",\"description\":\"t\",\"Locations\":[{{\"name\":\"l\",\"description\":\"l\",\"encodingType\":\"application/geo+json\",\"location\":{{\"type\":\"Point\",\"coordinates\":[0.25,0.5]}}}}],\"Datastreams\":[{{\"name\":\"d{n}\",\"description\":\"d\",\"observationType\":\"http://www.opengis.net/def/observationType/OGC-OM/2.0/OM_Measurement\",\"unitOfMeasurement\":{{\"name\":\"dB\",\"symbol\":\"dB\",\"definition\":\"ucum:dB\"}},\"Sensor\":{{\"name\":\"s\",\"description\":\"s\",\"encodingType\":\"text/plain\",\"metadata\":\"s\"}},\"ObservedProperty\":{{\"name\":\"p\",\"description\":\"p\",\"definition\":\"p\"}}}}]}}"
            );
            assert_eq!(connection.post("/sta/v1.1/Things", "application/json", thing.as_bytes()), 201);
            n + 1
        })
        .collect()
}

/// Memory that the server holds, MiB.
fn resident(server: &Server) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{}/status", server.id())).unwrap();
    let line = status
        .lines()
        .find(|line| line.starts_with("VmRSS:"))
        .unwrap();
    line.split_whitespace()
        .nth(1)
        .unwrap()
        .parse::<u64>()
        .unwrap()
        / 1024
}
