//! The history on S3-compatible storage: the same promises as in a folder.

mod moved;
mod outage;

use std::path::Path;

use citybrain_tests::{Bucket, Server, run, run_with};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::cut_off::Books;
use crate::import::write_small_city;

/// A state directory whose lake is at `s3://city/PREFIX`.
fn state_in(environment: &[(&'static str, String)], prefix: &str) -> TempDir {
    let city = tempfile::tempdir().unwrap();
    write_small_city(city.path());
    state_of_city(&city.path().join("city.toml"), environment, prefix)
}

fn state_of_city(
    city_file: &Path,
    environment: &[(&'static str, String)],
    prefix: &str,
) -> TempDir {
    let dir = tempfile::tempdir().unwrap();
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
    Server::start_with(state, &settings(environment, more))
}

fn settings<'a>(
    environment: &'a [(&'static str, String)],
    more: &[(&'a str, &'a str)],
) -> Vec<(&'a str, &'a str)> {
    environment
        .iter()
        .map(|(name, value)| (*name, value.as_str()))
        .chain(more.iter().copied())
        .collect()
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
    let settings = settings(&environment, &[("CITYBRAIN_SEAL_ROWS", "4")]);
    let mut books = Books::default();
    for point in POINTS {
        books.write_until(state.path(), &settings, point);
    }
    books.close(&server(state.path(), &environment, &[]));
}
