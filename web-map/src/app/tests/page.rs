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

#[tokio::test]
async fn the_basemap_is_answered_by_ranges_and_nothing_else_is() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("streets.pmtiles");
    let content: Vec<u8> = [b"PMTiles\x03".to_vec(), vec![7; 40_000]].concat();
    std::fs::write(&path, &content).unwrap();
    let server = TestServer::with(Config {
        basemap: Some(path),
        ..Config::default()
    })
    .await;
    let city = server.json("/v1/city").await;
    let at = city["basemap"].as_str().unwrap();
    let part = async |range: &str| {
        let asked = server.client.get(format!("{}{at}", server.url));
        // A packed part would be another part.
        let asked = asked
            .header("range", range)
            .header("accept-encoding", "br, gzip");
        asked.send().await.unwrap()
    };
    let head = part("bytes=0-16383").await;
    assert_eq!(head.status(), StatusCode::PARTIAL_CONTENT);
    assert_eq!(head.headers()["content-range"], "bytes 0-16383/40008");
    assert!(!head.headers().contains_key("content-encoding"));
    let tag = head.headers()["etag"].clone();
    assert_eq!(head.bytes().await.unwrap(), content[..16384]);
    let end = part("bytes=40000-99999").await;
    assert_eq!(end.headers()["etag"], tag);
    assert_eq!(end.bytes().await.unwrap(), content[40000..]);
    for range in ["bytes=40008-", "bytes=0-1,5-6", "lines=1-2"] {
        let refused = part(range).await;
        assert_eq!(refused.status(), StatusCode::RANGE_NOT_SATISFIABLE);
        assert_eq!(refused.headers()["content-range"], "bytes */40008");
    }
    let whole = server.response(at).await;
    assert_eq!(whole.status(), StatusCode::RANGE_NOT_SATISFIABLE);
    server.stop().await;

    let without = TestServer::start().await;
    assert_eq!(
        without.json("/v1/city").await["basemap"],
        serde_json::Value::Null
    );
    assert_eq!(without.response(at).await.status(), StatusCode::NOT_FOUND);
}
