use std::collections::BTreeMap;

use arrow_array::cast::AsArray;
use arrow_array::types::{Int64Type, TimestampMicrosecondType};
use arrow_array::{Array, RecordBatch};
use chrono::{DateTime, Utc};
use citybrain_model::{ComplaintDraft, ComplaintEvent, ComplaintEventDraft};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};

use super::*;
use crate::store::tests::{city, visible};
use crate::{Batch, Snapshot, Store, StoreOptions, Table};

type Key = (
    Option<u64>,
    Option<String>,
    Option<String>,
    Option<String>,
    i32,
);

/// A plain count of every row that a reader sees.
fn scanned(snapshot: &Snapshot) -> BTreeMap<Key, i64> {
    let rows: RecordBatch = visible(snapshot, Table::Complaints);
    let text = |name: &str, row: usize| {
        let column = rows[name].as_string::<i32>();
        column.is_valid(row).then(|| column.value(row).to_owned())
    };
    let cells = rows["cell"].as_primitive::<Int64Type>();
    let at = rows["requested_at"].as_primitive::<TimestampMicrosecondType>();
    let mut counts = BTreeMap::new();
    for row in 0..rows.num_rows() {
        let local = DateTime::<Utc>::from_timestamp_micros(at.value(row))
            .unwrap()
            .with_timezone(&snapshot.city.time_zone)
            .date_naive();
        let day = local
            .signed_duration_since(chrono::NaiveDate::default())
            .num_days();
        let key = (
            cells
                .is_valid(row)
                .then(|| cells.value(row).cast_unsigned()),
            text("district", row),
            text("category", row),
            text("status", row),
            i32::try_from(day).unwrap(),
        );
        *counts.entry(key).or_default() += 1;
    }
    counts
}

fn rolled(snapshot: &Snapshot) -> BTreeMap<Key, i64> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let counts = runtime.block_on(snapshot.counts()).unwrap().unwrap();
    let places = counts.places(|place| (place.cell, place.areas[0].map(str::to_owned)));
    let kinds = counts.kinds(|kind| {
        (
            kind.category.map(str::to_owned),
            kind.status.map(str::to_owned),
        )
    });
    let mut all = BTreeMap::new();
    counts.for_each(&(i32::MIN..i32::MAX), |place, kind, day, records| {
        let (cell, district) = places[place as usize].clone();
        let (category, status) = kinds[kind as usize].clone();
        *all.entry((cell, district, category, status, day))
            .or_default() += records;
    });
    all.retain(|_, records| *records != 0);
    all
}

/// A record or a step of complaint `id`, at an hour of a quarter of a year, with one of a few contents.
#[derive(Debug, Clone)]
enum Sent {
    Record(u8, i64, u8),
    Step(u8, i64, u8),
    Restart,
}

fn sent() -> impl Strategy<Value = Vec<Sent>> {
    let one = prop_oneof![
        6 => (0_u8..12, 0_i64..2_000, 0_u8..4).prop_map(|(id, hour, what)| Sent::Record(id, hour, what)),
        4 => (0_u8..12, 0_i64..2_000, 0_u8..4).prop_map(|(id, hour, what)| Sent::Step(id, hour, what)),
        1 => Just(Sent::Restart),
    ];
    prop::collection::vec(one, 1..40)
}

fn hours(hour: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(1_704_000_000 + hour * 3_600, 0).unwrap()
}

fn batch(sent: &Sent) -> Option<Batch> {
    match *sent {
        Sent::Record(id, hour, what) => {
            let draft = ComplaintDraft {
                source: Some("test".into()),
                id: Some(id.to_string()),
                requested_at: Some(hours(hour)),
                category: Some(["noise", "light", "water", "road"][usize::from(what)].into()),
                lon: (what > 0).then(|| 116.2 + f64::from(id) / 100.0),
                lat: (what > 0).then_some(39.5),
                ..ComplaintDraft::default()
            };
            let record = citybrain_model::Complaint::try_new(draft, hours(5_000)).unwrap();
            Some(Batch::Complaints(vec![record]))
        }
        Sent::Step(id, hour, what) => {
            let fields = [
                "{}",
                r#"{"category":"other"}"#,
                r#"{"lon":10,"lat":50}"#,
                r#"{"lon":null,"lat":null}"#,
            ];
            let draft = ComplaintEventDraft {
                source: Some("test".into()),
                complaint: Some(id.to_string()),
                event: Some(
                    ["closed", "corrected", "reopened", "corrected"][usize::from(what)].into(),
                ),
                at: Some(hours(hour)),
                fields: Some(fields[usize::from(what)].into()),
                ..ComplaintEventDraft::default()
            };
            Some(Batch::Events(vec![
                ComplaintEvent::try_new(draft, hours(5_000)).unwrap(),
            ]))
        }
        Sent::Restart => None,
    }
}

#[test]
fn counts_are_those_of_a_scan_under_updates_steps_late_records_sealing_and_restarts() {
    let mut runner = TestRunner::new(Config {
        cases: 8,
        failure_persistence: None,
        ..Config::default()
    });
    runner
        .run(&sent(), |all| {
            let dir = tempfile::tempdir().unwrap();
            Store::create(dir.path(), &city("one")).unwrap();
            let options = || StoreOptions {
                seal_rows: 7,
                ..StoreOptions::default()
            };
            let open = || Store::open(dir.path(), city("one"), options()).unwrap();
            let mut store = open();
            for sent in all {
                if let Some(batch) = batch(&sent) {
                    store.writer().append_blocking(batch, vec![]).unwrap();
                    let snapshot = store.snapshot();
                    prop_assert_eq!(rolled(&snapshot), scanned(&snapshot));
                } else {
                    store.close().unwrap();
                    store = open();
                }
            }
            store.close().unwrap();
            let store = open();
            prop_assert_eq!(rolled(&store.snapshot()), scanned(&store.snapshot()));
            store.close().unwrap();
            Ok(())
        })
        .unwrap();
}

#[test]
fn a_damaged_file_of_counts_is_made_anew() {
    let dir = tempfile::tempdir().unwrap();
    Store::create(dir.path(), &city("one")).unwrap();
    let open = || Store::open(dir.path(), city("one"), StoreOptions::default()).unwrap();
    let store = open();
    for id in 0..5 {
        store
            .writer()
            .append_blocking(batch(&Sent::Record(id, 1, 1)).unwrap(), vec![])
            .unwrap();
    }
    store.close().unwrap();
    let file = dir.path().join("rollups.db");
    assert!(file.exists(), "it was kept");
    std::fs::write(&file, [7_u8; 10_000]).unwrap();
    let store = open();
    assert_eq!(rolled(&store.snapshot()), scanned(&store.snapshot()));
    store.close().unwrap();
}

#[test]
fn counts_come_back_from_their_bytes_and_from_nothing_else() {
    let mut names = Dictionary::default();
    let Some(Batch::Complaints(records)) = batch(&Sent::Record(1, 1, 1)) else {
        unreachable!()
    };
    let rows = crate::columns::place(&city("one"), Batch::Complaints(records)).rows;
    let entries = Entries::of(&[rows], chrono_tz::Asia::Shanghai, &mut names)
        .unwrap()
        .unwrap();
    let bytes = entries.to_bytes();
    assert_eq!(Entries::from_bytes(&bytes), Some(entries));
    for cut in 0..bytes.len() {
        assert_eq!(Entries::from_bytes(&bytes[..cut]), None);
    }
}
