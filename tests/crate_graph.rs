//! The house's plan: which crate may use which, and one version of the libraries that must agree.

use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;

use citybrain_tests::repository;
use serde_json::Value;

/// For each crate the crates of the house that it may use. Arrows point one way.
const PLAN: [(&str, &[&str]); 12] = [
    ("model", &[]),
    ("stats", &[]),
    ("grid", &["model"]),
    ("synth", &["model", "grid"]),
    ("store", &["model", "grid"]),
    ("query", &["model", "grid", "stats", "store"]),
    ("watch", &["model", "grid", "stats", "store"]),
    ("picture", &["grid"]),
    ("ingest", &["model", "grid", "store"]),
    (
        "citybrain",
        &[
            "model", "grid", "synth", "store", "query", "watch", "ingest", "picture",
        ],
    ),
    (
        "tests",
        &[
            "model", "grid", "synth", "store", "query", "watch", "ingest",
        ],
    ),
    (
        "benches",
        &[
            "model", "grid", "stats", "synth", "store", "query", "watch", "ingest", "picture",
        ],
    ),
];

fn short(name: &str) -> &str {
    name.strip_prefix("citybrain-").unwrap_or(name)
}

#[test]
fn the_crate_graph_is_the_design() {
    let plan: BTreeMap<&str, BTreeSet<&str>> = PLAN
        .into_iter()
        .map(|(name, uses)| (name, uses.iter().copied().collect()))
        .collect();
    let output = Command::new(env!("CARGO"))
        .args([
            "metadata",
            "--no-deps",
            "--offline",
            "--locked",
            "--format-version",
            "1",
        ])
        .current_dir(repository())
        .output()
        .unwrap();
    let metadata: Value = serde_json::from_slice(&output.stdout).unwrap();
    let packages = metadata["packages"].as_array().unwrap();
    let names: BTreeSet<&str> = packages
        .iter()
        .map(|package| short(package["name"].as_str().unwrap()))
        .collect();
    assert_eq!(
        names,
        plan.keys().copied().collect(),
        "the crates of the workspace"
    );
    for package in packages {
        let name = short(package["name"].as_str().unwrap());
        for dependency in package["dependencies"].as_array().unwrap() {
            // What a crate needs for its own tests is no arrow of the design.
            if dependency["kind"] == "dev" {
                continue;
            }
            let used = dependency["name"].as_str().unwrap();
            if used.starts_with("citybrain") {
                assert!(
                    plan[name].contains(short(used)),
                    "{name} must not use {used}"
                );
            }
        }
    }
}

#[test]
fn libraries_that_must_agree_have_one_version() {
    let lock = std::fs::read_to_string(repository().join("Cargo.lock")).unwrap();
    for library in [
        "arrow-array",
        "arrow-schema",
        "parquet",
        "datafusion",
        "geo",
        "geo-types",
        "h3o",
        "object_store",
    ] {
        let versions = lock.matches(&format!("name = \"{library}\"\n")).count();
        assert_eq!(versions, 1, "versions of {library} in the lock file");
    }
    for banned in ["openssl-sys", "native-tls"] {
        assert!(
            !lock.contains(&format!("name = \"{banned}\"\n")),
            "{banned} is in the lock file"
        );
    }
}

#[test]
fn no_file_of_the_engine_hides_more_than_one_idea() {
    let mut folders = vec!["engine", "ingest", "web-map", "tests", "benches"]
        .into_iter()
        .map(|folder| repository().join(folder))
        .collect::<Vec<_>>();
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).unwrap().map(Result::unwrap) {
            let path = entry.path();
            if path.is_dir() {
                if !matches!(
                    entry.file_name().to_str(),
                    Some("node_modules" | "dist" | "target")
                ) {
                    folders.push(path);
                }
            } else if path
                .extension()
                .is_some_and(|extension| extension == "rs" || extension == "ts")
            {
                let generated = path
                    .file_name()
                    .is_some_and(|name| name.to_string_lossy().ends_with(".gen.ts"));
                let lines = std::fs::read_to_string(&path).unwrap().lines().count();
                assert!(
                    generated || lines <= 600,
                    "{} has {lines} lines",
                    path.display()
                );
            }
        }
    }
}
