//! A server under load, from outside: time from acknowledged to received, many clients of the stream, and tiles with values.
//!
//! `CITYBRAIN` names the binary. The server, the senders and the clients share the machine.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use chrono::Datelike;
use serde_json::Value;

use crate::quantile;

const BATCH: u64 = 1_000;
const RUN: Duration = Duration::from_secs(15);

pub(super) fn measure() {
    let scratch = tempfile::tempdir().unwrap();
    let state = scratch.path().join("state");
    let city = Path::new(env!("CARGO_MANIFEST_DIR")).join("../data/sample-city/city.toml");
    let made = citybrain()
        .arg("init")
        .arg("--city")
        .arg(&city)
        .arg("--state-dir")
        .arg(&state)
        .stdout(Stdio::null())
        .status();
    assert!(made.unwrap().success());
    let server = Server::start(&state);
    let clients = |var: &str, default: usize| {
        std::env::var(var).map_or(default, |number| number.parse().unwrap())
    };
    latency(&server, clients("CITYBRAIN_BENCH_RATE", 20_000) as u64);
    many_clients(&server, clients("CITYBRAIN_BENCH_CLIENTS", 1_000));
}

/// Records acknowledged at a rate, one client of the stream.
fn latency(server: &Server, rate: u64) {
    let told: Arc<Mutex<BTreeMap<u64, Instant>>> = Arc::default();
    let stop = Arc::new(AtomicBool::new(false));
    let listener = {
        let (told, stop, stream) = (
            Arc::clone(&told),
            Arc::clone(&stop),
            server.stream("resolution=9"),
        );
        std::thread::spawn(move || {
            let mut bytes = 0_u64;
            let mut cells = 0_u64;
            for line in stream.lines().map_while(Result::ok) {
                if stop.load(Ordering::Relaxed) {
                    break;
                }
                let Some(data) = line.strip_prefix("data:") else {
                    continue;
                };
                if !data.contains("\"cells\":[") || data.contains("\"resolution\"") {
                    continue;
                }
                let now = Instant::now();
                let event: Value = serde_json::from_str(data.trim()).unwrap();
                bytes += data.len() as u64;
                cells += event["cells"].as_array().unwrap().len() as u64;
                told.lock()
                    .unwrap()
                    .insert(event["seq"].as_u64().unwrap(), now);
            }
            (bytes, cells)
        })
    };
    let before = server.cpu_seconds();
    let begin = Instant::now();
    let (sent, acknowledged) = send(server, rate, RUN);
    let elapsed = begin.elapsed().as_secs_f64();
    let cpu = server.cpu_seconds() - before;
    std::thread::sleep(Duration::from_secs(2));
    stop.store(true, Ordering::Relaxed);
    // One more record wakes the listener.
    server.push(u64::MAX / 2, 1);
    let (bytes, cells) = listener.join().unwrap();
    let told = told.lock().unwrap();
    let mut waits: Vec<f64> = acknowledged
        .iter()
        .filter_map(|(seq, at)| {
            let (_, received) = told.range(seq..).next()?;
            Some(received.saturating_duration_since(*at).as_secs_f64() * 1e3)
        })
        .collect();
    println!(
        "acknowledged to received at {:.0} records/s (asked {rate}): p50 {:.0} ms, p99 {:.0} ms over {} commits; server {:.2} cores; {:.1} bytes a changed cell",
        sent as f64 / elapsed,
        quantile(&mut waits, 0.5),
        quantile(&mut waits, 0.99),
        waits.len(),
        cpu / elapsed,
        bytes as f64 / cells.max(1) as f64,
    );
}

/// Many clients with ten different views.
fn many_clients(server: &Server, clients: usize) {
    const RATE: u64 = 5_000;
    let newest = Arc::new(AtomicU64::new(0));
    let stop = Arc::new(AtomicBool::new(false));
    let seen: Arc<Vec<AtomicU64>> = Arc::new((0..clients).map(|_| AtomicU64::new(0)).collect());
    let mut readers = Vec::new();
    for client in 0..clients {
        let view = format!(
            "resolution={}&level={}",
            7 + client % 3,
            ["district", "subdistrict"][client / 3 % 2]
        );
        let view = if client % 10 == 9 {
            format!("{view}&window=1h")
        } else {
            view
        };
        let stream = server.stream(&view);
        let (seen, stop) = (Arc::clone(&seen), Arc::clone(&stop));
        let reader = std::thread::Builder::new()
            .stack_size(128 << 10)
            .spawn(move || {
                for line in stream.lines().map_while(Result::ok) {
                    if stop.load(Ordering::Relaxed) {
                        return;
                    }
                    if let Some(id) = line.strip_prefix("id:") {
                        seen[client].store(id.trim().parse().unwrap_or(0), Ordering::Relaxed);
                    }
                }
            });
        readers.push(reader.unwrap());
    }
    println!("{clients} clients are connected");
    let behind: Arc<Mutex<f64>> = Arc::default();
    let watcher = {
        let (newest, seen, stop, behind) = (
            Arc::clone(&newest),
            Arc::clone(&seen),
            Arc::clone(&stop),
            Arc::clone(&behind),
        );
        std::thread::spawn(move || {
            // When each sequence number was acknowledged; a client is behind since the oldest that it was not told.
            let mut marks: Vec<(u64, Instant)> = Vec::new();
            while !stop.load(Ordering::Relaxed) {
                std::thread::sleep(Duration::from_millis(50));
                marks.push((newest.load(Ordering::Relaxed), Instant::now()));
                let least = seen
                    .iter()
                    .map(|seq| seq.load(Ordering::Relaxed))
                    .min()
                    .unwrap();
                if let Some((_, at)) = marks.iter().find(|(seq, _)| *seq > least) {
                    let mut behind = behind.lock().unwrap();
                    *behind = behind.max(at.elapsed().as_secs_f64());
                }
            }
        })
    };
    let before = server.cpu_seconds();
    let begin = Instant::now();
    let interval = Duration::from_secs_f64(BATCH as f64 / RATE as f64);
    let mut number = 1_u64 << 40;
    while begin.elapsed() < RUN {
        let due = begin + interval * u32::try_from((number - (1 << 40)) / BATCH).unwrap();
        std::thread::sleep(due.saturating_duration_since(Instant::now()));
        newest.store(server.push(number, BATCH), Ordering::Relaxed);
        number += BATCH;
    }
    let elapsed = begin.elapsed().as_secs_f64();
    let cpu = (server.cpu_seconds() - before) / elapsed;
    stop.store(true, Ordering::Relaxed);
    watcher.join().unwrap();
    println!(
        "{clients} clients, ten views, {:.0} records/s: server {cpu:.2} cores, the slowest client at most {:.2} s behind",
        (number - (1 << 40)) as f64 / elapsed,
        *behind.lock().unwrap(),
    );
    server.push(number, 1);
}

/// Tiles with values over the history of a state directory that is there already, one after another: the nine of the city's middle.
pub(super) fn tiles(state: &Path) {
    let server = Server::start(state);
    let city: Value = serde_json::from_slice(&server.get("/v1/city")).unwrap();
    println!("{} complaints", city["complaints"]);
    let bounds: Value = serde_json::from_slice(&server.get("/tiles/heat.json")).unwrap();
    let bounds: Vec<f64> = bounds["bounds"]
        .as_array()
        .unwrap()
        .iter()
        .map(|bound| bound.as_f64().unwrap())
        .collect();
    let middle = (
        f64::midpoint(bounds[0], bounds[2]),
        f64::midpoint(bounds[1], bounds[3]),
    );
    let last = city["range"]["to"].as_str().unwrap();
    let last: chrono::DateTime<chrono::Utc> = last.parse().unwrap();
    // A whole month: the one before the last.
    let end = last.date_naive().with_day(1).unwrap().pred_opt().unwrap();
    let month = format!("?from={}&to={end}", end.with_day(1).unwrap());
    for (what, z, filter) in [
        ("all time z10", 10_u8, ""),
        ("one month z12", 12, month.as_str()),
        ("one month z14", 14, month.as_str()),
    ] {
        let (x, y) = tile_of(z, middle);
        let mut millis = Vec::new();
        let mut bytes = 0;
        for n in 0..TILES {
            let path = format!(
                "/tiles/heat/{z}/{}/{}{filter}",
                x + n % 3 - 1,
                y + n / 3 % 3 - 1
            );
            let begin = Instant::now();
            bytes += server.get(&path).len();
            millis.push(begin.elapsed().as_secs_f64() * 1e3);
        }
        println!(
            "heat tile {what}: p50 {:.1} ms, p99 {:.1} ms, {} bytes on average; the first of the filter {:.0} ms",
            quantile(&mut millis.clone(), 0.5),
            quantile(&mut millis.clone(), 0.99),
            bytes / TILES as usize,
            millis[0],
        );
    }
}

const TILES: u32 = 90;

/// Column and row of the tile that holds a position.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a column and a row"
)]
fn tile_of(z: u8, (lon, lat): (f64, f64)) -> (u32, u32) {
    let scale = f64::from(z).exp2();
    (
        ((lon / 360.0 + 0.5) * scale) as u32,
        ((0.5 - lat.to_radians().sin().atanh() / std::f64::consts::TAU) * scale) as u32,
    )
}

/// Sends batches at a rate from four senders: how many records, and when each commit was acknowledged first, by sequence number, which
/// batches that arrive together share.
fn send(server: &Server, rate: u64, run: Duration) -> (u64, BTreeMap<u64, Instant>) {
    const SENDERS: u64 = 4;
    let acknowledged = Mutex::new(BTreeMap::new());
    let sent = AtomicU64::new(0);
    let begin = Instant::now();
    let interval = Duration::from_secs_f64((SENDERS * BATCH) as f64 / rate as f64);
    std::thread::scope(|scope| {
        for sender in 0..SENDERS {
            let (acknowledged, sent) = (&acknowledged, &sent);
            scope.spawn(move || {
                for turn in 0.. {
                    let due = begin + interval * turn;
                    std::thread::sleep(due.saturating_duration_since(Instant::now()));
                    if begin.elapsed() >= run {
                        return;
                    }
                    let seq = server.push((sender << 32) + u64::from(turn) * BATCH, BATCH);
                    let now = Instant::now();
                    acknowledged.lock().unwrap().entry(seq).or_insert(now);
                    sent.fetch_add(BATCH, Ordering::Relaxed);
                }
            });
        }
    });
    (sent.into_inner(), acknowledged.into_inner().unwrap())
}

struct Server {
    child: Child,
    url: String,
    client: reqwest::blocking::Client,
}

impl Server {
    fn start(state: &Path) -> Self {
        let mut child = citybrain()
            .args(["serve", "--listen", "127.0.0.1:0", "--state-dir"])
            .arg(state)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let out = child.stdout.take().unwrap();
        let line = BufReader::new(out)
            .lines()
            .map_while(Result::ok)
            .find(|line| line.contains("http://"))
            .unwrap();
        let at = line.find("http://").unwrap();
        let url = line.split_at(at).1.split_whitespace().next().unwrap();
        Self {
            child,
            url: url.trim_end_matches('/').to_owned(),
            client: reqwest::blocking::Client::new(),
        }
    }

    /// A stream of events as lines, over a plain connection: a thousand clients of a library would be the load.
    fn stream(&self, query: &str) -> BufReader<TcpStream> {
        let address = self.url.trim_start_matches("http://");
        let mut stream = TcpStream::connect(address).unwrap();
        write!(
            stream,
            "GET /v1/live?{query} HTTP/1.1\r\nHost: {address}\r\n\r\n"
        )
        .unwrap();
        BufReader::with_capacity(16 << 10, stream)
    }

    /// Sends complaints made now, spread over the city; the sequence number of the receipt.
    fn push(&self, first: u64, count: u64) -> u64 {
        #[expect(clippy::disallowed_methods, reason = "complaints are made now")]
        let now = chrono::Utc::now().to_rfc3339();
        let mut body = String::new();
        for number in first..first + count {
            let (x, y) = (number * 7919 % 1000, number * 104_729 % 1000);
            let (lon, lat) = (116.2 + x as f64 * 4e-4, 39.75 + y as f64 * 3e-4);
            body.push_str(&format!(
                "{{\"id\":\"{number}\",\"requested_at\":\"{now}\",\"category\":\"c{}\",\"lon\":{lon:.6},\"lat\":{lat:.6}}}\n",
                number % 50
            ));
        }
        loop {
            let answer = self
                .client
                .post(format!("{}/v1/complaints", self.url))
                .header("content-type", "application/x-ndjson")
                .body(body.clone())
                .send()
                .unwrap();
            if answer.status().is_success() {
                let receipt: Value = answer.json().unwrap();
                return receipt["seq"].as_u64().unwrap();
            }
            assert!(
                [429, 503].contains(&answer.status().as_u16()),
                "{}",
                answer.status()
            );
            std::thread::sleep(Duration::from_millis(100));
        }
    }

    fn get(&self, path: &str) -> Vec<u8> {
        let mut answer = self
            .client
            .get(format!("{}{path}", self.url))
            .send()
            .unwrap();
        assert!(answer.status().is_success(), "{path}: {}", answer.status());
        let mut bytes = Vec::new();
        answer.read_to_end(&mut bytes).unwrap();
        bytes
    }

    /// Processor time of the server so far, in seconds; ticks are a hundredth of a second on Linux.
    fn cpu_seconds(&self) -> f64 {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.child.id())).unwrap();
        let fields: Vec<&str> = stat
            .rsplit(')')
            .next()
            .unwrap()
            .split_whitespace()
            .collect();
        let ticks = |at: usize| fields[at].parse::<f64>().unwrap();
        (ticks(11) + ticks(12)) / 100.0
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

fn citybrain() -> Command {
    let binary = std::env::var_os("CITYBRAIN").expect("CITYBRAIN names the binary");
    let mut command = Command::new(binary);
    command.stdin(Stdio::null());
    command
}
