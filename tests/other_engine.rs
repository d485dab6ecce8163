//! Another engine reads the lake's folder and gets the same answers: Polars, with its Delta reader.
//!
//! `scripts/tools.sh` puts Polars into a virtual environment outside of the clone; at `CITYBRAIN_PYTHON` another one is used.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

use citybrain_tests::run;
use serde_json::{Value, json};

use crate::import::{import, small_state};

fn python() -> Option<PathBuf> {
    let path = std::env::var_os("CITYBRAIN_PYTHON").map_or_else(
        || {
            let home = std::env::var_os("HOME").unwrap_or_default();
            Path::new(&home).join(".cache/citybrain/python/bin/python")
        },
        PathBuf::from,
    );
    let has_polars = Command::new(&path)
        .args(["-c", "import polars, deltalake"])
        .output();
    if has_polars.is_ok_and(|output| output.status.success()) {
        return Some(path);
    }
    println!("skipped: no Polars ({})", path.display());
    None
}

#[test]
fn another_engine_reads_the_lake_and_counts_the_same() {
    let Some(python) = python() else {
        return;
    };
    let state = small_state();
    let files = tempfile::tempdir().unwrap();
    let write = |name: &str, rows: &[Value]| {
        let lines: Vec<String> = rows.iter().map(Value::to_string).collect();
        let path = files.path().join(name);
        std::fs::write(&path, lines.join("\n")).unwrap();
        path
    };
    // Each import ends in a seal. The second one changes complaints of the first, corrects observations and adds some.
    for round in 0..2 {
        let complaints: Vec<Value> = (round * 50..round * 50 + 100)
            .map(|id| {
                json!({
                    "id": id.to_string(),
                    "requested_at": format!("2025-{:02}-09T08:00:00Z", 1 + id % 5),
                    "status": format!("state {round}"),
                    "lon": 0.1 + f64::from(id % 7) / 10.0,
                    "lat": 0.5
                })
            })
            .collect();
        import(
            state.path(),
            "citybrain",
            &write("complaints.ndjson", &complaints),
        );
        let observations: Vec<Value> = (round * 200..round * 200 + 400)
            .map(|minute| {
                json!({
                    "datastream": "pm25",
                    "phenomenon_time": format!("2025-03-{:02}T{:02}:00:00Z", 1 + minute / 24, minute % 24),
                    "result": minute + round
                })
            })
            .collect();
        let file = write("observations.ndjson", &observations);
        import(state.path(), "citybrain-observations", &file);
    }
    let ours = |sql: &str| -> Value {
        let answer = run(["sql", "--format", "json", sql, "--state-dir"]
            .map(std::ffi::OsStr::new)
            .into_iter()
            .chain([state.path().as_os_str()]))
        .good();
        serde_json::from_str(answer.out.trim()).unwrap()
    };
    let complaints = ours("SELECT status, count(*) AS n FROM complaints GROUP BY status");
    let expected: BTreeMap<String, u64> = complaints
        .as_array()
        .unwrap()
        .iter()
        .map(|row| {
            let status = row["status"].as_str().unwrap().to_owned();
            (status, row["n"].as_u64().unwrap())
        })
        .collect();
    let observations = ours("SELECT count(*) AS n, sum(result) AS s FROM observations");
    let script = "
import json, sys, polars as pl
lake = sys.argv[1]
complaints = pl.scan_delta(lake + '/complaints').group_by('status').len().collect()
observations = pl.scan_delta(lake + '/observations').select(n=pl.len(), s=pl.col('result').sum()).collect()
corrected = pl.scan_delta(lake + '/observations_corrected').select(n=pl.len()).collect()
print(json.dumps({'complaints': dict(complaints.iter_rows()), 'observations': observations.row(0), 'corrected': corrected.row(0)[0]}))
";
    let output = Command::new(python)
        .args(["-c", script])
        .arg(state.path().join("lake"))
        .output()
        .unwrap();
    let told = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{told}");
    let theirs: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(expected.values().sum::<u64>(), 150);
    assert_eq!(theirs["complaints"], json!(expected));
    let books = &observations[0];
    assert_eq!(books["n"], 600);
    assert_eq!(theirs["observations"][0], books["n"]);
    let sums = (
        theirs["observations"][1].as_f64().unwrap(),
        books["s"].as_f64().unwrap(),
    );
    assert!((sums.0 - sums.1).abs() < 1e-6, "{sums:?}");
    assert_eq!(
        theirs["corrected"], 200,
        "the history keeps what was corrected"
    );
}
