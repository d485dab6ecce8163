//! The aligned grid of a state directory: worked out once, which takes seconds, then read.
//!
//! The file is only a memory: it can be made anew from the city at any time, so whatever is wrong with it is logged and mended, and
//! no question fails because of it.

use std::fs::{self, File};
use std::io::{self, BufReader, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread;
use std::time::Instant;

use citybrain_grid::City;
use citybrain_grid::aligned::{self, AlignedError, AlignedGrid, AlignedReadError};

/// The city of a state directory, whose aligned grid is read from there when it is first asked for; or made, and written there.
pub(crate) fn kept(city: City, state_dir: &Path) -> City {
    let file = state_dir.join(FILE);
    city.with_aligned_from(move |city| read_or_make(&file, city))
}

/// Has the aligned grid ready before it is asked for: on a thread of its own, for which a server that stops need not wait.
pub(crate) fn warm(city: &Arc<City>) {
    let city = Arc::clone(city);
    let started = thread::Builder::new()
        .name("aligned".to_owned())
        .spawn(move || {
            if let Err(error) = aligned::of(&city) {
                tracing::warn!(%error, "no_aligned_grid");
            }
        });
    if let Err(error) = started {
        tracing::warn!(%error, "aligned_grid_not_begun");
    }
}

const FILE: &str = "aligned-cells.bin";

fn read_or_make(file: &Path, city: &City) -> Result<AlignedGrid, AlignedError> {
    let start = Instant::now();
    let seconds = || start.elapsed().as_secs_f64();
    match read(file, city) {
        Ok(grid) => {
            tracing::info!(cells = grid.len(), seconds = seconds(), "aligned_grid_read");
            return Ok(grid);
        }
        Err(Unusable::Bytes(AlignedReadError::Io(error)))
            if error.kind() == io::ErrorKind::NotFound => {}
        Err(error) => {
            tracing::warn!(file = %file.display(), %error, "aligned_grid_made_again");
        }
    }
    let grid = aligned::make(city)?;
    tracing::info!(cells = grid.len(), seconds = seconds(), "aligned_grid_made");
    if let Err(error) = write(&grid, file) {
        tracing::warn!(file = %file.display(), %error, "aligned_grid_not_kept");
    }
    Ok(grid)
}

/// Why the file's grid is not the city's.
#[derive(Debug, thiserror::Error)]
enum Unusable {
    #[error(transparent)]
    Bytes(#[from] AlignedReadError),
    #[error("the aligned grid is of another resolution or of boundaries that are not the latest")]
    Other,
}

fn read(file: &Path, city: &City) -> Result<AlignedGrid, Unusable> {
    let bytes = File::open(file).map_err(AlignedReadError::Io)?;
    let grid = AlignedGrid::read(BufReader::with_capacity(1 << 20, bytes), city)?;
    if grid.is_latest(city) {
        Ok(grid)
    } else {
        Err(Unusable::Other)
    }
}

/// The file appears whole or not at all, also when several processes write it at once.
fn write(grid: &AlignedGrid, file: &Path) -> io::Result<()> {
    let draft = PathBuf::from(format!("{}.{}.tmp", file.display(), std::process::id()));
    let written = write_to(grid, &draft).and_then(|()| fs::rename(&draft, file));
    if written.is_err() {
        fs::remove_file(&draft).ok();
    }
    written
}

fn write_to(grid: &AlignedGrid, draft: &Path) -> io::Result<()> {
    let mut out = BufWriter::new(File::create(draft)?);
    grid.write(&mut out)?;
    out.flush()?;
    out.get_ref().sync_all()
}

#[cfg(test)]
mod tests;
