use datafusion::arrow::array::AsArray;
use datafusion::arrow::datatypes::{Float64Type, UInt64Type};
use datafusion::arrow::ipc::reader::StreamReader;
use reqwest::StatusCode;
use serde_json::{Value, json};

use super::server::city;
use super::{TestServer, complaint};

/// A server with complaints of several days, categories and places; two without a position, one outside of the city.
async fn filled() -> TestServer {
    let server = TestServer::start().await;
    let mut rows: Vec<Value> = (0..60).map(|id| complaint(&format!("c{id}"), id)).collect();
    for (id, row) in rows.iter_mut().enumerate() {
        row["requested_at"] = json!(format!(
            "2026-05-{:02}T{:02}:30:00+08:00",
            1 + id / 10,
            id % 24
        ));
        row["category"] = json!(["noise->night", "noise->day", "water->leak"][id % 3]);
        row["channel"] = json!(["app", "phone"][id % 2]);
    }
    for row in &mut rows[..2] {
        row.as_object_mut()
            .unwrap()
            .retain(|key, _| key != "lon" && key != "lat");
    }
    rows[2]["lon"] = json!(10.0);
    let receipt = server.post_json("/v1/complaints", &json!(rows)).await;
    assert_eq!(receipt["accepted"], 60);
    server
}

fn sum(rows: &Value, value: impl Fn(&Value) -> &Value) -> u64 {
    rows.as_array()
        .unwrap()
        .iter()
        .map(|row| value(row).as_u64().unwrap())
        .sum()
}

#[tokio::test]
async fn counts_add_up_whatever_is_asked() {
    let server = filled().await;
    let city = city();
    let area = &city.largest().latest()[0].id;
    let filters = [
        String::new(),
        "&category=noise".to_owned(),
        "&category=noise-%3Enight&category=leak&channel=app".to_owned(),
        "&from=2026-05-02&to=2026-05-03".to_owned(),
        "&from=2026-05-02T00:00:00%2B08:00&to=2026-05-04T00:00:00%2B08:00".to_owned(),
        format!("&area=district:{area}"),
        "&bbox=116.0,39.0,116.4,40.5".to_owned(),
    ];
    for filter in filters {
        let cells = server
            .json(&format!("/v1/cells?resolution=8{filter}"))
            .await;
        let total = cells["total"].as_u64().unwrap();
        let counted = |key: &str| cells[key].as_u64().unwrap();
        assert_eq!(
            sum(&cells["cells"], |cell| &cell[1]),
            counted("located") + counted("outside"),
            "{filter}"
        );
        assert_eq!(
            counted("located") + counted("outside") + counted("not_located"),
            total,
            "{filter}"
        );
        for level in ["district", "subdistrict", "community"] {
            let areas = server
                .json(&format!("/v1/areas?level={level}{filter}"))
                .await;
            assert_eq!(
                sum(&areas["areas"], |area| &area["value"]),
                areas["located"].as_u64().unwrap(),
                "{level}{filter}"
            );
            assert_eq!(areas["total"], total, "{level}{filter}");
        }
        let series = server.json(&format!("/v1/series?bin=hour{filter}")).await;
        assert_eq!(sum(&series["series"], |bin| &bin[1]), total, "{filter}");
        let breakdown = server
            .json(&format!("/v1/breakdown?by=category&limit=2{filter}"))
            .await;
        assert_eq!(
            sum(&breakdown["groups"], |group| &group["value"])
                + breakdown["other"].as_u64().unwrap(),
            total,
            "{filter}"
        );
    }
}

#[tokio::test]
async fn what_has_no_place_is_counted_as_such() {
    let server = filled().await;
    let cells = server.json("/v1/cells").await;
    assert_eq!(
        (&cells["not_located"], &cells["outside"], &cells["located"]),
        (&json!(2), &json!(1), &json!(57))
    );
}

#[tokio::test]
async fn both_days_of_a_span_count_whole_in_the_citys_zone() {
    let server = filled().await;
    let days = server
        .json("/v1/series?bin=day&from=2026-05-02&to=2026-05-03")
        .await;
    assert_eq!(
        days["series"],
        json!([
            ["2026-05-02T00:00:00+08:00", 10],
            ["2026-05-03T00:00:00+08:00", 10]
        ])
    );
}

#[tokio::test]
async fn pages_of_complaints_hold_each_one_once() {
    let server = filled().await;
    let mut seen = Vec::new();
    let mut cursor = String::new();
    loop {
        let page = server
            .json(&format!("/v1/complaints?limit=25{cursor}"))
            .await;
        seen.extend(
            page["complaints"]
                .as_array()
                .unwrap()
                .iter()
                .map(|row| row["id"].as_str().unwrap().to_owned()),
        );
        match page["next"].as_str() {
            Some(next) => cursor = format!("&cursor={}", next.replace('+', "%2B")),
            None => break,
        }
    }
    assert_eq!(seen.len(), 60);
    seen.sort();
    seen.dedup();
    assert_eq!(seen.len(), 60);
}

#[tokio::test]
async fn a_parameter_that_cannot_be_used_is_named() {
    let server = TestServer::start().await;
    let cases = [
        ("/v1/cells?colour=red", "colour"),
        ("/v1/cells?resolution=4", "resolution"),
        ("/v1/cells?resolution=11", "resolution"),
        ("/v1/cells?resolution=x", "resolution"),
        ("/v1/cells?from=yesterday", "from"),
        ("/v1/cells?from=2026-05-02&to=2026-04-30", "to"),
        ("/v1/cells?bbox=1,2,3", "bbox"),
        ("/v1/cells?cell=zz", "cell"),
        ("/v1/cells?area=district:nowhere", "area"),
        ("/v1/cells?format=xml", "format"),
        ("/v1/cells?measure=weight", "measure"),
        ("/v1/cells?measure=mean", "property"),
        ("/v1/cells?measure=per_10k", "measure"),
        ("/v1/areas?level=province", "level"),
        ("/v1/areas?level=grid", "level"),
        ("/v1/series?bin=year", "bin"),
        ("/v1/breakdown?by=colour", "by"),
        ("/v1/breakdown?limit=0", "limit"),
        ("/v1/complaints?limit=1001", "limit"),
        ("/v1/complaints?cursor=x", "cursor"),
        ("/v1/complaints/1?x=1", "x"),
        ("/v1/city?x=1", "x"),
        ("/v1/sensors?x=1", "x"),
        ("/v1/live?resolution=3", "resolution"),
        ("/v1/live?area=district:nowhere", "area"),
    ];
    for (path, name) in cases {
        let (status, problem) = server.problem(path).await;
        assert_eq!(status, StatusCode::BAD_REQUEST, "{path}: {problem}");
        assert_eq!(problem["errors"][0]["field"], name, "{path}: {problem}");
        assert!(
            !problem["detail"].as_str().unwrap().contains('\n'),
            "{path}"
        );
    }
}

#[tokio::test]
async fn a_city_tells_its_levels_and_the_span_of_its_complaints() {
    let server = TestServer::start().await;
    let empty = server.json("/v1/city").await;
    assert_eq!(empty["range"], Value::Null);
    assert_eq!(empty["time_zone"], "Asia/Shanghai");
    assert_eq!(empty["levels"][0]["tiles"], "/tiles/areas-district");
    assert_eq!(empty["levels"][2]["areas"], 40);
    server.post_json("/v1/complaints", &complaint("1", 1)).await;
    let city = server.json("/v1/city").await;
    assert_eq!(
        city["range"],
        json!({"from": "2026-05-04T00:00:00Z", "to": "2026-05-04T00:00:00Z"})
    );
}

#[tokio::test]
async fn an_unknown_complaint_and_an_unknown_route_are_not_found() {
    let server = TestServer::start().await;
    for path in [
        "/v1/complaints/none",
        "/v1/complaints/http/none",
        "/v1/nothing",
        "/tiles/areas-grid.json",
        "/tiles/areas-district/x/1/1",
        "/v1/complaints/%FF",
        "/nothing.js",
    ] {
        assert_eq!(
            server.problem(path).await.0,
            StatusCode::NOT_FOUND,
            "{path}"
        );
    }
    let (status, _) =
        super::server::problem(server.client.delete(format!("{}/v1/city", server.url))).await;
    assert_eq!(status, StatusCode::METHOD_NOT_ALLOWED);
}

#[tokio::test]
async fn cells_come_as_columns_too() {
    let server = filled().await;
    let json = server.json("/v1/cells?resolution=8").await;
    let response = server.response("/v1/cells?resolution=8&format=arrow").await;
    assert_eq!(
        response.headers()["content-type"],
        "application/vnd.apache.arrow.stream"
    );
    let bytes = response.bytes().await.unwrap();
    let mut pairs = Vec::new();
    for rows in StreamReader::try_new(bytes.as_ref(), None).unwrap() {
        let rows = rows.unwrap();
        let (cells, values) = (
            rows.column(0).as_primitive::<UInt64Type>(),
            rows.column(1).as_primitive::<Float64Type>(),
        );
        pairs.extend(
            cells
                .values()
                .iter()
                .zip(values.values())
                .map(|(cell, value)| (format!("{cell:x}"), *value)),
        );
    }
    let mut asked: Vec<(String, f64)> = serde_json::from_value(json["cells"].clone()).unwrap();
    pairs.sort_by(|a, b| a.0.cmp(&b.0));
    asked.sort_by(|a, b| a.0.cmp(&b.0));
    assert_eq!(pairs, asked);
}

#[tokio::test]
async fn hours_of_the_week_narrow_what_is_counted_and_add_up() {
    let server = filled().await;
    let total = async |filter: &str| {
        let cells = server.json(&format!("/v1/cells?{filter}")).await;
        let areas = server.json(&format!("/v1/areas?{filter}")).await;
        assert_eq!(cells["total"], areas["total"], "{filter}");
        cells["total"].as_u64().unwrap()
    };
    let all = total("").await;
    assert_eq!(total("week=1-7:0-23").await, all);
    // The hour of each is its number modulo 24: three of each hour from 0 to 11.
    assert_eq!(total("week=1-7:7-9").await, 9);
    assert_eq!(
        total("week=1-5:0-23").await + total("week=6-7:0-23").await,
        all
    );
    assert_eq!(
        total("week=1-5:0-11&week=1-5:12-23").await,
        total("week=1-5:0-23").await
    );
    let (status, problem) = server.problem("/v1/cells?week=noon").await;
    assert_eq!(status, StatusCode::BAD_REQUEST);
    assert!(problem["detail"].as_str().unwrap().contains("1-5:7-9"));
}

#[tokio::test]
async fn an_urgency_narrows_every_count_alike() {
    let server = TestServer::start().await;
    let mut rows: Vec<Value> = (0..40).map(|id| complaint(&format!("c{id}"), id)).collect();
    for (id, row) in rows.iter_mut().enumerate() {
        // A quarter says nothing.
        if id % 4 > 0 {
            row["urgency"] = json!(["", "urgent", "ordinary", "ordinary"][id % 4]);
        }
    }
    server.post_json("/v1/complaints", &json!(rows)).await;
    for (filter, expected) in [
        ("", 40),
        ("urgency=urgent", 10),
        ("urgency=ordinary", 20),
        ("urgency=urgent&urgency=ordinary", 30),
        ("urgency=never", 0),
    ] {
        for route in ["cells", "areas", "series", "breakdown"] {
            let answer = server.json(&format!("/v1/{route}?{filter}")).await;
            assert_eq!(answer["total"], expected, "{route}?{filter}");
        }
        let page = server
            .json(&format!("/v1/complaints?limit=100&{filter}"))
            .await;
        assert_eq!(page["complaints"].as_array().unwrap().len(), expected);
    }
    let groups = server.json("/v1/breakdown?by=urgency").await;
    assert_eq!(
        groups["groups"],
        json!([{"key": "ordinary", "value": 20}, {"key": "urgent", "value": 10}, {"key": null, "value": 10}])
    );
}

#[tokio::test]
async fn aligned_cells_add_up_to_the_areas() {
    let server = filled().await;
    let aligned = server.json("/v1/aligned?category=noise").await;
    let areas = server
        .json("/v1/areas?level=community&category=noise")
        .await;
    assert_eq!(aligned["level"], "community");
    assert_eq!(aligned["truncated"], false);
    let parts = aligned["aligned"].as_array().unwrap();
    for area in areas["areas"].as_array().unwrap() {
        let parts = parts.iter().filter(|part| part[1] == area["id"]);
        let sum: u64 = parts.map(|part| part[2].as_u64().unwrap()).sum();
        assert_eq!(area["value"], sum, "{area}");
    }
    let few = server.json("/v1/aligned?limit=1").await;
    assert_eq!(few["aligned"].as_array().unwrap().len(), 1);
    assert_eq!(few["truncated"], true);
}

#[tokio::test]
async fn what_a_sensor_observed_is_read_page_by_page() {
    let server = TestServer::start().await;
    let observations: Vec<Value> = (0..30)
        .flat_map(|minute| {
            ["pole-7:noise", "pole-7:pm10"].map(|datastream| {
                json!({"datastream": datastream, "sensor": "pole 7/ä", "property": "x",
                    "phenomenon_time": format!("2026-05-01T08:{minute:02}:00Z"), "result": minute})
            })
        })
        .collect();
    server
        .post_json("/v1/observations", &json!(observations))
        .await;
    let sensors = server.json("/v1/sensors").await;
    let name = sensors["sensors"][0]["sensor"].as_str().unwrap();
    let route = match name {
        "pole 7/ä" => "/v1/sensors/pole%207%2F%C3%A4/observations",
        other => panic!("the sensor is called {other}"),
    };
    let (mut seen, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = server.json(&format!("{route}?limit=7{cursor}")).await;
        let found = page["observations"].as_array().unwrap();
        assert!(found.len() <= 7);
        seen.extend(found.iter().map(|one| {
            (
                one["phenomenon_time"].to_string(),
                one["datastream"].to_string(),
            )
        }));
        match page["next"].as_str() {
            None => break,
            Some(next) => {
                let next: String = url::form_urlencoded::byte_serialize(next.as_bytes()).collect();
                cursor = format!("&cursor={next}");
            }
        }
    }
    assert_eq!(seen.len(), 60);
    assert!(seen.is_sorted_by(|a, b| a.0 >= b.0), "newest first");
    seen.sort();
    seen.dedup();
    assert_eq!(seen.len(), 60, "none comes twice");
    let some = server
        .json(&format!(
            "{route}?from=2026-05-01T08:10:00Z&to=2026-05-01T08:20:00Z"
        ))
        .await;
    assert_eq!(some["observations"].as_array().unwrap().len(), 20);
    assert_eq!(some["next"], Value::Null);
    let (status, _) = server.problem(&format!("{route}?category=noise")).await;
    assert_eq!(status, StatusCode::BAD_REQUEST);
    let none = server.json("/v1/sensors/nobody/observations").await;
    assert_eq!(none["observations"], json!([]));
}

#[tokio::test]
async fn a_few_letters_find_areas_addresses_complaints_and_sensors() {
    let server = TestServer::start().await;
    let mut rows: Vec<Value> = (0..12).map(|id| complaint(&format!("c{id}"), id)).collect();
    for (id, row) in rows.iter_mut().enumerate() {
        row["address"] = json!(format!("{} Long Lane", id / 4));
    }
    server.post_json("/v1/complaints", &json!(rows)).await;
    let observation = json!([{"datastream": "pole-7:noise", "phenomenon_time": "2026-05-01T08:00:00Z", "result": 50.5}]);
    server.post_json("/v1/observations", &observation).await;

    let found = server.json("/v1/search?q=long%20LANE").await;
    assert_eq!(found["addresses"].as_array().unwrap().len(), 3);
    assert_eq!(found["addresses"][0]["complaints"], 4);
    let found = server.json("/v1/search?q=c1").await;
    let ids: Vec<&str> = found["complaints"]
        .as_array()
        .unwrap()
        .iter()
        .map(|complaint| complaint["id"].as_str().unwrap())
        .collect();
    assert_eq!(ids[0], "c1");
    assert_eq!(ids.len(), 3);
    assert!(found["complaints"][0].get("text").is_none());
    let found = server.json("/v1/search?q=Pole-7").await;
    assert_eq!(found["sensors"][0]["sensor"], "pole-7:noise");
    let city = city();
    let area = &city.largest().latest()[0];
    let found = server
        .json(&format!("/v1/search?q={}&limit=1", area.id))
        .await;
    assert_eq!(found["areas"][0]["id"], area.id);
    // What would be a pattern elsewhere is only letters here.
    let found = server.json("/v1/search?q=%25").await;
    assert_eq!(found["addresses"], json!([]));
    for path in ["/v1/search", "/v1/search?q=%20", "/v1/search?q=a&by=b"] {
        assert_eq!(
            server.problem(path).await.0,
            StatusCode::BAD_REQUEST,
            "{path}"
        );
    }
}
