//! Bodies that are meant to hurt: they are refused with the right status, and the server goes on and stays small.

use std::io::{Read, Write};

use citybrain_tests::Server;
use flate2::{Compression, write::GzEncoder};
use serde_json::{Value, json};

use crate::import::small_state;

/// Bytes of a bomb when it is unpacked: five times what a body may have.
const UNPACKED: u64 = 320 << 20;

fn spaces() -> impl Read {
    std::io::repeat(b' ').take(UNPACKED)
}

fn gzip_bomb() -> Vec<u8> {
    let mut packed = GzEncoder::new(Vec::new(), Compression::fast());
    std::io::copy(&mut spaces(), &mut packed).unwrap();
    packed.finish().unwrap()
}

fn zstd_bomb() -> Vec<u8> {
    let mut packed = Vec::new();
    zstd::stream::copy_encode(spaces(), &mut packed, 1).unwrap();
    packed
}

/// Memory that a server had at its most, in bytes, as Linux tells it.
fn most_memory(server: &Server) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{}/status", server.id())).unwrap();
    let line = status.lines().find(|line| line.starts_with("VmHWM:"));
    let kib: u64 = line
        .and_then(|line| line.split_whitespace().nth(1))
        .unwrap()
        .parse()
        .unwrap();
    kib << 10
}

#[test]
fn bombs_towers_and_giants_are_refused_and_memory_stays_flat() {
    let state = small_state();
    let server = Server::start(state.path());
    let observation = |id: &str| {
        json!({"id": id, "datastream": "d", "phenomenon_time": "2026-05-04T08:00:00Z", "result": 1})
            .to_string()
    };
    let send = |path: &str, packing: Option<&str>, kind: &str, body: Vec<u8>| {
        let mut request = server.post(path).header("Content-Type", kind).body(body);
        if let Some(packing) = packing {
            request = request.header("Content-Encoding", packing);
        }
        // Whatever it refuses the sender reads why.
        let answer = request.send().unwrap();
        (answer.status().as_u16(), answer.text().unwrap())
    };
    let (ndjson, plain) = ("application/x-ndjson", "application/json");
    assert_eq!(
        send(
            "/v1/observations",
            None,
            ndjson,
            observation("first").into()
        )
        .0,
        200
    );
    let before = most_memory(&server);

    for path in [
        "/v1/observations",
        "/sta/v1.1/Things",
        "/open311/v2/requests.json",
    ] {
        let kind = if path.starts_with("/open311") {
            "application/x-www-form-urlencoded"
        } else {
            plain
        };
        for (packing, bomb) in [("gzip", gzip_bomb()), ("zstd", zstd_bomb())] {
            assert!(bomb.len() < 4 << 20, "it is small when it is packed");
            let (status, text) = send(path, Some(packing), kind, bomb);
            assert!(
                [400, 413, 415].contains(&status),
                "{path} {packing}: {status} {text}"
            );
        }
        let tower = "[".repeat(1 << 20);
        let (status, text) = send(path, None, kind, tower.into());
        assert!([400, 422].contains(&status), "{path}: {status} {text}");
    }
    // Cut off within, and no gzip at all.
    let mut cut = GzEncoder::new(Vec::new(), Compression::fast());
    cut.write_all(observation("cut").as_bytes()).unwrap();
    let mut cut = cut.finish().unwrap();
    cut.truncate(cut.len() / 2);
    for body in [cut, b"no gzip".to_vec()] {
        let (status, text) = send("/v1/observations", Some("gzip"), ndjson, body);
        assert_eq!(status, 400, "{text}");
    }
    assert_eq!(
        send("/v1/observations", Some("br"), ndjson, b"{}".to_vec()).0,
        415
    );

    // Ids of a megabyte are refused row by row; the rest of the batch stands.
    let giants: String = (0..20)
        .map(|n| observation(&format!("{n}{}", "x".repeat(1 << 20))) + "\n")
        .collect();
    let (status, text) = send(
        "/v1/observations",
        None,
        ndjson,
        (giants + &observation("last")).into(),
    );
    let receipt: Value = serde_json::from_str(&text).unwrap();
    assert_eq!((status, &receipt["accepted"]), (200, &json!(1)), "{text}");
    assert_eq!(receipt["rejected"].as_array().unwrap().len(), 20);

    let grown = most_memory(&server) - before;
    assert!(grown < 512 << 20, "{} MiB", grown >> 20);
    assert_eq!(
        server.sql("SELECT count(*) AS n FROM observations")[0]["n"],
        2
    );
}
