//! The notebooks of `data/notebooks` run from their first cell to their last against a server.

use std::path::PathBuf;
use std::process::Command;

use citybrain_tests::{Server, repository};

use crate::simulated::simulated_state;

/// Runs a notebook and prints the kinds of its outputs, a line each.
const RUN: &str = r"
import sys, nbclient, nbformat
notebook = nbformat.read(sys.argv[1], 4)
nbclient.NotebookClient(notebook, timeout=600, kernel_name='python3').execute()
for cell in notebook.cells:
    for output in cell.get('outputs', []):
        print(output.output_type, *output.get('data', {}))
";

/// The Python of the environment that `scripts/tools.sh` makes.
fn python() -> Option<PathBuf> {
    let folder = std::env::var_os("CITYBRAIN_NOTEBOOKS").map_or_else(
        || std::env::home_dir().map(|home| home.join(".cache/citybrain/notebooks")),
        |folder| Some(PathBuf::from(folder)),
    )?;
    let is_ready = folder.join("ready").exists();
    is_ready.then(|| folder.join("bin/python"))
}

#[test]
fn the_notebook_goes_from_the_server_to_a_map() {
    let Some(python) = python() else {
        println!("skipped: no environment for notebooks (scripts/tools.sh makes it)");
        return;
    };
    let state = simulated_state();
    let server = Server::start(state.path());
    let output = Command::new(python)
        .args(["-c", RUN])
        .arg(repository().join("data/notebooks/hotspots.ipynb"))
        .env("CITYBRAIN_URL", server.url())
        .env("MPLBACKEND", "module://matplotlib_inline.backend_inline")
        .output()
        .unwrap();
    let (told, failed) = (
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr),
    );
    assert!(output.status.success(), "{failed}");
    assert!(told.contains("image/png"), "no map: {told}");
    // Two tables and the sums.
    assert!(told.matches("text/html").count() >= 2, "{told}");
}
