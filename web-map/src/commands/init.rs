//! `citybrain init`: a state directory for a city.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use citybrain_grid::City;
use citybrain_ingest::{PlaceNames, city};
use citybrain_store::{OpenError, Snapshot, StateDir, Store};

use super::Failure;
use crate::{aligned, terminal};

/// Make a state directory for a city
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The city's file, beside its boundary files
    #[arg(long, value_name = "CITY.toml")]
    city: PathBuf,
    /// The directory to make; one of the same city is left as it is, but for the city's roads and calendars
    #[arg(long, value_name = "DIR")]
    state_dir: PathBuf,
    /// Keep the history elsewhere: `s3://BUCKET/PREFIX` (credentials and endpoint in the environment, as for other programs), or a folder
    #[arg(long, value_name = "URL")]
    lake: Option<String>,
}

pub(crate) fn run(args: &Args) -> Result<(), Failure> {
    terminal::log("error");
    let city = Arc::new(city::read_city(&args.city)?.0);
    // A file of names that is wrong is told now, not at the first import.
    city::read_place_names(&args.city, Arc::clone(&city))?;
    init_with_lake(&args.city, &city, &args.state_dir, args.lake.as_deref())?;
    // Roads and calendars place no record, so others may take their place at any time.
    let copy = StateDir::open(&args.state_dir)?.city_file();
    city::copy_roads(&args.city, &copy)?;
    city::copy_calendars(&args.city, &copy)?;
    // A city that has no aligned grid is a city all the same; the server says so.
    citybrain_grid::aligned::of(&city_of(&args.state_dir)?).ok();
    terminal::print(|out| {
        writeln!(
            out,
            "{}: state directory of {}",
            args.state_dir.display(),
            city.name
        )
    })
}

/// Makes `state_dir` the state directory of the city in `city_file`: copies its files, then lets the store write down whose it
/// is. Either all of it is there afterwards or it is no state directory. One that is there already stays as it is.
///
/// # Errors
/// When it is the state directory of another city or of a newer version, or a file cannot be read or written.
pub(super) fn init(city_file: &Path, city: &City, state_dir: &Path) -> Result<(), Failure> {
    init_with_lake(city_file, city, state_dir, None)
}

fn init_with_lake(
    city_file: &Path,
    city: &City,
    state_dir: &Path,
    lake: Option<&str>,
) -> Result<(), Failure> {
    match StateDir::open(state_dir) {
        Ok(_) => {
            StateDir::create_with_lake(state_dir, city, lake)?;
            return Ok(());
        }
        Err(OpenError::Missing { .. }) => {}
        Err(error) => return Err(error.into()),
    }
    fs::create_dir_all(state_dir).map_err(Failure::file(state_dir))?;
    let place = state_dir.join("city");
    if place.exists() {
        // An earlier attempt may have come this far. Anything else is not ours to replace.
        let found = city::read_city(&place.join("city.toml")).ok();
        if found.is_none_or(|(found, _)| found.fingerprint != city.fingerprint) {
            return Err(Failure::Occupied(place));
        }
    } else {
        let copy = state_dir.join("city.citybrain-tmp");
        if copy.exists() {
            fs::remove_dir_all(&copy).map_err(Failure::file(&copy))?;
        }
        city::copy_city(city_file, &copy)?;
        fs::rename(&copy, &place).map_err(Failure::file(&place))?;
    }
    StateDir::create_with_lake(state_dir, city, lake)?;
    Ok(())
}

/// The city of a state directory. When other boundaries are taking the place of its own, a line on stderr says that they do not
/// count yet.
///
/// # Errors
/// When it is no state directory, or its copy of the city cannot be read.
pub(super) fn city_of(state_dir: &Path) -> Result<City, Failure> {
    let state = StateDir::open(state_dir)?;
    let (city, _) = city::read_city(&state.city_file())?;
    if let Some(unfinished) = state.unfinished() {
        terminal::complain(&format!(
            "the replacement by the boundaries {} is not finished (`citybrain replace --state-dir {}` finishes it); \
             until then the boundaries {} count",
            unfinished.boundary_version,
            state_dir.display(),
            city.boundary_version()
        ));
    }
    Ok(aligned::kept(city, state_dir))
}

/// The newest snapshot of a state directory, also while another process writes to it or replaces its boundaries.
///
/// # Errors
/// As [`city_of`], and when the records cannot be read.
pub(super) fn snapshot_of(state_dir: &Path) -> Result<Arc<Snapshot>, Failure> {
    /// The change to other boundaries takes a moment, in which the city and the records are read anew.
    const TRIES: u32 = 20;
    const PAUSE: Duration = Duration::from_millis(100);
    let mut tries = 0;
    loop {
        tries += 1;
        let city = Arc::new(city_of(state_dir)?);
        match Store::open_read_only(state_dir, city) {
            Err(OpenError::Changing { .. } | OpenError::OtherCity { .. }) if tries < TRIES => {
                std::thread::sleep(PAUSE);
            }
            snapshot => return Ok(snapshot?),
        }
    }
}

/// The names by which the records of a state directory's city are placed.
///
/// # Errors
/// When its copy of the files of names cannot be read.
pub(super) fn place_names_of(
    state_dir: &Path,
    city: &Arc<City>,
) -> Result<Arc<PlaceNames>, Failure> {
    let names = city::read_place_names(&StateDir::open(state_dir)?.city_file(), Arc::clone(city))?;
    Ok(Arc::new(names))
}

#[cfg(test)]
mod tests;
