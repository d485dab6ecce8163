//! The storage does not answer for a while, and of two state directories one writes.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use citybrain_tests::{Bucket, Proxy, Server, run_with};
use serde_json::{Value, json};

use super::{server, state_in};
use crate::import::write_small_city;

const PATIENCE: Duration = Duration::from_mins(3);

/// Forty new complaints with a text that fills memory.
fn batch(first: u64) -> Value {
    let rows = (first..first + 40).map(|id| {
        json!({"id": id.to_string(), "requested_at": "2025-01-09T08:00:00Z", "text": "x".repeat(2_000)})
    });
    rows.collect()
}

fn count(server: &Server) -> u64 {
    let count = "SELECT count(*) AS n, count(DISTINCT id) AS ids FROM complaints";
    let row = server.sql(count).remove(0);
    assert_eq!(row["n"], row["ids"], "nothing is counted twice");
    row["n"].as_u64().unwrap()
}

#[test]
fn while_the_storage_is_away_writes_go_on_until_memory_is_full_and_all_is_sealed_afterwards() {
    let Some(bucket) = Bucket::start() else {
        return;
    };
    let way = Proxy::to(bucket.port());
    let environment = Bucket::environment_by(way.port());
    let state = state_in(&environment, "outage");
    let settings = [
        ("CITYBRAIN_SEAL_ROWS", "40"),
        ("CITYBRAIN_HOT_BYTES_MAX", "2000000"),
    ];
    let server = server(state.path(), &environment, &settings);
    let mut acknowledged = BTreeSet::new();
    let mut next = 0;
    let mut refused = None;
    let mut push = |acknowledged: &mut BTreeSet<u64>| {
        let answer = server.post("/v1/complaints").json(&batch(next)).send();
        let answer = answer.unwrap();
        if answer.status().is_success() {
            acknowledged.extend(next..next + 40);
            next += 40;
            return None;
        }
        Some((answer.status().as_u16(), answer.text().unwrap()))
    };
    for _ in 0..3 {
        assert_eq!(push(&mut acknowledged), None);
    }
    // In the middle of sealing.
    way.close();
    let begin = Instant::now();
    let before = acknowledged.len();
    // At first memory is full, and when an attempt to seal has failed the refusal says so.
    while refused
        .as_ref()
        .is_none_or(|(_, why): &(u16, String)| !why.contains("the history cannot be written"))
    {
        assert!(begin.elapsed() < PATIENCE, "{refused:?}");
        if let Some(told) = push(&mut acknowledged) {
            assert_eq!(told.0, 429, "{told:?}");
            refused = Some(told);
            std::thread::sleep(Duration::from_millis(100));
        }
    }
    assert!(
        acknowledged.len() > before + 100,
        "writes went on: {before} of {}",
        acknowledged.len()
    );
    way.open();
    let begin = Instant::now();
    while push(&mut acknowledged).is_some() {
        assert!(begin.elapsed() < PATIENCE, "records are taken again");
        std::thread::sleep(Duration::from_millis(100));
    }
    assert_eq!(count(&server), acknowledged.len() as u64);
    server.stop();
    // The journal has nothing that the lake has not.
    let told = run_with(
        [
            "verify",
            "--json",
            "--state-dir",
            state.path().to_str().unwrap(),
        ],
        &environment,
    )
    .good()
    .json();
    let checks = told["checks"].as_array().unwrap();
    let complaints = checks
        .iter()
        .find(|check| check["what"] == "lake/complaints");
    let found = complaints.unwrap()["found"].as_str().unwrap().to_owned();
    let all = acknowledged.len();
    assert!(found.starts_with(&format!("{all} rows in ")), "{found}");
}

#[test]
fn of_two_state_directories_on_one_lake_the_second_is_told_who_writes_to_it() {
    let Some(bucket) = Bucket::start() else {
        return;
    };
    let environment = bucket.environment();
    let (first, second) = (
        state_in(&environment, "shared"),
        state_in(&environment, "shared"),
    );
    let writing = server(first.path(), &environment, &[]);
    writing.post_json("/v1/complaints", &batch(0));
    let serve = |state: &std::path::Path| {
        let arguments = ["serve", "--listen", "127.0.0.1:0", "--state-dir"];
        let state = state.to_str().unwrap();
        run_with(arguments.into_iter().chain([state]), &environment)
    };
    let refused = serve(second.path());
    assert_eq!(refused.code, 1, "{refused:?}");
    let holder = first.path().to_str().unwrap();
    assert!(
        refused.err.contains(holder) && refused.err.contains("one state directory"),
        "{refused:?}"
    );
    // Not only while it runs, and also after it was killed.
    writing.kill();
    assert_eq!(serve(second.path()).code, 1);
    let again = server(first.path(), &environment, &[]);
    assert_eq!(count(&again), 40);
    // So it is with folders outside of the directories.
    let (lake, city) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    write_small_city(city.path());
    let [one, other] = [(); 2].map(|()| {
        let dir = tempfile::tempdir().unwrap();
        let arguments = ["init", "--city"].map(Into::into).into_iter();
        let arguments = arguments.chain([
            city.path().join("city.toml").into_os_string(),
            "--state-dir".into(),
            dir.path().as_os_str().to_owned(),
            "--lake".into(),
            lake.path().as_os_str().to_owned(),
        ]);
        citybrain_tests::run(arguments).succeeded();
        dir
    });
    Server::start(one.path()).stop();
    assert!(serve(other.path()).err.contains("one state directory"));
}
