use proptest::prelude::*;
use serde_json::json;

use super::*;

const HOUR: i64 = 3_600_000_000;

fn told(values: &[(&'static str, Value)]) -> Values {
    values.iter().cloned().collect()
}

fn step(hour: i64, event: EventKind, fields: &str) -> Step {
    Step::new(hour * HOUR, event, Some(fields))
}

fn state_of(told: &Values, arrivals: &[Step]) -> Values {
    let mut steps = Vec::new();
    for step in arrivals {
        add_step(&mut steps, step.clone());
    }
    fold(told, &steps)
}

#[test]
fn the_latest_step_gives_the_status_and_each_its_instant() {
    let told = told(&[("requested_at", json!(0)), ("status", json!("open"))]);
    let steps = [
        step(5, EventKind::Closed, "{}"),
        step(1, EventKind::Dispatched, r#"{"agency":"A"}"#),
        step(
            3,
            EventKind::Extended,
            r#"{"due_at":"1970-01-02T00:00:00Z"}"#,
        ),
        step(
            6,
            EventKind::CalledBack,
            r#"{"contacted":true,"resolved":"unresolved"}"#,
        ),
    ];
    let state = state_of(&told, &steps);
    assert_eq!(
        state["status"], "closed",
        "a call-back after closing leaves it closed"
    );
    assert_eq!(state["agency"], "A");
    assert_eq!(state["dispatched_at"], HOUR);
    assert_eq!(state["closed_at"], 5 * HOUR);
    assert_eq!(state["due_at"], 24 * HOUR);
    assert_eq!(state["contacted"], true);
    let again = [&steps[..], &[step(7, EventKind::Reopened, "{}")]].concat();
    let state = state_of(&told, &again);
    assert_eq!(
        (&state["status"], &state["closed_at"]),
        (&json!("reopened"), &Value::Null)
    );
}

#[test]
fn a_late_step_does_not_undo_what_the_record_knows_of_a_later_time() {
    let told = told(&[
        ("requested_at", json!(0)),
        ("closed_at", json!(10 * HOUR)),
        ("status", json!("solved")),
        ("agency", json!("B")),
    ]);
    let state = state_of(
        &told,
        &[step(4, EventKind::Dispatched, r#"{"agency":"A"}"#)],
    );
    assert_eq!(
        (&state["status"], &state["agency"]),
        (&json!("solved"), &json!("B"))
    );
    assert_eq!(state["dispatched_at"], 4 * HOUR);
    let state = state_of(&told, &[step(11, EventKind::Reopened, "{}")]);
    assert_eq!(
        (&state["status"], &state["closed_at"]),
        (&json!("reopened"), &Value::Null)
    );
}

#[test]
fn a_step_corrects_what_its_fields_name() {
    let told = told(&[("requested_at", json!(0)), ("category", json!("a"))]);
    let state = state_of(
        &told,
        &[step(
            1,
            EventKind::Corrected,
            r#"{"category":"x->y","tags":["p","q"],"unknown":1}"#,
        )],
    );
    assert_eq!(
        (&state["category"], &state["category_path"], &state["tags"]),
        (&json!("y"), &json!("x->y"), &json!("p;q"))
    );
    assert!(!state.contains_key("status"));
}

#[test]
fn a_field_of_another_type_is_refused_by_name() {
    for (fields, field, rule) in [
        (r#"{"due_at":"tomorrow"}"#, "fields.due_at", "type"),
        (
            r#"{"due_at":"2024-01-01T00:00:00"}"#,
            "fields.due_at",
            "type",
        ),
        (r#"{"contacted":"yes"}"#, "fields.contacted", "type"),
        (r#"{"lon":116.0}"#, "fields.lat", "required"),
        (r#"{"status":{}}"#, "fields.status", "type"),
        (
            r#"{"requested_at":null}"#,
            "fields.requested_at",
            "required",
        ),
        ("[]", "fields", "json"),
    ] {
        let refusal = changes::changes(fields).unwrap_err();
        assert_eq!((&*refusal.field, &*refusal.rule), (field, rule), "{fields}");
    }
}

fn any_step() -> impl Strategy<Value = Step> {
    let fields = prop::sample::select(vec![
        "{}",
        r#"{"agency":"A"}"#,
        r#"{"agency":"B","status":"special"}"#,
        r#"{"contacted":true,"satisfaction":"satisfied"}"#,
        r#"{"lon":116.4,"lat":39.9}"#,
        r#"{"lon":null,"lat":null}"#,
        r#"{"category":"x->y"}"#,
        r#"{"due_at":"1970-01-09T00:00:00+08:00"}"#,
    ]);
    (0_i64..40, 0_usize..13, fields)
        .prop_map(|(hour, kind, fields)| step(hour, EventKind::ALL[kind], fields))
}

proptest! {
    #[test]
    fn the_state_is_the_same_whatever_the_order_of_arrival(
        (steps, shuffled) in prop::collection::vec(any_step(), 0..24)
            .prop_map(|mut steps| {
                // Two contents of one step are a correction, of which the last to arrive counts.
                steps.sort_by_key(Step::key);
                steps.dedup_by_key(|step| step.key());
                steps
            })
            .prop_flat_map(|steps| (Just(steps.clone()), Just(steps).prop_shuffle())),
        closed in prop::option::of(0_i64..40),
    ) {
        let told = told(&[
            ("requested_at", json!(0)),
            ("closed_at", json!(closed.map(|hour| hour * HOUR))),
            ("status", json!("open")),
        ]);
        prop_assert_eq!(state_of(&told, &steps), state_of(&told, &shuffled));
        for step in &steps {
            let back = Step::from_json(&step.to_json());
            prop_assert_eq!(back.as_ref(), Some(step));
        }
    }
}
