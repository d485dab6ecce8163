//! What is kept stays: complaints follow their steps through the server, a backup of a running server answers the same
//! elsewhere, and damage is found and named.

use std::path::Path;

use citybrain_tests::{Server, run};
use serde_json::{Value, json};

use crate::import::small_state;

/// Fills a server with complaints in both districts, with steps before and after them, and with observations.
fn fill(server: &Server) {
    let early = json!([{"complaint": "7", "event": "dispatched", "at": "2025-01-05T10:00:00Z", "fields": {"agency": "roads"}}]);
    assert_eq!(push(server, "complaint-events", &early)["accepted"], 1);
    let complaints: Vec<_> = (0..40)
        .map(|id| {
            let category = ["noise", "light"][id % 2];
            json!({
                "id": id.to_string(), "requested_at": format!("2025-01-{:02}T09:00:00Z", id % 28 + 1),
                "category": category, "lon": 0.02 * f64::from(u32::try_from(id).unwrap()), "lat": 0.5,
                "status": "open"
            })
        })
        .collect();
    assert_eq!(
        push(server, "complaints", &json!(complaints))["accepted"],
        40
    );
    let steps = json!([
        {"complaint": "7", "event": "closed", "at": "2025-02-01T10:00:00Z"},
        {"complaint": "8", "event": "corrected", "at": "2025-02-01T10:00:00Z", "fields": {"lon": 0.9, "lat": 0.5, "category": "water"}},
    ]);
    assert_eq!(push(server, "complaint-events", &steps)["accepted"], 2);
    let values: Vec<_> = (0..50)
        .map(|minute| json!({"datastream": "d", "phenomenon_time": format!("2025-01-01T00:{minute:02}:00Z"), "result": minute}))
        .collect();
    push(server, "observations", &json!(values));
}

fn push(server: &Server, what: &str, body: &Value) -> Value {
    let answer = server
        .post(&format!("/v1/{what}"))
        .json(body)
        .send()
        .unwrap();
    let status = answer.status();
    let receipt: Value = answer.json().unwrap();
    assert!(status.is_success(), "{receipt}");
    assert_eq!(receipt["rejected"], json!([]));
    receipt
}

const QUESTIONS: [&str; 4] = [
    "SELECT * EXCLUDE (received_at) FROM complaints ORDER BY id",
    "SELECT complaint, event, at, fields FROM complaint_events ORDER BY complaint, at",
    "SELECT count(*), sum(result) FROM observations",
    "SELECT district, category, status, count(*) FROM complaints GROUP BY ALL ORDER BY 1, 2, 3",
];

fn answers(state: &Path) -> Vec<String> {
    let state = state.to_str().unwrap();
    let ask = |sql| {
        run(["sql", "--format", "csv", "--state-dir", state, sql])
            .good()
            .out
    };
    QUESTIONS.into_iter().map(ask).collect()
}

#[test]
fn a_complaint_follows_its_steps_and_every_count_follows_the_complaint() {
    let state = small_state();
    let server = Server::start(state.path());
    fill(&server);
    let seven = server.get("/v1/complaints/7");
    assert_eq!(
        (&seven["status"], &seven["agency"], &seven["closed_at"]),
        (
            &json!("closed"),
            &json!("roads"),
            &json!("2025-02-01T10:00:00Z")
        )
    );
    assert_eq!(seven["events"].as_array().unwrap().len(), 2);
    let areas = |filter: &str| server.get(&format!("/v1/areas?level=district&{filter}"));
    let of = |areas: &Value, id: &str| {
        let all = areas["areas"].as_array().unwrap();
        all.iter().find(|area| area["id"] == id).unwrap()["value"].clone()
    };
    assert_eq!(of(&areas("category=water"), "east"), 1.0);
    let all = areas("");
    assert_eq!(
        all["total"].as_u64().unwrap(),
        all["located"].as_u64().unwrap()
            + all["outside"].as_u64().unwrap()
            + all["not_located"].as_u64().unwrap()
    );
    let scanned =
        &server.sql("SELECT count(*) AS n FROM complaints WHERE district = 'east'")[0]["n"];
    assert_eq!(
        of(&all, "east").as_f64(),
        scanned.as_f64(),
        "counts kept = counts scanned"
    );
    // The same records once more, in a newer state: updated, not new; their steps still hold.
    let newer = json!([{"id": "7", "requested_at": "2025-01-08T09:00:00Z", "category": "road", "lon": 0.14, "lat": 0.5, "status": "open"}]);
    let receipt = push(&server, "complaints", &newer);
    assert_eq!(
        (&receipt["accepted"], &receipt["updated"]),
        (&json!(0), &json!(1))
    );
    let seven = server.get("/v1/complaints/7");
    assert_eq!(
        (&seven["status"], &seven["category"]),
        (&json!("closed"), &json!("road"))
    );
    let wrong = json!([{"complaint": "7", "event": "extended", "at": "2025-01-05T10:00:00Z", "fields": {"due_at": "soon"}}]);
    let answer: Value = server
        .post("/v1/complaint-events")
        .json(&wrong)
        .send()
        .unwrap()
        .json()
        .unwrap();
    assert_eq!(answer["rejected"][0]["field"], "fields.due_at", "{answer}");
}

#[test]
fn a_backup_of_a_running_server_gives_the_same_answers_elsewhere() {
    let state = small_state();
    let server = Server::start(state.path());
    fill(&server);
    let elsewhere = tempfile::tempdir().unwrap();
    let (backup, restored) = (
        elsewhere.path().join("backup"),
        elsewhere.path().join("state"),
    );
    let text = |path: &Path| path.to_str().unwrap().to_owned();
    run([
        "backup",
        "--state-dir",
        &text(state.path()),
        "--out",
        &text(&backup),
    ])
    .succeeded();
    let expected = answers(state.path());
    // What comes after the backup is not in it.
    push(
        &server,
        "complaints",
        &json!([{"id": "late", "requested_at": "2025-03-01T09:00:00Z"}]),
    );
    run(["verify", "--state-dir", &text(state.path())]).succeeded();
    run(["verify", "--state-dir", &text(&backup)]).succeeded();
    run([
        "restore",
        "--from",
        &text(&backup),
        "--state-dir",
        &text(&restored),
    ])
    .succeeded();
    assert_eq!(answers(&restored), expected);
    let again = run([
        "restore",
        "--from",
        &text(&backup),
        "--state-dir",
        &text(&restored),
    ]);
    assert!(
        again.code == 1 && again.err.contains("is there already"),
        "{again:?}"
    );
    // It can be written to, and knows what it has.
    let second = Server::start(&restored);
    assert_eq!(
        push(
            &second,
            "complaints",
            &json!([{"id": "late", "requested_at": "2025-03-01T09:00:00Z"}])
        )["accepted"],
        1
    );
    assert_eq!(
        push(
            &second,
            "complaints",
            &json!([{"id": "late", "requested_at": "2025-03-01T09:00:00Z"}])
        )["duplicate"],
        1
    );
}

#[test]
fn damage_is_found_and_named_with_its_file() {
    let state = small_state();
    // So few are sealed when the server stops, not left in the journal.
    let server = Server::start_with(state.path(), &[("CITYBRAIN_SEAL_ROWS", "20")]);
    fill(&server);
    server.stop();
    let text = |path: &Path| path.to_str().unwrap().to_owned();
    let whole = run(["verify", "--json", "--state-dir", &text(state.path())]);
    assert_eq!(whole.code, 0, "{whole:?}");
    assert_eq!(whole.json()["whole"], true);
    let backup = state.path().join("backup");
    run([
        "backup",
        "--state-dir",
        &text(state.path()),
        "--out",
        &text(&backup),
    ])
    .succeeded();

    let file = parquet_in(&backup.join("lake/complaints"));
    let mut bytes = std::fs::read(&file).unwrap();
    let middle = bytes.len() / 3;
    bytes[middle..middle + 40].fill(0x55);
    std::fs::write(&file, &bytes).unwrap();
    let name = file.file_name().unwrap().to_str().unwrap().to_owned();
    let damaged = run(["verify", "--state-dir", &text(&backup)]);
    assert!(
        damaged.code == 1 && damaged.out.contains(&name),
        "{damaged:?}"
    );
    let refused = run([
        "restore",
        "--from",
        &text(&backup),
        "--state-dir",
        &text(&state.path().join("new")),
    ]);
    assert!(
        refused.code == 1 && refused.err.contains(&name),
        "{refused:?}"
    );
    std::fs::remove_file(&file).unwrap();
    let missing = run(["verify", "--state-dir", &text(&backup)]);
    assert!(
        missing.code == 1 && missing.out.contains(&name),
        "{missing:?}"
    );
}

fn parquet_in(folder: &Path) -> std::path::PathBuf {
    std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .find_map(|path| match path.extension() {
            Some(extension) if extension == "parquet" => Some(path),
            _ if path.is_dir() && !path.ends_with("_delta_log") => Some(parquet_in(&path)),
            _ => None,
        })
        .unwrap()
}
