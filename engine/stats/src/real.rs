//! Real series, for tests: read from `../shared/data` beside the repository, or from `CITYBRAIN_DATA`.

use std::path::PathBuf;

/// The text of a file; none when the real data are not there.
pub(crate) fn text(file: &str) -> Option<String> {
    let folder = std::env::var_os("CITYBRAIN_DATA").map_or_else(
        || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data"),
        PathBuf::from,
    );
    let text = std::fs::read_to_string(folder.join(file)).ok();
    if text.is_none() {
        println!("skipped: no real data");
    }
    text
}

/// A column of numbers of a CSV file with a header; what is no number is NaN.
pub(crate) fn column(file: &str, name: &str) -> Option<Vec<f64>> {
    let text = text(file)?;
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    let at = reader
        .headers()
        .unwrap()
        .iter()
        .position(|h| h == name)
        .unwrap();
    Some(
        reader
            .records()
            .map(|row| row.unwrap()[at].parse().unwrap_or(f64::NAN))
            .collect(),
    )
}

/// A JSON file.
pub(crate) fn json(file: &str) -> Option<serde_json::Value> {
    Some(serde_json::from_str(&text(file)?).unwrap())
}

/// The numbers of a JSON list.
pub(crate) fn numbers(value: &serde_json::Value) -> Vec<f64> {
    let list = value.as_array().unwrap();
    list.iter().map(|x| x.as_f64().unwrap()).collect()
}

/// `|a − b| ≤ tolerance · max(1, |b|)`. With `CITYBRAIN_PROOF` set it prints where it stands, the difference in that unit and the
/// tolerance: `scripts/proof.sh` makes the table of largest differences from it.
#[track_caller]
pub(crate) fn near(a: f64, b: f64, tolerance: f64) {
    if std::env::var_os("CITYBRAIN_PROOF").is_some() {
        let place = std::panic::Location::caller();
        let off = (a - b).abs() / b.abs().max(1.0);
        println!(
            "proof\t{}:{}\t{off:e}\t{tolerance:e}",
            place.file(),
            place.line()
        );
    }
    assert!(
        (a - b).abs() <= tolerance * b.abs().max(1.0),
        "{a} is not {b}"
    );
}
