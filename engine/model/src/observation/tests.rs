use chrono::{TimeZone, Utc};

use super::*;

fn draft() -> ObservationDraft {
    ObservationDraft {
        source: Some("air".into()),
        datastream: Some("aotizhongxin:PM10".into()),
        phenomenon_time: Some(Utc.with_ymd_and_hms(2016, 1, 1, 0, 0, 0).unwrap()),
        result: Some(12.5),
        ..ObservationDraft::default()
    }
}

#[test]
fn a_result_that_is_no_number_is_refused() {
    for result in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
        let refusal = Observation::try_new(
            ObservationDraft {
                result: Some(result),
                ..draft()
            },
            received(),
        )
        .unwrap_err();
        assert_eq!(
            (refusal.field.as_ref(), refusal.rule.as_ref()),
            ("result", "finite")
        );
    }
}

#[test]
fn each_limit_is_told_with_field_and_rule() {
    let at = |year| Some(Utc.with_ymd_and_hms(year, 12, 31, 23, 59, 59).unwrap());
    let cases: [(ObservationDraft, &str, &str); 6] = [
        (
            ObservationDraft {
                phenomenon_time: at(1969),
                ..draft()
            },
            "phenomenon_time",
            "time",
        ),
        (
            ObservationDraft {
                phenomenon_time: at(9999),
                ..draft()
            },
            "phenomenon_time",
            "time",
        ),
        (
            ObservationDraft {
                result_time: at(9999),
                ..draft()
            },
            "result_time",
            "time",
        ),
        (
            ObservationDraft {
                datastream: Some("a\u{7}b".into()),
                ..draft()
            },
            "datastream",
            "control",
        ),
        (
            ObservationDraft {
                id: Some("x".repeat(257)),
                ..draft()
            },
            "id",
            "length",
        ),
        (
            ObservationDraft {
                unit: Some("x".repeat(1025)),
                ..draft()
            },
            "unit",
            "length",
        ),
    ];
    for (draft, field, rule) in cases {
        let refusal = Observation::try_new(draft, received()).unwrap_err();
        assert_eq!(
            (refusal.field.as_ref(), refusal.rule.as_ref()),
            (field, rule)
        );
    }
}

#[test]
fn a_result_that_is_a_word_stands_in_the_details() {
    let word = ObservationDraft {
        result: None,
        details: Some(r#"{"result":"wet"}"#.into()),
        ..draft()
    };
    let taken = Observation::try_new(word, received()).unwrap();
    assert_eq!(taken.result, None);
    assert_eq!(taken.details.as_deref(), Some(r#"{"result":"wet"}"#));
    let nothing = ObservationDraft {
        result: None,
        ..draft()
    };
    let refusal = Observation::try_new(nothing, received()).unwrap_err();
    assert_eq!(refusal.rule.as_ref(), "required");
}

#[test]
fn an_id_makes_the_identity_and_else_the_instant_does() {
    let of = |draft| Observation::try_new(draft, received()).unwrap().identity();
    assert_eq!(
        of(draft()),
        of(ObservationDraft {
            result: Some(99.0),
            ..draft()
        })
    );
    assert_ne!(
        of(draft()),
        of(ObservationDraft {
            datastream: Some("other".into()),
            ..draft()
        })
    );
    assert_ne!(
        of(draft()),
        of(ObservationDraft {
            id: Some("7".into()),
            ..draft()
        })
    );
}

fn received() -> DateTime<Utc> {
    Utc.with_ymd_and_hms(2024, 6, 1, 0, 0, 0).unwrap()
}
