//! `citybrain demo`: the sample city with a history, served, and new complaints all the time.

mod feed;
mod history;

use std::fs;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};

use citybrain_ingest::city::read_city;
use citybrain_store::StateDir;

use super::serve::LOG;
use super::{Failure, init, serve};
use crate::config::Config;
use crate::{clock, terminal};

use self::history::History;

/// Make the sample city with some months of history, serve it, and keep new complaints coming in
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Where the city is kept; a second start goes on with it [default: citybrain/demo in the user's data folder]
    #[arg(long, value_name = "DIR")]
    state_dir: Option<PathBuf>,
    /// Address and port to listen on; loopback only
    #[arg(long, value_name = "ADDR", default_value_t = SocketAddr::from((Ipv4Addr::LOCALHOST, 8080)))]
    listen: SocketAddr,
    /// Complaints a second, on average
    #[arg(long, value_name = "N", default_value_t = 3.0)]
    rate: f64,
    /// Days of history, of a city that is made now
    #[arg(long, value_name = "N", default_value_t = 120, value_parser = clap::value_parser!(u32).range(1..=3660))]
    days: u32,
    /// Complaints a day, of a city that is made now
    #[arg(long, value_name = "N", default_value_t = 2000.0)]
    complaints_per_day: f64,
}

/// The sample city's files, relative to its folder.
const SAMPLE_CITY: [(&str, &[u8]); 4] = [
    (
        "city.toml",
        include_bytes!("../../../data/sample-city/city.toml"),
    ),
    (
        "areas/district.geojson.gz",
        include_bytes!("../../../data/sample-city/areas/district.geojson.gz"),
    ),
    (
        "areas/subdistrict.geojson.gz",
        include_bytes!("../../../data/sample-city/areas/subdistrict.geojson.gz"),
    ),
    (
        "areas/community.geojson.gz",
        include_bytes!("../../../data/sample-city/areas/community.geojson.gz"),
    ),
];

pub(crate) fn run(args: Args) -> Result<(), Failure> {
    terminal::log(LOG);
    if !args.listen.ip().is_loopback() {
        return Err(Failure::Exposed(args.listen));
    }
    let state_dir = args.state_dir.map_or_else(default_state_dir, Ok)?;
    let config = Config {
        listen: args.listen,
        ..Config::read(None)?
    };
    let history = match History::of(&state_dir)? {
        Some(history) => history,
        None if StateDir::open(&state_dir).is_ok() => return Err(Failure::NoDemo(state_dir)),
        None => History::new(clock::now(), args.days, args.complaints_per_day).begin(&state_dir)?,
    };
    if StateDir::open(&state_dir).is_err() {
        make_city(&state_dir)?;
    }
    serve::serve(
        &state_dir,
        config,
        |city, writer| history.complete(&state_dir, city, writer),
        |simulation, state| feed::start(simulation, state, args.rate),
        |address| format!("open http://{address} in a browser; Ctrl-C ends the demo"),
    )
}

/// Makes `state_dir` a state directory of the sample city.
fn make_city(state_dir: &Path) -> Result<(), Failure> {
    let folder = state_dir.join("sample-city.tmp");
    for (name, bytes) in SAMPLE_CITY {
        let file = folder.join(name);
        if let Some(folder) = file.parent() {
            fs::create_dir_all(folder).map_err(Failure::file(folder))?;
        }
        fs::write(&file, bytes).map_err(Failure::file(&file))?;
    }
    let city_file = folder.join("city.toml");
    let (city, _) = read_city(&city_file)?;
    init::init(&city_file, &city, state_dir)?;
    fs::remove_dir_all(&folder).map_err(Failure::file(&folder))
}

/// `citybrain/demo` in the user's data folder (XDG base directories).
fn default_state_dir() -> Result<PathBuf, Failure> {
    let set = |name| {
        std::env::var_os(name)
            .filter(|value| !value.is_empty())
            .map(PathBuf::from)
    };
    let data = set("XDG_DATA_HOME").or_else(|| set("HOME").map(|home| home.join(".local/share")));
    data.map(|data| data.join("citybrain").join("demo"))
        .ok_or(Failure::NoHome)
}
