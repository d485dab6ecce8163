//! How feeds are, what is doubtful in them, and what was refused.

use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};
use reqwest::StatusCode;
use serde_json::{Value, json};

use super::TestServer;
use super::server::problem;

fn now() -> DateTime<Utc> {
    #[expect(
        clippy::disallowed_methods,
        reason = "the server that is asked reads the clock too"
    )]
    Utc::now()
}

fn value(at: DateTime<Utc>, result: f64) -> Value {
    json!({
        "source": "air", "datastream": "7/pm10", "sensor": "7", "property": "PM10", "unit": "µg/m³",
        "phenomenon_time": at.to_rfc3339_opts(SecondsFormat::Millis, true), "result": result,
    })
}

#[tokio::test]
async fn a_doubtful_value_is_kept_with_what_speaks_against_it_and_sent_again_it_is_the_same() {
    let server = TestServer::start().await;
    let start = now() - TimeDelta::hours(10);
    let mut rows: Vec<Value> = (0..8)
        .map(|hour| value(start + TimeDelta::hours(hour), 40.0))
        .collect();
    rows.push(value(start + TimeDelta::minutes(8 * 60 + 1), 999.0));
    rows.push(value(start + TimeDelta::minutes(8 * 60 + 2), -3.0));
    rows.push(value(now() + TimeDelta::hours(8), 41.0));
    let mut milligrams = value(start + TimeDelta::minutes(8 * 60 + 3), 0.045);
    milligrams["unit"] = json!("mg/m3");
    rows.push(milligrams);
    let receipt = server.post_json("/v1/observations", &json!(rows)).await;
    assert_eq!(receipt["accepted"], 12, "{receipt}");
    let sql = json!({"sql": "SELECT result, unit, quality, doubt FROM observations WHERE doubt IS NOT NULL OR result = 45 ORDER BY phenomenon_time"});
    let found = server.post_json("/v1/sql", &sql).await;
    let doubtful = |result: f64, doubt: &str| json!({"result": result, "unit": "ug/m3", "quality": "doubtful", "doubt": doubt});
    assert_eq!(
        found["rows"],
        json!([
            doubtful(40.0, "stuck"),
            doubtful(40.0, "stuck"),
            doubtful(999.0, "range"),
            doubtful(-3.0, "range"),
            {"result": 45.0, "unit": "ug/m3", "quality": "good", "doubt": null},
            doubtful(41.0, "clock"),
        ])
    );
    // What the checks find is no part of what was sent.
    let again = server.post_json("/v1/observations", &json!(rows)).await;
    assert_eq!(again["duplicate"], 12, "{again}");
    let feed = server.json("/v1/feeds/air").await;
    assert_eq!(
        (&feed["accepted"], &feed["duplicate"], &feed["datastreams"]),
        (&json!(12), &json!(12), &json!(1))
    );
    let stream = &feed["streams"][0];
    assert_eq!(stream["datastream"], "7/pm10");
    assert_eq!(stream["doubtful"]["range"], 4, "{stream}");
}

#[tokio::test]
async fn means_leave_doubtful_values_out() {
    let server = TestServer::start().await;
    let placed = |minutes: i64, result: f64| {
        let mut value = value(
            "2026-05-04T08:00:00Z".parse::<DateTime<Utc>>().unwrap() + TimeDelta::minutes(minutes),
            result,
        );
        value["lon"] = json!(116.4);
        value["lat"] = json!(39.9);
        value
    };
    let rows = json!([placed(0, 40.0), placed(5, 999.0), placed(10, 50.0)]);
    let receipt = server.post_json("/v1/observations", &rows).await;
    assert_eq!(receipt["accepted"], 3, "{receipt}");
    let asked = "from=2026-05-04T00:00:00Z&to=2026-05-05T00:00:00Z&measure=mean&property=PM10";
    let cells = server
        .json(&format!("/v1/cells?{asked}&resolution=8"))
        .await;
    assert_eq!(cells["cells"][0][1], 45.0, "{cells}");
    let areas = server
        .json(&format!("/v1/areas?{asked}&level=community"))
        .await;
    let all = areas["areas"].as_array().unwrap().iter();
    let mut means = all.filter_map(|area| area["value"].as_f64());
    assert_eq!((means.next(), means.next()), (Some(45.0), None), "{areas}");
    let sql = json!({"sql": "SELECT observations, mean, greatest FROM observations_hourly"});
    let hours = server.post_json("/v1/sql", &sql).await;
    assert_eq!(
        hours["rows"],
        json!([{"observations": 2, "mean": 45.0, "greatest": 50.0}])
    );
}

#[tokio::test]
async fn feeds_tell_how_they_are_and_what_was_refused_can_be_replayed() {
    let server = TestServer::start().await;
    let good = value(now(), 40.0);
    let mut bad = value(now(), 41.0);
    bad["phenomenon_time"] = json!("yesterday");
    bad["source"] = json!("noise");
    let receipt = server
        .post_json("/v1/observations", &json!([good, bad]))
        .await;
    assert_eq!(receipt["accepted"], 1);
    let feeds = loop {
        let feeds = server.json("/v1/feeds").await;
        if feeds["feeds"]
            .as_array()
            .unwrap()
            .iter()
            .any(|feed| feed["last_seen"].is_string())
        {
            break feeds;
        }
        tokio::task::yield_now().await;
    };
    let of = |name: &str| {
        let mut all = feeds["feeds"].as_array().unwrap().iter();
        all.find(|feed| feed["source"] == name).unwrap().clone()
    };
    assert_eq!(
        (&of("air")["state"], &of("air")["accepted"]),
        (&json!("new"), &json!(1))
    );
    let told = json!({"sql": "SELECT state, observations FROM feeds WHERE source = 'air'"});
    assert_eq!(
        server.post_json("/v1/sql", &told).await["rows"],
        json!([{"state": "new", "observations": 1}])
    );
    assert!(of("air")["lag_s"].as_f64().unwrap() < 60.0);
    let refusing = feeds["feeds"]
        .as_array()
        .unwrap()
        .iter()
        .find(|feed| feed["refused"]["time"] == 1);
    assert!(refusing.is_some(), "{feeds}");

    let rejected = server.json("/v1/rejected?rule=time").await;
    let row = &rejected["rejected"][0];
    assert_eq!(
        (&row["field"], &rejected["next"]),
        (&json!("phenomenon_time"), &Value::Null)
    );
    let whole = server.json(&format!("/v1/rejected/{}", row["id"])).await;
    assert_eq!(whole["raw"]["result"].to_string().trim_matches('"'), "41.0");
    assert_eq!(
        server.problem("/v1/rejected/99").await.0,
        StatusCode::NOT_FOUND
    );
    assert_eq!(
        server.json("/v1/rejected?source=none").await["rejected"],
        json!([])
    );
    let replayed = server
        .post_json("/v1/rejected/replay", &json!({"rule": "time"}))
        .await;
    assert_eq!(
        (&replayed["read"], &replayed["rejected"]),
        (&json!(1), &json!(1))
    );
    let nonsense = server
        .post("/v1/rejected/replay")
        .json(&json!({"colour": "red"}));
    assert_eq!(problem(nonsense).await.0, StatusCode::BAD_REQUEST);
    assert_eq!(
        server.problem("/v1/feeds/none").await.0,
        StatusCode::NOT_FOUND
    );
    let audit = server.json("/v1/audit").await;
    assert_eq!(audit["audit"][0]["action"], "rejected.replay");
}
