//! `citybrain backup`, `restore` and `verify`: copies of a state directory, and whether it is whole.

use std::path::PathBuf;

use citybrain_store::{Backup, Check};

use super::{Failure, init};
use crate::terminal;

/// Copy a state directory into a new folder; works while a server runs on it
#[derive(Debug, clap::Args)]
pub(crate) struct BackupArgs {
    /// State directory
    #[arg(long, value_name = "DIR")]
    state_dir: PathBuf,
    /// The folder to make
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
}

/// Make a state directory from a backup, on this machine or another one
#[derive(Debug, clap::Args)]
pub(crate) struct RestoreArgs {
    /// The backup's folder
    #[arg(long, value_name = "DIR")]
    from: PathBuf,
    /// The state directory to make
    #[arg(long, value_name = "DIR")]
    state_dir: PathBuf,
    /// Put the history elsewhere: `s3://BUCKET/PREFIX`, or a folder, where nothing is yet
    #[arg(long, value_name = "URL")]
    lake: Option<String>,
}

/// Check that what a state directory or a backup keeps is whole: exit 1 when it is not
#[derive(Debug, clap::Args)]
pub(crate) struct VerifyArgs {
    /// State directory, or the folder of a backup
    #[arg(long, value_name = "DIR")]
    state_dir: PathBuf,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

pub(crate) fn backup(args: &BackupArgs) -> Result<(), Failure> {
    terminal::log("error");
    let backup = Backup::make(&args.state_dir, &args.out)?;
    tell(&args.out, "backup", &backup)
}

pub(crate) fn restore(args: &RestoreArgs) -> Result<(), Failure> {
    terminal::log("error");
    let backup = Backup::restore(&args.from, &args.state_dir, args.lake.as_deref())?;
    tell(&args.state_dir, "restored", &backup)
}

fn tell(place: &std::path::Path, what: &str, backup: &Backup) -> Result<(), Failure> {
    let bytes: u64 = backup.files.iter().map(|file| file.bytes).sum();
    terminal::print(|out| {
        writeln!(
            out,
            "{}: {what}, {} files, {bytes} bytes, everything up to sequence number {}",
            place.display(),
            backup.files.len(),
            backup.seq
        )
    })
}

pub(crate) fn verify(args: &VerifyArgs) -> Result<(), Failure> {
    terminal::log("off");
    let mut checks = Vec::new();
    if args.state_dir.join("backup.json").exists() {
        let backup = Backup::open(&args.state_dir)?;
        let damages = backup.damages(&args.state_dir);
        checks.push(Check {
            what: "backup".to_owned(),
            found: format!("{} files by size and checksum", backup.files.len()),
            problems: damages.iter().map(ToString::to_string).collect(),
        });
    }
    let city = init::city_of(&args.state_dir)?;
    checks.extend(citybrain_store::verify(&args.state_dir, &city)?);
    let whole = checks.iter().all(|check| check.problems.is_empty());
    terminal::print(|out| {
        if args.json {
            let text = serde_json::json!({ "whole": whole, "checks": checks });
            return writeln!(out, "{text}");
        }
        for check in &checks {
            let word = if check.problems.is_empty() {
                "ok"
            } else {
                "DAMAGED"
            };
            writeln!(out, "{word:8} {}: {}", check.what, check.found)?;
            for problem in &check.problems {
                writeln!(out, "         {problem}")?;
            }
        }
        Ok(())
    })?;
    if whole { Ok(()) } else { Err(Failure::Told) }
}
