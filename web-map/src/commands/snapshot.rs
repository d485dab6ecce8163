//! `citybrain snapshot`: the map as a picture, from a script.

use std::path::{Path, PathBuf};

use citybrain_grid::City;
use citybrain_query::Session;

use super::{Failure, init, sql};
use crate::config::Config;
use crate::error::HttpError;
use crate::http::params::Params;
use crate::pictures::{Bulletin, BulletinRequest, PictureRequest, Pictures, facts};
use crate::terminal;

/// Paint the map as a PNG or SVG, without a browser; works while a server runs on the same state directory
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// State directory
    #[arg(long, value_name = "DIR")]
    state_dir: PathBuf,
    /// The picture to write: .png or .svg
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    /// What GET /v1/snapshot.png takes: size=1600x900 bbox=116.3,39.8,116.5,40 from=2026-11-01 category=... lang=en
    #[arg(value_name = "NAME=VALUE")]
    parameters: Vec<String>,
}

/// Write the page that a street posts to its residents: HTML or PDF
#[derive(Debug, clap::Args)]
pub(crate) struct BulletinArgs {
    /// State directory
    #[arg(long, value_name = "DIR")]
    state_dir: PathBuf,
    /// The area, LEVEL:ID, or city
    #[arg(long, default_value = "city")]
    area: String,
    /// A month (2026-11), week (2026-W47), day (2026-11-23) or two days (2026-11-01..2026-11-15)
    #[arg(long)]
    period: String,
    /// zh or en [default: the city's main language]
    #[arg(long)]
    lang: Option<String>,
    /// The page to write: .html or .pdf
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
}

pub(crate) fn run(args: &Args) -> Result<(), Failure> {
    terminal::log("error");
    let as_svg = ending(&args.out, ["png", "svg"])? == "svg";
    let pairs = args
        .parameters
        .iter()
        .map(|pair| {
            pair.split_once('=')
                .map(|(name, value)| (name.to_owned(), value.to_owned()))
                .ok_or_else(|| Failure::Picture(format!("\"{pair}\" is not NAME=VALUE")))
        })
        .collect::<Result<Vec<_>, _>>()?;
    asked(&args.state_dir, async |session, city, pictures| {
        let request = PictureRequest::read(Params::of(pairs), city)?;
        let facts = facts(session, &request).await?;
        if as_svg {
            let drawing = pictures.drawing(city, &facts);
            return Ok(drawing.svg(&facts.title).into_bytes());
        }
        let painted = pictures.paint(city, &facts, request.renderer)?;
        painted.raster.png().map_err(HttpError::internal)
    })
    .and_then(|bytes| write(&args.out, &bytes))
}

pub(crate) fn bulletin(args: &BulletinArgs) -> Result<(), Failure> {
    terminal::log("error");
    let as_pdf = ending(&args.out, ["html", "pdf"])? == "pdf";
    asked(&args.state_dir, async |session, city, pictures| {
        let request = BulletinRequest::read(&args.area, &args.period, args.lang.as_deref(), city)?;
        let bulletin = Bulletin::read(session, &request).await?;
        if as_pdf {
            let page = bulletin.page(city, pictures).pdf(bulletin.title());
            return page.map_err(HttpError::internal);
        }
        Ok(bulletin.html(city, pictures).into_bytes())
    })
    .and_then(|bytes| write(&args.out, &bytes))
}

/// Asks the newest snapshot of a state directory.
fn asked(
    state_dir: &Path,
    ask: impl AsyncFnOnce(&Session, &City, &Pictures) -> Result<Vec<u8>, HttpError>,
) -> Result<Vec<u8>, Failure> {
    let snapshot = init::snapshot_of(state_dir)?;
    let city = std::sync::Arc::clone(&snapshot.city);
    let pictures = Pictures::new(Config::read(None)?.helper_program());
    let session = Session::new(snapshot, sql::limits());
    let runtime = tokio::runtime::Runtime::new()?;
    runtime
        .block_on(ask(&session, &city, &pictures))
        .map_err(|error| Failure::Picture(crate::error::one_line(&error)))
}

fn ending<'a>(path: &'a Path, known: [&str; 2]) -> Result<&'a str, Failure> {
    path.extension()
        .and_then(|ending| ending.to_str())
        .filter(|ending| known.contains(ending))
        .ok_or_else(|| {
            Failure::Picture(format!(
                "{}: must end in .{} or .{}",
                path.display(),
                known[0],
                known[1]
            ))
        })
}

fn write(path: &Path, bytes: &[u8]) -> Result<(), Failure> {
    std::fs::write(path, bytes).map_err(Failure::file(path))
}
