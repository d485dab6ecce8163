//! Complaints follow their steps, whatever the order of arrival.

use citybrain_model::{ComplaintEvent, ComplaintEventDraft, EventKind};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};

use arrow_array::Array;

use super::*;

fn event(complaint: &str, hour: i64, kind: EventKind, fields: &str) -> ComplaintEvent {
    let draft = ComplaintEventDraft {
        source: Some("test".into()),
        complaint: Some(complaint.into()),
        event: Some(kind.as_str().into()),
        at: Some(noon(0) + TimeDelta::hours(hour)),
        fields: Some(fields.into()),
        ..ComplaintEventDraft::default()
    };
    ComplaintEvent::try_new(draft, noon(90)).unwrap()
}

fn send(store: &Store, batch: Batch) -> Receipt {
    store.writer().append_blocking(batch, vec![]).unwrap()
}

/// All that steps may change, and the place, by id.
fn all_of(store: &Store) -> Vec<Vec<String>> {
    let rows = visible(&store.snapshot(), Table::Complaints);
    let show = |name: &str, row| {
        let column = arrow_cast::cast(&rows[name], &arrow_schema::DataType::Utf8).unwrap();
        let column = column.as_string::<i32>().clone();
        if column.is_null(row) {
            String::new()
        } else {
            column.value(row).to_owned()
        }
    };
    let mut all: Vec<Vec<String>> = (0..rows.num_rows())
        .map(|row| {
            let columns = [
                "id",
                "status",
                "dispatched_at",
                "due_at",
                "closed_at",
                "agency",
                "contacted",
                "category",
                "category_path",
                "lon",
                "lat",
                "location_quality",
                "cell",
                "district",
            ];
            columns.map(|name| show(name, row)).to_vec()
        })
        .collect();
    all.sort();
    all
}

#[test]
fn a_step_changes_its_complaint_in_memory_and_in_the_lake_and_a_repeated_record_is_still_a_duplicate()
 {
    let dir = state();
    let store = open(dir.path());
    let early = event("1", 1, EventKind::Dispatched, r#"{"agency":"A"}"#);
    let receipt = send(&store, Batch::Events(vec![early.clone()]));
    assert_eq!(
        (receipt.accepted, receipt.duplicate),
        (1, 0),
        "before its complaint"
    );
    append(
        &store,
        vec![
            complaint("1", 0, "open", None),
            complaint("2", 0, "open", None),
        ],
    );
    assert_eq!(states(&store), pairs(&[("1", "dispatched"), ("2", "open")]));
    assert_eq!(send(&store, Batch::Events(vec![early])).duplicate, 1);
    store.close().unwrap(); // seals

    let store = open(dir.path());
    let mut watch = store.watch();
    send(
        &store,
        Batch::Events(vec![event("2", 3, EventKind::Closed, "{}")]),
    );
    assert_eq!(
        states(&store),
        pairs(&[("1", "dispatched"), ("2", "closed")])
    );
    let published: Vec<_> = std::iter::from_fn(|| watch.try_recv().ok()).collect();
    let change = published
        .iter()
        .find(|batch| batch.table == Table::Complaints)
        .unwrap();
    assert!(change.replaces);
    let before = change.replaced.as_ref().unwrap();
    assert_eq!(before["status"].as_string::<i32>().value(0), "open");

    // The record as it was sent is there; another content is an update that keeps the steps.
    assert_eq!(
        append(&store, vec![complaint("2", 0, "open", None)]).duplicate,
        1
    );
    let moved = complaint("2", 0, "open", Some((116.5, 39.5)));
    assert_eq!(append(&store, vec![moved.clone()]).updated, 1);
    assert_eq!(
        states(&store),
        pairs(&[("1", "dispatched"), ("2", "closed")])
    );
    store.close().unwrap(); // merges
    let store = open(dir.path());
    assert_eq!(append(&store, vec![moved]).duplicate, 1);
    assert_eq!(all_of(&store)[1][13], "a");
    // Taken away and given again: the place follows.
    send(
        &store,
        Batch::Events(vec![event(
            "2",
            5,
            EventKind::Corrected,
            r#"{"lon":null,"lat":null}"#,
        )]),
    );
    assert_eq!(all_of(&store)[1][11..], ["none", "", ""]);
    send(
        &store,
        Batch::Events(vec![event(
            "2",
            6,
            EventKind::Corrected,
            r#"{"lon":116.5,"lat":39.5}"#,
        )]),
    );
    assert_eq!(all_of(&store)[1][13], "a");
    store.close().unwrap();
}

#[test]
fn a_corrected_step_takes_the_place_of_the_first_one() {
    let dir = state();
    let store = open(dir.path());
    append(&store, vec![complaint("1", 0, "open", None)]);
    send(
        &store,
        Batch::Events(vec![event(
            "1",
            1,
            EventKind::Dispatched,
            r#"{"agency":"A","urgency":"urgent"}"#,
        )]),
    );
    store.close().unwrap();
    let store = open(dir.path());
    let again = event("1", 1, EventKind::Dispatched, r#"{"agency":"B"}"#);
    assert_eq!(send(&store, Batch::Events(vec![again])).updated, 1);
    let rows = visible(&store.snapshot(), Table::Complaints);
    assert_eq!(rows["agency"].as_string::<i32>().value(0), "B");
    assert!(
        rows["urgency"].is_null(0),
        "what only the first one said is gone"
    );
    store.close().unwrap();
}

#[test]
fn a_step_that_moves_a_complaint_to_another_month_leaves_one_row() {
    let dir = state();
    let store = open(dir.path());
    append(&store, vec![complaint("1", 0, "open", None)]);
    store.close().unwrap();
    for (hour, month) in [(1, "2024-03-05T00:00:00Z"), (2, "2024-02-05T00:00:00Z")] {
        let store = open(dir.path());
        let fields = format!(r#"{{"requested_at":"{month}"}}"#);
        send(
            &store,
            Batch::Events(vec![event("1", hour, EventKind::Corrected, &fields)]),
        );
        assert_eq!(states(&store), pairs(&[("1", "open")]));
        store.close().unwrap();
    }
    let store = open(dir.path());
    assert_eq!(states(&store), pairs(&[("1", "open")]));
    store.close().unwrap();
}

/// One thing that arrives, and whether the store is closed and opened after it.
#[derive(Debug, Clone)]
enum Arrival {
    Record(Box<Complaint>),
    Step(ComplaintEvent),
}

fn arrivals() -> impl Strategy<Value = Vec<Arrival>> {
    let fields = prop::sample::select(vec![
        "{}",
        r#"{"agency":"A"}"#,
        r#"{"agency":"B","status":"special"}"#,
        r#"{"contacted":true}"#,
        r#"{"lon":116.25,"lat":39.75}"#,
        r#"{"lon":10.0,"lat":50.0}"#,
        r#"{"category":"x->y"}"#,
        r#"{"requested_at":"2024-02-03T04:05:06Z"}"#,
    ]);
    let step = (0_usize..4, 0_i64..30, 0_usize..13, fields);
    prop::collection::vec(step, 0..20).prop_map(|steps| {
        let mut all: Vec<Arrival> = (0..4)
            .map(|id| {
                Arrival::Record(Box::new(complaint(
                    &id.to_string(),
                    0,
                    "open",
                    (id < 2).then_some((116.5, 39.5)),
                )))
            })
            .collect();
        let mut seen = std::collections::HashSet::new();
        for (id, hour, kind, fields) in steps {
            // Another content of a step is a correction, of which the last to arrive counts: that has its own test.
            if seen.insert((id, hour, kind)) {
                all.push(Arrival::Step(event(
                    &id.to_string(),
                    hour,
                    EventKind::ALL[kind],
                    fields,
                )));
            }
        }
        all
    })
}

fn arrive(store: &Store, batch: &[Arrival]) {
    let (mut records, mut steps) = (vec![], vec![]);
    for arrival in batch {
        match arrival {
            Arrival::Record(record) => records.push(Complaint::clone(record)),
            Arrival::Step(step) => steps.push(step.clone()),
        }
    }
    send(store, Batch::Events(steps));
    append(store, records);
}

#[test]
fn the_state_of_complaints_is_the_same_whatever_the_order_batching_sealing_and_restarts() {
    let cases = arrivals().prop_flat_map(|all| {
        let cuts = prop::collection::vec((1_usize..6, 0_u8..4), all.len().max(1));
        (Just(all.clone()), Just(all).prop_shuffle(), cuts)
    });
    let mut runner = TestRunner::new(Config {
        cases: 10,
        failure_persistence: None,
        ..Config::default()
    });
    runner
        .run(&cases, |(all, shuffled, cuts)| {
            let plain = state();
            let store = open(plain.path());
            arrive(&store, &all);
            let expected = all_of(&store);
            prop_assert_eq!(expected.len(), 4);
            store.close().unwrap();

            let dir = state();
            let options = || StoreOptions {
                seal_rows: 3,
                ..StoreOptions::default()
            };
            let reopen = || Store::open(dir.path(), city("one"), options()).unwrap();
            let mut store = reopen();
            let mut rest = &shuffled[..];
            for (size, restart) in cuts {
                let (batch, later) = rest.split_at(size.min(rest.len()));
                arrive(&store, batch);
                rest = later;
                if restart == 0 {
                    store.close().unwrap();
                    store = reopen();
                }
            }
            arrive(&store, rest);
            prop_assert_eq!(&all_of(&store), &expected);
            // Everything once more: nothing is new.
            arrive(&store, &shuffled);
            prop_assert_eq!(&all_of(&store), &expected);
            store.close().unwrap();
            let store = reopen();
            prop_assert_eq!(&all_of(&store), &expected);
            store.close().unwrap();
            Ok(())
        })
        .unwrap();
}
