use std::collections::HashSet;

use citybrain_synth::SimulationSpec;

use super::*;
use crate::app::tests::{TestServer, city};
use crate::clock;

#[tokio::test]
async fn what_is_pushed_is_there_once() {
    let server = TestServer::start().await;
    let url = server.url.clone();
    let push = move || {
        let simulation =
            Simulation::try_new(&city(), &SimulationSpec::before(clock::now(), 1, 1)).unwrap();
        run(&simulation, &url, 100.0, Some(1), clock::now).unwrap();
    };
    tokio::task::spawn_blocking(push).await.unwrap();
    let page = server.json("/v1/complaints?limit=1000").await;
    let rows = page["complaints"].as_array().unwrap();
    assert!(!rows.is_empty());
    let ids: HashSet<&str> = rows.iter().map(|row| row["id"].as_str().unwrap()).collect();
    assert_eq!(ids.len(), rows.len());
    assert!(rows.iter().all(|row| row["source"] == "simulated"));
}

#[tokio::test]
async fn a_server_that_refuses_is_named() {
    let server = TestServer::start().await;
    let url = format!("{}/nowhere", server.url);
    let push = move || {
        let simulation =
            Simulation::try_new(&city(), &SimulationSpec::before(clock::now(), 1, 1)).unwrap();
        run(&simulation, &url, 1000.0, Some(2), clock::now)
            .unwrap_err()
            .message()
            .unwrap()
    };
    let said = tokio::task::spawn_blocking(push).await.unwrap();
    assert!(said.contains("/nowhere/v1/complaints: 40"), "{said}");
}
