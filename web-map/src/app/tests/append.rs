use std::io::Write;

use reqwest::StatusCode;
use serde_json::{Value, json};

use super::server::problem;
use super::{TestServer, complaint};
use crate::config::Config;

async fn complaints(server: &TestServer) -> u64 {
    server.json("/v1/cells").await["total"].as_u64().unwrap()
}

#[tokio::test]
async fn a_record_is_queryable_when_its_receipt_comes() {
    let server = TestServer::start().await;
    for id in 0..5 {
        let receipt = server
            .post_json("/v1/complaints", &complaint(&id.to_string(), id))
            .await;
        assert_eq!(receipt["accepted"], 1);
        assert_eq!(receipt["rejected"], json!([]));
        let cells = server.json("/v1/cells").await;
        assert!(cells["seq"].as_u64() >= receipt["seq"].as_u64());
        assert_eq!(cells["total"], id + 1);
    }
}

#[tokio::test]
async fn the_same_body_twice_counts_once_and_another_state_is_an_update() {
    let server = TestServer::start().await;
    let mut body = json!([complaint("1", 1), complaint("2", 2)]);
    assert_eq!(
        server.post_json("/v1/complaints", &body).await["accepted"],
        2
    );
    assert_eq!(
        server.post_json("/v1/complaints", &body).await["duplicate"],
        2
    );
    body[0]["status"] = json!("closed");
    let receipt = server.post_json("/v1/complaints", &body).await;
    assert_eq!(
        (&receipt["updated"], &receipt["duplicate"]),
        (&json!(1), &json!(1))
    );
    assert_eq!(complaints(&server).await, 2);
}

#[tokio::test]
async fn every_format_and_packing_is_read() {
    let server = TestServer::start().await;
    let array = json!([complaint("a", 1), complaint("b", 2)])
        .to_string()
        .into_bytes();
    let lines = format!("{}\n{}\n", complaint("c", 3), complaint("d", 4)).into_bytes();
    let table =
        b"id,requested_at,lon,lat\ne,2026-05-04T08:00:00Z,116.4,39.9\nf,2026-05-04T08:00:00Z,,\n"
            .to_vec();
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    gzip.write_all(&lines).unwrap();
    let bodies = [
        ("application/json", None, array),
        ("application/x-ndjson", Some("gzip"), gzip.finish().unwrap()),
        (
            "text/csv; charset=utf-8",
            Some("zstd"),
            zstd::encode_all(table.as_slice(), 1).unwrap(),
        ),
    ];
    for (kind, packing, body) in bodies {
        let mut request = server
            .post("/v1/complaints")
            .header("content-type", kind)
            .body(body);
        if let Some(packing) = packing {
            request = request.header("content-encoding", packing);
        }
        let receipt: Value = request.send().await.unwrap().json().await.unwrap();
        assert_eq!(receipt["accepted"], 2, "{kind}: {receipt}");
    }
    assert_eq!(complaints(&server).await, 6);
}

#[tokio::test]
async fn a_bad_row_is_rejected_by_position_and_rule_and_the_others_stand() {
    let server = TestServer::start().await;
    let body = json!([complaint("1", 1), {"id": "2"}, complaint("3", 3)]);
    let receipt = server.post_json("/v1/complaints", &body).await;
    assert_eq!(receipt["accepted"], 2);
    let rejected = &receipt["rejected"][0];
    assert_eq!(
        (&rejected["index"], &rejected["field"], &rejected["rule"]),
        (&json!(1), &json!("requested_at"), &json!("required"))
    );
}

#[tokio::test]
async fn a_body_without_a_good_row_is_a_problem_that_lists_every_row() {
    let server = TestServer::start().await;
    let body = json!([{"id": "1"}, {"requested_at": "2026-05-04T08:00:00Z"}]);
    let (status, problem) = problem(server.post("/v1/complaints").json(&body)).await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(problem["errors"][0]["field"], "0.requested_at");
    assert_eq!(problem["errors"][1]["field"], "1.id");
    assert_eq!(
        (
            &problem["accepted"],
            problem["rejected"].as_array().unwrap().len()
        ),
        (&json!(0), 2)
    );
}

#[tokio::test]
async fn what_is_no_body_is_refused_with_its_reason() {
    let server = TestServer::with(Config {
        body_bytes_max: 2_000,
        ..Config::default()
    })
    .await;
    let large = json!([complaint("1", 1), {"id": "x".repeat(3_000)}]).to_string();
    let packed = zstd::encode_all(large.as_bytes(), 3).unwrap();
    assert!(packed.len() < 2_000);
    let json = "application/json";
    let cases = [
        (
            "text/plain",
            None,
            b"hello".to_vec(),
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "text/plain",
        ),
        (
            json,
            Some("br"),
            b"[]".to_vec(),
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "br",
        ),
        (
            json,
            None,
            large.into_bytes(),
            StatusCode::PAYLOAD_TOO_LARGE,
            "2000",
        ),
        (
            json,
            Some("zstd"),
            packed,
            StatusCode::PAYLOAD_TOO_LARGE,
            "2000",
        ),
        (
            json,
            Some("gzip"),
            b"not gzip at all".to_vec(),
            StatusCode::BAD_REQUEST,
            "cannot be read",
        ),
        (
            json,
            None,
            b"[{\"id\": 1".to_vec(),
            StatusCode::BAD_REQUEST,
            "body",
        ),
        (json, None, Vec::new(), StatusCode::BAD_REQUEST, "body"),
    ];
    for (kind, packing, body, status, word) in cases {
        let mut request = server
            .post("/v1/complaints")
            .header("content-type", kind)
            .body(body);
        if let Some(packing) = packing {
            request = request.header("content-encoding", packing);
        }
        let (found, problem) = problem(request).await;
        assert_eq!(found, status, "{problem}");
        assert!(
            problem["detail"].as_str().unwrap().contains(word),
            "{word} in {problem}"
        );
    }
    assert_eq!(complaints(&server).await, 0);
}

#[tokio::test]
async fn a_complaint_tells_its_steps_and_a_sensor_its_latest_value() {
    let server = TestServer::start().await;
    server.post_json("/v1/complaints", &complaint("1", 1)).await;
    let step = json!({"complaint": "1", "event": "dispatched", "at": "2026-05-04T09:00:00+08:00", "actor": "desk"});
    assert_eq!(
        server.post_json("/v1/complaint-events", &step).await["accepted"],
        1
    );
    let found = server.json("/v1/complaints/http/1").await;
    assert_eq!(found["events"][0]["event"], "dispatched");
    assert_eq!(server.json("/v1/complaints/1").await, found);

    let value = |at: &str, result: f64| json!({"datastream": "AIR-1/PM10", "sensor": "AIR-1", "property": "PM10", "unit": "ug/m3", "phenomenon_time": at, "result": result, "lon": 116.4, "lat": 39.9});
    let values = json!([
        value("2026-05-04T02:00:00Z", 80.5),
        value("2026-05-04T01:00:00Z", 20.0)
    ]);
    assert_eq!(
        server.post_json("/v1/observations", &values).await["accepted"],
        2
    );
    let sensors = server.json("/v1/sensors").await;
    assert_eq!(sensors["sensors"][0]["sensor"], "AIR-1");
    assert_eq!(sensors["sensors"][0]["datastreams"][0]["result"], 80.5);
}

#[tokio::test]
async fn a_web_page_of_another_site_cannot_send_records_unasked() {
    let server = TestServer::start().await;
    // What a page may send elsewhere without a preflight: these types, and only to routes that take them.
    for kind in [
        "text/plain",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
    ] {
        let body = json!([complaint("1", 1)]).to_string();
        let (status, _) = problem(
            server
                .post("/v1/complaints")
                .header("content-type", kind)
                .body(body),
        )
        .await;
        assert_eq!(status, StatusCode::UNSUPPORTED_MEDIA_TYPE, "{kind}");
        let (status, _) = problem(
            server
                .post("/v1/sql")
                .header("content-type", kind)
                .body("{\"sql\": \"SELECT 1\"}"),
        )
        .await;
        assert_eq!(status, StatusCode::UNSUPPORTED_MEDIA_TYPE, "{kind}");
    }
    let preflight = server
        .client
        .request(
            reqwest::Method::OPTIONS,
            format!("{}/v1/complaints", server.url),
        )
        .header("origin", "http://evil.example")
        .header("access-control-request-method", "POST")
        .send()
        .await
        .unwrap();
    assert!(
        !preflight
            .headers()
            .contains_key("access-control-allow-origin")
    );
}

#[tokio::test]
async fn a_request_under_a_name_is_answered_once_and_then_the_same() {
    let server = TestServer::start().await;
    let send = |name: &str, body: Value| {
        let request = server
            .post("/v1/complaints")
            .header("idempotency-key", name);
        let request = request.json(&body);
        async move {
            let answer = request.send().await.unwrap();
            let again = answer.headers().contains_key("idempotent-replayed");
            (
                answer.status(),
                again,
                answer.json::<Value>().await.unwrap(),
            )
        }
    };
    let (status, again, first) = send("a", complaint("1", 1)).await;
    assert_eq!(
        (status, again, &first["accepted"]),
        (StatusCode::OK, false, &json!(1))
    );
    let (status, again, second) = send("a", complaint("1", 1)).await;
    assert_eq!((status, again), (StatusCode::OK, true));
    assert_eq!(first, second);
    let (status, _, problem) = send("a", complaint("2", 1)).await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(problem["type"], "urn:citybrain:problem:idempotency-key");
    assert_eq!(send("b", complaint("1", 1)).await.2["duplicate"], 1);
    assert_eq!(send("", complaint("1", 1)).await.0, StatusCode::BAD_REQUEST);
    assert_eq!(complaints(&server).await, 1);
    // Where the server makes the identity, the name keeps a request from being made twice.
    let mut ids = Vec::new();
    for _ in 0..2 {
        let form = server
            .post("/open311/v2/requests.json")
            .header("idempotency-key", "report-7")
            .header("content-type", "application/x-www-form-urlencoded")
            .body("service_code=noise&lat=39.9&long=116.4");
        let made: Value = form.send().await.unwrap().json().await.unwrap();
        ids.push(made[0]["service_request_id"].clone());
    }
    assert_eq!(ids[0], ids[1]);
    // Nothing is remembered of what could not be taken.
    let broken = || {
        let request = server.post("/v1/complaints").header("idempotency-key", "c");
        request.header("content-type", "application/json")
    };
    assert_eq!(
        broken().body("{").send().await.unwrap().status(),
        StatusCode::BAD_REQUEST
    );
    let mended = broken()
        .body(complaint("3", 1).to_string())
        .send()
        .await
        .unwrap();
    assert_eq!(mended.status(), StatusCode::OK);
}

#[tokio::test]
async fn cloud_events_are_taken_in_each_mode_and_counted_once() {
    let server = TestServer::start().await;
    let event = |id: &str| {
        json!({
            "specversion": "1.0", "type": "city.noise", "source": "/street/7", "id": id, "subject": "noise-7",
            "time": "2026-05-04T08:00:00+08:00", "data": {"result": 61.5, "unit": "dB"},
        })
    };
    let post = |kind: &'static str, body: Value| {
        let request = server.post("/v1/observations").header("content-type", kind);
        let request = request.body(body.to_string());
        async move {
            let answer = request.send().await.unwrap();
            (answer.status(), answer.json::<Value>().await.unwrap())
        }
    };
    let structured = "application/cloudevents+json; charset=utf-8";
    let batched = "application/cloudevents-batch+json";
    assert_eq!(post(structured, event("a")).await.1["accepted"], 1);
    assert_eq!(post(structured, event("a")).await.1["duplicate"], 1);
    let (status, receipt) = post(batched, json!([event("a"), event("b"), {"id": "c"}])).await;
    assert_eq!(status, StatusCode::OK);
    assert_eq!(
        (&receipt["accepted"], &receipt["duplicate"]),
        (&json!(1), &json!(1))
    );
    assert_eq!(
        (
            &receipt["rejected"][0]["index"],
            &receipt["rejected"][0]["field"]
        ),
        (&json!(2), &json!("specversion"))
    );
    let (status, refused) = post(structured, json!({"specversion": "0.3"})).await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "{refused}");
    assert_eq!(post(batched, json!({})).await.0, StatusCode::BAD_REQUEST);
    let binary = |id: &str, kind: &str| {
        server
            .post("/v1/observations")
            .header("content-type", kind)
            .header("ce-specversion", "1.0")
            .header("ce-type", "city.noise")
            .header("ce-source", "/street/7")
            .header("ce-subject", "noise-7%20%C3%BC")
            .header("ce-id", id)
            .header("ce-time", "2026-05-04T08:01:00+08:00")
            .body(r#"{"result": 62, "unit": "dB"}"#)
            .send()
    };
    let receipt: Value = binary("d", "application/json")
        .await
        .unwrap()
        .json()
        .await
        .unwrap();
    assert_eq!(receipt["accepted"], 1, "{receipt}");
    let receipt: Value = binary("b", "application/json")
        .await
        .unwrap()
        .json()
        .await
        .unwrap();
    assert_eq!(receipt["updated"], 1, "the same source and id: {receipt}");
    assert_eq!(
        binary("e", "text/csv").await.unwrap().status(),
        StatusCode::UNSUPPORTED_MEDIA_TYPE
    );
    let told = json!({"sql": "SELECT count(*) AS n, count(DISTINCT datastream) AS d FROM observations WHERE source = '/street/7'"});
    let told = server.post_json("/v1/sql", &told).await;
    assert_eq!(told["rows"][0], json!({"n": 3, "d": 2}));
}
