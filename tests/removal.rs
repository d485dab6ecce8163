//! What is to go goes: complaints that are erased, records that are older than what is kept; and a cut-off changes nothing about it.

use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use citybrain_tests::{Server, run};
use serde_json::{Value, json};

use crate::import::{small_state, sql};

const PATIENCE: Duration = Duration::from_mins(2);
const TEXT: &str = "Mrs. Zhang of the third floor";

fn text(path: &Path) -> String {
    path.to_str().unwrap().to_owned()
}

/// Does a file below `dir` hold `text` in plain bytes? Parquet packs, so the rows are asked for as well by the caller.
fn grep(dir: &Path, text: &str) -> String {
    let found = Command::new("grep")
        .args(["-r", "-l", "-a", text])
        .arg(dir)
        .output()
        .unwrap();
    String::from_utf8(found.stdout).unwrap()
}

#[test]
fn an_admin_erases_a_complaint_and_it_is_gone_from_answers_and_files() {
    let state = small_state();
    let settings = [("CITYBRAIN_KEEP_REPLACED_SECONDS", "0")];
    let server = Server::start_with(state.path(), &settings);
    let complaints = json!([
        {"id": "7", "requested_at": "2025-01-05T10:00:00Z", "text": TEXT, "lon": 0.1, "lat": 0.1},
        {"id": "8", "requested_at": "2025-01-05T10:00:00Z", "text": "a hole", "lon": 0.1, "lat": 0.1},
    ]);
    server.post_json("/v1/complaints", &complaints);
    server.post_json(
        "/v1/complaint-events",
        &json!([{"complaint": "7", "event": "answered", "at": "2025-01-06T10:00:00Z", "reason": TEXT}]),
    );
    // Refused, and kept with its text.
    let wrong = json!([{"id": "7", "requested_at": "whenever", "text": TEXT}]);
    server.post("/v1/complaints").json(&wrong).send().unwrap();
    let client = reqwest::blocking::Client::new();
    let delete = |path: &str| {
        let url = format!("{}{path}", server.url());
        let answer = client.delete(url).timeout(PATIENCE).send().unwrap();
        let status = answer.status().as_u16();
        let body: Value = answer.json().unwrap();
        (status, body)
    };
    let (status, erased) = delete("/v1/complaints/http/7");
    assert_eq!(status, 200, "{erased}");
    assert_eq!(
        (&erased["complaints"], &erased["steps"], &erased["rejected"]),
        (&json!(1), &json!(1), &json!(1))
    );
    assert_eq!(server.response("/v1/complaints/7").status().as_u16(), 404);
    let count = |sql: &str| server.sql(sql)[0]["n"].clone();
    assert_eq!(count("SELECT count(*) AS n FROM complaints"), 1);
    assert_eq!(count("SELECT count(*) AS n FROM complaint_events"), 0);
    assert_eq!(count("SELECT count(*) AS n FROM rejected"), 0);
    let areas = server.get("/v1/areas?level=district");
    assert_eq!(areas["total"], 1, "counts follow");
    assert_eq!(grep(state.path(), TEXT), "");
    let again = server.post_json("/v1/complaints", &complaints);
    assert_eq!(
        (&again["accepted"], &again["duplicate"]),
        (&json!(0), &json!(2))
    );
    assert_eq!(grep(state.path(), TEXT), "");
    let trail = server.get("/v1/audit");
    assert_eq!(trail["audit"][0]["action"], "record.erase");
    assert!(!trail.to_string().contains("\"7\""), "{trail}");
    server.stop();
    let arguments = ["erase", "--source", "http", "--id", "8", "--state-dir"];
    let offline = run(arguments.into_iter().chain([text(state.path()).as_str()])).good();
    assert_eq!(offline.json()["complaints"], 1);
    assert_eq!(
        sql(state.path(), "SELECT count(*) AS n FROM complaints"),
        "n\n0\n"
    );
    run(["verify", "--state-dir", &text(state.path())]).succeeded();
}

#[test]
fn a_masked_complaint_stays_in_counts_and_on_the_map_without_its_words() {
    let state = small_state();
    let settings = [("CITYBRAIN_KEEP_REPLACED_SECONDS", "0")];
    let server = Server::start_with(state.path(), &settings);
    let complaint = json!({
        "id": "7", "requested_at": "2025-01-05T10:00:00Z", "text": TEXT, "address": TEXT, "category": "noise",
        "lon": 0.123_456, "lat": 0.1, "tags": [TEXT],
    });
    server.post_json("/v1/complaints", &json!([complaint]));
    server.post_json(
        "/v1/complaint-events",
        &json!([{"complaint": "7", "event": "answered", "at": "2025-01-06T10:00:00Z", "actor": TEXT, "reason": TEXT}]),
    );
    let map = |server: &Server| {
        [
            "/v1/areas?level=district&category=noise",
            "/v1/cells?resolution=9",
        ]
        .map(|path| {
            let mut answer = server.get(path);
            let answer = answer.as_object_mut().unwrap();
            answer.retain(|key, _| ["areas", "cells", "total", "located"].contains(&key.as_str()));
            json!(answer)
        })
    };
    let before = map(&server);
    let url = format!("{}/v1/complaints/http/7?mask=true", server.url());
    let client = reqwest::blocking::Client::new();
    let masked = client.delete(url).timeout(PATIENCE).send().unwrap();
    assert_eq!(masked.status().as_u16(), 200);
    assert_eq!(map(&server), before, "counts stay");
    let rows = server.sql("SELECT text, address, tags, lon FROM complaints");
    assert_eq!(rows.len(), 1);
    assert_eq!(rows[0]["lon"], 0.123, "its place is coarse: {rows:?}");
    let all = server.sql("SELECT * FROM complaints");
    let steps = server.sql("SELECT * FROM complaint_events");
    assert_eq!(steps.len(), 1);
    assert!(!format!("{all:?}{steps:?}").contains("Zhang"));
    assert_eq!(grep(state.path(), TEXT), "");
    let again = server.post_json("/v1/complaints", &json!([complaint]));
    assert_eq!(again["duplicate"], 1, "it does not change any more");
    assert_eq!(server.get("/v1/audit")["audit"][0]["action"], "record.mask");
    server.stop();
    run(["verify", "--state-dir", &text(state.path())]).succeeded();
}

/// Observations of three days, the first long ago.
fn observations(days: &[&str]) -> Vec<Value> {
    let mut rows = Vec::new();
    for day in days {
        for minute in 0..120 {
            rows.push(json!({
                "datastream": "pm25",
                "phenomenon_time": format!("{day}T{:02}:{:02}:00Z", minute / 60, minute % 60),
                "result": minute
            }));
        }
    }
    rows
}

const HOURS: &str = "SELECT datastream, hour, observations, sum, least, greatest, mean FROM observations_hourly ORDER BY hour";

#[test]
fn a_server_keeps_of_old_observations_their_hours_and_tells_what_went() {
    let state = small_state();
    let settings = tempfile::NamedTempFile::new().unwrap();
    let days = "[retention]\nobservations = 3650\nrejected = 30\n\n[[retention.source]]\nsource = \"http\"\ntable = \"observations\"\ndays = 400\n";
    std::fs::write(settings.path(), days).unwrap();
    // In the future of any clock that this may run by, a week ago it is not: a fixed day long ago and one that is kept.
    let old = ["2015-03-01", "2015-03-02"];
    let server = Server::start(state.path());
    server.post_json("/v1/observations", &json!(observations(&old)));
    let before = sql(state.path(), HOURS);
    server.stop();
    let server = Server::configured(state.path(), settings.path());
    let begin = Instant::now();
    loop {
        let left = server.sql("SELECT count(*) AS n FROM observations")[0]["n"].clone();
        if left == 0 {
            break;
        }
        assert!(begin.elapsed() < PATIENCE, "{left} are left");
        std::thread::sleep(Duration::from_millis(100));
    }
    assert_eq!(sql(state.path(), HOURS), before, "their hours stay");
    assert_eq!(before.lines().count(), 5, "{before}");
    let late = server.post_json("/v1/observations", &json!(observations(&old[..1])));
    assert_eq!(
        (&late["accepted"], &late["expired"]),
        (&json!(0), &json!(120))
    );
    let trail = server.get("/v1/audit");
    assert_eq!(trail["audit"][0]["action"], "retention.apply");
    assert_eq!(trail["audit"][0]["detail"]["rows"], 240);
    let metrics = server.response("/metrics").text().unwrap();
    assert!(
        metrics.contains("citybrain_removed_total{table=\"observations\",reason=\"age\"} 240"),
        "{metrics}"
    );
    server.stop();
    let arguments = [
        "retain",
        "--table",
        "complaints",
        "--days",
        "10",
        "--state-dir",
    ];
    let told = run(arguments.into_iter().chain([text(state.path()).as_str()])).good();
    assert_eq!(told.json()["removed"][0]["rows"], 0);
    // A backup has the hours as well.
    let elsewhere = tempfile::tempdir().unwrap();
    let (backup, restored) = (elsewhere.path().join("b"), elsewhere.path().join("s"));
    run([
        "backup",
        "--state-dir",
        &text(state.path()),
        "--out",
        &text(&backup),
    ])
    .succeeded();
    run([
        "restore",
        "--from",
        &text(&backup),
        "--state-dir",
        &text(&restored),
    ])
    .succeeded();
    assert_eq!(sql(&restored, HOURS), before);
}

#[test]
fn wherever_retention_is_cut_off_every_hour_is_counted_once() {
    for point in ["expiry hours", "expiry portion"] {
        let state = small_state();
        let server = Server::start(state.path());
        let rows = json!(observations(&["2015-03-01", "2015-04-01"]));
        server.post_json("/v1/observations", &rows);
        server.stop();
        let before = sql(state.path(), HOURS);
        let arguments = [
            "retain",
            "--table",
            "observations",
            "--days",
            "400",
            "--state-dir",
        ];
        let arguments = arguments
            .map(str::to_owned)
            .into_iter()
            .chain([text(state.path())]);
        let arguments: Vec<String> = arguments.collect();
        let at = [("CITYBRAIN_ABORT_AT", point.to_owned())];
        let cut_off = citybrain_tests::run_with(&arguments, &at);
        assert_eq!(cut_off.code, -1, "{point} is reached: {cut_off:?}");
        assert_eq!(sql(state.path(), HOURS), before, "{point}: beside");
        run(&arguments).succeeded();
        assert_eq!(sql(state.path(), HOURS), before, "{point}");
        let left = sql(state.path(), "SELECT count(*) AS n FROM observations");
        assert_eq!(left, "n\n0\n", "{point}");
    }
}
