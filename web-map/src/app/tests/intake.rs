//! More than can be taken, and bodies that are refused while they come: the sender sees the answer.

use std::time::Duration;

use reqwest::StatusCode;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::TestServer;
use crate::config::Config;

fn observation(n: u64) -> Value {
    json!({"datastream": "d", "phenomenon_time": format!("2026-05-04T08:{:02}:{:02}Z", n / 60 % 60, n % 60), "result": n / 3600})
}

/// A request whose body does not come yet.
async fn begun(server: &TestServer, path: &str, body: &str) -> TcpStream {
    let host = server.url.trim_start_matches("http://");
    let mut stream = TcpStream::connect(host).await.unwrap();
    let head = format!(
        "POST {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n",
        body.len()
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    stream
}

#[tokio::test]
async fn what_is_beyond_the_room_is_told_at_once_when_to_come_again() {
    let server = TestServer::with(Config {
        intake_requests_max: 1,
        ..Config::default()
    })
    .await;
    let body = observation(0).to_string();
    let mut held = begun(&server, "/v1/observations", &body).await;

    // The request that is on its way may be taken a moment after its head was sent.
    let refused = async |path: &str, kind: &str, sent: String| loop {
        let answer = server
            .post(path)
            .header("Content-Type", kind)
            .body(sent.clone())
            .send()
            .await
            .unwrap();
        if answer.status() == StatusCode::TOO_MANY_REQUESTS {
            let seconds = answer.headers()["retry-after"].to_str().unwrap().to_owned();
            let kind = answer.headers()["content-type"]
                .to_str()
                .unwrap()
                .to_owned();
            assert!(
                (1..=30).contains(&seconds.parse::<u64>().unwrap()),
                "{seconds}"
            );
            return (kind, answer.json::<Value>().await.unwrap());
        }
    };
    let json = "application/json";
    let form = "application/x-www-form-urlencoded";
    for path in ["/v1/observations", "/v1/complaints", "/v1/complaint-events"] {
        let (kind, problem) = refused(path, json, "[]".to_owned()).await;
        assert_eq!(
            (kind.as_str(), &problem["status"]),
            ("application/problem+json", &json!(429))
        );
    }
    let (_, error) = refused(
        "/open311/v2/requests.json",
        form,
        "service_code=1".to_owned(),
    )
    .await;
    assert_eq!(error[0]["code"], 429, "{error}");
    for path in [
        "/sta/v1.1/CreateObservations",
        "/sta/v1.1/Observations",
        "/sta/v1.1/$batch",
    ] {
        let (_, error) = refused(path, json, "[]".to_owned()).await;
        assert_eq!(error["code"], 429, "{error}");
    }
    // Questions are not held up.
    assert_eq!(
        server.response("/v1/sensors").await.status(),
        StatusCode::OK
    );

    held.write_all(body.as_bytes()).await.unwrap();
    let mut answer = String::new();
    held.read_to_string(&mut answer).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    let receipt = server.post_json("/v1/observations", &observation(1)).await;
    assert_eq!(receipt["accepted"], 1);
}

#[tokio::test]
async fn under_far_too_many_senders_each_acknowledged_row_is_there_once() {
    let server = TestServer::with(Config {
        intake_bytes_max: 8 << 10,
        ..Config::default()
    })
    .await;
    let sender = async |of: u64| {
        let mut refused = 0;
        for n in 0..10 {
            loop {
                let body = observation(of * 10 + n);
                let answer = server
                    .post("/v1/observations")
                    .json(&body)
                    .send()
                    .await
                    .unwrap();
                if answer.status() == StatusCode::OK {
                    break;
                }
                assert_eq!(answer.status(), StatusCode::TOO_MANY_REQUESTS);
                assert!(answer.headers().contains_key("retry-after"));
                refused += 1;
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        }
        refused
    };
    let refused = futures::future::join_all((0..64).map(sender)).await;
    assert!(refused.iter().sum::<u64>() > 0, "it was too much");
    let counted = server
        .post_json(
            "/v1/sql",
            &json!({"sql": "SELECT count(*) AS n FROM observations"}),
        )
        .await;
    assert_eq!(counted["rows"][0]["n"], 640);
}

/// What a client sees that sends all of its body before it reads, as most do.
async fn sent_whole(server: &TestServer, expect: &str, bytes: usize) -> (String, usize) {
    let host = server.url.trim_start_matches("http://");
    let mut stream = TcpStream::connect(host).await.unwrap();
    let head = format!(
        "POST /v1/observations HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\nContent-Type: application/x-ndjson\r\n{expect}Content-Length: {bytes}\r\n\r\n"
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    let mut sent = 0;
    if expect.is_empty() {
        let piece = vec![b' '; 64 << 10];
        while sent < bytes {
            let piece = &piece[..piece.len().min(bytes - sent)];
            stream.write_all(piece).await.unwrap();
            sent += piece.len();
        }
    }
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    (answer, sent)
}

#[tokio::test]
async fn the_sender_of_a_body_that_is_too_large_reads_that_it_is() {
    let server = TestServer::with(Config {
        body_bytes_max: 1 << 20,
        ..Config::default()
    })
    .await;
    let (answer, sent) = sent_whole(&server, "", 40 << 20).await;
    assert!(answer.starts_with("HTTP/1.1 413"), "{answer}");
    assert_eq!(sent, 40 << 20);
    // One that asks first need not send it.
    let (answer, _) = sent_whole(&server, "Expect: 100-continue\r\n", 40 << 20).await;
    assert!(answer.starts_with("HTTP/1.1 413"), "{answer}");
}
