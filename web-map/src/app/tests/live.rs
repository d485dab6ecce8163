use std::collections::BTreeMap;

use futures::future::join_all;
use proptest::prelude::*;
use proptest::test_runner::{Config as Cases, TestRunner};
use reqwest::Response;
use serde_json::{Value, json};

use super::server::problem;
use super::{TestServer, city, complaint};
use crate::config::Config;

/// A client of the stream that keeps what it was told, as the page does.
struct Viewer {
    response: Response,
    text: String,
    seq: u64,
    cells: BTreeMap<String, u64>,
    areas: BTreeMap<String, u64>,
    sums: Value,
    snapshots: usize,
}

impl Viewer {
    async fn open(server: &TestServer, query: &str) -> Self {
        let response = server.response(&format!("/v1/live{query}")).await;
        assert_eq!(response.headers()["content-type"], "text/event-stream");
        let (cells, areas) = (BTreeMap::new(), BTreeMap::new());
        Self {
            response,
            text: String::new(),
            seq: 0,
            cells,
            areas,
            sums: Value::Null,
            snapshots: 0,
        }
    }

    /// The next event: its name, and its data as it was folded in.
    async fn next(&mut self) -> Option<(String, Value)> {
        let end = loop {
            if let Some(end) = self.text.find("\n\n") {
                break end;
            }
            let chunk = self.response.chunk().await.unwrap()?;
            self.text.push_str(std::str::from_utf8(&chunk).unwrap());
        };
        let event: String = self.text.drain(..end + 2).collect();
        let field = |name: &str| {
            event
                .lines()
                .find_map(|line| line.strip_prefix(name))
                .map(|value| value.trim().to_owned())
        };
        let (name, data) = (
            field("event:").unwrap_or_default(),
            field("data:").unwrap_or_default(),
        );
        let data: Value = serde_json::from_str(&data).unwrap_or_default();
        self.fold(&name, &data);
        Some((name, data))
    }

    fn fold(&mut self, name: &str, data: &Value) {
        let pairs = |rows: &Value| -> Vec<(String, u64)> {
            let pair = |row: &Value| {
                (
                    row[0].as_str().unwrap().to_owned(),
                    row[1].as_u64().unwrap(),
                )
            };
            rows.as_array().unwrap().iter().map(pair).collect()
        };
        match name {
            // Of values, which are no counts, nothing is kept.
            _ if data["total"].is_null() && name != "areas" => return,
            "snapshot" => {
                self.snapshots += 1;
                self.cells = pairs(&data["cells"]).into_iter().collect();
            }
            "cells" => self.cells.extend(pairs(&data["cells"])),
            "areas" => return self.areas.extend(pairs(&data["areas"])),
            _ => return,
        }
        assert!(
            data["seq"].as_u64().unwrap() >= self.seq,
            "{name} goes back"
        );
        self.seq = data["seq"].as_u64().unwrap();
        self.sums = json!([
            data["total"],
            data["located"],
            data["outside"],
            data["not_located"]
        ]);
    }

    /// Reads until everything up to `seq` was told, and its areas with it.
    async fn read_to(&mut self, seq: u64) {
        while self.seq < seq {
            self.next().await.expect("the stream goes on");
        }
        // The areas of a change come right after its cells, and freshness after both.
        while self.next().await.expect("the stream goes on").0 != "freshness" {}
    }

    /// What the viewer shows is what the questions answer.
    async fn agrees(&self, server: &TestServer, query: &str) {
        let question = query.trim_start_matches('?');
        let cells = server.json(&format!("/v1/cells?{question}")).await;
        let asked: BTreeMap<String, u64> = cells["cells"]
            .as_array()
            .unwrap()
            .iter()
            .map(|row| {
                (
                    row[0].as_str().unwrap().to_owned(),
                    row[1].as_u64().unwrap(),
                )
            })
            .collect();
        let shown: BTreeMap<_, _> = self
            .cells
            .clone()
            .into_iter()
            .filter(|(_, count)| *count > 0)
            .collect();
        assert_eq!(shown, asked, "{query}");
        assert_eq!(
            self.sums,
            json!([
                cells["total"],
                cells["located"],
                cells["outside"],
                cells["not_located"]
            ]),
            "{query}"
        );
        let filter: Vec<&str> = question
            .split('&')
            .filter(|part| !part.starts_with("resolution"))
            .collect();
        let areas = server
            .json(&format!("/v1/areas?{}", filter.join("&")))
            .await;
        for area in areas["areas"].as_array().unwrap() {
            let id = area["id"].as_str().unwrap();
            assert_eq!(
                self.areas.get(id).copied().unwrap_or(0),
                area["value"].as_u64().unwrap(),
                "{id} {query}"
            );
        }
    }
}

#[tokio::test]
async fn a_stream_begins_with_everything_and_goes_on_with_what_changes() {
    let server = TestServer::start().await;
    server.post_json("/v1/complaints", &complaint("1", 1)).await;
    let mut viewer = Viewer::open(&server, "?resolution=8").await;
    let (name, snapshot) = viewer.next().await.unwrap();
    assert_eq!(
        (name.as_str(), &snapshot["resolution"], &snapshot["total"]),
        ("snapshot", &json!(8), &json!(1))
    );
    assert_eq!(viewer.next().await.unwrap().0, "areas");
    let (name, freshness) = viewer.next().await.unwrap();
    assert_eq!(name, "freshness");
    assert!(freshness["server_time"].is_string());

    let receipt = server.post_json("/v1/complaints", &complaint("2", 2)).await;
    let (name, cells) = loop {
        let event = viewer.next().await.unwrap();
        if event.0 != "freshness" {
            break event;
        }
    };
    assert_eq!(name, "cells");
    assert_eq!(
        (&cells["seq"], cells["cells"].as_array().unwrap().len()),
        (&receipt["seq"], 1)
    );
    viewer.read_to(receipt["seq"].as_u64().unwrap()).await;
    viewer.agrees(&server, "?resolution=8").await;
}

#[tokio::test]
async fn a_complaint_that_moves_leaves_its_old_cell() {
    let server = TestServer::start().await;
    server.post_json("/v1/complaints", &complaint("1", 1)).await;
    let mut viewer = Viewer::open(&server, "").await;
    viewer.read_to(1).await;
    let seq = server
        .post_json("/v1/complaints", &complaint("1", 30))
        .await["seq"]
        .as_u64()
        .unwrap();
    viewer.read_to(seq).await;
    assert_eq!(
        viewer.cells.values().filter(|count| **count == 1).count(),
        1
    );
    assert_eq!(
        viewer.cells.values().filter(|count| **count == 0).count(),
        1
    );
    viewer.agrees(&server, "").await;
}

#[expect(
    clippy::disallowed_methods,
    reason = "the server that is asked reads the clock too"
)]
fn minutes_ago(minutes: i64) -> String {
    (chrono::Utc::now() - chrono::TimeDelta::minutes(minutes)).to_rfc3339()
}

/// Reads on until an event of this name comes whose data fit.
async fn until(viewer: &mut Viewer, name: &str, fits: impl Fn(&Value) -> bool) -> Value {
    loop {
        let (told, data) = viewer.next().await.expect("the stream goes on");
        if told == name && fits(&data) {
            return data;
        }
    }
}

#[tokio::test]
async fn a_window_counts_aligned_cells_and_categories_too() {
    let server = TestServer::start().await;
    let made = |id: &str, area: usize, category: Value| {
        let mut complaint = complaint(id, area);
        complaint["requested_at"] = json!(minutes_ago(3));
        complaint["category"] = category;
        complaint
    };
    server
        .post_json("/v1/complaints", &made("1", 1, json!("noise")))
        .await;
    let query = "?window=1h&detail=aligned,categories&level=community&resolution=9";
    let mut viewer = Viewer::open(&server, query).await;
    let names: Vec<String> = [
        viewer.next().await.unwrap(),
        viewer.next().await.unwrap(),
        viewer.next().await.unwrap(),
        viewer.next().await.unwrap(),
    ]
    .map(|(name, _)| name)
    .into();
    assert_eq!(names, ["snapshot", "areas", "aligned", "categories"]);

    // Withdrawn from its category, which is another one now.
    server
        .post_json("/v1/complaints", &made("1", 1, json!("water")))
        .await;
    let community = city().levels.last().unwrap().latest()[1].id.clone();
    let told = until(&mut viewer, "categories", |_| true).await;
    assert_eq!(
        told["categories"],
        json!([[community, "noise", 0], [community, "water", 1]])
    );
    server
        .post_json("/v1/complaints", &made("2", 1, Value::Null))
        .await;
    let told = until(&mut viewer, "aligned", |told| told["aligned"][0][2] == 2).await;
    assert_eq!(told["aligned"][0][1], json!(community));
    let told = until(&mut viewer, "categories", |_| true).await;
    assert_eq!(told["categories"], json!([[community, null, 1]]));
}

#[tokio::test]
async fn an_erased_complaint_leaves_the_streams_that_counted_it() {
    let server = TestServer::start().await;
    for (id, area) in [("1", 1), ("2", 30)] {
        let mut complaint = complaint(id, area);
        complaint["requested_at"] = json!(minutes_ago(3));
        server.post_json("/v1/complaints", &complaint).await;
    }
    let mut viewers = [
        Viewer::open(&server, "").await,
        Viewer::open(&server, "?window=1h").await,
    ];
    for viewer in &mut viewers {
        viewer.read_to(2).await;
        assert_eq!(viewer.sums[0], 2);
    }
    let url = format!("{}/v1/complaints/http/1", server.url);
    let erased = server.client.delete(url).send().await.unwrap();
    assert!(erased.status().is_success(), "{erased:?}");
    for viewer in &mut viewers {
        let told = until(viewer, "cells", |told| told["total"] == 1).await;
        assert_eq!(told["cells"].as_array().unwrap().len(), 1, "{told}");
        assert_eq!(told["cells"][0][1], 0, "its cell's count falls");
        assert_eq!(viewer.snapshots, 1, "nothing else is sent anew");
        while viewer.next().await.unwrap().0 != "freshness" {}
        viewer.agrees(&server, "").await;
    }
}

#[tokio::test]
async fn values_of_sensors_are_told_as_they_change() {
    let server = TestServer::start().await;
    let place = complaint("x", 3);
    let seen = |sensor: &str, ago: i64, result: f64| {
        json!({
            "datastream": format!("{sensor}:pm10"), "sensor": sensor, "property": "PM10", "unit": "ug/m3",
            "phenomenon_time": minutes_ago(ago), "result": result, "lon": place["lon"], "lat": place["lat"],
        })
    };
    let first = json!([seen("a", 10, 10.0), seen("b", 5, 100.0)]);
    server.post_json("/v1/observations", &first).await;
    let query = "?measure=mean&property=PM10&window=1h&resolution=8";
    let mut viewer = Viewer::open(&server, query).await;
    let (name, snapshot) = viewer.next().await.unwrap();
    assert_eq!(
        json!([name, snapshot["measure"], snapshot["cells"][0][1]]),
        json!(["snapshot", "mean", 55.0])
    );
    let (name, sensors) = viewer.next().await.unwrap();
    assert_eq!(
        json!([name, sensors["sensors"]]),
        json!(["sensors", [["a", 10.0], ["b", 100.0]]])
    );
    // Late ones count, old ones do not, and nothing of another property does.
    let mut other = seen("a", 1, 1000.0);
    other["property"] = json!("noise");
    other["datastream"] = json!("a:noise");
    let more = json!([seen("a", 20, 40.0), seen("b", 61, 900.0), other]);
    server.post_json("/v1/observations", &more).await;
    let (name, cells) = loop {
        let event = viewer.next().await.unwrap();
        if ["cells", "sensors"].contains(&event.0.as_str()) {
            break event;
        }
    };
    assert_eq!(json!([name, cells["cells"][0][1]]), json!(["cells", 50.0]));
    let told = until(&mut viewer, "sensors", |_| true).await;
    assert_eq!(told["sensors"], json!([["a", 25.0]]));
    // The latest is by its own time; without a window it is of the last day.
    let mut latest = Viewer::open(&server, "?measure=latest&property=PM10").await;
    latest.next().await.unwrap();
    let (_, sensors) = latest.next().await.unwrap();
    assert_eq!(sensors["sensors"], json!([["a", 10.0], ["b", 100.0]]));

    for wrong in [
        "measure=mean",
        "measure=count&property=PM10",
        "measure=sum&property=PM10",
        "measure=max&property=PM10&category=noise",
        "measure=max&property=PM10&level=district",
        "measure=max&property=PM10&from=2026-01-01",
        "detail=aligned",
        "window=1h&detail=all",
    ] {
        let (status, _) = server.problem(&format!("/v1/live?{wrong}")).await;
        assert_eq!(status.as_u16(), 400, "{wrong}");
    }
}

#[tokio::test]
async fn a_window_that_holds_more_than_views_may_know_ends_and_says_so() {
    let config = Config {
        live_records: 3,
        ..Config::default()
    };
    let server = TestServer::with(config).await;
    let post = async |id: u64| {
        let mut complaint = complaint(&id.to_string(), 1);
        complaint["requested_at"] = json!(minutes_ago(1));
        server.post_json("/v1/complaints", &complaint).await;
    };
    let mut viewer = Viewer::open(&server, "?window=1h").await;
    viewer.next().await.unwrap();
    for id in 0..4 {
        post(id).await;
    }
    let told = until(&mut viewer, "problem", |_| true).await;
    assert!(told["detail"].as_str().unwrap().contains("live_records"));
    assert!(viewer.next().await.is_none());
    drop(viewer);
    let (status, _) = server.problem("/v1/live?window=1h").await;
    assert_eq!(status.as_u16(), 400);
    // What it knew is given back: a shorter stretch fits.
    Viewer::open(&server, "?window=5s").await;
}

/// Random complaints, some of them new states of earlier ones, in batches.
fn batches() -> impl Strategy<Value = Vec<Vec<Value>>> {
    let row = (
        0..40_usize,
        0..40_usize,
        0..3_usize,
        prop::option::weighted(0.9, Just(())),
        1..6_u32,
    )
        .prop_map(|(id, area, category, placed, day)| {
            let mut row = complaint(&format!("p{id}"), area);
            row["category"] = json!(["noise->night", "noise->day", "water"][category]);
            row["requested_at"] = json!(format!("2026-05-0{day}T12:00:00+08:00"));
            if placed.is_none() {
                row.as_object_mut()
                    .unwrap()
                    .retain(|name, _| name != "lon" && name != "lat");
            }
            row
        });
    prop::collection::vec(prop::collection::vec(row, 1..12), 1..8)
}

#[test]
fn what_is_folded_is_what_the_questions_answer() {
    let queries = [
        "?resolution=7",
        "?resolution=10&category=noise",
        "?from=2026-05-02&to=2026-05-03",
        "?category=noise-%3Eday&category=water",
    ];
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let mut runner = TestRunner::new(Cases {
        cases: 6,
        failure_persistence: None,
        ..Cases::default()
    });
    runner
        .run(&batches(), |batches| {
            runtime.block_on(async {
                let server = TestServer::start().await;
                let mut viewers = join_all(queries.map(|query| Viewer::open(&server, query))).await;
                let mut seq = 0;
                for batch in batches {
                    seq = server.post_json("/v1/complaints", &json!(batch)).await["seq"]
                        .as_u64()
                        .unwrap();
                }
                // A last complaint that every question is about, so that every viewer is told of the end.
                let mut last = complaint("last", 0);
                last["category"] = json!("noise->day");
                last["requested_at"] = json!("2026-05-02T12:00:00+08:00");
                seq = seq.max(
                    server.post_json("/v1/complaints", &last).await["seq"]
                        .as_u64()
                        .unwrap(),
                );
                for (viewer, query) in viewers.iter_mut().zip(queries) {
                    viewer.read_to(seq).await;
                    viewer.agrees(&server, query).await;
                }
            });
            Ok(())
        })
        .unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_record_is_missed_or_counted_twice_while_many_write_and_clients_come_and_go() {
    const WRITERS: usize = 4;
    const BATCHES: usize = 25;
    let server = TestServer::start().await;
    let write = async |writer: usize| {
        let mut seq = 0;
        for batch in 0..BATCHES {
            let rows: Vec<Value> = (0..3)
                .map(|row| complaint(&format!("{writer}-{batch}-{row}"), writer * 7 + batch + row))
                .collect();
            seq = server.post_json("/v1/complaints", &json!(rows)).await["seq"]
                .as_u64()
                .unwrap();
        }
        seq
    };
    // Each of these subscribes in the midst of the writing.
    let view = async |first: usize| {
        let mut viewers = Vec::new();
        for resolution in [7, 8, 9] {
            let query = format!("?resolution={resolution}&from=2026-05-0{}", 1 + first % 3);
            viewers.push((Viewer::open(&server, &query).await, query));
        }
        viewers
    };
    let (seqs, viewers) = tokio::join!(
        join_all((0..WRITERS).map(&write)),
        join_all((0..3).map(&view))
    );
    let last = seqs.into_iter().max().unwrap();
    let total = (WRITERS * BATCHES * 3) as u64;
    assert_eq!(server.json("/v1/cells").await["total"], total);
    for (mut viewer, query) in viewers.into_iter().flatten() {
        viewer.read_to(last).await;
        assert_eq!(viewer.sums[0], total, "{query}");
        viewer.agrees(&server, &query).await;
    }
}

#[tokio::test]
async fn clients_with_one_question_share_a_view_and_there_are_only_so_many() {
    let server = TestServer::with(Config {
        live_views: 2,
        ..Config::default()
    })
    .await;
    let mut first = Viewer::open(&server, "?resolution=7").await;
    let mut same = Viewer::open(&server, "?resolution=7").await;
    let other = Viewer::open(&server, "?resolution=8").await;
    let (status, _) = problem(
        server
            .client
            .get(format!("{}/v1/live?resolution=9", server.url)),
    )
    .await;
    assert_eq!(status.as_u16(), 429);
    let seq = server.post_json("/v1/complaints", &complaint("1", 1)).await["seq"]
        .as_u64()
        .unwrap();
    first.read_to(seq).await;
    same.read_to(seq).await;
    assert_eq!(first.cells, same.cells);

    // A view goes with its last client: then there is room for another one.
    drop(other);
    loop {
        let response = server.response("/v1/live?resolution=9").await;
        if response.status().is_success() {
            break;
        }
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn a_client_that_comes_back_is_sent_everything_anew() {
    let server = TestServer::start().await;
    let seq = server.post_json("/v1/complaints", &complaint("1", 1)).await["seq"]
        .as_u64()
        .unwrap();
    let response = server
        .client
        .get(format!("{}/v1/live", server.url))
        .header("last-event-id", seq.to_string())
        .send()
        .await
        .unwrap();
    let mut viewer = Viewer {
        response,
        ..Viewer::open(&server, "").await
    };
    assert_eq!(viewer.next().await.unwrap().0, "snapshot");
}
