use citybrain_store::{Store, StoreOptions, Table};
use std::sync::Arc;

use super::*;
use crate::app::tests::city;

fn complaints(store: &Store) -> usize {
    let snapshot = store.snapshot();
    let hot = snapshot.table(Table::Complaints).hot.iter();
    hot.map(datafusion::arrow::array::RecordBatch::num_rows)
        .sum()
}

#[test]
fn a_history_that_was_cut_off_is_completed_and_a_whole_one_is_left_alone() {
    let dir = tempfile::tempdir().unwrap();
    let city = city();
    Store::create(dir.path(), &city).unwrap();
    let store = Store::open(dir.path(), Arc::clone(&city), StoreOptions::default()).unwrap();
    assert!(History::of(dir.path()).unwrap().is_none());
    let now = DateTime::from_timestamp(1_770_000_000, 0).unwrap();
    let history = History::new(now, 3, 50.0).begin(dir.path()).unwrap();

    // Cut off after some complaints.
    let simulation = Simulation::try_new(&city, &history.spec()).unwrap();
    let some = simulation
        .complaints()
        .take(40)
        .map(|complaint| Complaint::try_new(complaint.draft(SOURCE), now));
    append_all(some, Batch::Complaints, &store.writer(), &bar(0)).unwrap();
    assert_eq!(complaints(&store), 40);

    let total = usize::try_from(simulation.truth().totals.complaints).unwrap();
    assert!(total > 40);
    for _ in 0..2 {
        let history = History::of(dir.path()).unwrap().unwrap();
        history
            .complete(dir.path(), &city, &store.writer())
            .unwrap();
        assert_eq!(complaints(&store), total);
    }
    assert!(History::of(dir.path()).unwrap().unwrap().complete);
    store.close().unwrap();
}
