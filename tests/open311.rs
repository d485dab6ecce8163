//! Open311 GeoReport v2: as a server for clients, as a client of other servers.

#![expect(
    clippy::disallowed_methods,
    reason = "complaints of the last days are asked for by the clock"
)]

use std::collections::HashMap;
use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use citybrain_tests::{Server, real_data};
use rstest::rstest;
use serde_json::{Value, json};

use crate::import::small_state;

fn complaint(id: &str, source: &str, at: &str, category: &str, status: &str) -> Value {
    json!({"id": id, "source": source, "requested_at": at, "category": category, "status": status,
           "lon": 0.25, "lat": 0.5, "text": "call 13812345678", "address": "1 West St", "caller": "Ms Li"})
}

/// Two open and two closed requests, one of long ago.
fn server() -> (tempfile::TempDir, Server) {
    let state = small_state();
    let server = Server::start(state.path());
    let now = chrono::Utc::now();
    let day = |days: i64| (now - chrono::TimeDelta::days(days)).to_rfc3339();
    let rows = json!([
        complaint("a1", "app", &day(1), "noise->night", "open"),
        complaint("a2", "app", &day(2), "road->pothole, deep", "closed"),
        complaint("a3", "phone", &day(3), "noise->night", "closed"),
        complaint("old", "phone", &day(400), "noise->night", "open"),
    ]);
    server.post_json("/v1/complaints", &rows);
    (state, server)
}

fn ids(answer: &Value) -> Vec<&str> {
    let requests = answer.as_array().unwrap().iter();
    requests
        .map(|request| request["service_request_id"].as_str().unwrap())
        .collect()
}

#[test]
fn services_and_requests_are_answered_in_json_and_xml() {
    let (_state, server) = server();
    let services = server.get("/open311/v2/services.json");
    let codes: Vec<&str> = services
        .as_array()
        .unwrap()
        .iter()
        .map(|service| service["service_code"].as_str().unwrap())
        .collect();
    assert_eq!(codes, ["noise->night", "road->pothole, deep"]);
    assert_eq!(services[0]["service_name"], "night");
    let definition = server.get("/open311/v2/services/noise-%3Enight.json");
    assert_eq!(
        definition,
        json!({"service_code": "noise->night", "attributes": []})
    );

    let all = server.get("/open311/v2/requests.json");
    assert_eq!(
        ids(&all),
        ["a1", "a2", "a3"],
        "the last 90 days, newest first"
    );
    assert_eq!(all[0]["status"], "open");
    assert_eq!(
        (&all[0]["lat"], &all[0]["long"]),
        (&json!(0.5), &json!(0.25))
    );
    assert!(
        all[0]["requested_datetime"]
            .as_str()
            .unwrap()
            .ends_with("+00:00")
    );
    let text = all.to_string();
    assert!(
        !text.contains("138") && !text.contains("Ms Li") && !text.contains("***"),
        "what was said is not shown: {text}"
    );

    let answer = server.response("/open311/v2/requests.xml?status=open");
    assert_eq!(answer.headers()["content-type"], "text/xml; charset=utf-8");
    let xml = answer.text().unwrap();
    assert!(
        xml.starts_with("<?xml") && xml.contains("<service_request_id>a1</service_request_id>"),
        "{xml}"
    );
    assert_eq!(xml.matches("<request>").count(), 1);
    let discovery = server.get("/open311/v2/discovery.json");
    assert!(
        discovery["endpoints"][0]["url"]
            .as_str()
            .unwrap()
            .ends_with("/open311/v2")
    );
}

#[rstest]
#[case("status=closed", &["a2", "a3"])]
#[case("status=open,closed", &["a1", "a2", "a3"])]
#[case("service_code=noise-%3Enight", &["a1", "a3"])]
#[case("service_code=night,road", &["a1", "a3"])]
#[case("service_code=road-%3Epothole,%20deep", &["a2"])]
#[case("service_request_id=old,a2", &["a2", "old"])]
#[case("service_request_id=phone:a3", &["a3"])]
#[case("page_size=1&page=2", &["a2"])]
#[case("service_code=none", &[])]
fn requests_are_filtered(#[case] query: &str, #[case] expected: &[&str]) {
    let (_state, server) = server();
    let answer = server.get(&format!("/open311/v2/requests.json?{query}"));
    assert_eq!(ids(&answer), expected, "{query}");
}

#[rstest]
#[case("/open311/v2/requests/none.json", 404, "service_request_id none")]
#[case("/open311/v2/services/none.json", 404, "service_code none")]
#[case("/open311/v2/tokens/none.json", 404, "none")]
#[case("/open311/v2/requests.json?status=lost", 400, "status lost")]
#[case("/open311/v2/requests.json?start_date=2026-11-01", 400, "start_date")]
#[case(
    "/open311/v2/requests.json?start_date=2026-01-01T00:00:00Z&end_date=2026-11-01T00:00:00Z",
    400,
    "90 days"
)]
#[case("/open311/v2/requests.json?page_size=0", 400, "page_size")]
fn what_cannot_be_answered_has_a_code_and_a_description(
    #[case] path: &str,
    #[case] code: u16,
    #[case] words: &str,
) {
    let (_state, server) = server();
    let answer = server.response(path);
    assert_eq!(answer.status().as_u16(), code, "{path}");
    let errors: Value = serde_json::from_str(&answer.text().unwrap()).unwrap();
    assert_eq!(errors[0]["code"], code);
    assert!(
        errors[0]["description"].as_str().unwrap().contains(words),
        "{errors}"
    );
    let xml = server
        .response(&path.replace(".json", ".xml"))
        .text()
        .unwrap();
    assert!(
        xml.contains(&format!("<errors><error><code>{code}</code>")),
        "{xml}"
    );
}

#[test]
fn a_request_that_is_posted_is_there_and_its_sender_is_not() {
    let (state, server) = server();
    let form = [
        ("service_code", "noise->night"),
        ("lat", "0.5"),
        ("long", "0.75"),
        ("description", "loud music, call 13812345678"),
        ("email", "li@example.org"),
        ("first_name", "Li"),
        ("phone", "13812345678"),
        ("attribute[WHERE]", "yard"),
        ("device_id", "d-77"),
        ("api_key", "none"),
    ];
    let answer = server
        .post("/open311/v2/requests.json")
        .form(&form)
        .send()
        .unwrap();
    assert!(answer.status().is_success(), "{answer:?}");
    let created: Value = answer.json().unwrap();
    let id = created[0]["service_request_id"]
        .as_str()
        .unwrap()
        .to_owned();
    let found = server.get(&format!("/open311/v2/requests/{id}.json"));
    assert_eq!(
        (&found[0]["status"], &found[0]["long"]),
        (&json!("open"), &json!(0.75))
    );
    let token = server.get(&format!("/open311/v2/tokens/{id}.json"));
    assert_eq!(token, json!([{"service_request_id": id, "token": id}]));
    let row = &server.sql("SELECT * FROM complaints WHERE source = 'open311'")[0];
    assert_eq!(row["text"], "loud music, call ***\nWHERE: yard");
    assert_eq!(row["district"], "east");
    let kept = row.to_string();
    assert!(
        !kept.contains("example.org") && !kept.contains("d-77") && !kept.contains("138"),
        "{kept}"
    );

    let answer = server
        .post("/open311/v2/requests.xml")
        .json(&json!({"service_code": "night", "address_string": "1 West St"}))
        .send()
        .unwrap();
    let xml = answer.text().unwrap();
    assert!(
        xml.contains("<service_requests><request><service_request_id>"),
        "{xml}"
    );
    for (fields, code, words) in [
        (json!({"lat": 1, "long": 1}), 400, "service_code"),
        (
            json!({"service_code": "none", "lat": 1, "long": 1}),
            404,
            "service_code",
        ),
        (json!({"service_code": "night"}), 400, "place"),
        (
            json!({"service_code": "night", "lat": 1}),
            400,
            "go together",
        ),
        (
            json!({"service_code": "night", "lat": 91, "long": 1}),
            400,
            "latitude",
        ),
        (
            json!({"service_code": "night", "lat": "north", "long": 1}),
            400,
            "lat north",
        ),
        (json!([1]), 400, "object"),
    ] {
        let answer = server
            .post("/open311/v2/requests.json")
            .json(&fields)
            .send()
            .unwrap();
        assert_eq!(answer.status().as_u16(), code, "{fields}");
        let errors: Value = answer.json().unwrap();
        assert!(
            errors[0]["description"].as_str().unwrap().contains(words),
            "{fields}: {errors}"
        );
    }
    drop(state);
}

/// A little Open311 server: an answer for each question, by a function of its query.
type Answers = dyn Fn(&HashMap<String, String>) -> (u16, String) + Send + Sync;

struct Other {
    url: String,
    asked: Arc<Mutex<Vec<HashMap<String, String>>>>,
}

impl Other {
    fn with(answers: Box<Answers>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}/city", listener.local_addr().unwrap());
        let asked: Arc<Mutex<Vec<HashMap<String, String>>>> = Arc::default();
        let noted = Arc::clone(&asked);
        // It ends with the process of the test.
        std::thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let mut reader = BufReader::new(stream);
                let mut line = String::new();
                reader.read_line(&mut line).ok();
                let path = line
                    .split_whitespace()
                    .nth(1)
                    .unwrap_or_default()
                    .to_owned();
                while reader.read_line(&mut line).is_ok_and(|n| n > 2) {}
                let query = path.split_once('?').map_or("", |(_, query)| query);
                let query: HashMap<String, String> = query
                    .split('&')
                    .filter_map(|pair| pair.split_once('='))
                    .map(|(name, value)| (name.to_owned(), value.replace("%3A", ":")))
                    .collect();
                let (status, body) = answers(&query);
                noted.lock().unwrap().push(query);
                let mut stream = reader.into_inner();
                write!(
                    stream,
                    "HTTP/1.1 {status} X\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
                    body.len()
                )
                .ok();
                stream.flush().ok();
            }
        });
        Self { url, asked }
    }
}

fn until(what: &str, mut holds: impl FnMut() -> bool) {
    let since = Instant::now();
    while !holds() {
        assert!(since.elapsed() < Duration::from_mins(2), "{what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

fn polled(state: &std::path::Path, other: &Other, rest: &str) -> Server {
    let file = state.join("citybrain.toml");
    let text = format!(
        "[[open311]]\nname = \"other\"\nurl = \"{}\"\nevery_seconds = 1\n{rest}",
        other.url
    );
    std::fs::write(&file, text).unwrap();
    Server::configured(state, &file)
}

#[test]
fn another_server_is_polled_by_windows_and_its_changes_are_updates() {
    // Ten requests, one a day; the newest is closed later. No more than four come at once, and the first questions fail.
    let now = chrono::Utc::now();
    let polls = Mutex::new(0);
    let answers = move |query: &HashMap<String, String>| {
        let mut polls = polls.lock().unwrap();
        *polls += 1;
        if *polls <= 2 {
            return (503, String::new());
        }
        let bound = |name: &str| {
            query[name]
                .parse::<chrono::DateTime<chrono::Utc>>()
                .unwrap()
        };
        let requests: Vec<Value> = (0..10)
            .map(|n| (n, now - chrono::TimeDelta::hours(24 * n + 1)))
            .filter(|(_, at)| bound("start_date") <= *at && *at <= bound("end_date"))
            .map(|(n, at)| {
                let closed = n == 0 && *polls > 30;
                json!({"service_request_id": format!("r{n}"), "service_name": "noise", "status": if closed { "closed" } else { "open" },
                       "requested_datetime": at.format("%Y-%m-%dT%H:%M:%S-0000Z").to_string(), "lat": 0.5, "lon": 0.25, "updated_datetime": "null"})
            })
            .take(4)
            .collect();
        (200, Value::Array(requests).to_string())
    };
    let other = Other::with(Box::new(answers));
    let state = small_state();
    let server = polled(state.path(), &other, "rows_max = 4\nwindow_days = 30\n");
    let count = |what: &str| {
        server.sql(&format!(
            "SELECT count(*) AS n FROM complaints WHERE {what}"
        ))[0]["n"]
            .as_u64()
            .unwrap()
    };
    until("every request is there", || count("source = 'other'") == 10);
    until("the change is seen", || count("status = 'closed'") == 1);
    assert_eq!(count("TRUE"), 10, "an update is no new request");
    let asked = other.asked.lock().unwrap().len();
    drop(server);
    // After a restart it goes on where it was: it asks for the overlap and not for everything.
    let server = polled(
        state.path(),
        &other,
        "rows_max = 4\nwindow_days = 30\noverlap_hours = 2\n",
    );
    until("it is asked again", || {
        other.asked.lock().unwrap().len() > asked
    });
    let question = other.asked.lock().unwrap()[asked].clone();
    let start: chrono::DateTime<chrono::Utc> = question["start_date"].parse().unwrap();
    assert!(
        chrono::Utc::now() - start < chrono::TimeDelta::hours(3),
        "{question:?}"
    );
    drop(server);
}

#[test]
fn real_answers_of_other_servers_come_in() {
    let Some(folder) = real_data("payloads-open311") else {
        return;
    };
    let json = std::fs::read_to_string(
        folder.join("sf-open311dashboard/ServiceRequests_By_Zip_Slice.json"),
    )
    .unwrap();
    let other = Other::with(Box::new(move |_| (200, json.clone())));
    let state = small_state();
    let server = polled(state.path(), &other, "since = \"2026-11-01T00:00:00Z\"\n");
    until("the requests are there", || {
        server.sql("SELECT count(*) AS n FROM complaints")[0]["n"] == 73
    });
    drop(server);
    let xml =
        std::fs::read_to_string(folder.join("node-open311-mocks/service-requests.xml")).unwrap();
    let other = Other::with(Box::new(move |_| (200, xml.clone())));
    let state = small_state();
    let server = polled(
        state.path(),
        &other,
        "since = \"2026-11-01T00:00:00Z\"\nformat = \"xml\"\n",
    );
    until("the requests are there", || {
        server.sql("SELECT count(*) AS n FROM complaints")[0]["n"] == 2
    });
}

#[test]
fn a_server_that_answers_nonsense_stops_nothing_and_is_left_alone_for_longer() {
    let answers = [
        "<html>",
        "{",
        "[[[[",
        "<!DOCTYPE a [<!ENTITY b 'c'>]><a>&b;</a>",
        "",
    ];
    let turn = Mutex::new(0);
    let other = Other::with(Box::new(move |_| {
        let mut turn = turn.lock().unwrap();
        *turn += 1;
        (200, answers[*turn % answers.len()].to_owned())
    }));
    let state = small_state();
    let server = polled(state.path(), &other, "format = \"xml\"\n");
    until("it is asked twice", || {
        other.asked.lock().unwrap().len() >= 2
    });
    assert_eq!(server.get("/open311/v2/services.json"), json!([]));
    assert_eq!(
        server.sql("SELECT count(*) AS n FROM complaints")[0]["n"],
        0
    );
}
