use std::collections::HashMap;

use xxhash_rust::xxh3::xxh3_128;

use super::*;
use crate::Table;
use citybrain_model::Identity;

fn identity(number: u64) -> Identity {
    Identity(xxh3_128(&number.to_le_bytes()))
}

fn known(month: i64, number: i64) -> Known {
    Known {
        row_id: (month << ROW_NUMBER_BITS) | number,
        content: number.cast_unsigned() & 0xFFFF_FFFF_FFFF,
    }
}

/// Flushes `numbers` as rows that come in now; gives back what is known of them.
fn flush(
    files: &IndexFiles,
    numbers: impl Iterator<Item = u64>,
    next: &mut i64,
    position: u64,
) -> Vec<(u64, Known)> {
    let rows: Vec<(u64, Known)> = numbers
        .map(|number| {
            *next += 1;
            (number, known(600 + (number % 7).cast_signed(), *next))
        })
        .collect();
    let entries: Entries = rows
        .iter()
        .map(|&(n, known)| (identity(n), known))
        .collect();
    files.flush(&entries, position).unwrap();
    rows
}

fn all_are_known(files: &IndexFiles, oracle: &HashMap<u64, Known>, up_to: u64) {
    let identities: Vec<Identity> = (0..up_to).map(identity).collect();
    let found = files.find(&identities, 0, None).unwrap();
    for (number, known) in (0..up_to).zip(found.known) {
        assert_eq!(known, oracle.get(&number).copied(), "record {number}");
    }
}

#[test]
fn what_was_flushed_is_found_in_its_newest_form_and_nothing_else_is() {
    let dir = tempfile::tempdir().unwrap();
    let files = IndexFiles::empty(dir.path(), Table::Observations);
    let mut oracle = HashMap::new();
    let mut next = 0;
    for round in 0..23_usize {
        // Each flush has new records and some that are there already.
        let first = round as u64 * 700;
        let numbers = (first..first + 1_000).step_by(1 + round % 3);
        oracle.extend(flush(&files, numbers, &mut next, round as u64 + 1));
        if round % 5 == 4 {
            files.merge().unwrap();
            assert!(!files.merge_is_due());
        }
    }
    all_are_known(&files, &oracle, 40_000);
    assert_eq!(files.next_number(), next + 1);
    // Opened again it knows the same.
    let files = IndexFiles::open(dir.path(), Table::Observations, 23, 23)
        .unwrap()
        .unwrap();
    all_are_known(&files, &oracle, 40_000);
    let in_folder = std::fs::read_dir(dir.path()).unwrap().count();
    assert!(in_folder < 10, "merged runs are removed: {in_folder}");
}

#[test]
fn a_look_up_may_leave_out_what_is_older_and_other_months() {
    let dir = tempfile::tempdir().unwrap();
    let files = IndexFiles::empty(dir.path(), Table::Observations);
    let entry = |number, month| Entries::from_iter([(identity(number), known(month, 1))]);
    files.flush(&entry(1, 600), 1).unwrap();
    let before = files.stamp();
    files.flush(&entry(2, 605), 2).unwrap();
    let find = |after, months| {
        let found = files
            .find(&[identity(1), identity(2)], after, months)
            .unwrap();
        found.known.iter().map(Option::is_some).collect::<Vec<_>>()
    };
    assert_eq!(find(0, None), [true, true]);
    assert_eq!(find(before, None), [false, true]);
    assert_eq!(find(0, Some([599, 600])), [true, false]);
}

#[test]
fn a_damaged_or_outdated_index_is_not_opened() {
    let dir = tempfile::tempdir().unwrap();
    let files = IndexFiles::empty(dir.path(), Table::Complaints);
    flush(&files, 0..10_000, &mut 0, 7);
    let open = |lake, last| IndexFiles::open(dir.path(), Table::Complaints, lake, last).unwrap();
    assert!(open(7, 9).is_some());
    assert!(open(8, 9).is_none(), "the lake has more");
    assert!(open(5, 6).is_none(), "the journal has less");
    let run = std::fs::read_dir(dir.path())
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .find(|path| path.extension().is_some_and(|end| end == "run"))
        .unwrap();
    let whole = std::fs::read(&run).unwrap();
    for (what, damage) in [
        ("head", 20),
        ("directory", whole.len() - 100),
        ("sum", whole.len() - 3),
    ] {
        let mut bytes = whole.clone();
        bytes[damage] ^= 1;
        std::fs::write(&run, bytes).unwrap();
        assert!(open(7, 9).is_none(), "{what}");
    }
    std::fs::write(&run, &whole[..whole.len() - 1]).unwrap();
    assert!(open(7, 9).is_none(), "cut off");
    // Entries are not read when it opens, but each has its sum.
    let mut bytes = whole;
    for byte in bytes.iter_mut().skip(48).step_by(32).take(10_000) {
        *byte ^= 0xFF;
    }
    std::fs::write(&run, bytes).unwrap();
    let files = open(7, 9).unwrap();
    let identities: Vec<Identity> = (0..10_000).map(identity).collect();
    let error = files.find(&identities, 0, None).unwrap_err();
    assert!(matches!(error, IndexError::Damaged { .. }), "{error}");
    assert!(open(7, 9).is_none(), "it is made again at the next start");
}

#[test]
fn a_group_that_the_journal_does_not_have_is_forgotten() {
    let mut recent = Recent::default();
    recent.stage(identity(1), known(600, 1));
    recent.keep();
    recent.stage(identity(1), known(600, 2));
    recent.stage(identity(1), known(600, 3));
    recent.stage(identity(2), known(600, 4));
    recent.forget();
    assert_eq!(recent.get(&identity(1)), Some(known(600, 1)));
    assert_eq!(recent.get(&identity(2)), None);
    recent.flush();
    recent.stage(identity(1), known(600, 5));
    recent.keep();
    assert_eq!(recent.get(&identity(1)), Some(known(600, 5)));
    recent.not_flushed();
    assert_eq!(recent.get(&identity(1)), Some(known(600, 5)));
}
