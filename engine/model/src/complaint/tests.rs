use chrono::{TimeDelta, TimeZone, Utc};

use super::*;
use crate::rules::TEXT_CHARS_MAX;

fn draft() -> ComplaintDraft {
    ComplaintDraft {
        source: Some("hotline".into()),
        id: Some("1".into()),
        requested_at: Some(Utc.with_ymd_and_hms(2024, 5, 1, 8, 0, 0).unwrap()),
        ..ComplaintDraft::default()
    }
}

fn refused(draft: ComplaintDraft) -> (String, String) {
    let refusal = Complaint::try_new(draft, received()).unwrap_err();
    (refusal.field.into_owned(), refusal.rule.into_owned())
}

#[test]
fn a_missing_field_is_named() {
    assert_eq!(
        refused(ComplaintDraft {
            id: None,
            ..draft()
        }),
        ("id".into(), "required".into())
    );
    assert_eq!(
        refused(ComplaintDraft {
            id: Some(" \t".into()),
            ..draft()
        }),
        ("id".into(), "required".into())
    );
    assert_eq!(
        refused(ComplaintDraft {
            requested_at: None,
            ..draft()
        }),
        ("requested_at".into(), "required".into())
    );
    assert_eq!(
        refused(ComplaintDraft {
            lon: Some(1.0),
            ..draft()
        }),
        ("lat".into(), "required".into())
    );
}

#[test]
fn a_value_out_of_its_range_is_refused() {
    let far = ComplaintDraft {
        lon: Some(181.0),
        lat: Some(0.0),
        ..draft()
    };
    assert_eq!(refused(far), ("lon".into(), "range".into()));
    let nan = ComplaintDraft {
        lon: Some(0.0),
        lat: Some(f64::NAN),
        ..draft()
    };
    assert_eq!(refused(nan), ("lat".into(), "range".into()));
    let placeholder = Utc.with_ymd_and_hms(9999, 12, 31, 0, 0, 0).unwrap();
    assert_eq!(
        refused(ComplaintDraft {
            due_at: Some(placeholder),
            ..draft()
        }),
        ("due_at".into(), "time".into())
    );
    assert_eq!(
        refused(ComplaintDraft {
            id: Some("a\u{0}b".into()),
            ..draft()
        }),
        ("id".into(), "control".into())
    );
    let long = Some("界".repeat(TEXT_CHARS_MAX + 1));
    assert_eq!(
        refused(ComplaintDraft {
            text: long,
            ..draft()
        }),
        ("text".into(), "length".into())
    );
    let full = Some("界".repeat(TEXT_CHARS_MAX));
    assert!(
        Complaint::try_new(
            ComplaintDraft {
                text: full,
                ..draft()
            },
            received()
        )
        .is_ok()
    );
}

#[test]
fn a_closing_time_before_the_request_is_dropped_and_tagged() {
    let requested_at = draft().requested_at.unwrap();
    let early = ComplaintDraft {
        closed_at: Some(requested_at - TimeDelta::seconds(1)),
        ..draft()
    };
    let complaint = Complaint::try_new(early, received()).unwrap();
    assert_eq!(complaint.closed_at, None);
    assert_eq!(complaint.tags, ["closed_before_requested"]);
    let same = ComplaintDraft {
        closed_at: Some(requested_at),
        ..draft()
    };
    assert_eq!(
        Complaint::try_new(same, received()).unwrap().closed_at,
        Some(requested_at)
    );
}

#[test]
fn a_default_location_is_no_place() {
    let known = ComplaintDraft {
        lon: Some(-71.0587),
        lat: Some(42.3594),
        default_location: true,
        ..draft()
    };
    assert_eq!(
        Complaint::try_new(known, received())
            .unwrap()
            .location_quality,
        LocationQuality::Default
    );
}

fn received() -> DateTime<Utc> {
    Utc.with_ymd_and_hms(2024, 6, 1, 0, 0, 0).unwrap()
}
