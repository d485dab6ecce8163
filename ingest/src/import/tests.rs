use std::collections::HashMap;

use chrono::{TimeZone as _, Utc};
use citybrain_model::{Complaint, LocationQuality, Observation};
use proptest::prelude::*;

use super::*;

/// A store in memory that keeps the rules of receipts by their definition: the oracle of the counts. A complaint is compared by
/// all of its content but the time of its reception.
#[derive(Debug, Default)]
pub(crate) struct Memory {
    pub(crate) complaints: HashMap<u128, Complaint>,
    pub(crate) observations: HashMap<u128, Observation>,
    pub(crate) refused: Vec<Refused>,
    pub(crate) appends: usize,
    /// Appends that are taken before the store closes.
    pub(crate) closes_after: Option<usize>,
}

/// Was the record taken, and not a duplicate?
fn count<T: PartialEq + Clone>(
    known: &mut HashMap<u128, T>,
    identity: u128,
    record: &T,
    receipt: &mut Receipt,
) -> bool {
    match known.insert(identity, record.clone()) {
        None => receipt.accepted += 1,
        Some(before) if before == *record => {
            receipt.duplicate += 1;
            return false;
        }
        Some(_) => receipt.updated += 1,
    }
    true
}

impl Sink for Memory {
    fn append(&mut self, batch: Batch, refused: Vec<Refused>) -> Result<Receipt, AppendError> {
        if self.closes_after == Some(self.appends) {
            return Err(AppendError::Closed);
        }
        self.appends += 1;
        let mut receipt = Receipt::default();
        let placed: Vec<bool> = match &batch {
            Batch::Complaints(rows) => rows
                .iter()
                .filter(|row| count(&mut self.complaints, row.identity().0, *row, &mut receipt))
                .map(|row| {
                    row.position.is_some() && row.location_quality != LocationQuality::Default
                })
                .collect(),
            Batch::Observations(rows) => rows
                .iter()
                .filter(|row| count(&mut self.observations, row.identity().0, *row, &mut receipt))
                .map(|row| row.position.is_some())
                .collect(),
            Batch::Events(rows) => {
                receipt.accepted += rows.len() as u64;
                vec![false; rows.len()]
            }
        };
        receipt.located = placed.iter().filter(|placed| **placed).count() as u64;
        receipt.not_located = placed.len() as u64 - receipt.located;
        self.refused.extend(refused);
        Ok(receipt)
    }
}

pub(crate) fn context() -> Context {
    Context {
        source: None,
        city_zone: chrono_tz::Asia::Shanghai,
        received_at: Utc.with_ymd_and_hms(2026, 11, 23, 12, 0, 0).unwrap(),
        place_names: None,
    }
}

/// An import whose summary is held to its sums.
pub(crate) fn run(
    sink: &mut dyn Sink,
    profile: &str,
    files: &[PathBuf],
) -> Result<Summary, ImportError> {
    let import = Import {
        profile: Profile::load(profile).unwrap(),
        context: context(),
        progress: &mut |_| {},
    };
    let imported = super::import(sink, files, import);
    hold(imported.as_ref().unwrap_or_else(|error| error.summary()));
    imported
}

fn hold(summary: &Summary) {
    let dealt_with = summary.accepted + summary.updated + summary.duplicate + summary.rejected;
    assert_eq!(summary.read, dealt_with);
    let placed = summary.located + summary.not_located + summary.outside;
    assert_eq!(summary.accepted + summary.updated, placed);
    assert_eq!(summary.rejected, summary.reasons.values().sum::<u64>());
}

fn file(folder: &tempfile::TempDir, name: &str, bytes: &[u8]) -> PathBuf {
    let path = folder.path().join(name);
    std::fs::write(&path, bytes).unwrap();
    path
}

fn csv(rows: std::ops::Range<u32>) -> String {
    rows.fold("id,requested_at,lon,lat\n".to_owned(), |csv, id| {
        csv + &format!("{id},2024-01-01T00:00:00Z,116.5,39.9\n")
    })
}

#[test]
fn records_arrive_in_the_order_of_the_files() {
    let folder = tempfile::tempdir().unwrap();
    // Each id comes many times, far apart: only in order is the last state that of the last row.
    let table = |rows: std::ops::Range<u32>| {
        let header = "id,requested_at,status\n".to_owned();
        rows.fold(header, |table, row| {
            table + &format!("{},2024-01-01T00:00:00Z,{row}\n", row % 7)
        })
    };
    let files = [
        file(&folder, "a.csv", table(0..25_000).as_bytes()),
        file(&folder, "b.csv", table(25_000..60_000).as_bytes()),
    ];
    let mut store = Memory::default();
    let summary = run(&mut store, "citybrain", &files).unwrap();
    assert_eq!((summary.accepted, summary.updated), (7, 60_000 - 7));
    let mut last: Vec<u32> = store
        .complaints
        .values()
        .map(|made| made.status.as_ref().unwrap().parse().unwrap())
        .collect();
    last.sort_unstable();
    assert_eq!(last, (60_000 - 7..60_000).collect::<Vec<_>>());
    assert!(store.appends >= 6, "in batches: {}", store.appends);
}

#[test]
fn importing_twice_gives_duplicates_alone() {
    let folder = tempfile::tempdir().unwrap();
    let path = file(&folder, "a.csv", csv(0..25_000).as_bytes());
    let mut store = Memory::default();
    let first = run(&mut store, "citybrain", std::slice::from_ref(&path)).unwrap();
    assert_eq!(
        (first.read, first.accepted, first.located),
        (25_000, 25_000, 25_000)
    );
    let second = run(&mut store, "citybrain", &[path]).unwrap();
    assert_eq!((second.read, second.duplicate), (25_000, 25_000));
}

#[test]
fn a_file_that_cannot_be_opened_stops_the_import_before_anything_is_appended() {
    let folder = tempfile::tempdir().unwrap();
    let good = file(&folder, "a.csv", csv(0..10).as_bytes());
    let empty = file(&folder, "b.csv", b"");
    for bad in [
        folder.path().join("missing.csv"),
        folder.path().to_owned(),
        empty,
    ] {
        let mut store = Memory::default();
        let error = run(&mut store, "citybrain", &[good.clone(), bad.clone()]).unwrap_err();
        assert!(
            error.to_string().starts_with(bad.to_str().unwrap()),
            "{error}"
        );
        assert_eq!((store.appends, error.summary().read), (0, 0));
    }
}

#[test]
fn what_was_read_before_a_file_breaks_off_stays_and_is_counted() {
    let folder = tempfile::tempdir().unwrap();
    let text = csv(0..200_000);
    let packed = zstd::encode_all(text.as_bytes(), 1).unwrap();
    let path = file(&folder, "a.csv.zst", &packed[..packed.len() / 2]);
    let mut store = Memory::default();
    let error = run(&mut store, "citybrain", &[path]).unwrap_err();
    assert!(matches!(error, ImportError::File { .. }));
    let kept = error.summary().accepted;
    assert!(kept > 0 && kept == store.complaints.len() as u64, "{kept}");
    assert!(error.to_string().contains("cut off"), "{error}");
}

#[test]
fn a_store_that_closes_ends_the_import_and_its_threads() {
    let folder = tempfile::tempdir().unwrap();
    let path = file(&folder, "a.csv", csv(0..200_000).as_bytes());
    let mut store = Memory {
        closes_after: Some(2),
        ..Memory::default()
    };
    let error = run(&mut store, "citybrain", &[path]).unwrap_err();
    assert!(
        matches!(
            error,
            ImportError::Append {
                error: AppendError::Closed,
                ..
            }
        ),
        "{error}"
    );
    assert_eq!(error.summary().accepted, store.complaints.len() as u64);
    assert!(error.summary().accepted >= 2 * BATCH_ROWS);
}

#[test]
fn a_file_of_another_source_is_told_by_its_columns() {
    let folder = tempfile::tempdir().unwrap();
    let path = file(&folder, "a.csv", csv(0..10).as_bytes());
    let mut store = Memory::default();
    let error = run(&mut store, "boston-311", &[path]).unwrap_err();
    assert!(
        error
            .to_string()
            .contains("has no column \"case_enquiry_id\""),
        "{error}"
    );
    assert_eq!(store.appends, 0);
}

#[test]
fn progress_grows_to_the_size_of_the_file() {
    let folder = tempfile::tempdir().unwrap();
    let text = csv(0..60_000);
    let path = file(&folder, "a.csv", text.as_bytes());
    let mut seen = Vec::new();
    import(
        &mut Memory::default(),
        &[path],
        Import {
            profile: Profile::load("citybrain").unwrap(),
            context: context(),
            progress: &mut |now| seen.push((now.bytes_read, now.bytes_total, now.read)),
        },
    )
    .unwrap();
    assert!(seen.len() > 5 && seen.is_sorted(), "{seen:?}");
    assert_eq!(
        seen.last(),
        Some(&(text.len() as u64, text.len() as u64, 60_000))
    );
}

#[test]
fn the_summary_is_printed_with_the_keys_that_scripts_read() {
    let summary = Summary {
        read: 1,
        rejected: 1,
        reasons: [("time".to_owned(), 1)].into(),
        ..Summary::default()
    };
    let printed = serde_json::to_string(&summary).unwrap();
    let expected = r#"{"read":1,"accepted":0,"updated":0,"duplicate":0,"rejected":1,"located":0,"area_only":0,"not_located":0,"outside":0,"elapsed_s":0.0,"rows_per_s":0.0,"reasons":{"time":1}}"#;
    assert_eq!(printed, expected);
}

/// One change to a table of text.
#[derive(Debug, Clone)]
enum Mutation {
    Byte(usize, u8),
    Insert(usize, Vec<u8>),
    Cut(usize, usize),
    Repeat(usize, usize),
}

fn mutation() -> impl Strategy<Value = Mutation> {
    let at = 0..4_000_usize;
    let length = 0..40_usize;
    let piece = prop_oneof![
        Just(b"\"".to_vec()),
        Just(b"\n".to_vec()),
        Just(b",".to_vec()),
        Just(b"\r\n\r\n".to_vec()),
        Just(b"\xff".to_vec()),
        Just("，噪声".as_bytes().to_vec()),
        proptest::collection::vec(any::<u8>(), 0..5),
    ];
    prop_oneof![
        (at.clone(), any::<u8>()).prop_map(|(at, byte)| Mutation::Byte(at, byte)),
        (at.clone(), piece).prop_map(|(at, piece)| Mutation::Insert(at, piece)),
        (at.clone(), length.clone()).prop_map(|(at, length)| Mutation::Cut(at, length)),
        (at, length).prop_map(|(at, length)| Mutation::Repeat(at, length)),
    ]
}

impl Mutation {
    fn apply(self, bytes: &mut Vec<u8>) {
        let within = |at: usize| at % bytes.len().max(1);
        match self {
            Self::Byte(at, byte) => {
                let at = within(at);
                if let Some(place) = bytes.get_mut(at) {
                    *place = byte;
                }
            }
            Self::Insert(at, piece) => {
                let at = within(at);
                bytes.splice(at..at, piece);
            }
            Self::Cut(at, length) => {
                let at = within(at);
                let end = (at + length).min(bytes.len());
                bytes.drain(at..end);
            }
            Self::Repeat(at, length) => {
                let at = within(at);
                let end = (at + length).min(bytes.len());
                let piece = bytes[at..end].to_vec();
                bytes.splice(end..end, piece);
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, ..ProptestConfig::default() })]

    /// `run` holds the sums.
    #[test]
    fn read_is_accepted_and_updated_and_duplicate_and_rejected(mutations in proptest::collection::vec(mutation(), 0..30)) {
        const HEADER: &str = "case_enquiry_id,open_dt,closed_dt,case_status,reason,type,location_zipcode,latitude,longitude,source\n";
        let rows = (0..40).fold(String::new(), |rows, id| {
            let (id, day) = (id % 30, id % 31 + 1);
            rows + &format!("{id},2011-07-{day:02} 01:32:33,,Closed,\"a, b\",c,2121.0,42.{id},-71.1,Self Service\n")
        });
        let mut bytes = rows.into_bytes();
        for mutation in mutations {
            mutation.apply(&mut bytes);
        }
        bytes.splice(0..0, HEADER.bytes());
        let folder = tempfile::tempdir().unwrap();
        let path = file(&folder, "a.csv", &bytes);
        let mut store = Memory::default();
        let summary = run(&mut store, "boston-311", std::slice::from_ref(&path)).unwrap();
        prop_assert_eq!(summary.accepted, store.complaints.len() as u64);
        prop_assert_eq!(summary.rejected, store.refused.len() as u64);
        let again = run(&mut store, "boston-311", &[path]).unwrap();
        prop_assert_eq!((again.read, again.rejected), (summary.read, summary.rejected));
        prop_assert_eq!(again.accepted, 0);
    }
}
