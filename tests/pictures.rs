//! Pictures and bulletins, as a user of the route or of the command gets them.

use citybrain_tests::{Server, run};
use serde_json::json;

use crate::simulated::simulated_state;

/// Width and height of a PNG.
fn size(png: &[u8]) -> [u32; 2] {
    assert_eq!(&png[..8], b"\x89PNG\r\n\x1a\n", "a PNG begins so");
    let number = |at: usize| u32::from_be_bytes(png[at..at + 4].try_into().unwrap());
    [number(16), number(20)]
}

#[test]
fn the_map_is_a_picture_over_http_and_from_the_command_line() {
    let state = simulated_state();
    let server = Server::start(state.path());
    for (query, wanted) in [
        ("", [1024, 768]),
        ("?size=320x200&sensors=true&lang=en", [320, 200]),
        ("?size=512&layer=areas-district&measure=per_10k", [512, 512]),
        ("?size=64&caption=false&labels=false", [64, 64]),
    ] {
        let answer = server.response(&format!("/v1/snapshot.png{query}"));
        assert_eq!(answer.status(), 200, "{query}");
        assert_eq!(answer.headers()["content-type"], "image/png");
        let renderer = &answer.headers()["x-citybrain-renderer"];
        assert!(renderer == "tiny-skia" || renderer == "maplibre");
        assert_eq!(size(&answer.bytes().unwrap()), wanted, "{query}");
    }
    let refused = server.response("/v1/snapshot.png?size=9000");
    assert_eq!(refused.status(), 400);
    assert!(refused.text().unwrap().contains("64 to 4096"));

    // While the server holds the directory.
    let out = state.path().join("map.png");
    run([
        "snapshot".as_ref(),
        "--state-dir".as_ref(),
        state.path().as_os_str(),
        "--out".as_ref(),
        out.as_os_str(),
        "size=300x300".as_ref(),
    ])
    .succeeded();
    assert_eq!(size(&std::fs::read(&out).unwrap()), [300, 300]);
    let wrong = run([
        "snapshot".as_ref(),
        "--state-dir".as_ref(),
        state.path().as_os_str(),
        "--out".as_ref(),
        state.path().join("map.gif").as_os_str(),
    ]);
    assert_eq!(wrong.code, 1);
    assert!(wrong.err.contains(".png or .svg"), "{}", wrong.err);
}

#[test]
fn fifty_pictures_at_once_are_painted_or_told_to_wait() {
    let state = simulated_state();
    let server = Server::start(state.path());
    let statuses: Vec<u16> = std::thread::scope(|scope| {
        let ask = || {
            server
                .response("/v1/snapshot.png?size=256")
                .status()
                .as_u16()
        };
        let threads: Vec<_> = (0..50).map(|_| scope.spawn(ask)).collect();
        threads
            .into_iter()
            .map(|thread| thread.join().unwrap())
            .collect()
    });
    assert!(statuses.contains(&200));
    assert!(
        statuses.iter().all(|status| [200, 429].contains(status)),
        "{statuses:?}"
    );
    server.get("/healthz");
}

#[test]
fn a_bulletin_tells_no_small_count_and_nothing_of_one_person() {
    let state = simulated_state();
    let server = Server::start(state.path());
    let rows = server.sql("SELECT min(CAST(local(requested_at) AS DATE)) AS first, max(CAST(local(requested_at) AS DATE)) AS last FROM complaints");
    let (first, last) = (
        rows[0]["first"].as_str().unwrap(),
        rows[0]["last"].as_str().unwrap(),
    );
    let period = format!("{first}..{last}");
    let area = server.sql("SELECT subdistrict, count(*) AS n FROM complaints WHERE subdistrict IS NOT NULL GROUP BY 1 ORDER BY 2 DESC LIMIT 1");
    let area = format!("subdistrict:{}", area[0]["subdistrict"].as_str().unwrap());

    // Secrets of one person, and three of a kind.
    let day = format!("{last}T01:00:00+08:00");
    let complaints: Vec<_> = (0..3)
        .map(|id| {
            json!({"id": format!("secret-{id}"), "source": "test", "requested_at": day, "category": "一件小事", "lon": 116.4, "lat": 39.9,
                   "text": "请联系张三丰,电话13800138000", "caller": "张三丰"})
        })
        .collect();
    server.post_json("/v1/complaints", &json!(complaints));
    for area in ["city", &area] {
        let html = server
            .response(&format!("/v1/bulletin?area={area}&period={period}"))
            .text()
            .unwrap();
        assert!(html.contains("<svg") && html.contains("</html>"), "{html}");
        for secret in ["张三丰", "13800138000", "secret-"] {
            assert!(!html.contains(secret), "{secret} in the bulletin");
        }
        assert!(!html.contains("{{"), "every place is filled");
    }
    let pdf = server.response(&format!(
        "/v1/bulletin?area={area}&period={period}&format=pdf&lang=en"
    ));
    assert_eq!(pdf.headers()["content-type"], "application/pdf");
    assert!(pdf.bytes().unwrap().starts_with(b"%PDF-"));
    for (query, rule) in [
        ("period=soon", "a month"),
        (
            "area=district:nowhere&period=2026-01",
            "no area of the city",
        ),
        ("period=2026-01&format=doc", "html or pdf"),
    ] {
        let refused = server.response(&format!("/v1/bulletin?{query}"));
        assert_eq!(refused.status(), 400, "{query}");
        assert!(refused.text().unwrap().contains(rule), "{query}");
    }
}
