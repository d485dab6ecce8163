use citybrain_model::{ComplaintDraft, EventKind};

use super::*;
use crate::Batch;
use crate::columns::place;
use crate::identities::contents_of;
use crate::store::tests::city;

fn rows(position: Option<(f64, f64)>) -> RecordBatch {
    let draft = ComplaintDraft {
        source: Some("test".into()),
        id: Some("1".into()),
        requested_at: chrono::DateTime::from_timestamp(1_700_000_000, 0),
        lon: position.map(|at| at.0),
        lat: position.map(|at| at.1),
        status: Some("open".into()),
        ..ComplaintDraft::default()
    };
    let received = chrono::DateTime::from_timestamp(1_700_000_100, 0).unwrap();
    let complaint = citybrain_model::Complaint::try_new(draft, received).unwrap();
    place(&city("one"), Batch::Complaints(vec![complaint])).rows
}

fn with(rows: &RecordBatch, fields: &str) -> RecordBatch {
    let mut fold = Fold::of(rows, 0);
    fold.add(Step::new(
        1_700_000_200_000_000 + i64::try_from(fold.steps.len()).unwrap(),
        EventKind::Corrected,
        Some(fields),
    ));
    folded(&city("one"), rows, vec![fold])
}

#[test]
fn what_the_record_said_comes_back_whole() {
    for position in [None, Some((116.5, 39.5)), Some((10.0, 50.0))] {
        let told = rows(position);
        let mut state = told.clone();
        for fields in [
            r#"{"status":"x","agency":"A","due_at":"2024-01-01T00:00:00Z","contacted":false}"#,
            r#"{"lon":116.1,"lat":39.1}"#,
            r#"{"lon":null,"lat":null}"#,
            r#"{"district":"a"}"#,
            r#"{"status":null}"#,
        ] {
            state = with(&state, fields);
            let back = as_told(&state);
            assert_eq!(contents_of(&told), contents_of(&state), "{fields}");
            assert_eq!(
                &told["location_quality"], &back["location_quality"],
                "{fields}"
            );
        }
    }
}

#[test]
fn a_name_places_what_has_no_position() {
    let state = with(&rows(None), r#"{"district":"a"}"#);
    assert_eq!(
        state["location_quality"].as_string::<i32>().value(0),
        "area"
    );
    assert_eq!(state["district"].as_string::<i32>().value(0), "a");
    let state = with(&state, r#"{"district":"elsewhere"}"#);
    assert_eq!(
        state["location_quality"].as_string::<i32>().value(0),
        "none"
    );
    assert!(state["district"].is_null(0));
}
