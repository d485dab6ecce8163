//! `citybrain import`: history and exports come in.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use citybrain_ingest::{
    Context, DryRun, Import, ImportError, PlaceCheck, Profile, Progress, Sink, Summary, check_place,
};
use citybrain_store::Store;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::{Failure, init};
use crate::config::Config;
use crate::{clock, terminal};

/// Import files: CSV, TSV, NDJSON, JSON, GeoJSON, Parquet, Arrow, XLSX, also .gz and .zst; prints a summary as JSON
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// State directory
    #[arg(long, value_name = "DIR")]
    state_dir: PathBuf,
    /// How the files are read: the name of a source profile that comes with the program, or the path of one
    #[arg(long, value_name = "PROFILE")]
    source: String,
    /// Read and place everything, keep nothing
    #[arg(long)]
    dry_run: bool,
    /// Keep nothing, but tell whether the coordinates lie in the areas that the records name, by the profile's coordinate system
    /// and by others, and which positions repeat beyond chance
    #[arg(long, conflicts_with = "dry_run")]
    check_place: bool,
    /// With --check-place: tell it as JSON
    #[arg(long, requires = "check_place")]
    json: bool,
    /// The files, in order
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
}

pub(crate) fn run(args: &Args) -> Result<(), Failure> {
    terminal::log("warn");
    let profile = Profile::load(&args.source)?;
    let city = Arc::new(init::city_of(&args.state_dir)?);
    let place_names = init::place_names_of(&args.state_dir, &city)?;
    let context = Context {
        source: None,
        city_zone: city.time_zone,
        received_at: clock::now(),
        place_names: Some(Arc::clone(&place_names)),
    };
    if args.check_place {
        let check = check_place(&args.files, &profile, &context, &place_names)?;
        return tell_check(&check, args.json);
    }
    if args.dry_run {
        return tell(import(
            &mut DryRun::new(&city),
            &args.files,
            profile,
            context,
        ));
    }
    let store = Store::open(&args.state_dir, city, Config::read(None)?.store_options()?)?;
    let imported = import(&mut store.writer(), &args.files, profile, context);
    let closed = store.close();
    tell(imported)?;
    Ok(closed?)
}

fn import(
    sink: &mut dyn Sink,
    files: &[PathBuf],
    profile: Arc<Profile>,
    context: Context,
) -> Result<Summary, ImportError> {
    let mut bar = Bar::new();
    let mut progress = |progress: Progress<'_>| bar.show(progress);
    citybrain_ingest::import(
        sink,
        files,
        Import {
            profile,
            context,
            progress: &mut progress,
        },
    )
}

fn tell_check(check: &PlaceCheck, json: bool) -> Result<(), Failure> {
    terminal::print(|out| -> std::io::Result<()> {
        if json {
            serde_json::to_writer_pretty(&mut *out, check)?;
            writeln!(out)
        } else {
            writeln!(out, "{check}")
        }
    })
}

/// Prints the summary, also of an import that broke off after it had kept something.
fn tell(imported: Result<Summary, ImportError>) -> Result<(), Failure> {
    let (summary, error) = match imported {
        Ok(summary) => (summary, None),
        Err(error) => (error.summary().clone(), Some(error)),
    };
    if error.is_none() || summary.read > 0 {
        terminal::print(|out| -> std::io::Result<()> {
            serde_json::to_writer(&mut *out, &summary)?;
            writeln!(out)
        })?;
    }
    error.map_or(Ok(()), |error| Err(error.into()))
}

/// How far the import is, on a terminal's stderr; elsewhere nothing is shown.
struct Bar {
    bar: ProgressBar,
    file: PathBuf,
}

impl Bar {
    fn new() -> Self {
        let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr());
        Self {
            bar,
            file: PathBuf::new(),
        }
    }

    fn show(&mut self, progress: Progress<'_>) {
        if self.file != progress.file {
            progress.file.clone_into(&mut self.file);
            self.bar.set_style(style(progress.bytes_total));
            self.bar.set_length(progress.bytes_total);
            self.bar.set_prefix(name(progress.file));
        }
        self.bar.set_position(progress.bytes_read);
        self.bar.set_message(format!("{} records", progress.read));
    }
}

impl Drop for Bar {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}

fn style(bytes_total: u64) -> ProgressStyle {
    let template = match bytes_total {
        0 => "{prefix} {spinner} {bytes} {msg}",
        _ => "{prefix} {wide_bar} {bytes}/{total_bytes} {msg}, {eta} left",
    };
    ProgressStyle::with_template(template).expect("the template is well formed")
}

fn name(file: &Path) -> String {
    file.file_name()
        .unwrap_or_default()
        .to_string_lossy()
        .into_owned()
}
