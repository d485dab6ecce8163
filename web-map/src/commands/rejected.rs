//! `citybrain rejected`: what was refused, and why.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use citybrain_ingest::Context;
use citybrain_store::{Refused, Store};

use super::{Failure, init};
use crate::config::Config;
use crate::replay::{replay_refused, shown};
use crate::{clock, terminal};

/// Look at refused rows, or read them again
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    /// List refused rows: number, time, source, position, field, rule and message; one JSON object a line
    List {
        /// State directory
        #[arg(long, value_name = "DIR")]
        state_dir: PathBuf,
        /// Only rows of this source
        #[arg(long)]
        source: Option<String>,
    },
    /// Show one refused row as it was read
    Show {
        /// State directory
        #[arg(long, value_name = "DIR")]
        state_dir: PathBuf,
        /// The row's number
        id: i64,
    },
    /// Read refused rows again, by the profiles as they are now; rows that are records now are no longer refused
    Replay {
        /// State directory
        #[arg(long, value_name = "DIR")]
        state_dir: PathBuf,
        /// Only rows of this source
        #[arg(long)]
        source: Option<String>,
    },
}

pub(crate) fn run(args: Args) -> Result<(), Failure> {
    terminal::log("warn");
    match args.command {
        Command::List { state_dir, source } => list(&state_dir, source.as_deref()),
        Command::Show { state_dir, id } => show(&state_dir, id),
        Command::Replay { state_dir, source } => replay_all(&state_dir, source.as_deref()),
    }
}

/// Rows that are read from the journal at a time.
const PAGE: usize = 10_000;

fn list(state_dir: &Path, source: Option<&str>) -> Result<(), Failure> {
    let snapshot = init::snapshot_of(state_dir)?;
    terminal::print(|out| -> Result<(), Failure> {
        let mut after = 0;
        loop {
            let rows = snapshot.rejected(after, PAGE)?;
            let Some(last) = rows.last() else {
                return Ok(());
            };
            after = last.id;
            for row in rows
                .iter()
                .filter(|row| source.is_none_or(|source| row.refused.source == source))
            {
                writeln!(out, "{}", shown(row, false))?;
            }
        }
    })
}

fn show(state_dir: &Path, id: i64) -> Result<(), Failure> {
    let rows = init::snapshot_of(state_dir)?.rejected(id - 1, 1)?;
    match rows.first().filter(|row| row.id == id) {
        Some(row) => terminal::print(|out| writeln!(out, "{:#}", shown(row, true))),
        None => Err(Failure::NoRejected {
            state_dir: state_dir.to_owned(),
            id,
        }),
    }
}

fn replay_all(state_dir: &Path, source: Option<&str>) -> Result<(), Failure> {
    let city = Arc::new(init::city_of(state_dir)?);
    let context = Context {
        source: None,
        city_zone: city.time_zone,
        received_at: clock::now(),
        place_names: Some(init::place_names_of(state_dir, &city)?),
    };
    let store = Store::open(state_dir, city, Config::read(None)?.store_options()?)?;
    let runtime = tokio::runtime::Builder::new_current_thread().build()?;
    let wanted = |_, row: &Refused| source.is_none_or(|source| row.source == source);
    let replayed = replay_refused(&store.writer(), runtime.handle(), &context, wanted);
    let closed = store.close();
    let told = replayed?;
    let told = serde_json::to_string(&told).map_err(std::io::Error::from)?;
    terminal::print(|out| writeln!(out, "{told}"))?;
    Ok(closed?)
}

#[cfg(test)]
mod tests;
