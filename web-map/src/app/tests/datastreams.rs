//! How many datastreams SensorThings shows.

use reqwest::StatusCode;
use serde_json::{Value, json};

use super::TestServer;
use super::sensorthings::{get, kitchen, post};
use crate::config::Config;

#[tokio::test]
async fn names_that_devices_make_up_are_shown_up_to_a_bound_and_their_observations_are_kept() {
    let config = || Config {
        datastreams_max: 3,
        ..Config::default()
    };
    let server = TestServer::with(config()).await;
    let push = async |server: &TestServer, names: std::ops::Range<u32>| {
        let rows: Vec<Value> = names
            .map(|name| {
                json!({"datastream": format!("made-up-{name:02}"), "phenomenon_time": "2026-05-04T00:00:00Z", "result": name})
            })
            .collect();
        let answer = server.post("/v1/observations").json(&rows).send().await;
        assert_eq!(answer.unwrap().status(), StatusCode::OK);
    };
    let names = async |server: &TestServer| {
        let streams = get(server, "Datastreams?$select=name&$orderby=name").await;
        let names = streams["value"].as_array().unwrap().iter();
        names
            .map(|stream| stream["name"].as_str().unwrap().to_owned())
            .collect::<Vec<_>>()
    };
    push(&server, 5..7).await;
    assert_eq!(names(&server).await, ["made-up-05", "made-up-06"]);
    push(&server, 0..20).await;
    let shown = names(&server).await;
    assert_eq!(shown.len(), 3, "{shown:?}");
    // One that is made by a request is shown all the same, with what it has.
    post(&server, "Things", &kitchen()).await;
    let check = async |server: &TestServer| {
        let now = names(server).await;
        assert_eq!(now.len(), 5, "{now:?}");
        assert!(shown.iter().all(|name| now.contains(name)), "{now:?}");
        let all = get(server, "Observations?$count=true&$select=result").await;
        assert_eq!(all["@iot.count"], 7, "{all}");
        assert_eq!(all["value"].as_array().unwrap().len(), 7);
        let query = json!({"sql": "SELECT count(*) AS n FROM observations"});
        let answer = server.post_json("/v1/sql", &query).await;
        assert_eq!(answer["rows"][0]["n"], 24);
    };
    check(&server).await;
    let server = TestServer::on(server.stop().await, config()).await;
    check(&server).await;
}
