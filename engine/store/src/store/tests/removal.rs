//! What goes for good: erased complaints, and records that are older than what is kept.

#![expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    reason = "small whole numbers"
)]

use std::path::PathBuf;

use arrow_array::types::TimestampMicrosecondType;
use citybrain_model::{ComplaintEvent, ComplaintEventDraft};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use tokio::runtime::Runtime;

use super::*;
use crate::{Cutoffs, Erased, Expired};

const SECRET: &str = "the lamp in front of Mrs. Zhang's window";

/// A store that keeps no replaced file.
fn strict(dir: &Path) -> Store {
    let options = StoreOptions {
        keep_replaced: Duration::ZERO,
        ..StoreOptions::default()
    };
    Store::open(dir, city("one"), options).unwrap()
}

fn wait<T>(work: impl Future<Output = T>) -> T {
    Runtime::new().unwrap().block_on(work)
}

fn told(id: &str, text: &str) -> Complaint {
    let draft = ComplaintDraft {
        source: Some("test".into()),
        id: Some(id.into()),
        requested_at: Some(noon(0)),
        text: Some(text.into()),
        lon: Some(116.5),
        lat: Some(39.5),
        ..ComplaintDraft::default()
    };
    Complaint::try_new(draft, noon(0)).unwrap()
}

fn step(complaint: &str, hour: i64, reason: &str) -> ComplaintEvent {
    let draft = ComplaintEventDraft {
        source: Some("test".into()),
        complaint: Some(complaint.into()),
        event: Some("signed".into()),
        at: Some(noon(0) + TimeDelta::hours(hour)),
        reason: Some(reason.into()),
        fields: Some(format!("{{\"text\": \"{reason}\"}}")),
        ..ComplaintEventDraft::default()
    };
    ComplaintEvent::try_new(draft, noon(0)).unwrap()
}

/// The files below `dir` that hold `text`, unpacked where they are Parquet.
fn files_with(dir: &Path, text: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files_with(&path, text));
            continue;
        }
        // One that goes at this moment is gone.
        let Ok(bytes) = std::fs::read(&path) else {
            continue;
        };
        let mut holds = bytes
            .windows(text.len())
            .any(|part| part == text.as_bytes());
        if path.extension().is_some_and(|end| end == "parquet")
            && !path.to_string_lossy().contains("_delta_log")
        {
            let rows = parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder::try_new(
                bytes::Bytes::from(bytes),
            );
            let shown = |rows: RecordBatch| format!("{rows:?}");
            holds |= rows
                .unwrap()
                .build()
                .unwrap()
                .any(|rows| shown(rows.unwrap()).contains(text));
        }
        if holds {
            found.push(path);
        }
    }
    found
}

#[test]
fn an_erased_complaint_is_gone_from_every_file_and_does_not_come_back() {
    let dir = state();
    let store = strict(dir.path());
    append(
        &store,
        vec![told("1", SECRET), told("2", "a hole in the road")],
    );
    store.close().unwrap();
    // An earlier state is in the lake, a later one and steps are in memory, one step waits, and a row was refused.
    let store = strict(dir.path());
    append(&store, vec![told("1", &format!("again: {SECRET}"))]);
    let steps = Batch::Events(vec![step("1", 1, SECRET), step("2", 1, "seen")]);
    let refused = Refused {
        source: "test".into(),
        profile: "citybrain".into(),
        index: 0,
        raw: format!("{{\"id\": \"1\", \"text\": \"{SECRET}\"}}"),
        refusal: Refusal::required("requested_at"),
        received_at: noon(0),
    };
    store
        .writer()
        .append_blocking(steps, vec![refused])
        .unwrap();
    assert!(!files_with(dir.path(), SECRET).is_empty(), "it is there");
    let erased = wait(store.writer().erase("test", "1", noon(1))).unwrap();
    let expected = Erased {
        complaints: 1,
        steps: 1,
        rejected: 1,
    };
    assert_eq!(erased, expected);
    let left = |store: &Store| {
        let snapshot = store.snapshot();
        let ids = visible(&snapshot, Table::Complaints);
        let ids = ids["id"].as_string::<i32>().clone();
        (
            ids.iter().flatten().map(str::to_owned).collect::<Vec<_>>(),
            visible(&snapshot, Table::ComplaintEvents).num_rows(),
        )
    };
    assert_eq!(left(&store), (vec!["2".to_owned()], 1));
    assert_eq!(files_with(dir.path(), SECRET), Vec::<PathBuf>::new());
    let comes_back = |store: &Store| {
        let again = append(store, vec![told("1", SECRET)]);
        assert_eq!((again.accepted, again.updated, again.duplicate), (0, 0, 1));
        let steps = Batch::Events(vec![step("1", 1, SECRET), step("1", 9, SECRET)]);
        let again = store.writer().append_blocking(steps, vec![]).unwrap();
        assert_eq!((again.accepted, again.updated, again.duplicate), (0, 0, 2));
    };
    comes_back(&store);
    // What is left can be changed and counted.
    append(&store, vec![told("2", "two holes in the road")]);
    store.close().unwrap();
    std::fs::remove_dir_all(dir.path().join("identities")).unwrap();
    let store = strict(dir.path());
    comes_back(&store);
    assert_eq!(left(&store), (vec!["2".to_owned()], 1));
    store.close().unwrap();
    assert_eq!(files_with(dir.path(), SECRET), Vec::<PathBuf>::new());
}

#[test]
fn a_masked_complaint_is_counted_as_before_and_what_tells_of_a_person_is_in_no_file() {
    let dir = state();
    let store = strict(dir.path());
    append(&store, vec![told("1", SECRET), told("2", "a hole")]);
    store.close().unwrap();
    let store = strict(dir.path());
    append(&store, vec![told("1", &format!("again: {SECRET}"))]);
    let steps = Batch::Events(vec![step("1", 1, SECRET), step("2", 1, "seen")]);
    store.writer().append_blocking(steps, vec![]).unwrap();
    let seen = |store: &Store| {
        let snapshot = store.snapshot();
        let rows = visible(&snapshot, Table::Complaints);
        let texts = |name: &str| -> Vec<Option<String>> {
            let column = rows[name].as_string::<i32>();
            column.iter().map(|text| text.map(str::to_owned)).collect()
        };
        let steps = visible(&snapshot, Table::ComplaintEvents).num_rows();
        (texts("id"), texts("district"), steps)
    };
    let mut before = seen(&store);
    let masked = wait(store.writer().mask("test", "1", noon(1))).unwrap();
    assert_eq!((masked.complaints, masked.steps), (1, 1));
    let mut after = seen(&store);
    // A scan gives its rows in no order.
    before.0.sort();
    after.0.sort();
    assert_eq!(
        (&after.0, &after.1, after.2),
        (&before.0, &before.1, before.2)
    );
    assert_eq!(files_with(dir.path(), SECRET), Vec::<PathBuf>::new());
    let again = append(&store, vec![told("1", SECRET)]);
    assert_eq!((again.accepted, again.updated, again.duplicate), (0, 0, 1));
    append(&store, vec![told("2", "two holes")]);
    store.close().unwrap();
    let store = strict(dir.path());
    let again = append(&store, vec![told("1", SECRET)]);
    assert_eq!(again.duplicate, 1);
    assert_eq!(seen(&store).2, 2);
    // What is left of it can be erased.
    let erased = wait(store.writer().erase("test", "1", noon(2))).unwrap();
    assert_eq!((erased.complaints, erased.steps), (1, 1));
    store.close().unwrap();
    assert_eq!(files_with(dir.path(), SECRET), Vec::<PathBuf>::new());
}

#[test]
fn an_erasure_that_was_cut_off_is_finished_after_the_next_start() {
    let dir = state();
    let store = strict(dir.path());
    append(&store, vec![told("1", SECRET), told("2", "a hole")]);
    store.close().unwrap();
    let mut journal = Journal::open(&dir.path().join("journal.db")).unwrap();
    let erasure = crate::journal::Erasure {
        source: "test".into(),
        id: "1".into(),
        mask: false,
    };
    journal.begin_erasing(&erasure, noon(1)).unwrap();
    drop(journal);
    let store = strict(dir.path());
    upkeep::until("the erasure", || files_with(dir.path(), SECRET).is_empty());
    assert_eq!(visible(&store.snapshot(), Table::Complaints).num_rows(), 1);
    store.close().unwrap();
}

/// Datastream, hour (since noon of day 0) → observations and their sum.
type Hours = BTreeMap<(String, i64), (i64, i64)>;

/// What a reader adds up: hours that are kept alone, and observations one by one.
fn hours(store: &Store) -> Hours {
    let snapshot = store.snapshot();
    let start = noon(0).timestamp_micros() / 3_600_000_000;
    let mut all = Hours::new();
    let rows = visible(&snapshot, Table::Observations);
    let at = rows["phenomenon_time"].as_primitive::<TimestampMicrosecondType>();
    for row in 0..rows.num_rows() {
        let key = (
            rows["datastream"].as_string::<i32>().value(row).to_owned(),
            at.value(row).div_euclid(3_600_000_000) - start,
        );
        let (count, sum) = all.entry(key).or_default();
        *count += 1;
        *sum += rows["result"].as_primitive::<Float64Type>().value(row) as i64;
    }
    let Some(kept) = snapshot.table(Table::Observations).hourly.clone() else {
        return all;
    };
    let frame = SessionContext::new().read_table(kept).unwrap();
    for rows in wait(frame.collect()).unwrap() {
        let names = arrow_cast::cast(&rows["datastream"], &arrow_schema::DataType::Utf8).unwrap();
        let at = rows["hour"].as_primitive::<TimestampMicrosecondType>();
        for row in 0..rows.num_rows() {
            let key = (
                names.as_string::<i32>().value(row).to_owned(),
                at.value(row).div_euclid(3_600_000_000) - start,
            );
            let (count, sum) = all.entry(key).or_default();
            *count += rows["observations"].as_primitive::<Int64Type>().value(row);
            *sum += rows["sum"].as_primitive::<Float64Type>().value(row) as i64;
        }
    }
    all
}

fn expire(store: &Store, cutoffs: Cutoffs) -> Expired {
    wait(store.writer().expire(Table::Observations, cutoffs)).unwrap()
}

#[test]
fn of_old_observations_the_hours_stay_and_what_is_too_late_is_refused() {
    let dir = state();
    let store = strict(dir.path());
    let send = |store: &Store, rows: Vec<Observation>| {
        store
            .writer()
            .append_blocking(Batch::Observations(rows), vec![])
            .unwrap()
    };
    let all = |add: f64| -> Vec<Observation> {
        (0..600)
            .map(|minute| observation("d", minute, add + minute as f64))
            .collect()
    };
    send(&store, all(0.0));
    // A correction of what is to go.
    send(&store, vec![observation("d", 5, 1_000.0)]);
    let before = hours(&store);
    let cutoff = noon(0) + TimeDelta::minutes(330);
    let expired = expire(&store, Cutoffs::default().and(None, cutoff));
    let went = Expired {
        rows: 300,
        hours: 5,
    };
    assert_eq!(expired, went, "whole hours go");
    assert_eq!(hours(&store), before);
    let rows = visible(&store.snapshot(), Table::Observations).num_rows();
    assert_eq!(rows, 300);
    let late = send(&store, all(0.0));
    assert_eq!((late.expired, late.duplicate, late.accepted), (300, 300, 0));
    assert_eq!(expire(&store, Cutoffs::default().and(None, cutoff)).rows, 0);
    store.close().unwrap();
    let store = strict(dir.path());
    let late = send(&store, all(1.0));
    assert_eq!((late.expired, late.updated), (300, 300));
    // A source with another time than all others.
    let longer = Cutoffs::default()
        .and(None, noon(1))
        .and(Some("test"), cutoff);
    assert_eq!(expire(&store, longer).rows, 0);
    store.close().unwrap();
    let read = Store::open_read_only(dir.path(), city("one")).unwrap();
    assert!(read.table(Table::Observations).hourly.is_some());
}

#[derive(Debug, Clone)]
enum Act {
    Send(Vec<(u8, i64, i64)>),
    Expire(i64),
    Restart,
}

fn acts() -> impl Strategy<Value = Vec<Act>> {
    let sent = prop::collection::vec((0_u8..3, 0_i64..4_000, -50_i64..50), 1..60);
    let act = prop_oneof![
        5 => sent.prop_map(Act::Send),
        2 => (0_i64..4_000).prop_map(Act::Expire),
        1 => Just(Act::Restart),
    ];
    prop::collection::vec(act, 1..14)
}

#[test]
fn hours_are_those_of_a_scan_over_all_that_ever_was() {
    let config = Config {
        cases: 10,
        failure_persistence: None,
        ..Config::default()
    };
    let check = |acts: Vec<Act>| {
        let dir = state();
        let mut store = strict(dir.path());
        let mut all: BTreeMap<(u8, i64), i64> = BTreeMap::new();
        let mut cutoff = i64::MIN;
        for act in acts {
            match act {
                Act::Send(rows) => {
                    let batch = rows
                        .iter()
                        .map(|&(name, minute, result)| {
                            observation(&format!("d{name}"), minute, result as f64)
                        })
                        .collect();
                    store
                        .writer()
                        .append_blocking(Batch::Observations(batch), vec![])
                        .unwrap();
                    for (name, minute, result) in rows {
                        if minute >= cutoff {
                            all.insert((name, minute), result);
                        }
                    }
                }
                Act::Expire(minute) => {
                    let whole = minute - minute % 60;
                    cutoff = cutoff.max(whole);
                    let before = noon(0) + TimeDelta::minutes(minute);
                    expire(&store, Cutoffs::default().and(None, before));
                }
                Act::Restart => {
                    store.close().unwrap();
                    store = strict(dir.path());
                }
            }
        }
        let mut expected = Hours::new();
        for ((name, minute), result) in all {
            let (count, sum) = expected
                .entry((format!("d{name}"), minute / 60))
                .or_default();
            *count += 1;
            *sum += result;
        }
        prop_assert_eq!(hours(&store), expected);
        store.close().unwrap();
        Ok(())
    };
    TestRunner::new(config).run(&acts(), check).unwrap();
}

#[test]
fn damaged_files_of_the_lake_do_not_stop_the_start_that_makes_the_index_again() {
    let dir = state();
    let store = open(dir.path());
    append(&store, vec![told("1", "one")]);
    store.close().unwrap();
    let store = open(dir.path());
    append(&store, vec![told("2", "two")]);
    store.close().unwrap();
    let files: Vec<_> = files_with(&dir.path().join("lake/complaints"), "PAR1")
        .into_iter()
        .filter(|path| !path.to_string_lossy().contains("_delta_log"))
        .collect();
    let [damaged, missing] = &files[..] else {
        panic!("two files: {files:?}");
    };
    let bytes = std::fs::read(damaged).unwrap();
    std::fs::write(damaged, vec![0x55; bytes.len()]).unwrap();
    std::fs::remove_dir_all(dir.path().join("identities")).unwrap();
    let store = open(dir.path());
    assert_eq!(visible(&store.snapshot(), Table::Complaints).num_rows(), 1);
    let again = append(&store, vec![told("1", "one"), told("2", "two")]);
    assert_eq!((again.accepted, again.duplicate), (1, 1));
    store.close().unwrap();
    std::fs::remove_file(missing).unwrap();
    std::fs::remove_dir_all(dir.path().join("identities")).unwrap();
    let store = open(dir.path());
    let again = append(&store, vec![told("1", "one"), told("2", "two")]);
    assert_eq!((again.accepted, again.duplicate), (1, 1));
    store.close().unwrap();
}

#[test]
fn a_damaged_file_that_a_reader_met_is_put_aside_and_the_rest_is_served() {
    let dir = state();
    for (id, text) in [("1", "one"), ("2", "two")] {
        let store = open(dir.path());
        append(&store, vec![told(id, text)]);
        store.close().unwrap();
    }
    let files = files_with(&dir.path().join("lake/complaints"), "PAR1");
    let damaged = files
        .into_iter()
        .find(|path| !path.to_string_lossy().contains("_delta_log"))
        .unwrap();
    let store = open(dir.path());
    let mut bytes = std::fs::read(&damaged).unwrap();
    let end = bytes.len() - 8;
    bytes[4..end].fill(0x55);
    std::fs::write(&damaged, bytes).unwrap();
    store.snapshot().suspect();
    upkeep::until("it is put aside", || {
        dir.path().join("lake/complaints/_quarantine").exists()
            && store
                .snapshot()
                .table(Table::Complaints)
                .files
                .as_ref()
                .unwrap()
                .files()
                .unwrap()
                .len()
                == 1
    });
    assert_eq!(visible(&store.snapshot(), Table::Complaints).num_rows(), 1);
    store.close().unwrap();
}
