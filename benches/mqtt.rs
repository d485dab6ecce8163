//! How many single JSON messages at `QoS` 1 come through a real Mosquitto into the engine in a second: published, acknowledged to the
//! publishers, on disk, acknowledged to the broker, and in queries. Needs `mosquitto` and the release build (`CITYBRAIN`, or beside
//! this program).
//!
//! `mqtt [MESSAGES] [VERSION]`

#![expect(
    clippy::print_stdout,
    clippy::unwrap_used,
    clippy::panic,
    reason = "a tool for people that ends at its first fault"
)]

use std::io::{BufRead, BufReader, BufWriter, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

const PUBLISHERS: u32 = 4;

/// A process that ends with this one.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        self.0.kill().ok();
        self.0.wait().ok();
    }
}

fn main() {
    let mut arguments = std::env::args().skip(1);
    let messages: u32 = arguments
        .next()
        .map_or(200_000, |text| text.parse().unwrap());
    let version = arguments.next().unwrap_or_else(|| "5".to_owned());
    let dir = tempfile::tempdir().unwrap();
    let (_broker, port) = broker(dir.path());
    let (_server, url) = server(dir.path(), port, &version);
    let get = |path: &str| {
        reqwest::blocking::get(format!("{url}{path}"))
            .unwrap()
            .text()
            .unwrap()
    };
    while !get("/metrics").contains("citybrain_link_connected{link=\"bench\"} 1") {
        std::thread::sleep(Duration::from_millis(50));
    }
    let client = reqwest::blocking::Client::new();
    let count = || -> u64 {
        let body = r#"{"sql": "SELECT count(*) AS n FROM observations"}"#;
        let answer = client
            .post(format!("{url}/v1/sql"))
            .header("content-type", "application/json")
            .body(body)
            .send();
        let answer: serde_json::Value =
            serde_json::from_str(&answer.unwrap().text().unwrap()).unwrap();
        answer["rows"][0]["n"].as_u64().unwrap()
    };
    // The subscription is there when a message comes through.
    while count() == 0 {
        publish(port, 1_000_000, 1);
        std::thread::sleep(Duration::from_millis(100));
    }
    let before = count();
    let start = Instant::now();
    let publishers: Vec<_> = (0..PUBLISHERS)
        .map(|at| std::thread::spawn(move || publish(port, at, messages / PUBLISHERS)))
        .collect();
    for publisher in publishers {
        publisher.join().unwrap();
    }
    let published = start.elapsed();
    let all = before + u64::from(messages / PUBLISHERS * PUBLISHERS);
    while count() < all {
        assert!(
            start.elapsed() < Duration::from_mins(10),
            "{} of {all}",
            count()
        );
        std::thread::sleep(Duration::from_millis(20));
    }
    let took = start.elapsed().as_secs_f64();
    println!(
        "MQTT {version}, {messages} single JSON messages at QoS 1 by {PUBLISHERS} publishers: {:.0}/s into the engine ({took:.2} s), {:.0}/s into the broker",
        f64::from(messages) / took,
        f64::from(messages) / published.as_secs_f64()
    );
}

fn broker(dir: &Path) -> (Running, u16) {
    let port = TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
        .port();
    let config = format!(
        "listener {port} 127.0.0.1\nallow_anonymous true\nmax_inflight_messages 1000\nmax_queued_messages 0\nset_tcp_nodelay true\nlog_dest none\n"
    );
    std::fs::write(dir.join("mosquitto.conf"), config).unwrap();
    let program = PathBuf::from("/usr/sbin/mosquitto");
    let program = if program.exists() {
        program
    } else {
        "mosquitto".into()
    };
    let child = Command::new(program)
        .arg("-c")
        .arg(dir.join("mosquitto.conf"))
        .spawn()
        .unwrap();
    while TcpStream::connect(("127.0.0.1", port)).is_err() {
        std::thread::sleep(Duration::from_millis(10));
    }
    (Running(child), port)
}

fn server(dir: &Path, port: u16, version: &str) -> (Running, String) {
    let binary = std::env::var_os("CITYBRAIN").map_or_else(
        || std::env::current_exe().unwrap().with_file_name("citybrain"),
        PathBuf::from,
    );
    let square = r#"{"type":"FeatureCollection","features":[{"type":"Feature","properties":{"code":"a","name":"a"},"geometry":{"type":"Polygon","coordinates":[[[0,0],[1,0],[1,1],[0,1],[0,0]]]}}]}"#;
    std::fs::write(dir.join("district.geojson"), square).unwrap();
    let city = "name = \"Square\"\ntime_zone = \"UTC\"\nbase_resolution = 9\nlanguages = [\"en\"]\n[[level]]\nlevel = \"district\"\nname = { en = \"District\" }\n[[level.boundary]]\nfile = \"district.geojson\"\nid = \"code\"\nlabel = \"name\"\nparent = \"city\"\ncrs = \"wgs84\"\n";
    std::fs::write(dir.join("city.toml"), city).unwrap();
    let settings = format!(
        "[[mqtt]]\nurl = \"mqtt://127.0.0.1:{port}\"\nclient_id = \"bench\"\nversion = \"{version}\"\n[[mqtt.topic]]\nprofile = \"sensorthings\"\n"
    );
    std::fs::write(dir.join("citybrain.toml"), settings).unwrap();
    let state = dir.join("state");
    let made = Command::new(&binary)
        .args(["init", "--city"])
        .arg(dir.join("city.toml"))
        .arg("--state-dir")
        .arg(&state)
        .status();
    assert!(made.unwrap().success());
    let mut child = Command::new(&binary)
        .args(["serve", "--listen", "127.0.0.1:0", "--state-dir"])
        .arg(&state)
        .arg("--config")
        .arg(dir.join("citybrain.toml"))
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let url = lines.map_while(Result::ok).find_map(|line| {
        line.split_whitespace()
            .find(|word| word.starts_with("http://"))
            .map(str::to_owned)
    });
    let url = url.unwrap_or_else(|| panic!("the server says where it listens"));
    (Running(child), url.trim_end_matches('/').to_owned())
}

/// Publishes with Mosquitto's own client and waits until the broker has all.
fn publish(port: u16, at: u32, messages: u32) {
    let mut publisher = Command::new("mosquitto_pub")
        .args([
            "-h",
            "127.0.0.1",
            "-p",
            &port.to_string(),
            "-q",
            "1",
            "-l",
            "-t",
        ])
        .arg(format!("v1.1/Datastreams(d{at})/Observations"))
        .stdin(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufWriter::new(publisher.stdin.take().unwrap());
    for n in 0..messages {
        writeln!(
            lines,
            "{{\"phenomenonTime\":\"2026-05-{:02}T{:02}:{:02}:{:02}.{:03}Z\",\"result\":{}.5}}",
            n / 86_400_000 + 1,
            n / 3_600_000 % 24,
            n / 60_000 % 60,
            n / 1000 % 60,
            n % 1000,
            n % 100
        )
        .unwrap();
    }
    drop(lines);
    assert!(publisher.wait().unwrap().success());
}
