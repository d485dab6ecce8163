//! Promise P1 when the power goes: of the state directory nothing is left but what was synced, contents and names alike.
//!
//! A library before the server's own `fsync` (`power/synced.c`) keeps what each file held and each folder named when it was synced last.
//! After a kill the directory is built again from that alone, which is less than any real file system leaves, and the
//! server goes on with it.

use std::collections::BTreeSet;
use std::fmt::Write;
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant, SystemTime};

use citybrain_tests::{Server, repository, run};
use serde_json::{Value, json};

use crate::import::small_state;

const ROUNDS: u64 = 5;
const PATIENCE: Duration = Duration::from_mins(2);

#[test]
fn when_the_power_goes_what_was_acknowledged_is_there_once() {
    let rounds = std::env::var("CITYBRAIN_POWER_CUTS")
        .map_or(ROUNDS, |rounds| rounds.parse().expect("a number of rounds"));
    let tools = tempfile::tempdir().unwrap();
    let Some(library) = library(tools.path()) else {
        return;
    };
    let mut state = small_state();
    let mut acknowledged: BTreeSet<String> = BTreeSet::new();
    let mut unanswered: Vec<Value> = Vec::new();
    for round in 0..rounds {
        let synced = tempfile::tempdir().unwrap();
        if !keep_all(state.path(), synced.path()) {
            println!("skipped: this file system does not tell when a file was made");
            return;
        }
        let settings = [
            ("LD_PRELOAD", library.to_str().unwrap()),
            ("SYNCED", synced.path().to_str().unwrap()),
            ("CITYBRAIN_SEAL_ROWS", "12"),
            ("CITYBRAIN_KEEP_REPLACED_SECONDS", "1"),
        ];
        let server = Server::start_with(state.path(), &settings);
        if !unanswered.is_empty() {
            server.post_json("/v1/complaints", &json!(unanswered));
            acknowledged.extend(unanswered.drain(..).map(|row| id_of(&row)));
        }
        // Killed while a sender is at work: at another moment each round.
        let url = server.url().to_owned();
        let counts = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&counts);
        let sender = std::thread::spawn(move || send(&url, round, &counted));
        let goal = 9 + 11 * (round as usize % 7);
        let begin = Instant::now();
        while counts.load(Ordering::Relaxed) < goal {
            assert!(begin.elapsed() < PATIENCE, "the server takes records");
            std::thread::yield_now();
        }
        server.kill();
        let (answered, left) = sender.join().unwrap();
        assert!(!answered.is_empty(), "records were taken");
        acknowledged.extend(answered);
        unanswered = left;

        let rest = tempfile::tempdir().unwrap();
        build(synced.path(), &key_of(state.path()).unwrap(), rest.path());
        state = rest;
        let there = ids(state.path());
        let maybe: BTreeSet<String> = unanswered.iter().map(id_of).collect();
        let lost: Vec<_> = acknowledged.difference(&there).collect();
        assert!(lost.is_empty(), "round {round}: lost {lost:?}");
        let strange: Vec<_> = there
            .difference(&acknowledged)
            .filter(|id| !maybe.contains(*id))
            .collect();
        assert!(strange.is_empty(), "round {round}: never sent {strange:?}");
    }
    let server = Server::start(state.path());
    server.post_json("/v1/complaints", &json!(unanswered));
    acknowledged.extend(unanswered.iter().map(id_of));
    server.stop();
    assert_eq!(ids(state.path()), acknowledged);
    run(["verify", "--state-dir", state.path().to_str().unwrap()]).succeeded();
    println!(
        "{rounds} power cuts, {} records acknowledged, 0 lost, 0 doubled",
        acknowledged.len()
    );
}

fn library(dir: &Path) -> Option<PathBuf> {
    let library = dir.join("synced.so");
    let source = repository().join("tests/power/synced.c");
    let built = Command::new("cc")
        .args(["-shared", "-fPIC", "-O1", "-o"])
        .arg(&library)
        .arg(source)
        .arg("-ldl")
        .status();
    if built.is_ok_and(|status| status.success()) {
        return Some(library);
    }
    println!("skipped: no C compiler");
    None
}

/// Sends batches until the server is gone: the ids that were acknowledged, and the batch that was not.
fn send(url: &str, round: u64, counted: &AtomicUsize) -> (Vec<String>, Vec<Value>) {
    let client = reqwest::blocking::Client::new();
    let mut answered = Vec::new();
    for batch in 0.. {
        let rows: Vec<Value> = (0..3)
            .map(|row| {
                json!({
                    "id": format!("{round}-{batch}-{row}"),
                    "requested_at": format!("2025-{:02}-09T08:53:20Z", 1 + batch % 2),
                    "lon": 0.01,
                    "lat": 0.01
                })
            })
            .collect();
        let answer = client
            .post(format!("{url}/v1/complaints"))
            .json(&rows)
            .send();
        if !answer.is_ok_and(|answer| answer.status().is_success()) {
            return (answered, rows);
        }
        answered.extend(rows.iter().map(id_of));
        counted.fetch_add(1, Ordering::Relaxed);
    }
    (answered, Vec::new())
}

fn id_of(row: &Value) -> String {
    row["id"].as_str().unwrap().to_owned()
}

/// The ids of all complaints; each is there once.
fn ids(state: &Path) -> BTreeSet<String> {
    let state = state.to_str().unwrap();
    let asked = run([
        "sql",
        "--format",
        "json",
        "--state-dir",
        state,
        "SELECT id FROM complaints",
    ]);
    let rows: Vec<Value> = serde_json::from_str(asked.good().out.trim()).unwrap();
    let count = rows.len();
    let ids: BTreeSet<String> = rows.iter().map(id_of).collect();
    assert_eq!(ids.len(), count, "nothing is counted twice");
    ids
}

/// What `synced.c` calls a file: inode and birth.
fn key_of(path: &Path) -> Option<String> {
    let about = fs::symlink_metadata(path).unwrap();
    let birth = about
        .created()
        .ok()?
        .duration_since(SystemTime::UNIX_EPOCH)
        .ok()?;
    Some(format!(
        "{}-{}{:09}",
        about.ino(),
        birth.as_secs(),
        birth.subsec_nanos()
    ))
}

/// Everything in `dir` counts as synced. False when files have no birth here.
fn keep_all(dir: &Path, synced: &Path) -> bool {
    let Some(key) = key_of(dir) else {
        return false;
    };
    let mut list = String::new();
    for entry in fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        let its = key_of(&path).unwrap();
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        if path.is_dir() {
            keep_all(&path, synced);
            writeln!(list, "d {its} {name}").unwrap();
        } else {
            fs::copy(&path, synced.join(format!("f-{its}"))).unwrap();
            writeln!(list, "f {its} {name}").unwrap();
        }
    }
    fs::write(synced.join(format!("d-{key}")), list).unwrap();
    true
}

/// Builds what was synced of the folder `key` in `to`.
fn build(synced: &Path, key: &str, to: &Path) {
    fs::create_dir_all(to).unwrap();
    let list = fs::read_to_string(synced.join(format!("d-{key}"))).unwrap_or_default();
    for line in list.lines() {
        let mut words = line.splitn(3, ' ');
        let (kind, its, name) = (words.next(), words.next().unwrap(), words.next().unwrap());
        match kind {
            Some("d") => build(synced, its, &to.join(name)),
            Some("f") => {
                let content = fs::read(synced.join(format!("f-{its}"))).unwrap_or_default();
                fs::write(to.join(name), content).unwrap();
            }
            _ => {}
        }
    }
}
