//! Promise P1: nothing acknowledged is lost, nothing is counted twice, whatever is killed.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use citybrain_tests::{Server, run};
use serde_json::json;

use crate::import::small_state;

const SENDERS: u64 = 4;
/// Kills; `CITYBRAIN_CRASH_ROUNDS` asks for more of them.
const ROUNDS: u64 = 6;
/// Rows of a table before they are sealed: small, so that kills meet seals, merges and compactions.
const SEAL_ROWS: &str = "200";
const BATCH: u64 = 25;

#[test]
fn nothing_acknowledged_is_lost_and_nothing_is_counted_twice_when_the_server_is_killed() {
    let rounds = std::env::var("CITYBRAIN_CRASH_ROUNDS")
        .map_or(ROUNDS, |rounds| rounds.parse().expect("a number of rounds"));
    let state = small_state();
    let acknowledged = Arc::new(Mutex::new(BTreeSet::new()));
    let mut pending: Vec<Vec<u64>> = vec![vec![]; SENDERS as usize];
    let mut kills_under_load = 0;
    for round in 0..=rounds {
        let server = Server::start_with(
            state.path(),
            &[
                ("CITYBRAIN_SEAL_ROWS", SEAL_ROWS),
                ("CITYBRAIN_KEEP_REPLACED_SECONDS", "2"),
            ],
        );
        let stop = Arc::new(AtomicBool::new(false));
        let senders: Vec<_> = pending
            .drain(..)
            .enumerate()
            .map(|(sender, unsent)| {
                let (url, stop, acknowledged) = (
                    server.url().to_owned(),
                    Arc::clone(&stop),
                    Arc::clone(&acknowledged),
                );
                let first = (round * SENDERS + sender as u64) * 1_000_000;
                std::thread::spawn(move || send(&url, first, unsent, &stop, &acknowledged))
            })
            .collect();
        // Each round is killed after another number of acknowledgements, so at another moment of the work.
        let goal = acknowledged.lock().unwrap().len() + (BATCH * (3 + 7 * (round % 12))) as usize;
        let patience = Instant::now();
        while acknowledged.lock().unwrap().len() < goal {
            assert!(
                patience.elapsed() < Duration::from_mins(1),
                "the server takes records"
            );
            std::thread::yield_now();
        }
        if round < rounds {
            server.kill();
            kills_under_load += 1;
            stop.store(true, Ordering::Relaxed);
            pending = senders
                .into_iter()
                .map(|sender| sender.join().unwrap())
                .collect();
        } else {
            // The last round sends again what was not acknowledged, then the books are compared.
            stop.store(true, Ordering::Relaxed);
            for sender in senders {
                assert!(sender.join().unwrap().is_empty());
            }
            let books = &server
                .sql("SELECT count(*) AS n, count(DISTINCT result) AS d FROM observations")[0];
            let (rows, distinct) = (books["n"].as_u64().unwrap(), books["d"].as_u64().unwrap());
            assert_eq!(rows, distinct, "nothing is counted twice");
            assert_eq!(
                rows,
                acknowledged.lock().unwrap().len() as u64,
                "nothing acknowledged is lost"
            );
        }
    }
    assert_eq!(kills_under_load, rounds, "the fault happened");
    let verified = run([
        "sql",
        "--format",
        "csv",
        "SELECT count(*) FROM observations",
        "--state-dir",
        state.path().to_str().unwrap(),
    ])
    .good();
    let count: usize = verified.out.lines().last().unwrap().parse().unwrap();
    assert_eq!(count, acknowledged.lock().unwrap().len());
    println!("{kills_under_load} kills, {count} records acknowledged, 0 lost, 0 doubled");
}

/// Sends batches until told to stop (or the server is gone); gives back what was sent and not acknowledged.
fn send(
    url: &str,
    first: u64,
    unsent: Vec<u64>,
    stop: &AtomicBool,
    acknowledged: &Mutex<BTreeSet<u64>>,
) -> Vec<u64> {
    let client = reqwest::blocking::Client::new();
    let mut numbers = first..;
    let mut batch = unsent;
    loop {
        if batch.is_empty() {
            if stop.load(Ordering::Relaxed) {
                return batch;
            }
            batch.extend(numbers.by_ref().take(BATCH as usize));
        }
        let rows: Vec<_> = batch
            .iter()
            .map(|number| {
                json!({
                    "datastream": format!("bar-{}", number % 20),
                    "id": format!("bar-{number}"),
                    "phenomenon_time": "2025-10-09T08:53:20Z",
                    "result": number,
                    "lon": 0.01,
                    "lat": 0.01
                })
            })
            .collect();
        match client
            .post(format!("{url}/v1/observations"))
            .json(&rows)
            .send()
        {
            Ok(answer) if answer.status().is_success() => {
                let receipt: serde_json::Value = answer.json().unwrap();
                assert_eq!(receipt["rejected"], json!([]));
                acknowledged.lock().unwrap().extend(batch.drain(..));
            }
            Ok(answer) => assert!(
                matches!(answer.status().as_u16(), 429 | 503),
                "{}",
                answer.status()
            ),
            Err(_) if stop.load(Ordering::Relaxed) => return batch,
            Err(_) => std::thread::yield_now(),
        }
    }
}
