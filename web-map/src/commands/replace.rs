//! `citybrain replace`: history under other boundaries.

mod tell;

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Instant;

use citybrain_grid::City;
use citybrain_ingest::city::{self, NewBoundary};
use citybrain_store::{Changes, ReplaceError, Replacing, StateDir, changes_under};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use self::tell::Told;
use super::{Failure, init};
use crate::terminal;

/// Put history under other boundaries: every record gets its areas anew, by the boundaries of its own time.
///
/// Killed or cut off, it goes on where it was when it is started again; until it is finished the boundaries before count.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// State directory; no server may run on it, except for --dry-run
    #[arg(long, value_name = "DIR")]
    state_dir: PathBuf,
    /// The city's file with the new boundaries; only boundaries may differ
    #[arg(long, value_name = "CITY.toml", conflicts_with = "boundary")]
    city: Option<PathBuf>,
    /// A boundary file for a level, read as its newest one is: exchanges that one, or is a further version from DATE on; again
    /// for each level. Without --city and --boundary what was begun is finished
    #[arg(long, value_name = "LEVEL[@DATE]=FILE")]
    boundary: Vec<NewBoundary>,
    /// Say what would change, and change nothing
    #[arg(long)]
    dry_run: bool,
    /// Tell it as one JSON object
    #[arg(long)]
    json: bool,
    /// Give up what was begun and is not finished: the boundaries before stay
    #[arg(long, conflicts_with_all = ["city", "boundary", "dry_run", "json"])]
    give_up: bool,
}

pub(crate) fn run(args: &Args) -> Result<(), Failure> {
    terminal::log("warn");
    let started = Instant::now();
    let state = StateDir::open(&args.state_dir)?;
    let (from, _) = city::read_city(&state.city_file())?;
    if args.give_up {
        return give_up(&args.state_dir, &from);
    }
    let wanted = Wanted::of(args, &state)?;
    let unfinished = state.unfinished();
    if let (Some(wanted), Some(unfinished)) = (&wanted, &unfinished)
        && wanted.city.boundary_version() != unfinished.boundary_version
        && !args.dry_run
    {
        let (dir, begun) = (args.state_dir.clone(), unfinished.boundary_version.clone());
        return Err(ReplaceError::Unfinished { dir, begun }.into());
    }
    let wanted = match (wanted, unfinished) {
        (Some(wanted), _) => wanted,
        (None, Some(unfinished)) => Wanted::read(unfinished.city_file)?,
        (None, None) => return tell(args, &Told::nothing(&from)),
    };
    if wanted.city.boundary_version() == from.boundary_version() && state.unfinished().is_none() {
        return tell(args, &Told::nothing(&from));
    }
    let changes = if args.dry_run {
        changes_under(&*init::snapshot_of(&args.state_dir)?, &wanted.city)?
    } else {
        replace(&args.state_dir, &from, &wanted)?
    };
    let told = Told::new(
        &from,
        &wanted.city,
        &changes,
        args.dry_run,
        started.elapsed(),
    );
    tell(args, &told)
}

/// The city with the new boundaries, as it was asked for.
struct Wanted {
    file: PathBuf,
    city: City,
    /// Keeps a city file that was made for this run until the run ends.
    _draft: Option<Draft>,
}

impl Wanted {
    fn of(args: &Args, state: &StateDir) -> Result<Option<Self>, Failure> {
        if let Some(file) = &args.city {
            return Ok(Some(Self::read(file.clone())?));
        }
        if args.boundary.is_empty() {
            return Ok(None);
        }
        let text = city::with_boundaries(&state.city_file(), &args.boundary)?;
        let draft = Draft::write(&text)?;
        let wanted = Self::read(draft.file())?;
        Ok(Some(Self {
            _draft: Some(draft),
            ..wanted
        }))
    }

    fn read(file: PathBuf) -> Result<Self, Failure> {
        let (city, _) = city::read_city(&file)?;
        Ok(Self {
            file,
            city,
            _draft: None,
        })
    }
}

/// A city file in a folder of its own, gone when it is let go of.
struct Draft(PathBuf);

impl Draft {
    fn write(text: &str) -> Result<Self, Failure> {
        let folder = std::env::temp_dir().join(format!("citybrain-{}", std::process::id()));
        fs::create_dir_all(&folder).map_err(Failure::file(&folder))?;
        let draft = Self(folder);
        fs::write(draft.file(), text).map_err(Failure::file(&draft.file()))?;
        Ok(draft)
    }

    fn file(&self) -> PathBuf {
        self.0.join("city.toml")
    }
}

impl Drop for Draft {
    fn drop(&mut self) {
        // What stays of it is in the folder for what may go.
        fs::remove_dir_all(&self.0).ok();
    }
}

/// Brings the new city's files into the state directory, then places the records. What was begun before goes on.
fn replace(state_dir: &Path, from: &City, wanted: &Wanted) -> Result<Changes, Failure> {
    let mut replacing = Replacing::open(state_dir, from)?;
    if replacing.unfinished().is_none() {
        let place = replacing.folder(&wanted.city);
        let copy = state_dir.join("city.citybrain-tmp");
        for folder in [&copy, &place] {
            if folder.exists() {
                fs::remove_dir_all(folder).map_err(Failure::file(folder))?;
            }
        }
        city::copy_city(&wanted.file, &copy)?;
        fs::rename(&copy, &place).map_err(Failure::file(&place))?;
    }
    replacing.begin(&wanted.city)?;
    let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr());
    bar.set_style(
        ProgressStyle::with_template("placing {wide_bar} {pos}/{len} files, {eta} left")
            .expect("the template is well formed"),
    );
    let changes = replacing.run(&wanted.city, &mut |done, total| {
        bar.set_length(total as u64);
        bar.set_position(done as u64);
    });
    bar.finish_and_clear();
    Ok(changes?)
}

fn give_up(state_dir: &Path, from: &City) -> Result<(), Failure> {
    let given_up = Replacing::open(state_dir, from)?.give_up()?;
    let version = from.boundary_version();
    terminal::print(|out| {
        let what = if given_up {
            "given up"
        } else {
            "nothing was begun"
        };
        writeln!(out, "{what}: the boundaries {version} stay")
    })
}

fn tell(args: &Args, told: &Told) -> Result<(), Failure> {
    terminal::print(|out| -> std::io::Result<()> {
        if args.json {
            serde_json::to_writer(&mut *out, told)?;
            writeln!(out)
        } else {
            write!(out, "{told}")
        }
    })
}
