//! Payloads that others wrote, each through the route that it is for: it is taken and read back as it was sent, or refused with a reason;
//! nothing is a fault of the server.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use citybrain_tests::{Server, real_data};
use serde_json::{Map, Value, json};

use crate::import::small_state;

/// A place in the small city, a thing with its parts, and what the templates of the payloads ask for.
struct Made {
    thing: Value,
    datastream: Value,
    sensor: Value,
    property: Value,
    feature: Value,
}

fn made(server: &Server) -> Made {
    let post = |path: &str, body: &Value| server.post_json(path, body)["@iot.id"].clone();
    let thing = post(
        "/sta/v1.1/Things",
        &json!({"name": "t", "description": "t", "Locations": [{
        "name": "l", "description": "l", "encodingType": "application/geo+json", "location": {"type": "Point", "coordinates": [0.25, 0.5]}}]}),
    );
    let sensor = post(
        "/sta/v1.1/Sensors",
        &json!({"name": "s", "description": "s", "encodingType": "text/plain", "metadata": "m"}),
    );
    let property = post(
        "/sta/v1.1/ObservedProperties",
        &json!({"name": "p", "description": "p", "definition": "http://example.org/p"}),
    );
    let feature = post(
        "/sta/v1.1/FeaturesOfInterest",
        &json!({"name": "f", "description": "f", "encodingType": "application/geo+json",
        "feature": {"type": "Point", "coordinates": [0.25, 0.5]}}),
    );
    let datastream = post(
        "/sta/v1.1/Datastreams",
        &json!({"name": "d", "description": "d",
        "observationType": "http://www.opengis.net/def/observationType/OGC-OM/2.0/OM_Measurement",
        "unitOfMeasurement": {"name": "n", "symbol": "1", "definition": "ucum:1"},
        "Thing": {"@iot.id": thing}, "Sensor": {"@iot.id": sensor}, "ObservedProperty": {"@iot.id": property}}),
    );
    Made {
        thing,
        datastream,
        sensor,
        property,
        feature,
    }
}

impl Made {
    /// A template with its ids, in the words of the standard that was published: `@iot.id` for `id`.
    fn filled(&self, template: &str) -> String {
        [
            ("$THING-ID", &self.thing),
            ("$DATASTREAM-ID", &self.datastream),
            ("$DATASTREAM_ID", &self.datastream),
            ("$SENSOR-ID", &self.sensor),
            ("$OBSERVEDPROPERTY-ID", &self.property),
            ("$OBSPROP-ID", &self.property),
            ("$FOI-ID", &self.feature),
            ("$FOI_ID", &self.feature),
        ]
        .into_iter()
        .fold(
            template.replace("\"id\"", "\"@iot.id\""),
            |text, (name, id)| text.replace(name, &id.to_string()),
        )
    }

    /// Where an entity with these members goes.
    fn path(&self, of: &Map<String, Value>) -> Option<String> {
        let has = |name| of.contains_key(name);
        let of_thing = |set: &str| format!("Things({})/{set}", self.thing);
        let path = if has("feature") {
            "FeaturesOfInterest".to_owned()
        } else if has("location") {
            of_thing("Locations")
        } else if has("result") {
            format!("Datastreams({})/Observations", self.datastream)
        } else if has("observationType") {
            of_thing("Datastreams")
        } else if has("metadata") {
            "Sensors".to_owned()
        } else if has("definition") {
            "ObservedProperties".to_owned()
        } else if has("description") {
            "Things".to_owned()
        } else {
            return None;
        };
        Some(format!("/sta/v1.1/{path}"))
    }
}

/// Puts a name where the drafts of the standard had none.
fn named(value: &mut Value) {
    match value {
        Value::Object(members) => {
            members.values_mut().for_each(named);
            if let Some(Value::String(description)) = members.get("description").cloned()
                && !members.contains_key("name")
            {
                members.insert("name".to_owned(), description.into());
            }
        }
        Value::Array(items) => items.iter_mut().for_each(named),
        _ => {}
    }
}

fn files(folder: &Path, ending: &str) -> Vec<PathBuf> {
    let mut all = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            all.extend(files(&path, ending));
        } else if path
            .extension()
            .is_some_and(|extension| extension == ending)
        {
            all.push(path);
        }
    }
    all.sort();
    all
}

#[test]
fn payloads_of_sensorthings_are_taken_and_read_back_or_refused_with_a_reason() {
    let Some(folder) = real_data("payloads-sensorthings") else {
        return;
    };
    let (state, mut told) = (small_state(), BTreeMap::<&str, Vec<String>>::new());
    let server = Server::start(state.path());
    let made = made(&server);
    for file in files(&folder, "json") {
        let name = file.strip_prefix(&folder).unwrap().display().to_string();
        let text = made.filled(&std::fs::read_to_string(&file).unwrap());
        let value: Result<Value, _> = serde_json::from_str(&text);
        let outcome = match value {
            Err(_) => {
                let answer = server.post("/sta/v1.1/Things").body(text).send().unwrap();
                assert_eq!(answer.status().as_u16(), 400, "{name}");
                "no JSON"
            }
            Ok(Value::Array(blocks)) => {
                let answer = server
                    .post("/sta/v1.1/CreateObservations")
                    .json(&blocks)
                    .send()
                    .unwrap();
                assert_eq!(answer.status().as_u16(), 201, "{name}");
                let told: Value = answer.json().unwrap();
                if told[0]
                    .as_str()
                    .is_some_and(|link| link.starts_with("http"))
                {
                    "taken"
                } else {
                    "an error for each row"
                }
            }
            Ok(Value::Object(members)) => match made.path(&members) {
                None => "no entity",
                Some(path) => posted(&server, &name, &path, members),
            },
            Ok(other) => panic!("{name}: {other}"),
        };
        told.entry(outcome).or_default().push(name);
    }
    println!("{told:#?}");
    let of = |outcome: &str| told.get(outcome).map_or(0, Vec::len);
    assert_eq!(told.values().map(Vec::len).sum::<usize>(), 99);
    assert!(
        of("taken") + of("taken when it has a name") >= 70,
        "{told:#?}"
    );
    server.get("/sta/v1.1/Things");
}

/// Posts an entity, with a name when it lacks one, and reads it back.
fn posted(server: &Server, name: &str, path: &str, members: Map<String, Value>) -> &'static str {
    let mut body = Value::Object(members);
    let mut outcome = "taken";
    let mut answer = server.post(path).json(&body).send().unwrap();
    let mut status = answer.status().as_u16();
    if status == 400 {
        named(&mut body);
        outcome = "taken when it has a name";
        answer = server.post(path).json(&body).send().unwrap();
        status = answer.status().as_u16();
    }
    if status != 201 {
        assert!((400..500).contains(&status), "{name}: {status}");
        let why: Value = answer.json().unwrap();
        println!("{name}: {status} {why}");
        assert!(
            why["message"].is_string() || why["detail"].is_string(),
            "{name}: {why}"
        );
        return "refused";
    }
    let link = answer.headers()["location"].to_str().unwrap().to_owned();
    let at = link.find("/sta/").unwrap();
    let kept = server.get(link.get(at..).unwrap());
    for (member, sent) in body.as_object().unwrap() {
        // What is linked or deep within is an entity of its own, and times are told in UTC.
        let plain = !member.starts_with(char::is_uppercase) && !member.contains("Time");
        if plain && !member.contains('@') && member != "id" {
            let number = sent.is_number() && kept[member].as_f64() == sent.as_f64();
            assert!(number || &kept[member] == sent, "{name}: {member}: {kept}");
        }
    }
    outcome
}
