//! The layout of a state directory and what it says about itself.
//!
//! `state.json` names the format and the city, `city/` holds a copy of the city's files, `journal.db` the journal and control
//! state, `lake/` the Delta tables, `lock` the writing process. Beside them the server keeps `aligned-cells.bin`, which it can make
//! again from the city.

use std::path::{Path, PathBuf};

use citybrain_grid::City;
use serde::{Deserialize, Serialize};

use crate::OpenError;
use crate::journal::Journal;

/// The format of state directories that this version writes, and the newest that it reads.
pub const FORMAT: u32 = 1;

/// A state directory that exists and is of a readable format.
#[derive(Debug, Clone)]
pub struct StateDir {
    path: PathBuf,
    about: About,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
struct About {
    format: u32,
    city: CityAbout,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
struct CityAbout {
    name: String,
    /// The city's fingerprint as 16 hex digits (JSON numbers end at 2^53).
    fingerprint: String,
}

impl StateDir {
    /// Makes `path` the state directory of `city`. The caller has put the city's files into `city/` before; the state file
    /// comes last and at once, so a directory is a state directory or it is not. Does nothing when it is that already.
    ///
    /// # Errors
    /// [`OpenError::OtherCity`] and [`OpenError::Newer`] when `path` is another's state directory; file errors by name.
    pub fn create(path: &Path, city: &City) -> Result<Self, OpenError> {
        if path.join(STATE_FILE).exists() {
            let dir = Self::open(path)?;
            dir.belongs_to(city)?;
            return Ok(dir);
        }
        let about = About {
            format: FORMAT,
            city: CityAbout {
                name: city.name.clone(),
                fingerprint: hex(city.fingerprint),
            },
        };
        std::fs::create_dir_all(path.join("lake")).map_err(|source| io(path, source))?;
        Journal::open(&path.join(JOURNAL_FILE))?;
        let text =
            serde_json::to_string_pretty(&about).expect("a struct of text and numbers is JSON");
        let (draft, file) = (path.join("state.json.tmp"), path.join(STATE_FILE));
        std::fs::write(&draft, text + "\n").map_err(|source| io(&draft, source))?;
        std::fs::rename(&draft, &file).map_err(|source| io(&file, source))?;
        Ok(Self {
            path: path.to_owned(),
            about,
        })
    }

    /// Opens the state directory `path`.
    ///
    /// # Errors
    /// [`OpenError::Missing`] when it is none, [`OpenError::Newer`], [`OpenError::BadState`].
    pub fn open(path: &Path) -> Result<Self, OpenError> {
        let file = path.join(STATE_FILE);
        let text = match std::fs::read_to_string(&file) {
            Ok(text) => text,
            Err(cause)
                if matches!(
                    cause.kind(),
                    std::io::ErrorKind::NotFound | std::io::ErrorKind::NotADirectory
                ) =>
            {
                return Err(OpenError::Missing {
                    dir: path.to_owned(),
                });
            }
            Err(source) => return Err(io(&file, source)),
        };
        let bad = |cause: serde_json::Error| OpenError::BadState {
            path: file.clone(),
            reason: cause.to_string(),
        };
        // The format is read first and alone: a newer one may have changed everything else.
        let Format { format } = serde_json::from_str(&text).map_err(bad)?;
        if format > FORMAT {
            return Err(OpenError::Newer {
                dir: path.to_owned(),
                found: format,
                known: FORMAT,
            });
        }
        Ok(Self {
            path: path.to_owned(),
            about: serde_json::from_str(&text).map_err(bad)?,
        })
    }

    /// Is this the state directory of `city`, with these boundaries?
    ///
    /// # Errors
    /// [`OpenError::OtherCity`] when it is not.
    pub fn belongs_to(&self, city: &City) -> Result<(), OpenError> {
        if self.about.city.fingerprint == hex(city.fingerprint) {
            return Ok(());
        }
        Err(OpenError::OtherCity {
            dir: self.path.clone(),
            found: self.about.city.name.clone(),
            wanted: city.name.clone(),
        })
    }

    /// The directory.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The copy of the city's `city.toml`.
    pub fn city_file(path: &Path) -> PathBuf {
        path.join("city").join("city.toml")
    }

    pub(crate) fn journal_file(&self) -> PathBuf {
        self.path.join(JOURNAL_FILE)
    }

    pub(crate) fn lake_dir(&self) -> PathBuf {
        self.path.join("lake")
    }
}

const STATE_FILE: &str = "state.json";
const JOURNAL_FILE: &str = "journal.db";

#[derive(Deserialize)]
struct Format {
    format: u32,
}

fn hex(fingerprint: u64) -> String {
    format!("{fingerprint:016x}")
}

fn io(path: &Path, source: std::io::Error) -> OpenError {
    OpenError::Io {
        path: path.to_owned(),
        source,
    }
}
