//! `citybrain city`: reads a city and says what is wrong with it; makes the sample city.

use std::fs;
use std::path::{Path, PathBuf};

use citybrain_ingest::city;
use citybrain_synth::{SampleCity, SampleCitySpec, sample_city, write_files};

use super::Failure;
use crate::terminal;

/// Look at a city, or make one
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    /// Read a city and tell its levels, areas, parents, invalid rings, gaps, overlaps and cells; exit code 1 on errors
    Check {
        /// The city's file
        #[arg(value_name = "CITY.toml")]
        city: PathBuf,
        /// Tell it as JSON
        #[arg(long)]
        json: bool,
        /// Draw what is wrong as SVG
        #[arg(long, value_name = "FILE.svg")]
        picture: Option<PathBuf>,
    },
    /// Write the files of a generated city: nested areas with shared curved borders
    Generate {
        /// The folder to write to
        #[arg(long, value_name = "DIR")]
        out: PathBuf,
        /// Another seed gives another city
        #[arg(long, default_value_t = SampleCity::SEED)]
        seed: u64,
        /// Number of communities; districts and subdistricts follow
        #[arg(long, default_value_t = SampleCitySpec::default().communities)]
        communities: usize,
    },
}

pub(crate) fn run(args: Args) -> Result<(), Failure> {
    terminal::log("error");
    match args.command {
        Command::Check {
            city,
            json,
            picture,
        } => check(&city, json, picture.as_deref()),
        Command::Generate {
            out,
            seed,
            communities,
        } => generate(&out, seed, communities),
    }
}

fn check(city: &Path, json: bool, picture: Option<&Path>) -> Result<(), Failure> {
    let (city, report) = city::examine(city)?;
    if let Some(file) = picture {
        fs::write(file, city::picture(&city, &report)).map_err(Failure::file(file))?;
    }
    terminal::print(|out| -> std::io::Result<()> {
        if json {
            serde_json::to_writer_pretty(&mut *out, &report)?;
            writeln!(out)
        } else {
            writeln!(out, "{report}")
        }
    })?;
    if report.has_errors() {
        Err(Failure::Told)
    } else {
        Ok(())
    }
}

fn generate(out: &Path, seed: u64, communities: usize) -> Result<(), Failure> {
    let city = sample_city(seed, &SampleCitySpec::with_communities(communities))?;
    for (name, bytes) in write_files(&city) {
        let file = out.join(name);
        if let Some(folder) = file.parent() {
            fs::create_dir_all(folder).map_err(Failure::file(folder))?;
        }
        fs::write(&file, bytes).map_err(Failure::file(&file))?;
    }
    terminal::print(|text| writeln!(text, "{}", out.join("city.toml").display()))
}
