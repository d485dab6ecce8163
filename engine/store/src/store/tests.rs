use std::collections::BTreeMap;

use arrow_array::RecordBatch;
use arrow_array::cast::AsArray;
use arrow_array::types::{Float64Type, Int64Type};
use chrono::{DateTime, TimeDelta, TimeZone, Utc};
use citybrain_grid::{AreaParts, CityParts, LevelParts, Parents, VersionParts};
use citybrain_model::{
    AreaLevel, Complaint, ComplaintDraft, Observation, ObservationDraft, Refusal,
};
use deltalake::datafusion::prelude::{SessionContext, col, lit};
use geo::{MultiPolygon, polygon};

mod removal;
mod upkeep;

use super::*;
use crate::{AppendError, Batch, Receipt, Refused, rows_schema};

mod steps;

/// A city of one square degree with one district; one of another name lies a degree farther north.
pub(crate) fn city(name: &str) -> Arc<City> {
    let south = if name == "one" { 39.0 } else { 40.0 };
    let north = south + 1.0;
    let square = polygon![
        (x: 116.0, y: south),
        (x: 117.0, y: south),
        (x: 117.0, y: north),
        (x: 116.0, y: north),
        (x: 116.0, y: south)
    ];
    let area = AreaParts {
        id: "a".into(),
        name: "A".into(),
        names: BTreeMap::new(),
        parent: None,
        population: None,
        boundary: MultiPolygon(vec![square]),
    };
    let version = VersionParts {
        valid_from: None,
        parents: Parents::City,
        areas: vec![area],
    };
    let level = LevelParts {
        level: AreaLevel::District,
        names: BTreeMap::new(),
        versions: vec![version],
    };
    let parts = CityParts {
        name: name.into(),
        time_zone: chrono_tz::Asia::Shanghai,
        base_resolution: h3o::Resolution::Ten,
        languages: vec!["en".into()],
        levels: vec![level],
    };
    Arc::new(City::try_new(parts).unwrap())
}

fn noon(day: i64) -> DateTime<Utc> {
    Utc.with_ymd_and_hms(2024, 1, 1, 12, 0, 0).unwrap() + TimeDelta::days(day)
}

fn complaint(id: &str, day: i64, status: &str, position: Option<(f64, f64)>) -> Complaint {
    let draft = ComplaintDraft {
        source: Some("test".into()),
        id: Some(id.into()),
        requested_at: Some(noon(day)),
        status: Some(status.into()),
        lon: position.map(|at| at.0),
        lat: position.map(|at| at.1),
        ..ComplaintDraft::default()
    };
    Complaint::try_new(draft, noon(day)).unwrap()
}

fn observation(datastream: &str, minute: i64, result: f64) -> Observation {
    let draft = ObservationDraft {
        source: Some("test".into()),
        datastream: Some(datastream.into()),
        phenomenon_time: Some(noon(0) + TimeDelta::minutes(minute)),
        result: Some(result),
        ..ObservationDraft::default()
    };
    // None is of a time that has not come.
    let received = noon(1).max(noon(0) + TimeDelta::minutes(minute));
    Observation::try_new(draft, received).unwrap()
}

fn open(dir: &Path) -> Store {
    Store::open(dir, city("one"), StoreOptions::default()).unwrap()
}

fn state() -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    Store::create(dir.path(), &city("one")).unwrap();
    dir
}

fn append(store: &Store, rows: Vec<Complaint>) -> Receipt {
    store
        .writer()
        .append_blocking(Batch::Complaints(rows), vec![])
        .unwrap()
}

/// The rows that a reader of the snapshot sees.
pub(crate) fn visible(snapshot: &Snapshot, table: Table) -> RecordBatch {
    let table = snapshot.table(table);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let context = SessionContext::new();
    let superseded: Vec<_> = table.superseded.iter().map(|&row| lit(row)).collect();
    let mut frame = context
        .read_batches(table.hot.clone())
        .ok()
        .filter(|_| !table.hot.is_empty());
    if let Some(lake) = &table.lake {
        let lake = context.read_table(Arc::clone(lake)).unwrap();
        frame = Some(match frame {
            Some(hot) => lake.union(hot).unwrap(),
            None => lake,
        });
    }
    let Some(frame) = frame else {
        return RecordBatch::new_empty(rows_schema(table.table));
    };
    let frame = frame
        .filter(col("row_id").in_list(superseded, true))
        .unwrap();
    let batches = runtime.block_on(frame.collect()).unwrap();
    let batches: Vec<_> = batches
        .iter()
        .map(|rows| {
            let schema = rows_schema(table.table);
            let columns = schema
                .fields()
                .iter()
                .map(|field| arrow_cast::cast(&rows[field.name()], field.data_type()));
            RecordBatch::try_new(
                Arc::clone(&schema),
                columns.collect::<Result<_, _>>().unwrap(),
            )
            .unwrap()
        })
        .collect();
    arrow_select::concat::concat_batches(&rows_schema(table.table), &batches).unwrap()
}

fn states(store: &Store) -> Vec<(String, String)> {
    let rows = visible(&store.snapshot(), Table::Complaints);
    let (ids, words) = (
        rows["id"].as_string::<i32>(),
        rows["status"].as_string::<i32>(),
    );
    let mut states: Vec<_> = (0..rows.num_rows())
        .map(|row| (ids.value(row).to_owned(), words.value(row).to_owned()))
        .collect();
    states.sort();
    states
}

fn pairs(expected: &[(&str, &str)]) -> Vec<(String, String)> {
    expected
        .iter()
        .map(|(id, status)| ((*id).to_owned(), (*status).to_owned()))
        .collect()
}

#[test]
fn what_is_acknowledged_is_queryable_and_placed() {
    let dir = state();
    let store = open(dir.path());
    let inside = complaint("1", 0, "open", Some((116.5, 39.5)));
    let outside = complaint("2", 0, "open", Some((10.0, 50.0)));
    let nowhere = complaint("3", 0, "open", None);
    let receipt = append(&store, vec![inside, outside, nowhere]);
    assert_eq!(
        receipt,
        Receipt {
            seq: 1,
            accepted: 3,
            updated: 0,
            duplicate: 0,
            expired: 0,
            located: 1,
            area_only: 0,
            not_located: 1,
            outside: 1
        }
    );
    let rows = visible(&store.snapshot(), Table::Complaints);
    assert_eq!(rows.num_rows(), 3);
    assert_eq!(
        rows["district"]
            .as_string::<i32>()
            .iter()
            .collect::<Vec<_>>(),
        [Some("a"), None, None]
    );
    assert_eq!(
        rows["cell"]
            .as_primitive::<Int64Type>()
            .iter()
            .map(|cell| cell.is_some())
            .collect::<Vec<_>>(),
        [true, true, false]
    );
    store.close().unwrap();
}

#[test]
fn a_repeated_record_is_counted_once_also_within_its_batch_and_after_a_restart() {
    let dir = state();
    let store = open(dir.path());
    let rows = || {
        vec![
            complaint("1", 0, "open", None),
            complaint("1", 0, "open", None),
            complaint("2", 40, "open", None),
        ]
    };
    let first = append(&store, rows());
    assert_eq!((first.accepted, first.duplicate), (2, 1));
    let again = append(&store, rows());
    assert_eq!((again.accepted, again.updated, again.duplicate), (0, 0, 3));
    store.close().unwrap();
    let store = open(dir.path());
    assert_eq!(append(&store, rows()).duplicate, 3);
    assert_eq!(states(&store), pairs(&[("1", "open"), ("2", "open")]));
    store.close().unwrap();
}

#[test]
fn an_update_replaces_the_state_in_hot_rows_and_in_the_lake() {
    let dir = state();
    let store = open(dir.path());
    append(
        &store,
        vec![
            complaint("1", 0, "open", None),
            complaint("2", 0, "open", None),
            complaint("3", 70, "open", None),
        ],
    );
    append(&store, vec![complaint("1", 0, "handled", None)]);
    assert_eq!(
        states(&store),
        pairs(&[("1", "handled"), ("2", "open"), ("3", "open")])
    );
    store.close().unwrap(); // seals
    let store = open(dir.path());
    assert_eq!(
        store.snapshot().table(Table::Complaints).hot.len(),
        0,
        "everything is in the lake"
    );
    assert_eq!(
        states(&store),
        pairs(&[("1", "handled"), ("2", "open"), ("3", "open")])
    );
    // Twice over a state of the lake, once into another month, and a new one beside.
    assert_eq!(
        append(&store, vec![complaint("1", 0, "closed", None)]).updated,
        1
    );
    append(
        &store,
        vec![
            complaint("1", 0, "reopened", None),
            complaint("3", 5, "moved", None),
            complaint("4", 0, "new", None),
        ],
    );
    let expected = pairs(&[
        ("1", "reopened"),
        ("2", "open"),
        ("3", "moved"),
        ("4", "new"),
    ]);
    assert_eq!(states(&store), expected);
    store.close().unwrap(); // merges
    let store = open(dir.path());
    assert_eq!(states(&store), expected);
    assert!(
        store
            .snapshot()
            .table(Table::Complaints)
            .superseded
            .is_empty(),
        "the lake has the latest states only"
    );
    assert_eq!(
        append(&store, vec![complaint("1", 0, "reopened", None)]).duplicate,
        1
    );
    store.close().unwrap();
}

#[test]
fn a_correction_of_an_observation_is_what_is_read_and_the_history_keeps_both() {
    let dir = state();
    let store = open(dir.path());
    let send = |store: &Store, rows| {
        store
            .writer()
            .append_blocking(Batch::Observations(rows), vec![])
            .unwrap()
    };
    send(
        &store,
        vec![observation("pm10", 0, 10.0), observation("pm10", 1, 11.0)],
    );
    store.close().unwrap();
    let store = open(dir.path());
    assert_eq!(send(&store, vec![observation("pm10", 1, 12.0)]).updated, 1);
    let results = |store: &Store| {
        let rows = visible(&store.snapshot(), Table::Observations);
        let mut results: Vec<f64> = rows["result"]
            .as_primitive::<Float64Type>()
            .values()
            .to_vec();
        results.sort_by(f64::total_cmp);
        results
    };
    assert_eq!(results(&store), [10.0, 12.0]);
    // Corrected twice before it is sealed, and one that no seal has seen.
    send(&store, vec![observation("pm10", 2, 20.0)]);
    send(
        &store,
        vec![observation("pm10", 1, 13.0), observation("pm10", 2, 21.0)],
    );
    assert_eq!(results(&store), [10.0, 13.0, 21.0]);
    store.close().unwrap();
    let store = open(dir.path());
    assert_eq!(results(&store), [10.0, 13.0, 21.0]);
    let snapshot = store.snapshot();
    assert!(snapshot.table(Table::Observations).superseded.is_empty());
    assert_eq!(upkeep::corrected(dir.path()), [11.0, 12.0, 20.0]);
    assert_eq!(
        send(&store, vec![observation("pm10", 1, 13.0)]).duplicate,
        1
    );
    store.close().unwrap();
}

#[test]
fn sealing_while_writing_changes_no_answer() {
    let dir = state();
    let options = StoreOptions {
        seal_rows: 50,
        ..StoreOptions::default()
    };
    let store = Store::open(dir.path(), city("one"), options).unwrap();
    let senders: Vec<_> = (0..4)
        .map(|sender| {
            let writer = store.writer();
            std::thread::spawn(move || {
                for batch in 0..20 {
                    let rows = (0..10).map(|row| {
                        complaint(&format!("{sender}-{batch}-{row}"), batch, "open", None)
                    });
                    writer
                        .append_blocking(Batch::Complaints(rows.collect()), vec![])
                        .unwrap();
                }
            })
        })
        .collect();
    let mut seen = 0;
    while senders.iter().any(|sender| !sender.is_finished()) {
        let count = visible_or_empty(&store.snapshot());
        assert!(count >= seen, "a later snapshot has no fewer rows");
        seen = count;
    }
    for sender in senders {
        sender.join().unwrap();
    }
    assert_eq!(
        visible(&store.snapshot(), Table::Complaints).num_rows(),
        800
    );
    store.close().unwrap();
    let snapshot = Store::open_read_only(dir.path(), city("one")).unwrap();
    assert_eq!(visible(&snapshot, Table::Complaints).num_rows(), 800);
}

fn visible_or_empty(snapshot: &Snapshot) -> usize {
    visible(snapshot, Table::Complaints).num_rows()
}

#[test]
fn a_reader_beside_the_writer_sees_what_is_acknowledged() {
    let dir = state();
    let store = open(dir.path());
    append(&store, vec![complaint("1", 0, "open", None)]);
    let snapshot = Store::open_read_only(dir.path(), city("one")).unwrap();
    assert_eq!(visible(&snapshot, Table::Complaints).num_rows(), 1);
    store.close().unwrap();
}

#[test]
fn refused_rows_are_kept_with_their_reason() {
    let dir = state();
    let store = open(dir.path());
    let refused = Refused {
        source: "test".into(),
        profile: "citybrain".into(),
        index: 7,
        raw: "{\"id\":\"\"}".into(),
        refusal: Refusal::required("id"),
        received_at: noon(0),
    };
    store
        .writer()
        .append_blocking(Batch::Complaints(vec![]), vec![refused.clone()])
        .unwrap();
    store.close().unwrap();
    let store = open(dir.path());
    let kept = store.snapshot().rejected(0, 10).unwrap();
    assert_eq!(
        kept.iter().map(|row| &row.refused).collect::<Vec<_>>(),
        [&refused]
    );
    store.close().unwrap();
}

#[test]
fn a_state_directory_is_for_one_city_one_format_and_one_writer() {
    let dir = state();
    let store = open(dir.path());
    let held = Store::open(dir.path(), city("one"), StoreOptions::default()).unwrap_err();
    assert!(
        matches!(&held, OpenError::Held { holder, .. } if holder.contains(&std::process::id().to_string())),
        "{held}"
    );
    store.close().unwrap();
    let other = Store::open(dir.path(), city("two"), StoreOptions::default()).unwrap_err();
    assert!(matches!(other, OpenError::OtherCity { .. }), "{other}");
    assert!(matches!(
        Store::create(dir.path(), &city("two")),
        Err(OpenError::OtherCity { .. })
    ));
    std::fs::write(dir.path().join("state.json"), "{\"format\": 999}").unwrap();
    assert!(matches!(
        StateDir::open(dir.path()),
        Err(OpenError::Newer { found: 999, .. })
    ));
    let none = tempfile::tempdir().unwrap();
    assert!(matches!(
        StateDir::open(none.path()),
        Err(OpenError::Missing { .. })
    ));
}

#[test]
fn full_hot_rows_push_back() {
    let dir = state();
    let options = StoreOptions {
        hot_bytes_max: 0,
        ..StoreOptions::default()
    };
    let store = Store::open(dir.path(), city("one"), options).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let send = |id: &str| {
        runtime.block_on(store.writer().append(
            Batch::Complaints(vec![complaint(id, 0, "open", None)]),
            vec![],
        ))
    };
    send("1").unwrap();
    assert!(matches!(send("2"), Err(AppendError::Full { .. })));
    drop(runtime);
    store.close().unwrap();
}
