//! `citybrain`: one binary, a city's complaints and sensor feeds.

use std::process::ExitCode;

/// The allocator of long-running servers with many threads: it gives memory back and does not fragment.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    citybrain::run()
}
