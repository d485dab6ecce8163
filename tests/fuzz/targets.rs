//! The decoders, each with its seeds.

use std::ops::ControlFlow;
use std::path::Path;
use std::sync::Arc;

use citybrain_ingest::open311::{Open311Format, decode_answer};
use citybrain_ingest::profile::{SHIPPED, TopicPattern};
use citybrain_ingest::rows::read_bytes;
use citybrain_ingest::{
    Context, Format, Message, MessageReader, Profile, decode_binary_cloud_event, decode_body,
    decode_cloud_events,
};
use citybrain_model::EntityKind;
use citybrain_query::odata::Options;
use citybrain_tests::{real_data, repository};

/// Reads bytes to their end, or says what is wrong with them.
pub(crate) type Decode = Box<dyn Fn(&[u8])>;

/// A decoder with what its inputs are made from.
pub(crate) struct Target {
    pub(crate) name: String,
    pub(crate) seeds: Vec<Vec<u8>>,
    pub(crate) decode: Decode,
}

fn context() -> Context {
    Context {
        source: None,
        city_zone: chrono_tz::Asia::Shanghai,
        received_at: "2026-11-23T08:00:00Z".parse().unwrap(),
        place_names: None,
    }
}

const OBSERVATIONS: &str = r#"[{"datastream": "station-7:pm10", "property": "PM10", "unit": "ug/m3", "id": "a", "quality": "good",
  "phenomenon_time": "2026-11-23T08:00:00+08:00", "result": 71.5, "lon": 116.41, "lat": 39.92}]"#;
const COMPLAINTS: &str = r#"[{"id": "1", "requested_at": "2026-11-23T08:00:00+08:00", "category": "a->b->c", "lon": 116.41, "lat": 39.92,
  "text": "call 13812345678", "caller": "x", "tags": ["a", "b"], "closed_at": "2026-11-24T08:00:00Z"}]"#;
const EVENTS: &str = r#"[{"complaint": "1", "event": "closed", "at": "2026-11-23T08:00:00Z", "fields": {"status": "closed"}}]"#;
const CSV: &str = "id,requested_at,category,lon,lat,text\n1,2026-11-23T08:00:00Z,\"a->b\",116.4,39.9,\"x \"\"y\"\"\"\n2,2026-11-23,,,,\n";

/// Every decoder.
#[expect(clippy::too_many_lines, reason = "one entry for each decoder")]
pub(crate) fn targets() -> Vec<Target> {
    let mut targets = vec![
        body(
            "body-observations-json",
            "http-observations",
            Format::Json,
            &[OBSERVATIONS],
        ),
        body(
            "body-observations-ndjson",
            "http-observations",
            Format::Ndjson,
            &[&OBSERVATIONS.replace('\n', "")],
        ),
        body("body-complaints-json", "http", Format::Json, &[COMPLAINTS]),
        body("body-events-json", "http-events", Format::Json, &[EVENTS]),
        body("body-complaints-csv", "http", Format::Csv, &[CSV]),
        body(
            "file-12345-csv",
            "cn-12345",
            Format::Csv,
            &["工单编号,来电时间,问题分类,主要内容\nB1,2026-05-04 08:00:00,环保->噪声,夜间施工\n"],
        ),
        body(
            "file-geojson",
            "citybrain",
            Format::GeoJson,
            &[
                r#"{"type":"FeatureCollection","features":[{"type":"Feature","properties":{"id":"1","requested_at":"2026-11-23T08:00:00Z"},"geometry":{"type":"Point","coordinates":[116.4,39.9]}}]}"#,
            ],
        ),
        rows("file-arrow", Format::Arrow, vec![arrow()]),
        rows("file-xlsx", Format::Xlsx, files("ingest/src", "xlsx")),
        rows(
            "file-parquet",
            Format::Parquet,
            vec![b"PAR1\x15\x00\x15\x00PAR1".to_vec()],
        ),
        open311("open311-json", Open311Format::Json, "json"),
        open311("open311-xml", Open311Format::Xml, "xml"),
    ];
    for (profile, topic, folder) in [
        (
            "chirpstack-v4",
            "application/a/device/0101/event/up",
            "chirpstack-v4",
        ),
        ("ttn-v3", "v3/app1/devices/dev1/up", "ttn-v3"),
        (
            "sensor-community",
            "sensor-community/152",
            "sensor-community",
        ),
        ("people-flow", "analytics/gate/cam-3", "chirpstack-v4"),
        (
            "sensorthings",
            "v1.1/Datastreams(7)/Observations",
            "sensor-community",
        ),
    ] {
        targets.push(message(profile, topic, folder));
    }
    targets.push(Target {
        name: "topic".to_owned(),
        seeds: vec![
            b"application/{a}/device/{d}/event/{e...}\napplication/a/device/'b'/event/c/d".to_vec(),
        ],
        decode: Box::new(|input| {
            let text = String::from_utf8_lossy(input);
            let (pattern, topic) = text.split_once('\n').unwrap_or((&text, ""));
            if let Some(pattern) = TopicPattern::parse(pattern) {
                pattern.parts(topic);
                citybrain_ingest::mqtt::filter_matches(&pattern.filter(), topic);
            }
        }),
    });
    targets.push(Target {
        name: "profile".to_owned(),
        seeds: SHIPPED
            .iter()
            .map(|(_, text)| text.as_bytes().to_vec())
            .collect(),
        decode: Box::new(|input| {
            Profile::parse("fuzz", &String::from_utf8_lossy(input)).ok();
        }),
    });
    targets.push(cloud_events());
    targets.push(Target {
        name: "odata".to_owned(),
        seeds: [
            "$filter=result gt 20 and not (startswith(name,'a''b') or year(phenomenonTime) eq 2026)&$orderby=phenomenonTime desc,id&$top=10&$skip=2&$count=true",
            "$expand=Datastreams($expand=Observations($top=1;$filter=result lt 1e3;$orderby=phenomenonTime DESC);$select=name),Locations&$select=name,properties/a",
            "$filter=st_within(location,geography'POLYGON ((30 10, 10 20, 20 40, 40 40, 30 10))') and geo.distance(location,geography'POINT (1 2)') lt 5&$bucket=PT1H&$agg=mean,max&$resultFormat=dataArray",
            "$filter=phenomenonTime ge 2026-05-04T08:00:00.000Z sub duration'P1DT2H' and overlaps(validTime,2026-05-04T08:00:00Z/2026-05-05T08:00:00%2B08:00)",
        ]
        .map(|seed| seed.as_bytes().to_vec())
        .to_vec(),
        decode: Box::new(|input| {
            let text = String::from_utf8_lossy(input);
            for kind in [EntityKind::Thing, EntityKind::Observation] {
                Options::parse(kind, &text).ok();
            }
        }),
    });
    targets
}

/// An event as it is, a batch of them, and its data in binary mode.
fn cloud_events() -> Target {
    let profile = Profile::load("http-observations").unwrap();
    let event = format!(
        r#"{{"specversion":"1.0","type":"observation","source":"air","id":"1","time":"2026-05-04T08:00:00Z","datacontenttype":"application/json","data":{}}}"#,
        OBSERVATIONS.trim_start_matches('[').trim_end_matches(']')
    );
    Target {
        name: "cloud-events".to_owned(),
        seeds: vec![
            event.as_bytes().to_vec(),
            format!("[{event},{event}]").into_bytes(),
        ],
        decode: Box::new(move |input| {
            for batched in [false, true] {
                decode_cloud_events(input, batched, &profile, &context()).ok();
            }
            let attributes = ["specversion", "type", "source", "id"];
            let attributes = attributes.map(|name| (name.to_owned(), "1.0".to_owned()));
            decode_binary_cloud_event(attributes, input, &profile, &context()).ok();
        }),
    }
}

fn body(name: &str, profile: &str, format: Format, seeds: &[&str]) -> Target {
    let profile = Profile::load(profile).unwrap();
    Target {
        name: name.to_owned(),
        seeds: seeds.iter().map(|seed| seed.as_bytes().to_vec()).collect(),
        decode: Box::new(move |input| {
            decode_body(input, format, &profile, &context()).ok();
        }),
    }
}

fn rows(name: &str, format: Format, seeds: Vec<Vec<u8>>) -> Target {
    let shape = Profile::load("citybrain").unwrap().shape();
    Target {
        name: name.to_owned(),
        seeds,
        decode: Box::new(move |input| {
            read_bytes(input, format, &shape, &mut |_| ControlFlow::Continue(())).ok();
        }),
    }
}

fn open311(name: &str, format: Open311Format, ending: &str) -> Target {
    let profile = Profile::load("open311").unwrap();
    let mut seeds = real_files("payloads-open311", ending);
    seeds.push(b"<service_requests><request><service_request_id>1</service_request_id><requested_datetime>2010-04-14T06:37:38-08:00</requested_datetime><lat>1</lat><long>2</long></request></service_requests>".to_vec());
    seeds.push(br#"[{"service_request_id": 1, "requested_datetime": "2010-11-14 16:18:54.98", "lat": 1, "lon": 2, "x": {"y": [1]}}]"#.to_vec());
    Target {
        name: name.to_owned(),
        seeds,
        decode: Box::new(move |input| {
            decode_answer(input, format, &profile, &context()).ok();
        }),
    }
}

fn message(profile: &str, topic: &'static str, folder: &str) -> Target {
    let name = format!("mqtt-{profile}");
    let profile = Profile::load(profile).unwrap();
    let mut seeds = real_files(&format!("payloads-mqtt/{folder}"), "json");
    seeds.push(br#"{"time": "2026-11-23T08:00:00Z", "phenomenonTime": "2026-11-23T08:00:00Z", "result": 3, "crowd_count": 3, "object": {"a": {"b": 1.5}}}"#.to_vec());
    let reader = std::cell::RefCell::new(MessageReader::new(&profile, &context()));
    Target {
        name,
        seeds,
        decode: Box::new(move |input| {
            let message = Message {
                topic,
                payload: input,
                retained: input.len() % 2 == 0,
            };
            let decoded = reader.borrow_mut().read(message, context().received_at);
            assert!(
                decoded.read() > 0,
                "every message gives records or a refusal"
            );
        }),
    }
}

/// An Arrow IPC stream of one column and one row.
fn arrow() -> Vec<u8> {
    use datafusion::arrow::array::{ArrayRef, RecordBatch, StringArray};
    use datafusion::arrow::ipc::writer::StreamWriter;
    let id: ArrayRef = Arc::new(StringArray::from(vec!["1"]));
    let batch = RecordBatch::try_from_iter([("id", id)]).unwrap();
    let mut writer = StreamWriter::try_new(Vec::new(), &batch.schema()).unwrap();
    writer.write(&batch).unwrap();
    writer.into_inner().unwrap()
}

fn files(folder: &str, ending: &str) -> Vec<Vec<u8>> {
    let mut found = of_folder(&repository().join(folder), ending);
    // An empty archive, where the repository has no such file.
    found.push(b"PK\x05\x06\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0".to_vec());
    found
}

fn real_files(folder: &str, ending: &str) -> Vec<Vec<u8>> {
    real_data(folder).map_or_else(Vec::new, |folder| of_folder(&folder, ending))
}

fn of_folder(folder: &Path, ending: &str) -> Vec<Vec<u8>> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder)
        .into_iter()
        .flatten()
        .map_while(Result::ok)
    {
        let path = entry.path();
        if path.is_dir() {
            found.extend(of_folder(&path, ending));
        } else if path
            .extension()
            .is_some_and(|extension| extension == ending)
        {
            found.extend(std::fs::read(&path));
        }
    }
    found
}
