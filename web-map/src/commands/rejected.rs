//! `citybrain rejected`: what was refused, and why.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use citybrain_ingest::{Context, Profile, replay};
use citybrain_store::{Refused, RejectedRow, Store};
use serde_json::json;

use super::{Failure, init};
use crate::config::Config;
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
    let store = Store::open(state_dir, city, Config::read(None)?.store_options())?;
    let replayed = Replay {
        store: &store,
        context,
        source,
    }
    .run();
    let closed = store.close();
    let told = replayed?;
    terminal::print(|out| writeln!(out, "{told}"))?;
    Ok(closed?)
}

/// A replay over a whole state directory.
struct Replay<'a> {
    store: &'a Store,
    context: Context,
    source: Option<&'a str>,
}

impl Replay<'_> {
    /// Goes through the refused rows page by page; in each, profile by profile.
    fn run(&self) -> Result<serde_json::Value, Failure> {
        let runtime = tokio::runtime::Builder::new_current_thread().build()?;
        let mut writer = self.store.writer();
        let (mut after, mut accepted, mut updated, mut duplicate, mut still) = (0, 0, 0, 0, 0);
        loop {
            let rows = self.store.snapshot().rejected(after, PAGE)?;
            let Some(last) = rows.last() else { break };
            after = last.id;
            for (profile, (ids, rows)) in by_profile(rows, self.source) {
                let profile = Profile::load(&profile)?;
                let replayed = replay(&mut writer, &rows, &profile, &self.context)?;
                let done = ids
                    .into_iter()
                    .zip(&replayed.refusals)
                    .filter(|(_, refusal)| refusal.is_none());
                runtime.block_on(writer.forget_rejected(done.map(|(id, _)| id).collect()))?;
                accepted += replayed.summary.accepted;
                updated += replayed.summary.updated;
                duplicate += replayed.summary.duplicate;
                still += replayed.summary.rejected;
            }
        }
        let read = accepted + updated + duplicate + still;
        Ok(
            json!({"read": read, "accepted": accepted, "updated": updated, "duplicate": duplicate, "rejected": still}),
        )
    }
}

/// The numbers and rows of each profile, of one source if it is named.
fn by_profile(
    rows: Vec<RejectedRow>,
    source: Option<&str>,
) -> BTreeMap<String, (Vec<i64>, Vec<Refused>)> {
    let mut profiles: BTreeMap<String, (Vec<i64>, Vec<Refused>)> = BTreeMap::new();
    for row in rows
        .into_iter()
        .filter(|row| source.is_none_or(|source| row.refused.source == source))
    {
        let (ids, refused) = profiles.entry(row.refused.profile.clone()).or_default();
        ids.push(row.id);
        refused.push(row.refused);
    }
    profiles
}

fn shown(row: &RejectedRow, whole: bool) -> serde_json::Value {
    let RejectedRow {
        id,
        refused:
            Refused {
                source,
                profile,
                index,
                raw,
                refusal,
                received_at,
            },
    } = row;
    let mut shown = json!({
        "id": id,
        "received_at": received_at.to_rfc3339(),
        "source": source,
        "profile": profile,
        "index": index,
        "field": refusal.field,
        "value": refusal.value,
        "rule": refusal.rule,
        "message": refusal.message,
    });
    if whole {
        // A row that was read from columns is JSON; one that could not be read is text as it was sent.
        shown["raw"] = serde_json::from_str(raw).unwrap_or_else(|_| json!(raw));
    }
    shown
}

#[cfg(test)]
mod tests;
