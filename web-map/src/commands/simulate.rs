//! `citybrain simulate`: a believable city from a seed, with facts planted that analyses should find.

use std::fs::{self, File};
use std::io::BufWriter;
use std::path::{Path, PathBuf};

use chrono::{Days, NaiveDate};
use citybrain_ingest::city;
use citybrain_synth::{SimulatedComplaint, SimulatedObservation, Simulation, SimulationSpec};

use super::{Failure, push};
use crate::{clock, terminal};

/// Simulate a city: write a history with what was planted in it, or push new complaints to a running server
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The city's file
    #[arg(long, value_name = "CITY.toml")]
    city: PathBuf,
    /// Days of history
    #[arg(long, default_value_t = 30, value_parser = clap::value_parser!(u32).range(1..=36_525))]
    days: u32,
    /// The last day of the history
    #[arg(long, value_name = "YYYY-MM-DD", default_value = "2026-09-30")]
    until: NaiveDate,
    /// The same seed gives the same bytes
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Complaints a day, on average
    #[arg(long, value_name = "N", default_value_t = 400.0)]
    complaints_per_day: f64,
    /// Sensors; each has one to three datastreams
    #[arg(long, value_name = "N", default_value_t = 20)]
    sensors: usize,
    /// What is planted in it; none leaves the same city with nothing to find
    #[arg(long, value_enum, default_value_t = Planted::All)]
    planted: Planted,
    #[command(flatten)]
    to: To,
    /// With --push: complaints a second, on average
    #[arg(long, value_name = "N", default_value_t = 3.0, requires = "push")]
    rate: f64,
    /// With --push: stop after this many seconds
    #[arg(long, value_name = "SECONDS", requires = "push")]
    seconds: Option<u64>,
}

/// Which facts a simulation plants.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Planted {
    /// Hotspots, periodic issues, bursts, leading sensors
    All,
    /// Nothing
    None,
}

#[derive(Debug, clap::Args)]
#[group(required = true, multiple = false)]
struct To {
    /// Write complaints.csv, observations.csv and truth.json to this folder
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Push new complaints to the server at this address until interrupted
    #[arg(long, value_name = "URL")]
    push: Option<String>,
}

pub(crate) fn run(args: Args) -> Result<(), Failure> {
    terminal::log("warn");
    let (city, _) = city::read_city(&args.city)?;
    let first = args
        .until
        .checked_sub_days(Days::new(u64::from(args.days) - 1))
        .unwrap_or(NaiveDate::MIN);
    let mut spec = SimulationSpec::of_days(city.time_zone, first, args.days, args.seed);
    spec.complaints_per_day = args.complaints_per_day;
    spec.sensors = args.sensors;
    spec.planted = args.planted == Planted::All;
    let simulation = Simulation::try_new(&city, &spec)?;
    match (args.to.out, args.to.push) {
        (_, Some(url)) => push::run(&simulation, &url, args.rate, args.seconds, clock::now),
        (Some(out), None) => write(&simulation, &out),
        (None, None) => Ok(()),
    }
}

/// Writes the history; what was planted comes last, so that a folder that has it is whole.
fn write(simulation: &Simulation, out: &Path) -> Result<(), Failure> {
    fs::create_dir_all(out).map_err(Failure::file(out))?;
    write_csv(
        &out.join("complaints.csv"),
        &SimulatedComplaint::COLUMNS,
        |writer| {
            simulation
                .complaints()
                .try_for_each(|complaint| complaint.write_csv(writer))
        },
    )?;
    write_csv(
        &out.join("observations.csv"),
        &SimulatedObservation::COLUMNS,
        |writer| {
            simulation
                .observations()
                .try_for_each(|observation| observation.write_csv(writer))
        },
    )?;
    let truth = out.join("truth.json");
    let text = serde_json::to_string_pretty(simulation.truth())
        .expect("texts and numbers have a form in JSON");
    fs::write(&truth, text + "\n").map_err(Failure::file(&truth))?;
    let totals = simulation.truth().totals;
    let totals = serde_json::to_string(&totals).expect("numbers have a form in JSON");
    terminal::print(|text| writeln!(text, "{totals}"))
}

fn write_csv(
    path: &Path,
    columns: &[&str],
    rows: impl FnOnce(&mut csv::Writer<BufWriter<File>>) -> csv::Result<()>,
) -> Result<(), Failure> {
    let file = File::create(path).map_err(Failure::file(path))?;
    let mut writer = csv::Writer::from_writer(BufWriter::new(file));
    let written = writer
        .write_record(columns)
        .and_then(|()| rows(&mut writer))
        .map_err(std::io::Error::from);
    written
        .and_then(|()| writer.flush())
        .map_err(Failure::file(path))
}
