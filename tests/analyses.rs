//! The analyses over a simulated city, as a planner asks them: over HTTP, in SQL, and as the documentation shows them.

use std::collections::BTreeSet;

use citybrain_tests::{Server, citybrain, repository};
use serde_json::{Value, json};

use crate::simulated::simulated_state;

/// The routes, with parameters under which sixty days carry an answer.
const ROUTES: [(&str, &str); 13] = [
    ("backtest", "by=district&origins=2&minimum_count=20"),
    ("bursts", "last=20"),
    ("bursts", "method=farrington"),
    ("clusters", "replicates=49&by=district"),
    ("emerging-hotspots", "step=day&resolution=7"),
    ("forecast", "by=district&horizon=3"),
    ("global-moran", "resolution=7&permutations=99"),
    ("hotspots", "resolution=7&k=2"),
    ("hotspots", "resolution=7&measure=per_10k"),
    (
        "hotspots",
        "resolution=6&step=week&previous_slices=1&window=neighbourhood&last=3",
    ),
    ("leading-sensors", "all=true&minimum_count=20"),
    ("local-moran", "resolution=7&measure=per_km2&correction=raw"),
    ("periodic-issues", "minimum_count=30&step=hour"),
];

#[test]
fn every_analysis_answers_with_its_parameters_and_the_sql_of_the_same_rows() {
    let state = simulated_state();
    let server = Server::start(state.path());
    for (route, parameters) in ROUTES {
        let found = server.get(&format!("/v1/{route}?{parameters}"));
        assert_eq!(
            found["parameters"]["function"],
            route.replace('-', "_"),
            "{found}"
        );
        assert_eq!(
            found["parameters"]["boundary_version"], found["boundary_version"],
            "{found}"
        );
        assert_eq!(
            found["parameters"]["data_cut"]["seq"], found["seq"],
            "{found}"
        );
        let sql = json!({"sql": found["sql"]});
        let answer = server.post_json("/v1/sql", &sql);
        assert_eq!(answer["rows"], found["rows"], "{route}");
        assert_eq!(
            answer["parameters"],
            json!([found["parameters"]]),
            "{route}"
        );
    }

    // What has a place on the map has an outline.
    let found = server.get("/v1/hotspots?resolution=6");
    let drawn = server.get("/v1/hotspots?resolution=6&format=geojson");
    let features = drawn["features"].as_array().unwrap();
    assert_eq!(features.len(), found["rows"].as_array().unwrap().len());
    for (feature, row) in features.iter().zip(found["rows"].as_array().unwrap()) {
        assert_eq!(&feature["properties"], row);
        assert_eq!(feature["geometry"]["type"], "MultiPolygon", "{feature}");
    }
    // Of many cells those are told that stand out, and that there are more.
    let found = server.get("/v1/hotspots?resolution=9");
    assert_eq!(found["truncated"], true);
    let rows = found["rows"].as_array().unwrap();
    assert_eq!(rows.len(), 20_000);
    assert!(found["parameters"]["cells"].as_u64() > Some(80_000));
    let hot = "SELECT count(*) AS n FROM hotspots((SELECT cell FROM complaints), resolution => 9) WHERE bin <> 0";
    let told = rows.iter().filter(|row| row["bin"].as_i64() != Some(0));
    assert_eq!(server.sql(hot)[0]["n"], told.count());
    let drawn = server.get("/v1/forecast?by=district&horizon=1&format=geojson");
    assert!(drawn["features"][0]["geometry"].is_object(), "{drawn}");

    for (format, kind) in [
        ("csv", "text/csv"),
        ("arrow", "application/vnd.apache.arrow.stream"),
        ("parquet", "application/vnd.apache.parquet"),
        ("geoparquet", "application/vnd.apache.parquet"),
    ] {
        let answer = server.response(&format!("/v1/hotspots?resolution=6&format={format}"));
        let given = answer.headers()["content-type"]
            .to_str()
            .unwrap()
            .to_owned();
        assert!(
            answer.status().is_success() && given.starts_with(kind),
            "{given}"
        );
    }
}

#[test]
fn what_an_analysis_cannot_use_is_named() {
    let state = simulated_state();
    let server = Server::start(state.path());
    for (path, told) in [
        ("hotspots?k=far", "k must be a whole number from 1 to 20"),
        (
            "hotspots?measure=noise",
            "measure must be one of count, per_km2, per_10k, mean",
        ),
        ("hotspots?category=nothing", "complaints are too few"),
        (
            "hotspots?format=xlsx",
            "is not one of json, geojson, csv, arrow, parquet, geoparquet",
        ),
        (
            "hotspots?previous_slices=2",
            "say a step as well, as in step =>",
        ),
        (
            "local-moran?permutations=3",
            "permutations must be a whole number from 19",
        ),
        ("bursts?by=planet", "is neither cell nor an area level"),
        ("emerging-hotspots?step=month", "whole slices of a month"),
        ("backtest?origins=500", "whole slices of a day"),
        (
            "clusters?span=sideways",
            "span must be prospective, retrospective or spatial",
        ),
        (
            "leading-sensors?sensors=x",
            "is not a parameter of this route",
        ),
    ] {
        let answer = server.response(&format!("/v1/{path}"));
        let status = answer.status();
        let text = answer.text().unwrap();
        assert!(status.is_client_error(), "{path}: {status} {text}");
        assert!(text.contains(told), "{path}: {text}");
    }
}

#[test]
fn farrington_without_history_says_what_it_needs_and_does_not_say_that_all_is_quiet() {
    let state = simulated_state();
    let server = Server::start(state.path());
    let found = server.get("/v1/bursts?method=farrington");
    let parameters = &found["parameters"];
    assert_eq!(parameters["judged"], 0, "{parameters}");
    assert!(
        parameters["not_judged"]["too little history"].as_u64() > Some(0),
        "{parameters}"
    );
    let warning = parameters["warning"].as_str().unwrap();
    assert!(warning.contains("5 past years"), "{warning}");
    let all = server.get("/v1/bursts?method=farrington&all=true&last=1");
    let rows = all["rows"].as_array().unwrap();
    assert!(!rows.is_empty());
    for row in rows {
        assert!(
            row["alarm"].is_null() && row["not_judged"].is_string(),
            "{row}"
        );
    }
}

#[test]
fn a_backtest_is_a_command_too() {
    let state = simulated_state();
    let arguments = [
        "backtest",
        "--by",
        "district",
        "--origins",
        "2",
        "--minimum-count",
        "20",
    ];
    let run = |more: &[&str]| {
        let output = citybrain(arguments)
            .args(more)
            .arg("--state-dir")
            .arg(state.path())
            .output()
            .unwrap();
        let told = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.success(), "{told}");
        String::from_utf8(output.stdout).unwrap()
    };
    let told = run(&[]);
    assert!(
        told.contains("PAI@10") && told.contains("hit rate"),
        "{told}"
    );
    let found: Value = serde_json::from_str(&run(&["--json"])).unwrap();
    let server = Server::start(state.path());
    let asked = server.get("/v1/backtest?by=district&origins=2&minimum_count=20");
    assert_eq!(found["rows"], asked["rows"]);
    for name in [
        "mae",
        "naive_mae",
        "coverage",
        "hit_rate",
        "pai",
        "efficiency",
    ] {
        assert_eq!(
            found["parameters"][name], asked["parameters"][name],
            "{name}"
        );
        assert!(found["parameters"][name].is_number(), "{name}");
    }
}

#[test]
fn every_example_of_the_documentation_runs() {
    let state = simulated_state();
    let text = std::fs::read_to_string(repository().join("docs/analyses.md")).unwrap();
    let examples: Vec<&str> = text
        .split("```sql\n")
        .skip(1)
        .map(|rest| rest.split("```").next().unwrap())
        .collect();
    let functions: BTreeSet<&str> = examples
        .iter()
        .filter_map(|sql| sql.split("FROM ").nth(1)?.split('(').next())
        .collect();
    assert_eq!(functions.len(), 10, "{functions:?}");
    for sql in examples {
        let output = citybrain(["sql", "--format", "json", "--state-dir"])
            .arg(state.path())
            .arg(sql)
            .output()
            .unwrap();
        let told = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{sql}\n{told}");
        let rows: Value = serde_json::from_slice(&output.stdout).unwrap();
        assert!(rows.is_array(), "{sql}\n{rows}");
    }
}
