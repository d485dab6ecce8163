use reqwest::StatusCode;

use super::TestServer;
use super::server::city;

/// The tile at a zoom that holds the middle of the city.
fn middle(zoom: u32) -> String {
    let bbox = city().bbox();
    let (lon, lat) = (
        f64::midpoint(bbox.west, bbox.east),
        f64::midpoint(bbox.south, bbox.north).to_radians(),
    );
    let width = f64::from(1_u32 << zoom);
    let x = (lon + 180.0) / 360.0 * width;
    let y = (1.0 - lat.tan().asinh() / std::f64::consts::PI) / 2.0 * width;
    format!("{zoom}/{}/{}", x.floor(), y.floor())
}

#[tokio::test]
async fn tiles_of_the_city_hold_their_layers() {
    let server = TestServer::start().await;
    for (path, words) in [
        ("areas-district", &["areas-district", "labels", "name"][..]),
        ("areas-community", &["areas-community", "labels", "parent"]),
        ("cells-7", &["cells", "cell"]),
        ("cells", &["cells", "cell"]),
    ] {
        let response = server
            .response(&format!("/tiles/{path}/{}", middle(9)))
            .await;
        assert_eq!(response.status(), StatusCode::OK);
        assert_eq!(
            response.headers()["content-type"],
            "application/vnd.mapbox-vector-tile"
        );
        let tile = response.bytes().await.unwrap();
        for word in words {
            assert!(
                tile.windows(word.len())
                    .any(|bytes| bytes == word.as_bytes()),
                "{word} in {path}"
            );
        }
    }
}

#[tokio::test]
async fn the_layer_cells_has_the_resolution_that_suits_the_zoom() {
    let server = TestServer::start().await;
    let tile = async |path: String| server.response(&path).await.bytes().await.unwrap();
    for (zoom, resolution) in [(7, 6), (8, 7), (10, 8), (12, 9), (13, 10)] {
        let at = middle(zoom);
        assert_eq!(
            tile(format!("/tiles/cells/{at}")).await,
            tile(format!("/tiles/cells-{resolution}/{at}")).await,
            "{zoom}"
        );
    }
}

#[tokio::test]
async fn a_tile_is_kept_for_good_under_its_boundary_version_and_asked_for_again_otherwise() {
    let server = TestServer::start().await;
    let path = format!("/tiles/areas-district/{}", middle(9));
    let plain = server.response(&path).await;
    assert_eq!(plain.headers()["cache-control"], "no-cache");
    let tag = plain.headers()["etag"].clone();

    let version = city().boundary_version();
    let versioned = server.response(&format!("{path}?v={version}")).await;
    assert_eq!(
        versioned.headers()["cache-control"],
        "public, max-age=31536000, immutable"
    );
    assert_eq!(
        server.response(&format!("{path}?v=other")).await.headers()["cache-control"],
        "no-cache"
    );

    let again = server
        .client
        .get(format!("{}{path}", server.url))
        .header("if-none-match", tag)
        .send()
        .await
        .unwrap();
    assert_eq!(again.status(), StatusCode::NOT_MODIFIED);
    assert!(again.headers().contains_key("etag"));
    assert_eq!(again.bytes().await.unwrap().len(), 0);
}

#[tokio::test]
async fn a_tile_that_there_is_not_is_refused_and_one_outside_the_city_is_empty() {
    let server = TestServer::start().await;
    for path in [
        "/tiles/areas-district/3/8/0",
        "/tiles/areas-grid/3/1/1",
        "/tiles/cells-11/14/1/1",
        "/tiles/roads/3/1/1",
    ] {
        assert_eq!(
            server.problem(path).await.0,
            StatusCode::NOT_FOUND,
            "{path}"
        );
    }
    let (status, problem) = server.problem("/tiles/cells-10/3/1/1").await;
    assert_eq!(status, StatusCode::BAD_REQUEST);
    assert!(
        problem["detail"].as_str().unwrap().contains("zoom"),
        "{problem}"
    );
    let outside = server.response("/tiles/areas-district/5/0/0").await;
    assert_eq!(
        (outside.status(), outside.bytes().await.unwrap().len()),
        (StatusCode::OK, 0)
    );
}

#[tokio::test]
async fn a_layer_tells_where_its_tiles_are() {
    let server = TestServer::start().await;
    let layer = server.json("/tiles/cells-10.json").await;
    assert_eq!(layer["tilejson"], "3.0.0");
    let expected = format!(
        "{}/tiles/cells-10/{{z}}/{{x}}/{{y}}?v={}",
        server.url,
        city().boundary_version()
    );
    assert_eq!(layer["tiles"][0], expected.as_str());
    assert_eq!(layer["vector_layers"][0]["id"], "cells");
    let first = layer["minzoom"].as_u64().unwrap();
    assert_eq!(
        server
            .response(&format!("/tiles/cells-10/{first}/0/0"))
            .await
            .status(),
        StatusCode::OK
    );
    assert_eq!(
        server
            .response(&format!("/tiles/cells-10/{}/0/0", first - 1))
            .await
            .status(),
        StatusCode::BAD_REQUEST
    );
    let areas = server.json("/tiles/areas-subdistrict.json").await;
    assert_eq!(areas["vector_layers"][1]["id"], "labels");
}
