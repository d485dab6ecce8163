//! A client that we did not write speaks SensorThings with us: `frost_sta_client` of Fraunhofer IOSB.
//!
//! `scripts/tools.sh` puts the client into a virtual environment outside of the clone; at `CITYBRAIN_FROST` another one is used.

use std::path::{Path, PathBuf};
use std::process::Command;

use citybrain_tests::{Server, repository, run};

use crate::import::small_state;

fn python() -> Option<PathBuf> {
    let path = std::env::var_os("CITYBRAIN_FROST").map_or_else(
        || {
            let home = std::env::var_os("HOME").unwrap_or_default();
            Path::new(&home).join(".cache/citybrain/frost/bin/python")
        },
        PathBuf::from,
    );
    let there = Command::new(&path)
        .args(["-c", "import frost_sta_client"])
        .output();
    if there.is_ok_and(|output| output.status.success()) {
        return Some(path);
    }
    println!("skipped: no frost_sta_client ({})", path.display());
    None
}

fn client(python: &Path, arguments: &[&str]) {
    let run = Command::new(python)
        .arg(repository().join("tests/frost/client.py"))
        .args(arguments)
        .output()
        .unwrap();
    assert!(
        run.status.success(),
        "{}\n{}",
        String::from_utf8_lossy(&run.stdout),
        String::from_utf8_lossy(&run.stderr)
    );
}

#[test]
fn a_client_of_others_makes_reads_changes_and_deletes_with_a_key_and_without() {
    let Some(python) = python() else {
        return;
    };
    let state = small_state();
    let server = Server::start(state.path());
    client(&python, &[server.url()]);
    drop(server);
    let state_dir = state.path().to_str().unwrap();
    let made = run([
        "key",
        "create",
        "--state-dir",
        state_dir,
        "--role",
        "integrator",
        "--feed",
        "air",
    ]);
    assert_eq!(made.code, 0, "{made:?}");
    let key: serde_json::Value = serde_json::from_str(&made.out).unwrap();
    let server = Server::start(state.path());
    client(&python, &[server.url(), key["secret"].as_str().unwrap()]);
}
