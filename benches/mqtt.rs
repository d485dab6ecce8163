//! How many single JSON messages at `QoS` 1 come through a real Mosquitto into the engine in a second: published, acknowledged to the
//! publishers, on disk, acknowledged to the broker, and in queries. Needs `mosquitto` and the release build (`CITYBRAIN`, or beside
//! this program).
//!
//! `mqtt [MESSAGES] [VERSION]`

#![expect(
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a tool for people that ends at its first fault"
)]

use std::io::{BufWriter, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use citybrain_benches::{Running, Server};

const PUBLISHERS: u32 = 4;

fn main() {
    let mut arguments = std::env::args().skip(1);
    let messages: u32 = arguments
        .next()
        .map_or(200_000, |text| text.parse().unwrap());
    let version = arguments.next().unwrap_or_else(|| "5".to_owned());
    let dir = tempfile::tempdir().unwrap();
    let (_broker, port) = broker(dir.path());
    let server = server(dir.path(), port, &version);
    let get = |path: &str| {
        reqwest::blocking::get(format!("{}{path}", server.url()))
            .unwrap()
            .text()
            .unwrap()
    };
    while !get("/metrics").contains("citybrain_link_connected{link=\"bench\"} 1") {
        std::thread::sleep(Duration::from_millis(50));
    }
    let count = || server.observations();
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

fn server(dir: &Path, port: u16, version: &str) -> Server {
    let settings = format!(
        "[[mqtt]]\nurl = \"mqtt://127.0.0.1:{port}\"\nclient_id = \"bench\"\nversion = \"{version}\"\n[[mqtt.topic]]\nprofile = \"sensorthings\"\n"
    );
    let config = dir.join("citybrain.toml");
    std::fs::write(&config, settings).unwrap();
    Server::start(dir, &dir.join("state"), Some(&config))
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
