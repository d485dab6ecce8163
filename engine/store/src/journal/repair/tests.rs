use std::os::unix::fs::FileExt;

use super::*;
use crate::journal::StepChanges;
use crate::{Table, rows_schema};
use arrow_array::RecordBatch;

fn rows() -> RecordBatch {
    RecordBatch::new_empty(rows_schema(Table::Observations))
}

/// A journal of `entries` batches.
fn journal(path: &Path, entries: usize) {
    let mut journal = Journal::open(path).unwrap();
    for _ in 0..entries {
        journal
            .commit(
                &[(Table::Observations, rows())],
                &[],
                &StepChanges::default(),
            )
            .unwrap();
    }
    // The last connection that closes copies the WAL into the file.
}

#[test]
fn a_damaged_entry_is_put_aside_and_the_rest_is_served() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("journal.db");
    journal(&path, 5);
    let connection = Connection::open(&path).unwrap();
    connection
        .execute(
            "UPDATE journal SET ipc = zeroblob(length(ipc)) WHERE seq = 3",
            [],
        )
        .unwrap();
    drop(connection);
    let error = Journal::open(&path)
        .unwrap()
        .after(Table::Observations, 0)
        .unwrap_err();
    assert!(
        matches!(error, JournalError::Damaged { seq: 3, .. }),
        "{error}"
    );
    let (journal, damaged) = Journal::open_repaired(&path).unwrap();
    assert!(damaged);
    assert_eq!(journal.after(Table::Observations, 3).unwrap().len(), 2);
    assert_eq!(journal.last_seq().unwrap(), 5);
    let aside: i64 = journal
        .connection
        .query_row("SELECT seq FROM damaged", [], |row| row.get(0))
        .unwrap();
    assert_eq!(aside, 3);
    drop(journal);
    let (_, damaged) = Journal::open_repaired(&path).unwrap();
    assert!(!damaged, "once is enough");
}

#[test]
fn a_damaged_page_costs_its_entries_and_no_other() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("journal.db");
    journal(&path, 200);
    let file = fs::File::options().write(true).open(&path).unwrap();
    let pages = file.metadata().unwrap().len() / u64::from(crate::journal::PAGE_BYTES);
    assert!(pages > 12, "the journal has many pages: {pages}");
    // A page in the middle, overwritten as a failing disk does.
    let at = (pages / 2) * u64::from(crate::journal::PAGE_BYTES);
    file.write_all_at(&[0xA5; 16_384], at).unwrap();
    let (mut journal, damaged) = Journal::open_repaired(&path).unwrap();
    assert!(damaged);
    let kept = journal.after(Table::Observations, 0).unwrap().len();
    assert!((100..200).contains(&kept), "{kept} of 200");
    assert_eq!(journal.last_seq().unwrap(), 200);
    let next = journal
        .commit(
            &[(Table::Observations, rows())],
            &[],
            &StepChanges::default(),
        )
        .unwrap();
    assert_eq!(next, [201]);
    assert!(dir.path().join("journal.db.damaged-1").exists());
}

#[test]
fn a_torn_last_page_of_the_wal_is_what_was_not_acknowledged() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("journal.db");
    let mut first = Journal::open(&path).unwrap();
    for _ in 0..10 {
        first
            .commit(
                &[(Table::Observations, rows())],
                &[],
                &StepChanges::default(),
            )
            .unwrap();
    }
    // What a power cut leaves: the files as they are now, the last write torn.
    let after = dir.path().join("after.db");
    fs::copy(&path, &after).unwrap();
    let wal = dir.path().join("after.db-wal");
    fs::copy(dir.path().join("journal.db-wal"), &wal).unwrap();
    let file = fs::File::options().write(true).open(&wal).unwrap();
    let bytes = file.metadata().unwrap().len();
    file.set_len(bytes - 5_000).unwrap();
    let (journal, damaged) = Journal::open_repaired(&after).unwrap();
    assert!(!damaged);
    assert_eq!(journal.after(Table::Observations, 0).unwrap().len(), 9);
}
