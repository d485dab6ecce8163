use datafusion::arrow::ipc::reader::StreamReader;
use reqwest::StatusCode;
use serde_json::json;

use super::server::problem;
use super::{TestServer, complaint};
use crate::config::Config;

#[tokio::test]
async fn rows_come_as_objects_with_their_schema() {
    let server = TestServer::start().await;
    server
        .post_json(
            "/v1/complaints",
            &json!([complaint("1", 1), complaint("2", 2)]),
        )
        .await;
    let question =
        json!({"sql": "SELECT id, cell, lon FROM complaints WHERE id = $1", "params": ["2"]});
    let answer = server.post_json("/v1/sql", &question).await;
    assert_eq!(
        answer["schema"][1],
        json!({"name": "cell", "type": "UInt64"})
    );
    assert_eq!(answer["rows"][0]["id"], "2");
    assert_eq!(answer["truncated"], false);
    let cells = server.json("/v1/cells?resolution=10").await;
    let cell = &answer["rows"][0]["cell"];
    assert!(
        cells["cells"]
            .as_array()
            .unwrap()
            .iter()
            .any(|row| row[0] == *cell),
        "{cell} is hex text"
    );
}

#[tokio::test]
async fn rows_come_in_the_format_that_is_asked_for() {
    let server = TestServer::start().await;
    let ask = |accept: &'static str| {
        server
            .post("/v1/sql")
            .header("accept", accept)
            .json(&json!({"sql": "SELECT 1 AS n"}))
    };
    let csv = ask("text/csv").send().await.unwrap();
    assert_eq!(csv.headers()["x-citybrain-truncated"], "false");
    assert_eq!(csv.text().await.unwrap(), "n\n1\n");
    let arrow = ask("application/vnd.apache.arrow.stream")
        .send()
        .await
        .unwrap()
        .bytes()
        .await
        .unwrap();
    let rows: usize = StreamReader::try_new(arrow.as_ref(), None)
        .unwrap()
        .map(|rows| rows.unwrap().num_rows())
        .sum();
    assert_eq!(rows, 1);
    let parquet = ask("application/vnd.apache.parquet")
        .send()
        .await
        .unwrap()
        .bytes()
        .await
        .unwrap();
    assert_eq!(&parquet[..4], b"PAR1");
}

#[tokio::test]
async fn more_rows_than_the_limit_are_cut_and_it_is_said() {
    let server = TestServer::with(Config {
        query_rows: 2,
        ..Config::default()
    })
    .await;
    let answer = server
        .post_json(
            "/v1/sql",
            &json!({"sql": "SELECT * FROM (VALUES (1), (2), (3))"}),
        )
        .await;
    assert_eq!(
        (
            answer["rows"].as_array().unwrap().len(),
            &answer["truncated"]
        ),
        (2, &json!(true))
    );
}

#[tokio::test]
async fn a_wrong_question_is_answered_with_what_is_wrong() {
    let server = TestServer::start().await;
    let cases = [
        ("SELEKT 1", "SQL"),
        ("SELECT colour FROM complaints", "colour"),
        ("SELECT * FROM complants", "complaints"),
        ("DELETE FROM complaints", "only queries"),
    ];
    for (sql, word) in cases {
        let (status, problem) = problem(server.post("/v1/sql").json(&json!({ "sql": sql }))).await;
        assert_eq!(status, StatusCode::BAD_REQUEST, "{sql}: {problem}");
        assert!(
            problem["detail"].as_str().unwrap().contains(word),
            "{sql}: {problem}"
        );
    }
    let (status, _) = problem(server.post("/v1/sql").json(&json!({"query": "SELECT 1"}))).await;
    assert_eq!(status, StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn a_question_beyond_its_memory_or_time_is_ended() {
    let config = Config {
        query_memory_bytes: 1 << 20,
        query_seconds: 1,
        ..Config::default()
    };
    let server = TestServer::with(config).await;
    let wide = "SELECT a.value, b.value FROM generate_series(1, 3000000) a JOIN generate_series(1, 3000000) b ON a.value = b.value ORDER BY 2 DESC";
    let long = "SELECT count(*) FROM generate_series(1, 1000000) a, generate_series(1, 1000000) b WHERE (a.value * b.value) % 7 = 3";
    for sql in [wide, long] {
        let (status, problem) = problem(server.post("/v1/sql").json(&json!({ "sql": sql }))).await;
        assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "{problem}");
    }
}
