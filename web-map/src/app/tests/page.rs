use reqwest::StatusCode;

use super::TestServer;
use super::server::problem;
use crate::config::Config;

#[tokio::test]
async fn the_desk_and_the_wall_are_the_page() {
    let server = TestServer::start().await;
    let desk = server.response("/").await;
    assert_eq!(desk.headers()["content-type"], "text/html; charset=utf-8");
    let text = desk.text().await.unwrap();
    assert!(text.contains("<!doctype html>"), "{text}");
    assert_eq!(server.response("/wall").await.text().await.unwrap(), text);
}

#[tokio::test]
async fn every_answer_has_the_headers_that_keep_a_browser_safe() {
    let server = TestServer::start().await;
    for path in [
        "/",
        "/v1/city",
        "/v1/none",
        "/docs",
        "/tiles/areas-district/9/1/1",
    ] {
        let headers = server.response(path).await.headers().clone();
        let policy = headers["content-security-policy"].to_str().unwrap();
        assert!(
            policy.starts_with("default-src 'self'") && policy.contains("worker-src 'self' blob:"),
            "{path}"
        );
        assert_eq!(headers["x-content-type-options"], "nosniff", "{path}");
        assert_eq!(headers["referrer-policy"], "no-referrer", "{path}");
    }
}

#[tokio::test]
async fn another_host_name_is_refused_unless_the_settings_name_it() {
    let ask = |server: &TestServer, host: &'static str| {
        server
            .client
            .get(format!("{}/v1/city", server.url))
            .header("host", host)
    };
    let server = TestServer::start().await;
    let (status, _) = problem(ask(&server, "evil.example")).await;
    assert_eq!(status, StatusCode::MISDIRECTED_REQUEST);
    assert_eq!(
        ask(&server, "localhost:1").send().await.unwrap().status(),
        StatusCode::OK
    );
    let named = TestServer::with(Config {
        hosts: vec!["wall.example".to_owned()],
        ..Config::default()
    })
    .await;
    assert_eq!(
        ask(&named, "wall.example").send().await.unwrap().status(),
        StatusCode::OK
    );
}

#[tokio::test]
async fn large_answers_are_packed_for_who_can_unpack_them() {
    let server = TestServer::start().await;
    let ask = |packing: &'static str| {
        server
            .client
            .get(format!("{}/openapi.json", server.url))
            .header("accept-encoding", packing)
    };
    for packing in ["br", "gzip"] {
        assert_eq!(
            ask(packing).send().await.unwrap().headers()["content-encoding"],
            packing
        );
    }
    assert!(
        !ask("identity")
            .send()
            .await
            .unwrap()
            .headers()
            .contains_key("content-encoding")
    );
}

#[tokio::test]
async fn the_api_is_browsable_without_anything_from_elsewhere() {
    let server = TestServer::start().await;
    let page = server.response("/docs").await.text().await.unwrap();
    assert!(
        !page.contains("//cdn") && !page.contains("https://"),
        "{page}"
    );
    for file in ["/docs/docs.js", "/docs/docs.css", "/openapi.json"] {
        assert_eq!(
            server.response(file).await.status(),
            StatusCode::OK,
            "{file}"
        );
    }
}
