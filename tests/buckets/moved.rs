//! Boundaries of a history on S3 are replaced, and a backup becomes a history on S3.

use std::path::Path;

use citybrain_tests::{Bucket, Server, run, run_with};
use serde_json::json;

use super::{server, state_of_city};
use crate::replace::{Cities, version};

const DISTRICTS: &str =
    "SELECT id, coalesce(district, '-') AS district, status FROM complaints ORDER BY id";

#[test]
fn boundaries_of_a_history_on_s3_are_replaced_and_its_backup_is_restored_onto_s3() {
    let Some(bucket) = Bucket::start() else {
        return;
    };
    let environment = bucket.environment();
    let cities = Cities::write();
    let new = cities.path("new.toml");
    let (state, fresh) = (
        state_of_city(&cities.path("city.toml"), &environment, "old"),
        state_of_city(&new, &environment, "new"),
    );
    let state_dir = |state: &Path| state.to_str().unwrap().to_owned();
    let run_on = |arguments: &[&str], state: &Path| {
        let state = ["--state-dir".to_owned(), state_dir(state)];
        let arguments = arguments.iter().map(|&argument| argument.to_owned());
        run_with(arguments.chain(state), &environment)
    };
    let ask = |state: &Path, sql: &str| {
        let arguments = [
            "sql",
            "--format",
            "csv",
            "--state-dir",
            &state_dir(state),
            sql,
        ];
        run_with(arguments, &environment).good().out
    };
    for state in [&state, &fresh] {
        let file = cities.path("complaints.csv");
        let import = ["import", "--source", "citybrain", file.to_str().unwrap()];
        run_on(&import, state.path()).succeeded();
        // The last ones are in the journal alone.
        let server = server(state.path(), &environment, &[]);
        let late = json!([{"id": "late", "requested_at": "2024-05-20T00:00:00Z", "lon": 0.4, "lat": 0.5, "status": "new"}]);
        server.post_json("/v1/complaints", &late);
        server.kill();
    }
    let before = ask(state.path(), DISTRICTS);
    let replace = ["replace", "--city", new.to_str().unwrap()];
    for point in ["file 1 written", "file 3 done", "complaints moved"] {
        let mut cut = environment.clone();
        cut.push(("CITYBRAIN_ABORT_AT", point.to_owned()));
        let all = replace.iter().map(|&argument| argument.to_owned());
        let state_arguments = ["--state-dir".to_owned(), state_dir(state.path())];
        let ended = run_with(all.chain(state_arguments), &cut);
        assert_eq!(ended.code, -1, "it came to \"{point}\": {ended:?}");
        assert_eq!(ask(state.path(), DISTRICTS), before, "{point}");
    }
    run_on(&replace, state.path()).succeeded();
    let after = ask(state.path(), DISTRICTS);
    assert_eq!(after, ask(fresh.path(), DISTRICTS));
    assert_ne!(after, before);
    run_on(&["verify"], state.path()).succeeded();

    let elsewhere = tempfile::tempdir().unwrap();
    let at = |name: &str| elsewhere.path().join(name).to_str().unwrap().to_owned();
    run_on(&["backup", "--out", &at("backup")], state.path()).succeeded();
    let restore = |dir: &str| {
        let lake = ["--lake", "s3://city/restored"];
        let arguments = ["restore", "--from", &at("backup"), "--state-dir", &at(dir)];
        run_with(arguments.into_iter().chain(lake), &environment)
    };
    restore("one").succeeded();
    let one = elsewhere.path().join("one");
    assert!(!one.join("lake").exists(), "nothing of the history is here");
    assert_eq!(ask(&one, DISTRICTS), after);
    run_on(&["verify"], &one).succeeded();
    let occupied = restore("two");
    assert_eq!(occupied.code, 1, "{occupied:?}");
    assert!(occupied.err.contains("s3://city/restored"), "{occupied:?}");
    // Both go on, each with its own.
    for dir in [state.path(), one.as_path()] {
        let server = server(dir, &environment, &[]);
        let again = json!([{"id": "late", "requested_at": "2024-05-20T00:00:00Z", "lon": 0.4, "lat": 0.5, "status": "new"}]);
        assert_eq!(server.post_json("/v1/complaints", &again)["duplicate"], 1);
        server.stop();
    }
    // And from there into a folder: what it answers by is the new boundaries.
    let back = [
        "restore",
        "--from",
        &at("backup"),
        "--state-dir",
        &at("folder"),
    ];
    run(back).succeeded();
    let folder = elsewhere.path().join("folder");
    assert_eq!(
        version(&folder),
        version_on_s3(&ask(fresh.path(), "SELECT boundary_version() AS v"))
    );
    Server::start(&folder).stop();
}

fn version_on_s3(answer: &str) -> String {
    answer.lines().nth(1).unwrap().to_owned()
}
