//! Rules through the built binary: told once, kept, escalated, sent; nothing is lost when the server is killed.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpListener;
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use citybrain_tests::{Server, repository};
use citybrain_watch::Rule;
use serde_json::{Value, json};

use crate::import::small_state;

const PATIENCE: Duration = Duration::from_mins(1);

#[expect(
    clippy::disallowed_methods,
    reason = "rules watch by the clock, and this test is outside of the server"
)]
pub(crate) fn now() -> chrono::DateTime<chrono::Utc> {
    chrono::Utc::now()
}

pub(crate) fn complaint(id: &str, minutes_ago: i64) -> Value {
    let at = now() - chrono::TimeDelta::minutes(minutes_ago);
    json!([{"id": id, "source": "test", "requested_at": at.to_rfc3339(), "lon": 0.25, "lat": 0.5, "category": "noise"}])
}

pub(crate) fn many(at_least: u64) -> Value {
    json!({
        "severity": "critical",
        "when": {"kind": "threshold", "per": "district", "window": "1h", "at_least": at_least}
    })
}

pub(crate) fn put(server: &Server, path: &str, body: &Value) -> Value {
    let client = reqwest::blocking::Client::new();
    let answer = client
        .put(format!("{}{path}", server.url()))
        .json(body)
        .send()
        .unwrap();
    let status = answer.status();
    let text = answer.text().unwrap();
    assert!(status.is_success(), "PUT {path}: {status} {text}");
    serde_json::from_str(&text).unwrap()
}

/// Asks until there are alerts that fit.
pub(crate) fn alerts(server: &Server, query: &str, fits: impl Fn(&[Value]) -> bool) -> Vec<Value> {
    let start = Instant::now();
    loop {
        let answer = server.get(&format!("/v1/alerts{query}"));
        let alerts = answer["alerts"].as_array().unwrap().clone();
        if fits(&alerts) {
            return alerts;
        }
        assert!(start.elapsed() < PATIENCE, "{alerts:?}");
        std::thread::yield_now();
    }
}

/// A receiver of webhooks that fails `failures` times; the messages with their headers.
fn receiver(listener: TcpListener, failures: usize) -> Receiver<(String, Value)> {
    let (sender, messages) = channel();
    std::thread::spawn(move || {
        for (number, stream) in listener.incoming().enumerate() {
            let mut stream = stream.unwrap();
            let mut reader = BufReader::new(stream.try_clone().unwrap());
            let mut headers = String::new();
            let mut length = 0;
            loop {
                let mut line = String::new();
                if reader.read_line(&mut line).unwrap() == 0 || line.trim().is_empty() {
                    break;
                }
                let line = line.to_ascii_lowercase();
                if let Some(value) = line.strip_prefix("content-length:") {
                    length = value.trim().parse().unwrap();
                }
                headers.push_str(&line);
            }
            let mut body = vec![0; length];
            // A sender that was killed may have said half of it.
            if reader.read_exact(&mut body).is_err() {
                continue;
            }
            let Ok(body) = serde_json::from_slice(&body) else {
                continue;
            };
            let status = if number < failures {
                "500 No"
            } else {
                "204 No Content"
            };
            let answer =
                format!("HTTP/1.1 {status}\r\nconnection: close\r\ncontent-length: 0\r\n\r\n");
            // A sender that was killed waits no more.
            stream.write_all(answer.as_bytes()).ok();
            if sender.send((headers, body)).is_err() {
                return;
            }
        }
    });
    messages
}

fn header<'a>(headers: &'a str, name: &str) -> &'a str {
    headers
        .lines()
        .find_map(|line| line.strip_prefix(name)?.strip_prefix(':'))
        .unwrap_or_else(|| panic!("{name} in {headers}"))
        .trim()
}

#[test]
fn an_alert_is_raised_told_on_the_stream_acknowledged_escalated_and_resolved() {
    let state = small_state();
    let server = Server::start(state.path());
    put(&server, "/v1/rules/many", &many(2));
    let stream = reqwest::blocking::Client::builder()
        .timeout(None)
        .build()
        .unwrap()
        .get(format!("{}/v1/live", server.url()))
        .send()
        .unwrap();
    let mut lines = BufReader::new(stream).lines().map_while(Result::ok);

    server.post_json("/v1/complaints", &complaint("1", 5));
    server.post_json("/v1/complaints", &complaint("1", 5));
    server.post_json("/v1/complaints", &complaint("2", 5));
    let told = loop {
        let line = lines.next().expect("the stream goes on");
        if line == "event: alerts" {
            let data = lines.next().unwrap();
            let data: Value =
                serde_json::from_str(data.trim_start_matches("data:").trim()).unwrap();
            break data["alerts"][0].clone();
        }
    };
    assert_eq!(
        json!([
            told["rule"],
            told["about"]["area"],
            told["value"],
            told["level"],
            told["state"]
        ]),
        json!(["many", "west", 2.0, "district", "raised"])
    );
    let id = told["id"].as_i64().unwrap();
    let act = |what: &str| {
        let path = format!("/v1/alerts/{id}/{what}");
        let answer = server
            .post(&path)
            .json(&json!({"note": what}))
            .send()
            .unwrap();
        (answer.status().as_u16(), answer.json::<Value>().unwrap())
    };
    let (status, acknowledged) = act("acknowledge");
    assert_eq!(
        (status, &acknowledged["alert"]["state"]),
        (200, &json!("acknowledged"))
    );
    assert_eq!(act("acknowledge").0, 409);
    assert_eq!(act("escalate").1["alert"]["level"], "city");
    assert_eq!(act("escalate").0, 409);
    let (_, resolved) = act("resolve");
    assert_eq!(resolved["alert"]["state"], "resolved");
    let steps: Vec<_> = resolved["steps"]
        .as_array()
        .unwrap()
        .iter()
        .map(|step| (step["step"].as_str().unwrap(), step["note"].as_str()))
        .collect();
    assert_eq!(
        steps,
        [
            ("raised", None),
            ("acknowledged", Some("acknowledge")),
            ("escalated", Some("escalate")),
            ("resolved", Some("resolve"))
        ]
    );
    assert_eq!(act("resolve").0, 409);
    // It still is so: a person ended it, and it is not raised again for that.
    server.post_json("/v1/complaints", &complaint("3", 5));
    put(
        &server,
        "/v1/rules/all",
        &json!({"when": {"kind": "threshold", "window": "1h", "at_least": 3}}),
    );
    alerts(&server, "?rule=all", |alerts| alerts.len() == 1);
    assert_eq!(alerts(&server, "?rule=many", |_| true).len(), 1);
    // What is open of a rule that is taken away is over.
    let gone = reqwest::blocking::Client::new()
        .delete(format!("{}/v1/rules/all", server.url()))
        .send()
        .unwrap();
    assert!(gone.status().is_success());
    alerts(&server, "?rule=all&state=resolved", |alerts| {
        alerts.len() == 1
    });
}

#[test]
fn an_alert_that_nobody_acknowledges_goes_up_level_by_level() {
    let state = small_state();
    let server = Server::start(state.path());
    let mut rule = many(1);
    rule["escalate"] = json!("1s");
    put(&server, "/v1/rules/many", &rule);
    server.post_json("/v1/complaints", &complaint("1", 0));
    let raised = alerts(&server, "", |alerts| {
        alerts.first().is_some_and(|alert| alert["level"] == "city")
    });
    assert_eq!(raised[0]["state"], "raised");
    let detail = server.get(&format!("/v1/alerts/{}", raised[0]["id"]));
    let step = &detail["steps"][1];
    assert_eq!(
        json!([step["step"], step["actor"]]),
        json!(["escalated", "rule"])
    );
}

#[test]
fn no_alert_and_no_message_is_lost_or_told_twice_when_the_server_is_killed() {
    let state = small_state();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/hook", listener.local_addr().unwrap());
    let server = Server::start(state.path());
    put(
        &server,
        "/v1/webhooks/desk",
        &json!({"url": url, "secret": "sixteen characters", "severity": "info"}),
    );
    let mut held = many(1);
    held["when"]["at_least"] = json!(2);
    held["hold"] = json!("3s");
    put(&server, "/v1/rules/held", &held);
    put(&server, "/v1/rules/many", &many(2));
    server.post_json("/v1/complaints", &complaint("1", 1));
    // The receiver is deaf: nobody accepts. The alert is on disk, its message due.
    server.post_json("/v1/complaints", &complaint("2", 1));
    alerts(&server, "?rule=many", |alerts| alerts.len() == 1);
    server.kill();

    let messages = receiver(listener, 1);
    let server = Server::start(state.path());
    let mut seen = Vec::new();
    while seen.len() < 2 {
        let (headers, body) = messages.recv_timeout(PATIENCE).unwrap();
        let signature = header(&headers, "citybrain-signature");
        assert!(
            signature.starts_with("v1=") && signature.len() == 3 + 64,
            "{signature}"
        );
        let sent: i64 = header(&headers, "citybrain-timestamp").parse().unwrap();
        assert!((now().timestamp() - sent).abs() < 600);
        let delivery: i64 = header(&headers, "citybrain-delivery").parse().unwrap();
        if !seen.contains(&(delivery, body["alert"]["rule"].clone())) {
            assert_eq!(body["step"], "raised");
            seen.push((delivery, body["alert"]["rule"].clone()));
        }
    }
    // What was waiting when the server was killed was told after it, and each once.
    for rule in ["many", "held"] {
        let all = alerts(&server, &format!("?rule={rule}"), |alerts| {
            !alerts.is_empty()
        });
        assert_eq!(all.len(), 1, "{rule}");
    }
    let start = Instant::now();
    while server.get("/v1/deliveries?state=due")["deliveries"] != json!([]) {
        assert!(start.elapsed() < PATIENCE);
    }
    assert_eq!(
        server.get("/v1/deliveries?state=done")["deliveries"]
            .as_array()
            .unwrap()
            .len(),
        2
    );
    // A message can be sent again.
    server.post_json(&format!("/v1/deliveries/{}/resend", seen[0].0), &json!({}));
    let (headers, _) = messages.recv_timeout(PATIENCE).unwrap();
    assert_eq!(
        header(&headers, "citybrain-delivery"),
        seen[0].0.to_string()
    );
}

#[test]
fn every_example_of_the_document_is_a_rule_and_a_rule_can_be_played_over_history() {
    let state = small_state();
    let server = Server::start(state.path());
    for n in 0..5 {
        server.post_json(
            "/v1/complaints",
            &complaint(&n.to_string(), 60 * 24 * 3 + n),
        );
    }
    let text = std::fs::read_to_string(repository().join("docs/alerts.md")).unwrap();
    let mut checked = 0;
    for block in text.split("```toml\n").skip(1) {
        for rule in Rule::of_toml(block.split("```").next().unwrap()).unwrap() {
            let mut rule = serde_json::to_value(rule).unwrap();
            // The small city has districts only.
            let rewritten = rule
                .to_string()
                .replace("\"community\"", "\"district\"")
                .replace("\"subdistrict\"", "\"district\"");
            rule = serde_json::from_str(&rewritten).unwrap();
            let played = server.post_json("/v1/rules/test", &json!({"rule": rule}));
            assert!(played["records"].is_u64(), "{played}");
            checked += 1;
        }
    }
    assert!(checked >= 11, "{checked}");
    let mut rule = many(5);
    rule["id"] = json!("past");
    let played = server.post_json("/v1/rules/test", &json!({"rule": rule}));
    assert_eq!(
        json!([played["fired"], played["records"]]),
        json!([1, 5]),
        "{played}"
    );
    assert_eq!(played["hits"][0]["about"]["area"], "west");
    let answer = server
        .post("/v1/rules/test")
        .json(&json!({"rule": {"id": "x"}}))
        .send()
        .unwrap();
    assert_eq!(answer.status().as_u16(), 400);
}
