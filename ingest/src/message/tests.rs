use std::path::{Path, PathBuf};

use chrono::DateTime;
use citybrain_model::Observation;
use citybrain_store::Batch;
use rstest::rstest;

use super::*;
use crate::import::tests::context;

fn reader(profile: &str) -> MessageReader {
    MessageReader::new(&Profile::load(profile).unwrap(), &context())
}

fn now() -> DateTime<Utc> {
    "2026-11-23T08:00:00Z".parse().unwrap()
}

fn read(profile: &str, topic: &str, payload: &str) -> Decoded {
    let message = Message {
        topic,
        payload: payload.as_bytes(),
        retained: false,
    };
    reader(profile).read(message, now())
}

fn observations(decoded: &Decoded) -> &[Observation] {
    assert!(decoded.refused.is_empty(), "{:?}", decoded.refused);
    match &decoded.batch {
        Batch::Observations(observations) => observations,
        other => panic!("{other:?}"),
    }
}

/// Datastream, unit, result and time of each observation.
fn told(decoded: &Decoded) -> Vec<String> {
    let observations = observations(decoded).iter();
    let told = observations.map(|one| {
        let unit = one.unit.as_deref().unwrap_or("-");
        let time = one.phenomenon_time.format("%Y-%m-%dT%H:%M:%S");
        let result = one
            .result
            .map_or_else(|| "-".to_owned(), |result| result.to_string());
        format!("{} {result} {unit} {time}", one.datastream)
    });
    told.collect()
}

fn rule(decoded: &Decoded) -> (&str, &str) {
    assert!(decoded.batch.is_empty(), "{:?}", decoded.batch);
    assert_eq!(decoded.refused.len(), 1, "{:?}", decoded.refused);
    let refusal = &decoded.refused[0].refusal;
    (&refusal.field, &refusal.rule)
}

const CHIRPSTACK: &str = "application/17c8/device/0101010101010101/event/up";
const TTN: &str = "v3/app1@tenant1/devices/dev1/up";

#[test]
fn an_uplink_of_chirpstack_is_an_observation_for_each_number_of_its_object() {
    let decoded = read(
        "chirpstack-v4",
        CHIRPSTACK,
        r#"{"deduplicationId": "3ac7", "time": "2022-07-18T09:34:15.775023242+00:00",
            "deviceInfo": {"devEui": "0101010101010101", "tags": {"lon": "116.4", "lat": "39.9"}}, "data": "qg==", "fCnt": 7,
            "rxInfo": [{"gatewayId": "0016", "rssi": -36, "location": {"latitude": 1, "longitude": 2}}],
            "object": {"temperature": 21.5, "Humidity": "40", "open": true, "firmware": "1.2b", "none": null,
                       "dust": {"pm2.5": 12.25}}}"#,
    );
    assert_eq!(
        told(&decoded),
        [
            "0101010101010101/temperature 21.5 Cel 2022-07-18T09:34:15",
            "0101010101010101/Humidity 40 % 2022-07-18T09:34:15",
            "0101010101010101/open 1 - 2022-07-18T09:34:15",
            "0101010101010101/dust.pm2.5 12.25 - 2022-07-18T09:34:15",
        ]
    );
    let first = &observations(&decoded)[0];
    assert_eq!(first.id.as_deref(), Some("3ac7/temperature"));
    let position = first.position.unwrap();
    assert_eq!((position.lon(), position.lat()), (116.4, 39.9));
}

#[test]
fn an_uplink_without_a_time_was_true_when_it_came_in_and_keeps_its_identity() {
    let payload =
        r#"{"deduplicationId": "d1", "deviceInfo": {"devEui": "01"}, "object": {"t": 1}}"#;
    let (one, other) = (
        read("chirpstack-v4", CHIRPSTACK, payload),
        read("chirpstack-v4", CHIRPSTACK, payload),
    );
    let (one, other) = (&observations(&one)[0], &observations(&other)[0]);
    assert_eq!(one.phenomenon_time, now());
    assert_eq!(one.identity(), other.identity());
}

#[test]
fn an_uplink_of_the_things_stack_is_an_observation_for_each_number_of_its_payload() {
    let decoded = read(
        "ttn-v3",
        TTN,
        r#"{"end_device_ids": {"device_id": "dev1", "application_ids": {"application_id": "app1"}, "dev_eui": "0004"},
            "received_at": "2020-02-12T15:15:46.01Z",
            "uplink_message": {"f_cnt": 1, "frm_payload": "gkHe", "decoded_payload": {"temperature": 1.0, "luminosity": 0.64},
              "settings": {"frequency": "868300000", "time": "2020-02-12T15:15:45.787Z"},
              "locations": {"user": {"latitude": 37.97, "longitude": 23.72, "source": "SOURCE_REGISTRY"}}}}"#,
    );
    assert_eq!(
        told(&decoded),
        [
            "app1/dev1/temperature 1 Cel 2020-02-12T15:15:45",
            "app1/dev1/luminosity 0.64 - 2020-02-12T15:15:45"
        ]
    );
    assert!((observations(&decoded)[0].position.unwrap().lat() - 37.97).abs() < 1e-9);
}

#[test]
fn a_reading_of_sensor_community_is_an_observation_for_each_of_its_values() {
    let reading = |id: u32, value: &str| {
        format!(
            r#"{{"id": {id}, "timestamp": "2021-11-07 11:16:45", "sensor": {{"id": 152, "pin": "7"}},
                "location": {{"latitude": "48.792", "longitude": "9.164", "indoor": 0}},
                "sensordatavalues": [{{"id": {id}1, "value": "{value}", "value_type": "temperature"}},
                                     {{"id": {id}2, "value": "7.5", "value_type": "P1"}}]}}"#
        )
    };
    let payload = format!("[{},{}]", reading(1, "10.50"), reading(2, "11"));
    let decoded = read("sensor-community", "sensor-community/x", &payload);
    assert_eq!(
        told(&decoded),
        [
            "152/temperature 10.5 Cel 2021-11-07T11:16:45",
            "152/PM10 7.5 ug/m3 2021-11-07T11:16:45",
            "152/temperature 11 Cel 2021-11-07T11:16:45",
            "152/PM10 7.5 ug/m3 2021-11-07T11:16:45",
        ]
    );
}

#[test]
fn an_observation_on_a_topic_of_sensorthings_belongs_to_the_datastream_of_the_topic() {
    let topic = "v1.1/Datastreams('air 7')/Observations";
    let interval =
        r#"{"phenomenonTime": "2026-11-23T07:00:00Z/2026-11-23T08:00:00Z", "result": 3.5}"#;
    assert_eq!(
        told(&read("sensorthings", topic, interval)),
        ["air 7 3.5 - 2026-11-23T07:00:00"]
    );
    let topic = "v1.1/Datastreams(7)/Observations";
    let bare = read("sensorthings", topic, r#"{"result": 3.5}"#);
    assert_eq!(told(&bare), ["7 3.5 - 2026-11-23T08:00:00"]);
}

#[test]
fn a_retained_message_without_a_time_is_refused_and_one_with_a_time_is_a_duplicate() {
    let mut reader = reader("sensorthings");
    let mut read = |payload: &str| {
        let message = Message {
            topic: "v1.1/Datastreams(7)/Observations",
            payload: payload.as_bytes(),
            retained: true,
        };
        reader.read(message, now())
    };
    assert_eq!(
        rule(&read(r#"{"result": 1}"#)),
        ("phenomenon_time", "retained")
    );
    let timed = r#"{"result": 1, "phenomenonTime": "2026-11-23T07:00:00Z"}"#;
    let (one, other) = (read(timed), read(timed));
    assert_eq!(
        observations(&one)[0].identity(),
        observations(&other)[0].identity()
    );
}

#[rstest]
#[case(
    "chirpstack-v4",
    CHIRPSTACK,
    "{\"deviceInfo\": {\"devEui\": \"01\"}, \"data\": \"qg==\", \"time\": \"2022-07-18T09:34:15Z\"}",
    "payload",
    "no_record"
)]
#[case("chirpstack-v4", "application/1/device/2", "{}", "topic", "topic")]
#[case("chirpstack-v4", CHIRPSTACK, "", "payload", "empty")]
#[case("chirpstack-v4", CHIRPSTACK, "{\"a\":", "payload", "json")]
#[case("chirpstack-v4", CHIRPSTACK, "21.5", "payload", "no_record")]
#[case("chirpstack-v4", CHIRPSTACK, "[]", "payload", "no_record")]
#[case(
    "chirpstack-v4",
    CHIRPSTACK,
    "{\"time\": \"noon\", \"object\": {\"t\": 1}}",
    "time",
    "time"
)]
#[case(
    "sensorthings",
    "v1.1/Datastreams(7)/Observations",
    "{\"result\": \"wet\"}",
    "result",
    "number"
)]
#[case(
    "sensorthings",
    "v1.1/Datastreams(7)/Observations",
    "{}",
    "result",
    "required"
)]
#[case(
    "sensorthings",
    "v1.1/Datastreams(7)/Observations",
    "{\"result\": 1, \"phenomenonTime\": \"2010-12-23T10:20:00-0700Z\"}",
    "phenomenonTime",
    "time"
)]
fn a_message_that_is_no_record_is_refused_with_field_and_rule(
    #[case] profile: &str,
    #[case] topic: &str,
    #[case] payload: &str,
    #[case] field: &str,
    #[case] expected: &str,
) {
    assert_eq!(rule(&read(profile, topic, payload)), (field, expected));
}

#[test]
fn deep_json_and_a_payload_of_many_members_are_refused() {
    let deep = "[".repeat(100_000);
    assert_eq!(rule(&read("chirpstack-v4", CHIRPSTACK, &deep)).1, "json");
    let deep = format!("{{\"a\":{}1{}}}", "{\"a\":".repeat(500), "}".repeat(500));
    assert_eq!(rule(&read("chirpstack-v4", CHIRPSTACK, &deep)).1, "json");
    let wide: Vec<String> = (0..3000).map(|n| format!("\"m{n}\":{n}")).collect();
    let wide = format!("{{\"object\":{{{}}}}}", wide.join(","));
    assert_eq!(rule(&read("chirpstack-v4", CHIRPSTACK, &wide)).1, "columns");
    let id = format!(
        "{{\"result\": 1, \"phenomenonTime\": \"{}\"}}",
        "x".repeat(1 << 20)
    );
    let decoded = read("sensorthings", "v1.1/Datastreams(7)/Observations", &id);
    assert_eq!(rule(&decoded).1, "time");
}

#[test]
fn a_refused_message_is_kept_with_topic_and_payload_without_personal_data() {
    let decoded = read("chirpstack-v4", CHIRPSTACK, "{\"call\": \"13812345678\"");
    let raw: Value = serde_json::from_str(&decoded.refused[0].raw).unwrap();
    assert_eq!(raw["topic"], CHIRPSTACK);
    assert_eq!(raw["payload"], "{\"call\": \"***\"");
    let bytes = Message {
        topic: CHIRPSTACK,
        payload: &[0xff, 0x00],
        retained: false,
    };
    let decoded = reader("chirpstack-v4").read(bytes, now());
    assert_eq!(rule(&decoded), ("payload", "encoding"));
    let (topic, payload) = message_of_raw(&decoded.refused[0].raw).unwrap();
    assert_eq!(
        (topic.as_str(), payload.as_slice()),
        (CHIRPSTACK, &[0xff, 0x00][..])
    );
}

#[test]
fn counts_of_people_flow_are_observations_of_virtual_sensors() {
    let decoded = read(
        "people-flow",
        "analytics/north-gate/cam-3",
        r#"{"time": "2026-11-23T08:00:00+08:00", "crowd_count": 132, "queue_length": 12, "alarm": true, "lon": 116.4, "lat": 39.9}"#,
    );
    assert_eq!(
        told(&decoded),
        [
            "cam-3/crowd_count 132 1 2026-11-23T00:00:00",
            "cam-3/queue_length 12 1 2026-11-23T00:00:00",
            "cam-3/alarm 1 1 2026-11-23T00:00:00",
        ]
    );
}

#[rstest]
#[case::face(r#""face_id": "f-17""#)]
#[case::inner_face(r#""detail": [{"kind": "x", "Face-Feature": "…"}]"#)]
#[case::plate_by_name(r#""plateNo": "x""#)]
#[case::plate_by_form(r#""remark": "car 京A12345 stopped""#)]
#[case::plate_of_a_new_energy_vehicle(r#""remark": ["粤BD12345"]"#)]
#[case::identity_card(r#""note": "11010519491231002X""#)]
#[case::mobile_number(r#""note": "13812345678""#)]
#[case::name_in_chinese(r#""姓名": "x""#)]
#[case::device_address(r#""seen": "00:1A:2b:3c:4d:5e""#)]
#[case::picture_as_data(r#""extra": "data:image/jpeg;base64,AAAA""#)]
#[case::picture_as_link(r#""extra": "https://cam/1.JPG?x=1""#)]
#[case::picture_as_base64(
    r#""extra": "/9j/4AAQSkZJRgABAQAAAQABAAD/2wBDAAgGBgcGBQgHBwcJCQgKDBQNDAsLDBkSEw8UHRof""#
)]
fn a_payload_that_knows_who_is_refused_by_rule_and_not_kept(#[case] member: &str) {
    let payload = format!(r#"{{"time": "2026-11-23T08:00:00+08:00", "crowd_count": 3, {member}}}"#);
    let decoded = read("people-flow", "analytics/gate/cam-3", &payload);
    assert_eq!(rule(&decoded).1, "identity");
    let refused = &decoded.refused[0];
    assert_eq!(refused.raw, "\"withheld\"");
    assert_eq!(refused.refusal.value, "");
    let unreadable = payload.get(..payload.len() - 1).unwrap();
    let decoded = read("people-flow", "analytics/gate/cam-3", unreadable);
    assert_eq!(rule(&decoded).1, "json");
    assert!(
        !decoded.refused[0].raw.contains("crowd"),
        "{:?}",
        decoded.refused
    );
    assert_eq!(decoded.refused[0].refusal.value, "");
}

#[test]
fn a_vector_of_numbers_is_an_identity() {
    let vector = vec!["0.5"; 128].join(",");
    let payload =
        format!(r#"{{"time": "2026-11-23T08:00:00+08:00", "crowd_count": 3, "v": [{vector}]}}"#);
    let decoded = read("people-flow", "analytics/gate/cam-3", &payload);
    assert_eq!(rule(&decoded).1, "identity");
}

/// The files of a folder of the real payloads, when it is there.
fn real(folder: &str) -> Vec<PathBuf> {
    let root = std::env::var_os("CITYBRAIN_DATA").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/data"),
        PathBuf::from,
    );
    let Ok(files) = std::fs::read_dir(root.join("payloads-mqtt").join(folder)) else {
        println!("skipped: no real data");
        return Vec::new();
    };
    let mut files: Vec<PathBuf> = files.map(|file| file.unwrap().path()).collect();
    files.sort();
    files
}

#[test]
fn every_real_payload_becomes_the_right_observations_or_is_refused_by_rule() {
    let told_of = |profile: &str, topic: &str, path: &Path| {
        let payload = std::fs::read_to_string(path).unwrap();
        let decoded = read(profile, topic, &payload);
        match decoded.refused.first() {
            Some(refused) => vec![format!(
                "{}: {}",
                refused.refusal.field, refused.refusal.rule
            )],
            None => told(&decoded),
        }
    };
    let device = "0101010101010101";
    for path in real("chirpstack-v4") {
        let expected = match path.file_name().unwrap().to_str().unwrap() {
            "events-01.json" => vec![
                format!("{device}/battery_level 88.3 % 2022-07-18T09:35:06"),
                format!("{device}/link_margin 10 dB 2022-07-18T09:35:06"),
            ],
            "events-07.json" => vec!["integrationName: no_record".to_owned()],
            _ => vec!["payload: no_record".to_owned()],
        };
        assert_eq!(
            told_of("chirpstack-v4", CHIRPSTACK, &path),
            expected,
            "{path:?}"
        );
    }
    for path in real("ttn-v3") {
        let expected = match path.extension().unwrap().to_str().unwrap() {
            "json" => "payload: no_record",
            _ => "payload: json",
        };
        assert_eq!(told_of("ttn-v3", TTN, &path), [expected], "{path:?}");
    }
    for path in real("sensor-community") {
        if path.extension().unwrap() == "json" {
            assert_eq!(
                told_of("sensor-community", "sensor-community/152", &path),
                [
                    "152/temperature 10.5 Cel 2021-11-07T11:16:45",
                    "152/humidity 79.3 % 2021-11-07T11:16:45",
                    "152/temperature 10.5 Cel 2021-11-07T11:14:13",
                    "152/humidity 80.6 % 2021-11-07T11:14:13",
                ]
            );
        }
    }
}
