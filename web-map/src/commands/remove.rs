//! `citybrain erase` and `citybrain retain`: what goes for good.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use citybrain_store::{Control, StateDir, Store, StoreOptions};
use serde_json::json;

use super::{Failure, init};
use crate::config::Config;
use crate::erasure::How;
use crate::retention::{OfSource, Retention, TableWord};
use crate::{clock, erasure, terminal};

/// Erase a complaint with its steps, also from the history; where a server runs, ask it: DELETE /v1/complaints/SOURCE/ID
#[derive(Debug, clap::Args)]
pub(crate) struct EraseArgs {
    /// State directory
    #[arg(long, value_name = "DIR")]
    state_dir: PathBuf,
    /// The source that the id belongs to
    #[arg(long, value_name = "S")]
    source: String,
    /// The complaint's id within the source
    #[arg(long, value_name = "ID")]
    id: String,
    /// Keep its rows in all counts, without address, text, tags, actors and reasons, and with a position of about 110 m
    #[arg(long)]
    mask: bool,
}

/// Take out records that are older than they are to be kept; a server does it by itself every hour
#[derive(Debug, clap::Args)]
pub(crate) struct RetainArgs {
    /// State directory
    #[arg(long, value_name = "DIR")]
    state_dir: PathBuf,
    /// File of settings with a [retention]
    #[arg(long, value_name = "FILE", required_unless_present = "table")]
    config: Option<PathBuf>,
    /// A table, instead of the settings
    #[arg(long, requires = "days", conflicts_with = "config")]
    table: Option<TableWord>,
    /// Days that its records are kept
    #[arg(long, value_name = "N", requires = "table")]
    days: Option<u32>,
    /// Only the records of this source
    #[arg(long, value_name = "S", requires = "table")]
    source: Option<String>,
}

/// Who did it, in the audit trail.
const ACTOR: &str = "command line";

pub(crate) fn erase(args: &EraseArgs) -> Result<(), Failure> {
    terminal::log("error");
    let (store, control) = open(&args.state_dir)?;
    let runtime = tokio::runtime::Runtime::new()?;
    let writer = store.writer();
    let now = clock::now();
    let how = if args.mask { How::Mask } else { How::Erase };
    let erased = runtime.block_on(erasure::erase(
        how,
        &writer,
        &control,
        &args.source,
        &args.id,
        ACTOR,
        now,
    ));
    store.close()?;
    let told = serde_json::to_string(&erased?).unwrap_or_default();
    terminal::print(|out| writeln!(out, "{told}"))
}

pub(crate) fn retain(args: &RetainArgs) -> Result<(), Failure> {
    terminal::log("error");
    let retention = match (args.table, args.days, &args.source) {
        (Some(table), Some(days), source) => of_table(table, days, source.clone()),
        _ => Config::read(args.config.as_deref())?.retention,
    };
    let (store, control) = open(&args.state_dir)?;
    let runtime = tokio::runtime::Runtime::new()?;
    let writer = store.writer();
    let applied = retention.apply(&writer, &control, ACTOR, clock::now());
    let went = runtime.block_on(applied);
    store.close()?;
    let told = json!({ "removed": went? });
    terminal::print(|out| writeln!(out, "{told}"))
}

fn of_table(table: TableWord, days: u32, source: Option<String>) -> Retention {
    let mut retention = Retention::default();
    match (source, table) {
        (Some(source), table) => retention.source.push(OfSource {
            source,
            table,
            days,
        }),
        (None, TableWord::Complaints) => retention.complaints = Some(days),
        (None, TableWord::ComplaintEvents) => retention.complaint_events = Some(days),
        (None, TableWord::Observations) => retention.observations = Some(days),
    }
    retention
}

/// The store, which keeps no replaced file: nobody else reads it.
fn open(state_dir: &Path) -> Result<(Store, Control), Failure> {
    let city = Arc::new(init::city_of(state_dir)?);
    let options = StoreOptions {
        keep_replaced: Duration::ZERO,
        ..StoreOptions::default()
    };
    let store = Store::open(state_dir, city, options)?;
    Ok((store, Control::open(&StateDir::open(state_dir)?)?))
}
