//! The simulated city: the same seed gives the same bytes, and what was planted is written down.

use std::path::Path;

use citybrain_tests::{run, sample_city};
use serde_json::Value;
use tempfile::TempDir;

use crate::import::{balances, import, number, state_of};

fn simulate(out: &Path, seed: u32) {
    let arguments = [
        "simulate",
        "--days",
        "60",
        "--complaints-per-day",
        "80",
        "--sensors",
        "4",
        "--seed",
        &seed.to_string(),
        "--out",
    ]
    .map(str::to_owned);
    let city = sample_city();
    run(arguments.iter().map(AsRef::as_ref).chain([
        out.as_os_str(),
        "--city".as_ref(),
        city.as_os_str(),
    ]))
    .succeeded();
}

fn files(dir: &Path) -> Vec<(String, Vec<u8>)> {
    let mut files: Vec<_> = std::fs::read_dir(dir)
        .unwrap()
        .map(|entry| entry.unwrap())
        .map(|entry| {
            (
                entry.file_name().into_string().unwrap(),
                std::fs::read(entry.path()).unwrap(),
            )
        })
        .collect();
    files.sort();
    files
}

/// A state directory of the sample city with sixty simulated days.
pub(crate) fn simulated_state() -> TempDir {
    let out = tempfile::tempdir().unwrap();
    simulate(out.path(), 5);
    let state = state_of(&sample_city());
    for (name, _) in files(out.path()) {
        let profile = match name.as_str() {
            name if name.starts_with("complaints") => "simulated",
            name if name.starts_with("observations") => "simulated-observations",
            _ => continue,
        };
        let summary = import(state.path(), profile, &out.path().join(&name));
        balances(&summary);
        assert_eq!(number(&summary, "rejected"), 0, "{summary}");
        assert!(number(&summary, "accepted") > 1_000, "{summary}");
    }
    state
}

#[test]
fn the_same_seed_gives_the_same_bytes_and_another_seed_other_ones() {
    let [first, again, other] = [1, 1, 2].map(|seed| {
        let dir = tempfile::tempdir().unwrap();
        simulate(dir.path(), seed);
        files(dir.path())
    });
    assert_eq!(first, again);
    assert_ne!(first, other);
    let truth = first
        .iter()
        .find(|(name, _)| name == "truth.json")
        .expect("what was planted is written down");
    let truth: Value = serde_json::from_slice(&truth.1).unwrap();
    for planted in ["hotspots", "periodic_issues", "bursts", "leading_sensors"] {
        assert!(
            truth[planted]
                .as_array()
                .is_some_and(|list| !list.is_empty()),
            "{planted} in {truth}"
        );
    }
}
