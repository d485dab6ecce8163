//! Where the sample city and, when it is there, real data lie.

use std::path::PathBuf;

/// The root of the repository that is tested: what cargo says now, since two clones may share what they built.
///
/// # Panics
/// Never: the tests lie one folder below it.
pub fn repository() -> PathBuf {
    let tests = std::env::var_os("CARGO_MANIFEST_DIR")
        .map_or_else(|| env!("CARGO_MANIFEST_DIR").into(), PathBuf::from);
    tests
        .parent()
        .expect("the tests lie in the repository")
        .to_owned()
}

/// The sample city.
pub fn sample_city() -> PathBuf {
    repository().join("data/sample-city/city.toml")
}

/// A city over real boundaries, by name, when the boundaries are there.
pub fn city_file(name: &str) -> Option<PathBuf> {
    real_data(&format!("boundaries-{name}"))?;
    Some(repository().join(format!("tests/cities/{name}.toml")))
}

/// A file or folder of the real data, beside the repository in `../shared/data` or at `CITYBRAIN_DATA`. Says so on standard
/// output when it is not there: the test that asks then ends early.
#[expect(
    clippy::print_stdout,
    reason = "the reader of the test's output is told that nothing was proved"
)]
pub fn real_data(path: &str) -> Option<PathBuf> {
    let root = std::env::var_os("CITYBRAIN_DATA")
        .map_or_else(|| repository().join("../shared/data"), PathBuf::from);
    let path = root.join(path);
    if path.exists() {
        return Some(path);
    }
    println!("skipped: no real data ({})", path.display());
    None
}
