//! `citybrain sql`: one question, from a script.

use std::num::NonZero;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use citybrain_query::{Limits, Session};

use super::{Failure, init};
use crate::format::Format;
use crate::terminal;

/// Ask one read-only question in SQL; works while a server runs on the same state directory
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// State directory
    #[arg(long, value_name = "DIR")]
    state_dir: PathBuf,
    /// How the rows are written
    #[arg(long, value_enum, default_value_t = Format::Table)]
    format: Format,
    /// The query
    query: String,
}

/// Whoever can run the command can read the files: only the machine is a limit.
pub(super) fn limits() -> Limits {
    Limits {
        memory_bytes: 4 << 30,
        timeout: Duration::from_hours(1),
        rows: 1 << 40,
        partitions: std::thread::available_parallelism().map_or(2, NonZero::get),
    }
}

pub(crate) fn run(args: &Args) -> Result<(), Failure> {
    terminal::log("error");
    let snapshot = init::snapshot_of(&args.state_dir)?;
    let runtime = tokio::runtime::Runtime::new()?;
    let city = Arc::clone(&snapshot.city);
    let answer = runtime.block_on(Session::new(snapshot, limits()).sql(&args.query, &[]))?;
    terminal::print(|out| args.format.write(&answer, &city, out))
}
