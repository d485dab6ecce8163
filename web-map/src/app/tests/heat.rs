//! Tiles with values, and how old the data are.

use chrono::{DateTime, Utc};
use citybrain_grid::tile::TileCoord;
use serde_json::json;

use super::{TestServer, city, complaint};

/// The tile of a zoom that holds a position.
pub(super) fn tile_at(z: u8, lon: f64, lat: f64) -> TileCoord {
    let (mut best, scale) = (None, 1_u32 << z);
    // The column is linear; the row is looked for.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a column of a tile"
    )]
    let x = ((lon / 360.0 + 0.5) * f64::from(scale)) as u32;
    for y in 0..scale {
        let tile = TileCoord::try_new(z, x, y).unwrap();
        if (tile.bounds().south..tile.bounds().north).contains(&lat) {
            best = Some(tile);
        }
    }
    best.unwrap()
}

pub(super) fn path(tile: TileCoord) -> String {
    format!("/tiles/heat/{}/{}/{}", tile.z(), tile.x(), tile.y())
}

async fn tag(server: &TestServer, path: &str) -> String {
    let response = server.response(path).await;
    assert!(
        response.status().is_success(),
        "{path}: {}",
        response.status()
    );
    response.headers()["etag"].to_str().unwrap().to_owned()
}

#[tokio::test]
async fn the_tag_of_a_tile_with_values_changes_exactly_when_a_count_in_it_does() {
    let server = TestServer::start().await;
    let city = city();
    let areas = city.levels.last().unwrap().latest();
    let here = tile_at(13, areas[0].label.x(), areas[0].label.y());
    let far = (1..areas.len())
        .map(|n| (n, tile_at(13, areas[n].label.x(), areas[n].label.y())))
        .find(|(_, tile)| tile.x().abs_diff(here.x()) > 2 || tile.y().abs_diff(here.y()) > 2);
    let (other, there) = far.expect("the city is wider than three tiles");
    server.post_json("/v1/complaints", &complaint("1", 0)).await;
    server
        .post_json("/v1/complaints", &complaint("2", other))
        .await;
    let (here, there) = (path(here), path(there));
    let before = (tag(&server, &here).await, tag(&server, &there).await);
    assert_ne!(before.0, before.1);

    // The client has it already.
    let again = server
        .client
        .get(format!("{}{here}", server.url))
        .header("if-none-match", &before.0);
    assert_eq!(again.send().await.unwrap().status().as_u16(), 304);

    server.post_json("/v1/complaints", &complaint("3", 0)).await;
    while tag(&server, &here).await == before.0 {
        tokio::task::yield_now().await;
    }
    assert_eq!(tag(&server, &there).await, before.1, "the other tile stays");

    // Another filter is another tile; an unknown parameter is named.
    let empty = server.response(&format!("{here}?category=nothing")).await;
    assert_eq!(empty.bytes().await.unwrap().len(), 0);
    let (status, problem) = server.problem(&format!("{here}?colour=red")).await;
    assert_eq!(
        (
            status.as_u16(),
            problem["detail"].as_str().unwrap().contains("colour")
        ),
        (400, true)
    );
    let document = server.json("/tiles/heat.json").await;
    assert_eq!(document["vector_layers"][0]["id"], "heat");
}

#[tokio::test]
async fn every_answer_says_how_old_the_data_are_feed_by_feed() {
    let server = TestServer::start().await;
    let mut foreign = complaint("1", 0);
    foreign["source"] = json!("热线");
    server
        .post_json("/v1/complaints", &json!([foreign, complaint("2", 1)]))
        .await;
    let ages = loop {
        let answer = server.response("/v1/cells").await;
        if let Some(ages) = answer.headers().get("x-citybrain-feed-ages") {
            let received = answer.headers()["x-citybrain-received-at"]
                .to_str()
                .unwrap();
            received.parse::<DateTime<Utc>>().unwrap();
            break ages.to_str().unwrap().to_owned();
        }
    };
    let names: Vec<&str> = ages
        .split(", ")
        .map(|feed| feed.split('=').next().unwrap())
        .collect();
    assert_eq!(names, ["http", "%E7%83%AD%E7%BA%BF"]);
    for path in [
        "/sta/v1.1/Things",
        "/open311/v2/services.json",
        "/tiles/heat.json",
    ] {
        let answer = server.response(path).await;
        assert!(
            answer.headers().contains_key("x-citybrain-feed-ages"),
            "{path}"
        );
    }
    let freshness = server.json("/v1/freshness").await;
    assert_eq!(freshness["feeds"][1]["source"], "热线");
    assert!(freshness["feeds"][1]["age_s"].as_f64().unwrap() >= 0.0);
}

/// How opaque each pixel of a PNG is.
fn opacities(png: &[u8]) -> Vec<u8> {
    let picture = tiny_skia::Pixmap::decode_png(png).unwrap();
    picture.pixels().iter().map(|pixel| pixel.alpha()).collect()
}

#[tokio::test]
async fn a_tile_is_a_picture_for_clients_that_take_nothing_else() {
    let server = TestServer::start().await;
    let city = city();
    let label = city.levels.last().unwrap().latest()[0].label;
    let here = path(tile_at(13, label.x(), label.y()));
    let picture = format!("{here}.png");
    let empty = server.response(&picture).await;
    assert_eq!(empty.headers()["content-type"], "image/png");
    let empty = (
        empty.headers()["etag"].clone(),
        empty.bytes().await.unwrap(),
    );

    server.post_json("/v1/complaints", &complaint("1", 0)).await;
    let painted = loop {
        let answer = server.response(&picture).await;
        if answer.headers()["etag"] != empty.0 {
            break answer.bytes().await.unwrap();
        }
        tokio::task::yield_now().await;
    };
    assert!(painted.starts_with(b"\x89PNG"));
    let pixels = opacities(&painted);
    assert_eq!(pixels.len(), 256 * 256);
    assert!(pixels.iter().any(|alpha| *alpha > 200), "the cell is there");
    assert!(pixels.contains(&0), "the ground is transparent");
    assert!(opacities(&empty.1).iter().all(|alpha| *alpha == 0));

    // Classes and size are part of what a picture is.
    let other = tag(&server, &format!("{picture}?breaks=1,5")).await;
    assert_ne!(other, tag(&server, &picture).await);
    let large = server.response(&format!("{picture}?size=512")).await;
    assert_eq!(opacities(&large.bytes().await.unwrap()).len(), 512 * 512);
    for (query, word) in [("?size=4096", "256 or 512"), ("?breaks=5,1", "rising")] {
        let (status, problem) = server.problem(&format!("{picture}{query}")).await;
        assert_eq!(status.as_u16(), 400);
        assert!(
            problem["detail"].as_str().unwrap().contains(word),
            "{problem}"
        );
    }
    let (status, _) = server.problem(&format!("{here}.gif")).await;
    assert_eq!(status.as_u16(), 404);
}
