use reqwest::StatusCode;
use serde_json::json;

use super::{TestServer, complaint};
use crate::config::Config;

#[tokio::test]
async fn a_stopped_server_ends_its_streams_and_has_everything_when_it_starts_again() {
    let server = TestServer::start().await;
    server
        .post_json(
            "/v1/complaints",
            &json!([complaint("1", 1), complaint("2", 2)]),
        )
        .await;
    let mut stream = server.response("/v1/live").await;
    assert!(stream.chunk().await.unwrap().is_some());
    let dir = server.stop().await;
    while stream.chunk().await.unwrap().is_some() {}

    let again = TestServer::on(dir, Config::default()).await;
    assert_eq!(again.json("/v1/cells").await["total"], 2);
    let sealed = std::fs::read_dir(again.dir.path().join("lake").join("complaints"))
        .unwrap()
        .count();
    assert!(sealed > 0, "what was hot is in the lake");
}

#[tokio::test]
async fn a_server_says_that_it_is_alive_and_ready() {
    let server = TestServer::start().await;
    assert_eq!(server.json("/healthz").await["status"], "ok");
    assert_eq!(server.json("/readyz").await["status"], "ok");
    assert_eq!(server.problem("/metrics").await.0, StatusCode::NOT_FOUND);
}
