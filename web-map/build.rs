//! Looks for the built page, so that a change of it rebuilds the binary that embeds it.

use std::path::Path;

fn main() {
    // A folder that is missing counts as changed at every build, so the page is taken in as soon as it is there.
    println!("cargo::rerun-if-changed=ui/dist");
    if !Path::new("ui/dist/index.html").exists() {
        println!(
            "cargo::warning=the page is not built (web-map/ui/dist is missing): the binary will serve a notice instead; `make` builds both"
        );
    }
}
