//! `citybrain openapi`: the API described.

use super::Failure;
use crate::{app, terminal};

/// Print the OpenAPI 3.1 document of the HTTP API
#[derive(Debug, clap::Args)]
pub(crate) struct Args {}

pub(crate) fn run(_: &Args) -> Result<(), Failure> {
    let document = app::openapi();
    terminal::print(|out| -> std::io::Result<()> {
        serde_json::to_writer_pretty(&mut *out, &document)?;
        writeln!(out)
    })
}
