//! The history on S3-compatible storage: the same promises as in a folder.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::{Duration, Instant};

use citybrain_tests::{Bucket, Server, run, run_with};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::import::write_small_city;

const PATIENCE: Duration = Duration::from_mins(2);

/// A state directory whose lake is at `s3://city/PREFIX`.
fn state_in(environment: &[(&'static str, String)], prefix: &str) -> TempDir {
    let city = tempfile::tempdir().unwrap();
    write_small_city(city.path());
    let dir = tempfile::tempdir().unwrap();
    let city_file = city.path().join("city.toml");
    let arguments = [
        "init",
        "--city",
        city_file.to_str().unwrap(),
        "--state-dir",
        dir.path().to_str().unwrap(),
        "--lake",
        &format!("s3://city/{prefix}"),
    ];
    run_with(arguments, environment).succeeded();
    dir
}

fn server(state: &Path, environment: &[(&'static str, String)], more: &[(&str, &str)]) -> Server {
    let all: Vec<(&str, &str)> = environment
        .iter()
        .map(|(name, value)| (*name, value.as_str()))
        .chain(more.iter().copied())
        .collect();
    Server::start_with(state, &all)
}

fn complaints(range: std::ops::Range<u64>, status: &str) -> Vec<Value> {
    range
        .map(|id| {
            json!({
                "id": id.to_string(),
                "requested_at": format!("2025-{:02}-09T08:53:20Z", 1 + id % 3),
                "status": status,
                "lon": 0.01,
                "lat": 0.01
            })
        })
        .collect()
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

#[test]
fn a_history_on_s3_is_written_read_backed_up_and_read_by_another_process() {
    let Some(bucket) = Bucket::start() else {
        return;
    };
    let environment = bucket.environment();
    let state = state_in(&environment, "history");
    let server_of_state = server(state.path(), &environment, &[("CITYBRAIN_SEAL_ROWS", "30")]);
    for (range, status) in [(0..50, "open"), (0..20, "closed"), (50..90, "open")] {
        let rows = json!(complaints(range, status));
        server_of_state.post_json("/v1/complaints", &rows);
    }
    server_of_state.stop();
    assert!(
        !state.path().join("lake").exists(),
        "nothing of the history is here"
    );
    let ask = |state: &Path| {
        let sql = "SELECT status, count(*) AS n FROM complaints GROUP BY status ORDER BY status";
        let arguments = ["sql", "--format", "csv", "--state-dir"];
        let state = state.to_str().unwrap();
        run_with(arguments.into_iter().chain([state, sql]), &environment)
            .good()
            .out
    };
    assert_eq!(ask(state.path()), "status,n\nclosed,20\nopen,70\n");
    let again = server(state.path(), &environment, &[]);
    let receipt = again.post_json("/v1/complaints", &json!(complaints(10..90, "closed")));
    assert_eq!(
        (&receipt["updated"], &receipt["duplicate"]),
        (&json!(70), &json!(10))
    );
    // What a backup holds is a folder, wherever the history was.
    let elsewhere = tempfile::tempdir().unwrap();
    let at = |name: &str| elsewhere.path().join(name).to_str().unwrap().to_owned();
    let backup = [
        "backup",
        "--state-dir",
        state.path().to_str().unwrap(),
        "--out",
        &at("backup"),
    ];
    run_with(backup, &environment).succeeded();
    let restore = [
        "restore",
        "--from",
        &at("backup"),
        "--state-dir",
        &at("state"),
    ];
    run(restore).succeeded();
    run(["verify", "--state-dir", &at("state")]).succeeded();
    drop(again);
    let arguments = ["sql", "--format", "csv", "--state-dir"];
    let counted = run(arguments
        .into_iter()
        .chain([at("state").as_str(), "SELECT count(*) AS n FROM complaints"]))
    .good()
    .out;
    assert_eq!(counted, "n\n90\n");
}

#[test]
fn wherever_the_work_on_s3_is_cut_off_nothing_is_lost_and_nothing_is_counted_twice() {
    const POINTS: [&str; 7] = [
        "before journal commit",
        "after journal commit",
        "parquet",
        "before lake commit",
        "after lake commit",
        "before trim",
        "compaction written",
    ];
    let Some(bucket) = Bucket::start() else {
        return;
    };
    let environment = bucket.environment();
    let state = state_in(&environment, "crash");
    let mut books: BTreeMap<u64, String> = BTreeMap::new();
    let mut unanswered: Vec<(u64, String)> = Vec::new();
    let mut next = 0;
    for point in POINTS {
        let more = [("CITYBRAIN_SEAL_ROWS", "4"), ("CITYBRAIN_ABORT_AT", point)];
        let mut server = server(state.path(), &environment, &more);
        let url = server.url().to_owned();
        let begin = Instant::now();
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
    }
    let server = server(state.path(), &environment, &[]);
    assert!(send(server.url(), &unanswered));
    books.extend(unanswered);
    assert_eq!(read(&server), books, "all of it, each once");
}

/// False when no answer came.
fn send(url: &str, batch: &[(u64, String)]) -> bool {
    let rows: Vec<Value> = batch
        .iter()
        .flat_map(|(id, status)| complaints(*id..id + 1, status))
        .collect();
    let client = reqwest::blocking::Client::builder()
        .timeout(PATIENCE)
        .build()
        .unwrap();
    loop {
        match client
            .post(format!("{url}/v1/complaints"))
            .json(&rows)
            .send()
        {
            Ok(answer) if answer.status().is_success() => return true,
            Ok(answer) => assert!(
                matches!(answer.status().as_u16(), 429 | 503),
                "{}",
                answer.status()
            ),
            Err(_) => return false,
        }
    }
}
