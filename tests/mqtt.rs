//! MQTT through a real broker: nothing lost, nothing doubled, whatever is killed, cut off, restarted or repeated.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use citybrain_tests::{Mosquitto, Proxy, Server, certificate, real_data};
use rstest::rstest;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::import::small_state;

/// How long anything may take on a busy machine.
const PATIENCE: Duration = Duration::from_mins(3);

/// A file of settings with one link.
fn settings(dir: &Path, port: u16, version: &str, rest: &str) -> PathBuf {
    let file = dir.join("citybrain.toml");
    let text = format!(
        "seal_seconds = 3600\n[[mqtt]]\nurl = \"mqtt://127.0.0.1:{port}\"\nclient_id = \"city\"\nversion = \"{version}\"\nkeep_alive_seconds = 5\n{rest}"
    );
    std::fs::write(&file, text).unwrap();
    file
}

const SENSORTHINGS: &str = "[[mqtt.topic]]\nprofile = \"sensorthings\"\n";

/// Publishes messages at `QoS` 1 with Mosquitto's own client, topic by topic, and returns when the broker has them all.
fn publish(port: u16, messages: impl IntoIterator<Item = (String, String)>, retain: bool) {
    let mut topics: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (topic, payload) in messages {
        topics.entry(topic).or_default().push(payload);
    }
    for (topic, payloads) in topics {
        let mut publisher = Command::new("mosquitto_pub")
            .args([
                "-h",
                "127.0.0.1",
                "-p",
                &port.to_string(),
                "-q",
                "1",
                "-t",
                &topic,
            ])
            .args(if payloads.len() == 1 { ["-s"] } else { ["-l"] })
            .args(retain.then_some("-r"))
            .stdin(Stdio::piped())
            .spawn()
            .unwrap();
        let mut stdin = publisher.stdin.take().unwrap();
        stdin.write_all(payloads.join("\n").as_bytes()).unwrap();
        drop(stdin);
        assert!(publisher.wait().unwrap().success(), "{topic}");
    }
}

/// An observation of number `n` on a SensorThings topic.
fn numbered(n: u32) -> (String, String) {
    let time = format!(
        "2026-05-04T{:02}:{:02}:{:02}Z",
        n / 3600,
        n / 60 % 60,
        n % 60
    );
    (
        format!("v1.1/Datastreams(bar-{})/Observations", n % 20),
        json!({ "result": n, "phenomenonTime": time }).to_string(),
    )
}

fn count(server: &Server) -> u64 {
    server.sql("SELECT count(*) AS n FROM observations")[0]["n"]
        .as_u64()
        .unwrap()
}

/// Waits until a condition holds.
fn until(what: &str, mut holds: impl FnMut() -> bool) {
    let since = Instant::now();
    while !holds() {
        assert!(since.elapsed() < PATIENCE, "{what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// The value of a metric.
fn metric(server: &Server, name: &str) -> f64 {
    let text = server.response("/metrics").text().unwrap();
    let line = text.lines().find(|line| line.starts_with(name));
    line.map_or(0.0, |line| {
        line.rsplit(' ').next().unwrap().parse().unwrap()
    })
}

fn connected(server: &Server) {
    until("the server connects", || {
        metric(server, "citybrain_link_connected{link=\"city\"}") > 0.0
    });
}

/// Broker, state directory and settings; the server has been there once, so that its session exists.
fn set_up(version: &str, rest: &str) -> (Mosquitto, TempDir, PathBuf) {
    let (broker, state) = (Mosquitto::start(), small_state());
    let file = settings(state.path(), broker.port(), version, rest);
    let server = Server::configured(state.path(), &file);
    connected(&server);
    // The subscription is there when a message comes through.
    until("the subscription is there", || {
        publish(broker.port(), [numbered(0)], false);
        count(&server) == 1
    });
    drop(server);
    (broker, state, file)
}

#[rstest]
#[case("3.1.1")]
#[case("5")]
fn nothing_is_lost_and_nothing_is_doubled_over_mqtt_whatever_is_killed_cut_or_repeated(
    #[case] version: &str,
) {
    let (mut broker, state, _) = set_up(version, SENSORTHINGS);
    let proxy = Proxy::to(broker.port());
    let file = settings(state.path(), proxy.port(), version, SENSORTHINGS);
    let port = broker.port();

    // While the server is away the broker keeps what comes, also over its own restart.
    publish(port, (1..300).map(numbered), false);
    broker.restart();
    let server = Server::configured(state.path(), &file);
    until("what came meanwhile is there", || count(&server) == 300);

    // The server is killed with messages on their way, again and again.
    let publisher = std::thread::spawn(move || publish(port, (300..3300).map(numbered), false));
    let mut server = server;
    let mut kills = 0;
    while kills < 3 {
        let before = count(&server);
        until("messages come", || {
            count(&server) > before + 50 || publisher.is_finished()
        });
        server.kill();
        kills += 1;
        server = Server::configured(state.path(), &file);
    }
    publisher.join().unwrap();
    until("all that was published is there", || count(&server) >= 3300);

    // The network is cut with messages on their way, and the broker is restarted under load.
    let connections = proxy.connections();
    let publisher = std::thread::spawn(move || publish(port, (3300..5300).map(numbered), false));
    for _ in 0..3 {
        let before = count(&server);
        until("messages come", || {
            count(&server) > before + 50 || publisher.is_finished()
        });
        proxy.cut();
    }
    publisher.join().unwrap();
    until("all that was published is there", || count(&server) >= 5300);
    assert!(proxy.connections() > connections, "the network was cut");
    broker.restart();
    publish(port, (5300..5400).map(numbered), false);
    until("the server finds the broker again", || {
        count(&server) >= 5400
    });

    // What comes again, at once or retained, is a duplicate.
    publish(port, (0..200).map(numbered), false);
    publish(
        port,
        (0..200).map(|n| {
            let (topic, payload) = numbered(n);
            (topic.replace("bar", &format!("retained-{n}")), payload)
        }),
        true,
    );
    until("what is retained is there", || count(&server) >= 5600);
    drop(server);
    let server = Server::configured(state.path(), &file);
    connected(&server);
    publish(port, [numbered(5400)], false);
    until("the last is there", || count(&server) >= 5601);
    let books = &server.sql(
        "SELECT count(*) AS n, (SELECT count(*) FROM (SELECT DISTINCT datastream, phenomenon_time FROM observations WHERE datastream LIKE 'bar%')) AS d, max(result) AS m FROM observations WHERE datastream LIKE 'bar%'",
    )[0];
    assert_eq!(books["n"], 5401, "{books}");
    assert_eq!(books["n"], books["d"], "nothing is doubled");
    assert_eq!(count(&server), 5601);
}

#[test]
fn payloads_of_networks_become_observations_and_the_others_are_kept_with_topic_and_rule() {
    let rest = "[[mqtt.topic]]\nprofile = \"chirpstack-v4\"\n[[mqtt.topic]]\nprofile = \"ttn-v3\"\n\
                [[mqtt.topic]]\nprofile = \"sensor-community\"\nsource = \"stuttgart\"\n\
                [[mqtt.topic]]\nprofile = \"people-flow\"\n[[mqtt.topic]]\nprofile = \"sensorthings\"\n";
    let (broker, state, file) = set_up("5", rest);
    let server = Server::configured(state.path(), &file);
    connected(&server);
    let up = "application/a/device/0101/event/up".to_owned();
    let messages = [
        (up.clone(), json!({"deduplicationId": "d1", "time": "2026-05-04T08:00:00Z", "deviceInfo": {"devEui": "0101"},
                            "object": {"temperature": 21.5, "humidity": 40}}).to_string()),
        (up.clone(), json!({"deduplicationId": "d2", "time": "2026-05-04T08:00:00Z", "deviceInfo": {"devEui": "0101"}, "data": "qg=="}).to_string()),
        (up.clone(), "{".to_owned()),
        (up.clone(), "x".repeat(1 << 19)),
        ("v3/app1/devices/dev1/up".to_owned(), json!({
            "end_device_ids": {"device_id": "dev1", "application_ids": {"application_id": "app1"}},
            "uplink_message": {"decoded_payload": {"co2": 612}, "received_at": "2026-05-04T08:00:00Z"}}).to_string()),
        ("sensor-community/152".to_owned(), json!([{"timestamp": "2026-05-04 08:00:00", "sensor": {"id": 152},
            "sensordatavalues": [{"id": 1, "value": "7.5", "value_type": "P1"}]}]).to_string()),
        ("analytics/gate/cam-3".to_owned(), json!({"time": "2026-05-04T08:00:00Z", "crowd_count": 132}).to_string()),
        ("analytics/gate/cam-3".to_owned(), json!({"time": "2026-05-04T08:00:01Z", "crowd_count": 1, "plate": "京A12345"}).to_string()),
    ];
    publish(broker.port(), messages, false);
    let rejected = || server.sql("SELECT * FROM rejected ORDER BY rule");
    until("all messages are dealt with", || {
        count(&server) == 6 && rejected().len() == 4
    });
    let told: Vec<String> = server
        .sql("SELECT source, datastream, unit, result FROM observations WHERE source <> 'sensorthings' ORDER BY datastream")
        .iter()
        .map(|row| format!("{} {} {} {}", row["source"].as_str().unwrap(), row["datastream"].as_str().unwrap(), row["unit"], row["result"]))
        .collect();
    assert_eq!(
        told,
        [
            "chirpstack-v4 0101/humidity \"%\" 40.0",
            "chirpstack-v4 0101/temperature \"Cel\" 21.5",
            "stuttgart 152/PM10 \"ug/m3\" 7.5",
            "ttn-v3 app1/dev1/co2 \"[ppm]\" 612.0",
            "people-flow cam-3/crowd_count \"1\" 132.0",
        ]
    );
    let rules: Vec<String> = rejected()
        .iter()
        .map(|row| row["rule"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(rules, ["identity", "json", "json", "no_record"]);
    let kept = rejected().iter().map(Value::to_string).collect::<String>();
    assert!(
        kept.contains("application/a/device/0101/event/up"),
        "the topic is kept"
    );
    assert!(!kept.contains("京A"), "what must not be here is not kept");
    assert!(kept.len() < 100_000, "a long payload is cut");

    // Every payload of others gives records or a refusal; those with notes in them are no JSON.
    let topics = [
        ("chirpstack-v4", "json", up.as_str(), 8, 2, 7),
        ("ttn-v3", "json", "v3/app1/devices/dev2/up", 4, 0, 4),
        ("ttn-v3", "txt", "v3/app1/devices/dev3/up", 6, 0, 6),
        ("sensor-community", "json", "sensor-community/99", 1, 4, 0),
    ];
    for (folder, ending, topic, files, taken, refused) in topics {
        let Some(folder) = real_data(&format!("payloads-mqtt/{folder}")) else {
            return;
        };
        let before = (count(&server), rejected().len());
        let messages: Vec<_> = std::fs::read_dir(folder)
            .unwrap()
            .map(|file| file.unwrap().path())
            .filter(|file| file.extension().is_some_and(|found| found == ending))
            .map(|file| (topic.to_owned(), std::fs::read_to_string(file).unwrap()))
            .collect();
        assert_eq!(messages.len(), files, "{topic}");
        publish_whole(broker.port(), messages);
        until("the real payloads are dealt with", || {
            (count(&server), rejected().len()) == (before.0 + taken, before.1 + refused)
        });
    }
}

/// Publishes each message by itself: payloads of several lines.
fn publish_whole(port: u16, messages: Vec<(String, String)>) {
    for message in messages {
        publish(port, [message], false);
    }
}

/// Mosquitto's own client, listening to a filter; ended when it is let go of.
struct Subscriber {
    child: Child,
    heard: Receiver<(String, Value)>,
}

impl Subscriber {
    fn of(port: u16, filter: &str) -> Self {
        let mut child = Command::new("mosquitto_sub")
            .args([
                "-h",
                "127.0.0.1",
                "-p",
                &port.to_string(),
                "-q",
                "1",
                "-t",
                filter,
                "-t",
                "ready",
                "-F",
                "%t %p",
            ])
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap())
            .lines()
            .map_while(Result::ok);
        let (sender, heard) = channel();
        std::thread::spawn(move || {
            for line in lines {
                let (topic, payload) = line.split_once(' ').unwrap();
                if sender
                    .send((topic.to_owned(), serde_json::from_str(payload).unwrap()))
                    .is_err()
                {
                    return;
                }
            }
        });
        let subscriber = Self { child, heard };
        // It listens when it hears.
        let since = Instant::now();
        loop {
            publish(port, [("ready".to_owned(), "1".to_owned())], false);
            if subscriber
                .heard
                .recv_timeout(Duration::from_millis(100))
                .is_ok()
            {
                break;
            }
            assert!(since.elapsed() < PATIENCE, "the subscriber listens");
        }
        subscriber
    }

    /// The next message that is none of the first.
    fn next(&self) -> (String, Value) {
        loop {
            let message = self.heard.recv_timeout(PATIENCE).unwrap();
            if message.0 != "ready" {
                return message;
            }
        }
    }
}

impl Drop for Subscriber {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

#[rstest]
#[case("3.1.1")]
#[case("5")]
fn observations_are_published_for_subscribers_and_not_echoed(#[case] version: &str) {
    let (broker, state, file) = set_up(version, SENSORTHINGS);
    settings(
        state.path(),
        broker.port(),
        version,
        &format!("[mqtt.publish]\n{SENSORTHINGS}"),
    );
    let server = Server::configured(state.path(), &file);
    connected(&server);
    let heard = Subscriber::of(broker.port(), "v1.1/+/Observations");
    let receipt = server.post_json(
        "/v1/observations",
        &json!({"datastream": "st/7:pm10", "phenomenon_time": "2026-05-04T08:00:00Z", "result": 71.5}),
    );
    assert_eq!(receipt["accepted"], 1);
    let (topic, payload) = heard.next();
    let found = server.get("/sta/v1.1/Datastreams?$filter=name%20eq%20'st/7:pm10'");
    let id = &found["value"][0]["@iot.id"];
    assert_eq!(topic, format!("v1.1/Datastreams({id})/Observations"));
    assert_eq!(
        (&payload["result"], &payload["phenomenonTime"]),
        (&json!(71.5), &json!("2026-05-04T08:00:00Z"))
    );
    // What came over the link is heard once: from its sender.
    publish(broker.port(), [numbered(77)], false);
    let (topic, payload) = heard.next();
    assert_eq!(
        (topic.as_str(), &payload["result"]),
        ("v1.1/Datastreams(bar-17)/Observations", &json!(77))
    );
    until("it is there", || count(&server) == 3);
    // A last one, after which an echo of the first two would have come.
    publish(broker.port(), [numbered(78)], false);
    let (_, payload) = heard.next();
    assert_eq!(payload["result"], 78);
    until("it is there", || count(&server) == 4);
    assert!(heard.heard.try_recv().is_err());
}

#[test]
fn topics_of_sensorthings_are_those_of_the_servers_own_datastreams() {
    let (broker, state, file) = set_up("5", SENSORTHINGS);
    settings(
        state.path(),
        broker.port(),
        "5",
        &format!("[mqtt.publish]\n{SENSORTHINGS}"),
    );
    let server = Server::configured(state.path(), &file);
    connected(&server);
    let place = |lon: f64| {
        json!({"name": "here", "description": "here", "encodingType": "application/geo+json",
               "location": {"type": "Point", "coordinates": [lon, 0.5]}})
    };
    let thing = server.post_json("/sta/v1.1/Things", &json!({
        "name": "gate", "description": "gate", "Locations": [place(0.25)],
        "Datastreams": [{
            "name": "gate state", "description": "open or shut",
            "observationType": "http://www.opengis.net/def/observationType/OGC-OM/2.0/OM_CategoryObservation",
            "unitOfMeasurement": {"name": null, "symbol": null, "definition": null},
            "Sensor": {"name": "s", "description": "s", "encodingType": "text/plain", "metadata": "x"},
            "ObservedProperty": {"name": "state", "description": "state", "definition": "http://example.org/state"},
        }],
    }));
    let streams = server.get(&format!(
        "/sta/v1.1/Things({})/Datastreams",
        thing["@iot.id"]
    ));
    let id = streams["value"][0]["@iot.id"].clone();
    let topic = format!("v1.1/Datastreams({id})/Observations");
    let heard = Subscriber::of(broker.port(), &topic);
    // A word, with its place, as if it had been posted.
    let posted = |result: &str, minute: u32| {
        let time = format!("2026-05-04T08:{minute:02}:00Z");
        json!({ "result": result, "phenomenonTime": time })
    };
    publish(
        broker.port(),
        [(topic.clone(), posted("open", 0).to_string())],
        false,
    );
    assert_eq!(heard.next().1["result"], "open");
    let path = format!(
        "/sta/v1.1/Datastreams({id})/Observations?$expand=FeatureOfInterest&$orderby=phenomenonTime"
    );
    until("it is there", || server.get(&path)["value"][0].is_object());
    let found = server.get(&path);
    assert_eq!(found["value"][0]["result"], "open");
    assert_eq!(
        found["value"][0]["FeatureOfInterest"]["feature"]["coordinates"],
        json!([0.25, 0.5])
    );
    // What is posted by HTTP is heard on the topic; what came by the topic is not sent back.
    server.post_json(
        &format!("/sta/v1.1/Datastreams({id})/Observations"),
        &posted("shut", 1),
    );
    let (_, shut) = heard.next();
    assert_eq!(
        (&shut["result"], &shut["phenomenonTime"]),
        (&json!("shut"), &json!("2026-05-04T08:01:00Z"))
    );
    // What breaks a rule is kept with it, and acknowledged.
    publish(
        broker.port(),
        [(
            topic.clone(),
            json!({"phenomenonTime": "2026-05-04T08:02:00Z"}).to_string(),
        )],
        false,
    );
    until("it is refused", || {
        server.sql("SELECT * FROM rejected").len() == 1
    });
    publish(
        broker.port(),
        [(topic, posted("open", 3).to_string())],
        false,
    );
    loop {
        let (_, payload) = heard.next();
        assert!(payload.get("@citybrain.from").is_none(), "{payload}");
        if payload["result"] == "open" {
            break;
        }
    }
    until("it is there", || {
        server.get(&path)["value"].as_array().unwrap().len() == 3
    });
    assert!(heard.heard.try_recv().is_err(), "nothing is echoed");
}

#[test]
fn a_link_speaks_tls_with_a_broker_whose_authority_it_knows() {
    let (state, dir) = (small_state(), tempfile::tempdir().unwrap());
    let (certificate, key) = certificate(dir.path());
    let broker = Mosquitto::over_tls(&certificate, &key);
    let file = settings(
        state.path(),
        broker.port(),
        "5",
        &format!("ca_file = \"{}\"\n{SENSORTHINGS}", certificate.display()),
    );
    let text = std::fs::read_to_string(&file).unwrap();
    std::fs::write(&file, text.replace("mqtt://", "mqtts://")).unwrap();
    let server = Server::configured(state.path(), &file);
    connected(&server);
    let (topic, payload) = numbered(7);
    until("a message comes through", || {
        let sent = Command::new("mosquitto_pub")
            .args([
                "-h",
                "127.0.0.1",
                "-p",
                &broker.port().to_string(),
                "--cafile",
            ])
            .arg(&certificate)
            .args(["-q", "1", "-t", &topic, "-m", &payload])
            .status();
        sent.unwrap().success() && count(&server) == 1
    });
}
