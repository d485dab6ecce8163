//! A simulated city in a scratch state directory, asked through the binary.

use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::Value;
use tempfile::TempDir;

pub(crate) const COMPLAINTS_PER_DAY: u32 = 2_000;

/// A state directory with a simulated history, and what was planted in it.
pub(crate) struct SimulatedCity {
    pub(crate) truth: Value,
    scratch: TempDir,
}

impl SimulatedCity {
    pub(crate) fn new(seed: u64, days: u32, planted: bool) -> Self {
        let scratch = tempfile::tempdir().unwrap();
        let file = repository().join("data/sample-city/city.toml");
        let (history, state) = (scratch.path().join("history"), scratch.path().join("state"));
        run(citybrain()
            .args([
                "simulate",
                "--seed",
                &seed.to_string(),
                "--days",
                &days.to_string(),
            ])
            .args(["--complaints-per-day", &COMPLAINTS_PER_DAY.to_string()])
            .args(["--planted", if planted { "all" } else { "none" }, "--city"])
            .arg(&file)
            .arg("--out")
            .arg(&history));
        run(citybrain()
            .args(["init", "--city"])
            .arg(&file)
            .arg("--state-dir")
            .arg(&state));
        for (file, profile) in [
            ("complaints.csv", "simulated"),
            ("observations.csv", "simulated-observations"),
        ] {
            let file = history.join(file);
            run(citybrain()
                .args(["import", "--source", profile, "--state-dir"])
                .arg(&state)
                .arg(&file));
            std::fs::remove_file(file).unwrap();
        }
        let truth = std::fs::read(history.join("truth.json")).unwrap();
        Self {
            truth: serde_json::from_slice(&truth).unwrap(),
            scratch,
        }
    }

    /// The rows of a query.
    pub(crate) fn sql(&self, query: &str) -> Vec<Value> {
        let answer = run(citybrain()
            .args(["sql", "--format", "json", "--state-dir"])
            .arg(self.scratch.path().join("state"))
            .arg(query));
        serde_json::from_slice(&answer).unwrap()
    }

    /// Planted facts of one kind.
    pub(crate) fn facts(&self, kind: &str) -> &[Value] {
        self.truth[kind].as_array().unwrap()
    }

    /// The categories that have hotspots, with their kinds.
    pub(crate) fn hotspot_categories(&self) -> Vec<(String, String)> {
        let words = |fact: &Value| (text(&fact["category"]), text(&fact["kind"]));
        self.facts("hotspots").iter().map(words).collect()
    }

    /// The series (subdistrict, category) in which a hotspot or a leading sensor was planted: what is found there is real,
    /// even if it is neither a burst nor a period that was planted.
    pub(crate) fn disturbed(&self) -> HashSet<(String, String)> {
        let mut series = HashSet::new();
        let mut add = |condition: &str, category: &Value| {
            let rows = self.sql(&format!(
                "SELECT DISTINCT subdistrict FROM complaints WHERE subdistrict IS NOT NULL AND {condition}"
            ));
            series.extend(
                rows.iter()
                    .map(|row| (text(&row["subdistrict"]), text(category))),
            );
        };
        for spot in self.facts("hotspots") {
            let cells: Vec<String> = spot["cells"]
                .as_array()
                .unwrap()
                .iter()
                .map(|cell| {
                    u64::from_str_radix(cell.as_str().unwrap(), 16)
                        .unwrap()
                        .to_string()
                })
                .collect();
            add(
                &format!("cell IN ({})", cells.join(", ")),
                &spot["category"],
            );
        }
        for lead in self.facts("leading_sensors") {
            let (level, id) = (text(&lead["area"]["level"]), text(&lead["area"]["id"]));
            add(&format!("{level} = '{id}'"), &lead["category"]);
        }
        series
    }
}

pub(crate) fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

fn citybrain() -> Command {
    let binary = std::env::var_os("CITYBRAIN").map_or_else(
        || std::env::current_exe().unwrap().with_file_name("citybrain"),
        PathBuf::from,
    );
    assert!(
        binary.exists(),
        "{}: build the binary first",
        binary.display()
    );
    Command::new(binary)
}

fn run(command: &mut Command) -> Vec<u8> {
    let output = command.stderr(Stdio::inherit()).output().unwrap();
    assert!(output.status.success(), "{command:?}");
    output.stdout
}

fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .unwrap()
        .to_owned()
}
