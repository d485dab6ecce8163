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
    let mut books = Books::default();
    for point in POINTS {
        books.write_until(state.path(), &BUSY, point);
        // Readers beside see what was acknowledged; what was not may be there, whole.
        books.check(state.path(), point);
    }
    books.close(&Server::start_with(state.path(), &BUSY));
}

/// What a sender knows: the state of each complaint as it was acknowledged last, and what has no answer yet.
#[derive(Debug, Default)]
pub(crate) struct Books {
    acknowledged: BTreeMap<u64, String>,
    unanswered: Vec<(u64, String)>,
    next: u64,
}

impl Books {
    /// Starts a server and sends what was cut off before, then new complaints and changes of earlier ones, until the work comes to
    /// `point` and the server is gone.
    pub(crate) fn write_until(&mut self, state: &Path, settings: &[(&str, &str)], point: &str) {
        let mut settings = settings.to_vec();
        settings.push(("CITYBRAIN_ABORT_AT", point));
        // What was left from before may bring it to the point before it listens.
        let Some(mut server) = Server::unless_it_ends(state, &settings) else {
            return;
        };
        let url = server.url().to_owned();
        let begin = Instant::now();
        let mut batch = std::mem::take(&mut self.unanswered);
        loop {
            assert!(begin.elapsed() < PATIENCE, "{point} is reached");
            if batch.is_empty() {
                batch = self.more();
            }
            if !send(&url, &batch) {
                self.unanswered = batch;
                break;
            }
            self.acknowledged.extend(batch.drain(..));
        }
        assert!(server.ends_within(PATIENCE), "{point}: the server is gone");
    }

    /// Four new complaints and a change of an earlier one.
    fn more(&mut self) -> Vec<(u64, String)> {
        let ids = self.next..self.next + 4;
        let mut batch: Vec<_> = ids.map(|id| (id, "open".to_owned())).collect();
        self.next += 4;
        let next = self.next;
        batch.push((next / 2, format!("changed at {next}")));
        batch.dedup_by_key(|(id, _)| *id);
        batch
    }

    /// What was not answered is sent again; then all of it is there, each once.
    pub(crate) fn close(mut self, server: &Server) {
        assert!(send(server.url(), &self.unanswered));
        self.acknowledged.extend(self.unanswered);
        assert_eq!(read(server), self.acknowledged, "all of it, each once");
    }

    fn check(&self, state: &Path, point: &str) {
        let server = Server::start(state);
        let there = read(&server);
        let sent = |id: &u64| self.unanswered.iter().find(|(sent, _)| sent == id);
        for (id, status) in &self.acknowledged {
            let found = there.get(id);
            assert!(
                found == Some(status) || sent(id).is_some_and(|(_, maybe)| found == Some(maybe)),
                "{point}: complaint {id} is {found:?}, acknowledged as {status}"
            );
        }
        for id in there.keys() {
            assert!(
                self.acknowledged.contains_key(id) || sent(id).is_some(),
                "{point}: complaint {id} was never sent"
            );
        }
    }
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

/// The status of each complaint; each is there once.
pub(crate) fn read(server: &Server) -> BTreeMap<u64, String> {
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
