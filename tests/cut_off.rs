//! Promise P1 at named points: the server ends there as by kill -9, and afterwards everything acknowledged is there once.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::{Duration, Instant};

use citybrain_tests::Server;
use reqwest::blocking::Client;
use serde_json::{Value, json};

use crate::import::small_state;

/// Where the work is cut off: around the journal's commit, while Parquet is written, around the lake's commit, before and after
/// the journal is trimmed, in compaction and around vacuum.
const POINTS: [&str; 12] = [
    "before journal commit",
    "after journal commit",
    "parquet",
    "before lake commit",
    "after lake commit",
    "before trim",
    "after trim",
    "compaction parquet",
    "compaction written",
    "compaction committed",
    "before vacuum",
    "after vacuum",
];
/// A few rows make a seal, and what is replaced goes after a second.
const BUSY: [(&str, &str); 2] = [
    ("CITYBRAIN_SEAL_ROWS", "4"),
    ("CITYBRAIN_KEEP_REPLACED_SECONDS", "1"),
];
const PATIENCE: Duration = Duration::from_mins(2);

#[test]
fn wherever_the_work_is_cut_off_nothing_acknowledged_is_lost_and_nothing_is_counted_twice() {
    let state = small_state();
    // The state of each complaint as it was acknowledged last.
    let mut books: BTreeMap<u64, String> = BTreeMap::new();
    let mut unanswered: Vec<(u64, String)> = Vec::new();
    let mut next = 0;
    for point in POINTS {
        let environment = [BUSY[0], BUSY[1], ("CITYBRAIN_ABORT_AT", point)];
        // What was left from before may bring it to the point before it listens.
        let Some(mut server) = Server::unless_it_ends(state.path(), &environment) else {
            check(state.path(), &books, &unanswered, point);
            continue;
        };
        let url = server.url().to_owned();
        let begin = Instant::now();
        // What was cut off goes again first, then new complaints and changes of earlier ones, until the server is gone.
        let mut batch = std::mem::take(&mut unanswered);
        loop {
            assert!(begin.elapsed() < PATIENCE, "{point} is reached");
            if batch.is_empty() {
                batch = (next..next + 4).map(|id| (id, "open".to_owned())).collect();
                next += 4;
                batch.push((next / 2, format!("changed at {next}")));
                batch.dedup_by_key(|(id, _)| *id);
            }
            if !send(&url, &batch) {
                unanswered = batch;
                break;
            }
            books.extend(batch.drain(..));
        }
        assert!(server.ends_within(PATIENCE), "{point}: the server is gone");
        drop(server);
        // Readers beside see what was acknowledged; what was not may be there, whole.
        check(state.path(), &books, &unanswered, point);
    }
    let server = Server::start_with(state.path(), &BUSY);
    assert!(send(server.url(), &unanswered));
    books.extend(unanswered);
    assert_eq!(read(&server), books, "all of it, each once");
}

/// False when no answer came.
fn send(url: &str, batch: &[(u64, String)]) -> bool {
    let rows: Vec<Value> = batch
        .iter()
        .map(|(id, status)| {
            json!({
                "id": id.to_string(),
                "requested_at": format!("2025-{:02}-09T08:53:20Z", 1 + id % 2),
                "status": status,
                "lon": 0.01,
                "lat": 0.01
            })
        })
        .collect();
    let client = Client::builder().timeout(PATIENCE).build().unwrap();
    loop {
        match client
            .post(format!("{url}/v1/complaints"))
            .json(&rows)
            .send()
        {
            Ok(answer) if answer.status().is_success() => {
                let receipt: Value = answer.json().unwrap();
                assert_eq!(receipt["rejected"], json!([]));
                return true;
            }
            Ok(answer) => assert!(
                matches!(answer.status().as_u16(), 429 | 503),
                "{}",
                answer.status()
            ),
            Err(_) => return false,
        }
    }
}

fn check(state: &Path, books: &BTreeMap<u64, String>, unanswered: &[(u64, String)], point: &str) {
    let server = Server::start(state);
    let there = read(&server);
    for (id, status) in books {
        let maybe = unanswered.iter().find(|(unanswered, _)| unanswered == id);
        let found = there.get(id);
        assert!(
            found == Some(status) || (maybe.is_some() && found == maybe.map(|(_, status)| status)),
            "{point}: complaint {id} is {found:?}, acknowledged as {status}"
        );
    }
    for id in there.keys() {
        assert!(
            books.contains_key(id) || unanswered.iter().any(|(unanswered, _)| unanswered == id),
            "{point}: complaint {id} was never sent"
        );
    }
}

/// The status of each complaint; each is there once.
fn read(server: &Server) -> BTreeMap<u64, String> {
    let rows = server.sql("SELECT id, status FROM complaints");
    let count = rows.len();
    let there: BTreeMap<u64, String> = rows
        .into_iter()
        .map(|row| {
            let id = row["id"].as_str().unwrap().parse().unwrap();
            (id, row["status"].as_str().unwrap().to_owned())
        })
        .collect();
    assert_eq!(there.len(), count, "nothing is counted twice");
    there
}
