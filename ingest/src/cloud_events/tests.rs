use chrono::DateTime;
use citybrain_store::Batch;
use serde_json::json;

use super::*;

fn context() -> Context {
    Context {
        source: None,
        city_zone: chrono_tz::Asia::Shanghai,
        received_at: DateTime::from_timestamp_millis(1_800_000_000_000).unwrap(),
        place_names: None,
    }
}

fn profile(name: &str) -> Arc<Profile> {
    Profile::load(name).unwrap()
}

fn event(id: &str, data: &Value) -> Value {
    json!({
        "specversion": "1.0", "type": "city.noise", "source": "/street/7", "id": id, "subject": "noise-7",
        "time": "2026-05-04T08:00:00+08:00", "data": data,
    })
}

fn structured(event: &Value, profile_name: &str) -> Decoded {
    let bytes = event.to_string().into_bytes();
    decode_cloud_events(&bytes, false, &profile(profile_name), &context()).unwrap()
}

#[test]
fn source_and_id_of_the_envelope_are_the_records_identity() {
    let decoded = structured(
        &event("a", &json!({"result": 61.5, "unit": "dB"})),
        "http-observations",
    );
    let Batch::Observations(rows) = &decoded.batch else {
        panic!("{decoded:?}");
    };
    assert_eq!(decoded.refused, []);
    let row = &rows[0];
    assert_eq!(
        (row.source.as_str(), row.id.as_deref()),
        ("/street/7", Some("a"))
    );
    assert_eq!(
        (row.datastream.as_str(), row.result),
        ("noise-7", Some(61.5))
    );
    assert_eq!(
        row.phenomenon_time.to_rfc3339(),
        "2026-05-04T00:00:00+00:00"
    );
    // Binary mode says the same.
    let attributes = ["specversion", "type", "source", "id", "subject", "time"].map(|name| {
        let value = event("a", &json!(null))[name].as_str().unwrap().to_owned();
        (name.to_owned(), value)
    });
    let binary = decode_binary_cloud_event(
        attributes,
        br#"{"result": 61.5, "unit": "dB"}"#,
        &profile("http-observations"),
        &context(),
    )
    .unwrap();
    let Batch::Observations(same) = &binary.batch else {
        panic!("{binary:?}");
    };
    assert_eq!(rows, same);
    // So does base64, and the bare value.
    let mut coded = event("a", &json!(null));
    coded.as_object_mut().unwrap().remove("data");
    coded["data_base64"] = json!(BASE64_STANDARD.encode(r#"{"result": 61.5, "unit": "dB"}"#));
    let Batch::Observations(same) = structured(&coded, "http-observations").batch else {
        panic!("no observations");
    };
    assert_eq!(*rows, same);
    assert_eq!(
        structured(&event("b", &json!(7)), "http-observations")
            .batch
            .len(),
        1
    );
}

#[test]
fn what_a_record_says_of_itself_goes_before_the_envelope() {
    let data =
        json!({"id": "12345-7", "source": "hotline", "requested_at": "2026-05-03T00:00:00Z"});
    let Batch::Complaints(rows) = structured(&event("a", &data), "http").batch else {
        panic!("no complaints");
    };
    assert_eq!(
        (rows[0].source.as_str(), rows[0].id.as_str()),
        ("hotline", "12345-7")
    );
    let step = json!({"event": "closed", "source": "hotline"});
    let Batch::Events(rows) = structured(&event("12345-7", &step), "http-events").batch else {
        panic!("no steps");
    };
    assert_eq!(rows[0].complaint, "noise-7");
}

#[test]
fn an_event_that_breaks_a_rule_is_refused_with_its_position_and_the_rest_stands() {
    let good = event("a", &json!({"result": 1}));
    let without = |name: &str| {
        let mut event = good.clone();
        event.as_object_mut().unwrap().remove(name);
        event
    };
    let mut old = good.clone();
    old["specversion"] = json!("0.3");
    let mut both = good.clone();
    both["data_base64"] = json!("e30=");
    let batch = json!([
        old,
        good,
        without("id"),
        without("source"),
        without("type"),
        without("data"),
        both,
        event("b", &json!([1])),
        event("c", &json!({"result": "loud"})),
        7,
    ]);
    let decoded = decode_cloud_events(
        &batch.to_string().into_bytes(),
        true,
        &profile("http-observations"),
        &context(),
    )
    .unwrap();
    assert_eq!(decoded.batch.len(), 1);
    let refused: Vec<(u64, &str, &str)> = decoded
        .refused
        .iter()
        .map(|row| (row.index, &*row.refusal.field, &*row.refusal.rule))
        .collect();
    assert_eq!(
        refused[..7],
        [
            (0, "specversion", "version"),
            (2, "id", "required"),
            (3, "source", "required"),
            (4, "type", "required"),
            (5, "data", "required"),
            (6, "data_base64", "twice"),
            (7, "data", "format"),
        ]
    );
    assert_eq!((refused[7].0, refused[7].1), (8, "result"));
    assert_eq!(refused[8], (9, "event", "format"));
    let read = |bytes: &[u8], batched| {
        decode_cloud_events(bytes, batched, &profile("http"), &context()).is_err()
    };
    assert!(read(b"[]", false) && read(b"{}", true) && read(b"{", false));
}
