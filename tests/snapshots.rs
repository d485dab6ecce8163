//! A query sees one moment over all its tables, while records come in and are sealed: in the server and beside it.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use citybrain_tests::{Server, run};
use serde_json::json;

use crate::import::small_state;

/// A step is sent when its complaint is acknowledged. A reader of two moments, the later one of `complaint_events`, would see steps
/// without their complaints; one of two versions of a table would count it twice in two ways.
const ORPHANS: &str = "SELECT
    (SELECT count(*) FROM complaint_events e WHERE NOT EXISTS (SELECT 1 FROM complaints c WHERE c.id = e.complaint)) AS orphans,
    (SELECT count(*) FROM complaints) - (SELECT count(DISTINCT id) FROM complaints) AS doubled,
    (SELECT count(*) FROM complaints) AS complaints,
    (SELECT count(*) FROM complaint_events) AS steps";
const SENDERS: u64 = 2;
const QUESTIONS: usize = 30;
const QUESTIONS_BESIDE: usize = 6;

#[test]
fn one_query_sees_one_moment_of_all_tables_while_records_come_in_and_are_sealed() {
    let state = small_state();
    // Each table is sealed at moments of its own.
    let server = Server::start_with(
        state.path(),
        &[
            ("CITYBRAIN_SEAL_ROWS", "7"),
            ("CITYBRAIN_KEEP_REPLACED_SECONDS", "60"),
        ],
    );
    let stop = Arc::new(AtomicBool::new(false));
    let senders: Vec<_> = (0..SENDERS)
        .map(|sender| {
            let (url, stop) = (server.url().to_owned(), Arc::clone(&stop));
            std::thread::spawn(move || send(&url, sender * 1_000_000, &stop))
        })
        .collect();
    let mut moments = Vec::new();
    for _ in 0..QUESTIONS {
        let row = &server.sql(ORPHANS)[0];
        let of = |name: &str| row[name].as_u64().unwrap();
        moments.push((of("orphans"), of("doubled"), of("complaints"), of("steps")));
    }
    let beside: Vec<_> = (0..QUESTIONS_BESIDE)
        .map(|_| ask_beside(state.path()))
        .collect();
    stop.store(true, Ordering::Relaxed);
    let sent: u64 = senders
        .into_iter()
        .map(|sender| sender.join().unwrap())
        .sum();
    assert!(sent > 20, "records came in: {sent}");
    for moments in [moments, beside] {
        let mut before = (0, 0);
        for (orphans, doubled, complaints, steps) in moments {
            assert_eq!(
                (orphans, doubled),
                (0, 0),
                "{complaints} complaints, {steps} steps"
            );
            assert!(complaints - steps <= SENDERS, "{complaints} {steps}");
            assert!((complaints, steps) >= before, "later is not less");
            before = (complaints, steps);
        }
        assert!(before.0 > 0, "something was seen");
    }
    assert_eq!(ask_beside(state.path()), (0, 0, sent, sent));
}

/// Sends a complaint, and when it is acknowledged its step; gives how many.
fn send(url: &str, first: u64, stop: &AtomicBool) -> u64 {
    let client = reqwest::blocking::Client::new();
    let post = |what: &str, body: &serde_json::Value| {
        let answer = client.post(format!("{url}/v1/{what}")).json(body).send();
        let answer = answer.unwrap();
        assert!(answer.status().is_success(), "{answer:?}");
    };
    let mut sent = 0;
    while !stop.load(Ordering::Relaxed) {
        let id = (first + sent).to_string();
        let at = "2025-01-09T08:53:20Z";
        post("complaints", &json!({"id": id, "requested_at": at}));
        post(
            "complaint-events",
            &json!({"complaint": id, "event": "signed", "at": at}),
        );
        sent += 1;
    }
    sent
}

/// The same question, asked by a process that reads the state directory beside the server.
fn ask_beside(state: &Path) -> (u64, u64, u64, u64) {
    let state = state.to_str().unwrap();
    let asked = run(["sql", "--format", "json", "--state-dir", state, ORPHANS]).good();
    let rows: serde_json::Value = serde_json::from_str(asked.out.trim()).unwrap();
    let of = |name: &str| rows[0][name].as_u64().unwrap();
    (of("orphans"), of("doubled"), of("complaints"), of("steps"))
}
