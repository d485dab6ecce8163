//! The command line: one file a command.

mod backtest;
mod backup;
mod city;
mod demo;
mod failure;
mod import;
mod init;
mod key;
mod locate;
mod openapi;
mod push;
mod rejected;
mod remove;
mod replace;
mod serve;
mod simulate;
mod snapshot;
mod sql;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

pub(crate) use failure::Failure;

use crate::terminal;

/// A city's complaints and sensor feeds: placed exactly, kept durably, questioned continuously, shown live.
#[derive(Debug, Parser)]
#[command(name = "citybrain", version, about, max_term_width = 100)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Demo(demo::Args),
    Serve(serve::Args),
    City(city::Args),
    Init(init::Args),
    Import(import::Args),
    Replace(replace::Args),
    Locate(locate::Args),
    Sql(sql::Args),
    Backtest(backtest::Args),
    Snapshot(snapshot::Args),
    Bulletin(snapshot::BulletinArgs),
    Backup(backup::BackupArgs),
    Restore(backup::RestoreArgs),
    Verify(backup::VerifyArgs),
    Retain(remove::RetainArgs),
    Erase(remove::EraseArgs),
    Simulate(simulate::Args),
    Rejected(rejected::Args),
    Key(key::Args),
    Openapi(openapi::Args),
}

/// Reads the command line, runs the command, and tells what went wrong on one line of stderr. Exit code 0 when all was done,
/// 1 when it was not, 2 for wrong usage.
pub fn run() -> ExitCode {
    let cli = Cli::parse();
    let done = match cli.command {
        Command::Demo(args) => demo::run(args),
        Command::Serve(args) => serve::run(&args),
        Command::City(args) => city::run(args),
        Command::Init(args) => init::run(&args),
        Command::Import(args) => import::run(&args),
        Command::Replace(args) => replace::run(&args),
        Command::Locate(args) => locate::run(&args),
        Command::Sql(args) => sql::run(&args),
        Command::Backtest(args) => backtest::run(&args),
        Command::Snapshot(args) => snapshot::run(&args),
        Command::Bulletin(args) => snapshot::bulletin(&args),
        Command::Backup(args) => backup::backup(&args),
        Command::Restore(args) => backup::restore(&args),
        Command::Verify(args) => backup::verify(&args),
        Command::Retain(args) => remove::retain(&args),
        Command::Erase(args) => remove::erase(&args),
        Command::Simulate(args) => simulate::run(args),
        Command::Rejected(args) => rejected::run(args),
        Command::Key(args) => key::run(args),
        Command::Openapi(args) => openapi::run(&args),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            if let Some(message) = failure.message() {
                terminal::complain(&message);
            }
            ExitCode::FAILURE
        }
    }
}
