//! What goes on beside writing and reading: the index of identities, compaction, vacuum, damage.

use std::collections::HashSet;
use std::time::Instant;

use super::*;
use crate::lake::LakeDir;
use crate::seal::{Tried, seal, seal_again};

/// The corrected values that the history keeps.
pub(super) fn corrected(dir: &Path) -> Vec<f64> {
    let runtime = runtime(dir).unwrap();
    let rows = runtime.block_on(async {
        let lake = LakeTable::open(
            &LakeDir::Folder(dir.join("lake")),
            Table::Observations,
            false,
        )
        .await
        .unwrap()
        .unwrap();
        let beside = lake.corrected(false).await.unwrap().unwrap();
        SessionContext::new()
            .read_table(beside.provider().await.unwrap())
            .unwrap()
            .collect()
            .await
            .unwrap()
    });
    let mut results: Vec<f64> = rows
        .iter()
        .flat_map(|rows| {
            rows["result"]
                .as_primitive::<Float64Type>()
                .values()
                .to_vec()
        })
        .collect();
    results.sort_by(f64::total_cmp);
    results
}

fn parquet_files(dir: &Path, table: &str) -> usize {
    let months = std::fs::read_dir(dir.join("lake").join(table)).unwrap();
    months
        .map(|month| month.unwrap())
        .filter(|month| month.file_name().to_string_lossy().starts_with("month="))
        .map(|month| std::fs::read_dir(month.path()).unwrap().count())
        .sum()
}

pub(super) fn until(what: &str, mut done: impl FnMut() -> bool) {
    let begin = Instant::now();
    while !done() {
        assert!(begin.elapsed() < Duration::from_mins(1), "{what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

fn numbered(range: std::ops::Range<i64>, status: &str) -> Vec<Complaint> {
    range
        .map(|number| complaint(&number.to_string(), number % 3, status, None))
        .collect()
}

#[test]
fn records_are_known_from_the_index_and_again_from_the_lake_when_it_is_gone_or_damaged() {
    let dir = state();
    let store = open(dir.path());
    append(&store, numbered(0..1_000, "open"));
    append(&store, numbered(0..10, "closed"));
    store.close().unwrap();
    let index = dir.path().join("identities");
    let runs = || {
        let files = std::fs::read_dir(&index).unwrap().flatten();
        files
            .map(|file| file.path())
            .filter(|path| path.extension().is_some_and(|end| end == "run"))
            .collect::<Vec<_>>()
    };
    assert_eq!(runs().len(), 1, "one run for one seal");
    let expect_known = || {
        let store = open(dir.path());
        let again = append(&store, numbered(10..1_000, "open"));
        assert_eq!((again.duplicate, again.updated), (990, 0));
        let again = append(&store, numbered(0..10, "closed"));
        assert_eq!((again.duplicate, again.updated), (10, 0));
        store.close().unwrap();
    };
    expect_known();
    std::fs::remove_dir_all(&index).unwrap();
    expect_known();
    let run = runs().remove(0);
    let mut bytes = std::fs::read(&run).unwrap();
    let at = bytes.len() - 20;
    bytes[at] ^= 1;
    std::fs::write(&run, bytes).unwrap();
    expect_known();
    let store = open(dir.path());
    assert_eq!(append(&store, numbered(0..20, "reopened")).updated, 20);
    assert_eq!(
        visible(&store.snapshot(), Table::Complaints).num_rows(),
        1_000
    );
    store.close().unwrap();
}

#[test]
fn small_files_become_one_and_what_they_replace_goes_without_changing_an_answer() {
    let dir = state();
    let options = StoreOptions {
        seal_rows: 2,
        keep_replaced: Duration::from_secs(1),
        ..StoreOptions::default()
    };
    let store = Store::open(dir.path(), city("one"), options).unwrap();
    let mut expected = 0;
    for round in 0..20 {
        expected += 10;
        append(&store, numbered(round * 10..round * 10 + 10, "open"));
        append(&store, numbered(round * 10..round * 10 + 2, "closed"));
        let snapshot = store.snapshot();
        assert_eq!(visible(&snapshot, Table::Complaints).num_rows(), expected);
        until("a seal", || {
            store.snapshot().table(Table::Complaints).hot.is_empty()
        });
    }
    let before = states(&store);
    assert_eq!(
        before
            .iter()
            .filter(|(_, status)| status == "closed")
            .count(),
        40
    );
    until("compaction and vacuum", || {
        parquet_files(dir.path(), "complaints") < 8
    });
    assert_eq!(states(&store), before);
    store.close().unwrap();
    let store = open(dir.path());
    assert_eq!(states(&store), before);
    assert_eq!(append(&store, numbered(2..10, "open")).duplicate, 8);
    store.close().unwrap();
}

#[test]
fn a_damaged_file_of_the_lake_is_named_and_put_aside_when_it_has_to_be_written_and_the_rest_goes_on()
 {
    let dir = state();
    let store = open(dir.path());
    append(&store, numbered(0..10, "open"));
    store.close().unwrap();
    let months = std::fs::read_dir(dir.path().join("lake/complaints")).unwrap();
    let month = months
        .map(|month| month.unwrap().path())
        .find(|month| month.to_string_lossy().contains("month="))
        .unwrap();
    let file = std::fs::read_dir(month)
        .unwrap()
        .next()
        .unwrap()
        .unwrap()
        .path();
    let mut bytes = std::fs::read(&file).unwrap();
    let end = bytes.len();
    bytes[end / 3..].fill(0x55);
    std::fs::write(&file, bytes).unwrap();
    let store = open(dir.path());
    assert_eq!(append(&store, numbered(100..110, "open")).accepted, 10);
    assert_eq!(append(&store, numbered(0..1, "closed")).updated, 1);
    store.close().unwrap();
    let copy = file
        .strip_prefix(dir.path().join("lake/complaints"))
        .unwrap();
    let copy = copy.to_string_lossy().replace('/', "-");
    let aside = dir.path().join("lake/complaints/_quarantine").join(copy);
    assert!(aside.is_file(), "{}", aside.display());
    // The other files and the new records are served, and what was in the damaged one is taken again.
    let store = open(dir.path());
    assert_eq!(append(&store, numbered(100..110, "open")).duplicate, 10);
    let again = append(&store, numbered(1..10, "open"));
    assert!(again.accepted > 0, "{again:?}");
    assert_eq!(visible(&store.snapshot(), Table::Complaints).num_rows(), 20);
    store.close().unwrap();
}

#[test]
fn a_seal_that_came_through_although_it_failed_is_not_sealed_twice() {
    let dir = state();
    let store = open(dir.path());
    let hot = |store: &Store| store.snapshot().table(Table::Complaints).hot.clone();
    append(&store, numbered(0..9, "open"));
    let first = hot(&store);
    append(&store, numbered(5..12, "closed"));
    let all = hot(&store);
    let superseded = Arc::clone(&store.snapshot().table(Table::Complaints).superseded);
    let elsewhere = tempfile::tempdir().unwrap();
    let place = LakeDir::Folder(elsewhere.path().to_owned());
    let rows = runtime(dir.path()).unwrap().block_on(async {
        let open = LakeTable::open(&place, Table::Complaints, true).await;
        let mut through = open.unwrap().unwrap();
        // What the next attempt begins with knows nothing of the commit.
        let mut stale = through.clone();
        seal(&mut through, &first, &HashSet::new(), 1)
            .await
            .unwrap();
        for tried in [
            [Tried {
                position: 1,
                rows: 9,
            }],
            [Tried {
                position: 2,
                rows: 16,
            }],
        ] {
            seal_again(&mut stale, &all, &superseded, 2, &tried)
                .await
                .unwrap();
        }
        SessionContext::new()
            .read_table(stale.provider().await.unwrap())
            .unwrap()
            .collect()
            .await
            .unwrap()
    });
    let mut states = BTreeMap::new();
    for rows in &rows {
        let texts =
            |name: &str| arrow_cast::cast(&rows[name], &arrow_schema::DataType::Utf8).unwrap();
        let (ids, words) = (texts("id"), texts("status"));
        let pairs = ids.as_string::<i32>().iter().zip(words.as_string::<i32>());
        for (id, word) in pairs {
            let before = states.insert(id.unwrap().to_owned(), word.unwrap().to_owned());
            assert_eq!(before, None, "{id:?} is there twice");
        }
    }
    let closed = states.values().filter(|word| *word == "closed").count();
    assert_eq!((states.len(), closed), (12, 7));
    store.close().unwrap();
}

#[test]
fn a_handful_of_rows_stays_in_the_journal_when_the_store_is_closed() {
    let dir = state();
    for (rows, expected, files) in [(0..2, 2, 0), (2..3, 3, 1), (3..4, 4, 1)] {
        let options = StoreOptions {
            leave_rows: 2,
            ..StoreOptions::default()
        };
        let store = Store::open(dir.path(), city("one"), options).unwrap();
        append(&store, numbered(rows, "open"));
        store.close().unwrap();
        let snapshot = Store::open_read_only(dir.path(), city("one")).unwrap();
        assert_eq!(visible(&snapshot, Table::Complaints).num_rows(), expected);
        assert_eq!(parquet_files(dir.path(), "complaints"), files);
    }
}
