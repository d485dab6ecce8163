//! What SQL answers: each `slt/*.slt` file is asked of a small city whose history (`slt/history.ndjson`) lies partly in the lake
//! and partly in memory.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test ends in a panic that says why"
)]

use std::path::PathBuf;
use std::sync::{Arc, LazyLock};

use chrono::{DateTime, TimeZone, Utc};
use citybrain_ingest::city::read_city;
use citybrain_model::{
    Complaint, ComplaintDraft, ComplaintEvent, ComplaintEventDraft, Observation, ObservationDraft,
    Refusal,
};
use citybrain_query::{Answer, Limits, QueryError, Session};
use citybrain_store::{Batch, Refused, Snapshot, Store, StoreOptions};
use datafusion::arrow::datatypes::DataType;
use datafusion::arrow::util::display::{ArrayFormatter, FormatOptions};
use serde_json::Value;
use sqllogictest::harness::{Arguments, Trial};
use sqllogictest::{DB, DBOutput, DefaultColumnType};
use tokio::runtime::Runtime;

fn main() {
    let mut files: Vec<PathBuf> = std::fs::read_dir(slt())
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "slt"))
        .collect();
    files.sort();
    assert!(!files.is_empty(), "there are files in {}", slt().display());
    let trials = files.into_iter().map(|file| {
        let name = file.file_name().unwrap().to_string_lossy().into_owned();
        Trial::test(name, move || {
            sqllogictest::harness::test(&file, || async { Ok(Asked) })
        })
    });
    sqllogictest::harness::run(&Arguments::from_args(), trials.collect()).exit();
}

fn slt() -> PathBuf {
    citybrain_tests::repository().join("tests/slt")
}

/// The small city, asked through a new session for each query.
struct Asked;

impl DB for Asked {
    type Error = QueryError;
    type ColumnType = DefaultColumnType;

    fn run(&mut self, sql: &str) -> Result<DBOutput<DefaultColumnType>, QueryError> {
        static SMALL_CITY: LazyLock<(Runtime, Arc<Snapshot>, Store, tempfile::TempDir)> =
            LazyLock::new(small_city);
        let (runtime, snapshot, ..) = &*SMALL_CITY;
        let session = Session::new(Arc::clone(snapshot), Limits::default());
        Ok(shown(&runtime.block_on(session.sql(sql, &[]))?))
    }
}

fn shown(answer: &Answer) -> DBOutput<DefaultColumnType> {
    let types = answer
        .schema
        .fields()
        .iter()
        .map(|field| match field.data_type() {
            DataType::Utf8 | DataType::Utf8View | DataType::LargeUtf8 => DefaultColumnType::Text,
            data_type if data_type.is_integer() => DefaultColumnType::Integer,
            data_type if data_type.is_floating() => DefaultColumnType::FloatingPoint,
            _ => DefaultColumnType::Any,
        });
    let options = FormatOptions::default().with_null("NULL");
    let mut rows = Vec::new();
    for batch in &answer.batches {
        let columns: Vec<_> = batch
            .columns()
            .iter()
            .map(|column| ArrayFormatter::try_new(column, &options).unwrap())
            .collect();
        rows.extend((0..batch.num_rows()).map(|row| {
            columns
                .iter()
                .map(|column| column.value(row).to_string())
                .map(|value| {
                    if value.is_empty() {
                        "(empty)".to_owned()
                    } else {
                        value
                    }
                })
                .collect::<Vec<_>>()
        }));
    }
    DBOutput::Rows {
        types: types.collect(),
        rows,
    }
}

fn small_city() -> (Runtime, Arc<Snapshot>, Store, tempfile::TempDir) {
    let dir = tempfile::tempdir().unwrap();
    let (city, _report) = read_city(&slt().join("city/city.toml")).unwrap();
    let city = Arc::new(city);
    Store::create(dir.path(), &city).unwrap();
    let open = || Store::open(dir.path(), Arc::clone(&city), StoreOptions::default()).unwrap();
    let mut store = open();
    for line in include_str!("slt/history.ndjson").lines() {
        let line: Value = serde_json::from_str(line).unwrap();
        let (kind, record) = line.as_object().unwrap().iter().next().unwrap();
        let (batch, refused) = match kind.as_str() {
            "complaint" => (Batch::Complaints(vec![complaint(record)]), vec![]),
            "event" => (Batch::Events(vec![event(record)]), vec![]),
            "observation" => (Batch::Observations(vec![observation(record)]), vec![]),
            "refused" => (Batch::Complaints(vec![]), vec![refused(record)]),
            // Closing moves everything into the lake.
            "seal" => {
                store.close().unwrap();
                store = open();
                continue;
            }
            kind => panic!("{kind} is no kind of line"),
        };
        store.writer().append_blocking(batch, refused).unwrap();
    }
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .unwrap();
    (runtime, store.snapshot(), store, dir)
}

fn received_at() -> DateTime<Utc> {
    Utc.with_ymd_and_hms(2026, 4, 1, 0, 0, 0).unwrap()
}

fn text(record: &Value, field: &str) -> Option<String> {
    record[field].as_str().map(str::to_owned)
}

fn instant(record: &Value, field: &str) -> Option<DateTime<Utc>> {
    record[field].as_str().map(|text| text.parse().unwrap())
}

fn complaint(record: &Value) -> Complaint {
    let tags = record["tags"]
        .as_array()
        .into_iter()
        .flatten()
        .map(|tag| tag.as_str().unwrap().to_owned());
    let draft = ComplaintDraft {
        source: text(record, "source"),
        id: text(record, "id"),
        channel: text(record, "channel"),
        category: text(record, "category"),
        category_path: text(record, "category_path"),
        requested_at: instant(record, "requested_at"),
        closed_at: instant(record, "closed_at"),
        status: text(record, "status"),
        lon: record["lon"].as_f64(),
        lat: record["lat"].as_f64(),
        default_location: record["default_location"].as_bool().unwrap_or_default(),
        tags: tags.collect(),
        text: text(record, "text"),
        ..ComplaintDraft::default()
    };
    Complaint::try_new(draft, received_at()).unwrap()
}

fn event(record: &Value) -> ComplaintEvent {
    let draft = ComplaintEventDraft {
        source: text(record, "source"),
        complaint: text(record, "complaint"),
        event: text(record, "event"),
        at: instant(record, "at"),
        actor: text(record, "actor"),
        ..ComplaintEventDraft::default()
    };
    ComplaintEvent::try_new(draft, received_at()).unwrap()
}

fn observation(record: &Value) -> Observation {
    let draft = ObservationDraft {
        source: text(record, "source"),
        datastream: text(record, "datastream"),
        sensor: text(record, "sensor"),
        property: text(record, "property"),
        unit: text(record, "unit"),
        phenomenon_time: instant(record, "phenomenon_time"),
        result: record["result"].as_f64(),
        lon: record["lon"].as_f64(),
        lat: record["lat"].as_f64(),
        ..ObservationDraft::default()
    };
    Observation::try_new(draft, received_at()).unwrap()
}

fn refused(record: &Value) -> Refused {
    let refusal = Refusal::new(
        text(record, "field").unwrap(),
        "",
        text(record, "rule").unwrap(),
        "a sentence for a person",
    );
    Refused {
        source: text(record, "source").unwrap(),
        profile: "json".into(),
        index: 0,
        raw: text(record, "raw").unwrap(),
        refusal,
        received_at: received_at(),
    }
}
