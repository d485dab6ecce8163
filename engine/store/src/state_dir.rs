//! The layout of a state directory and what it says about itself.
//!
//! `state.json` names the format and the city, `city/` (or `city-VERSION/`, since its boundaries were replaced) holds a copy of the
//! city's files, `journal.db` the journal, `control.db` the control state, `lake/` the Delta tables, `identities/` which records
//! are there (it can be made again from the lake), `lock` the writing process. Beside them the
//! server keeps `aligned-cells.bin`, which it can make again from the city.

use std::collections::BTreeMap;
use std::io::Write;
use std::path::{Path, PathBuf};

use citybrain_grid::City;
use serde::{Deserialize, Serialize};

use crate::journal::Journal;
use crate::lake::LakeDir;
use crate::{JournalError, OpenError, Table};

/// The format of state directories that this version writes, and the newest that it reads.
pub const FORMAT: u32 = 1;

/// A state directory that exists and is of a readable format.
#[derive(Debug, Clone)]
pub struct StateDir {
    path: PathBuf,
    about: About,
    lake: LakeDir,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
struct About {
    format: u32,
    city: CityAbout,
    /// Where the lake is, when it is not in the directory: `s3://bucket/prefix`, or another folder.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    lake: Option<String>,
    /// Names the directory in a lake that is elsewhere.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    id: Option<String>,
    /// Boundaries that are taking the place of the city's, until all records are placed by them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    replacing: Option<ReplacingAbout>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
struct CityAbout {
    name: String,
    /// The city's fingerprint as 16 hex digits (JSON numbers end at 2^53).
    fingerprint: String,
    /// The folder with the copy of its files.
    #[serde(default = "first_folder")]
    folder: String,
    /// How often records were placed anew; the lake's tables carry the same number.
    #[serde(default)]
    generation: i64,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
struct ReplacingAbout {
    boundary_version: String,
    city: CityAbout,
    /// While the lake's tables change over, one after another: the versions that hold the old places, by table.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pinned: Option<BTreeMap<String, u64>>,
}

/// A replacement of the boundaries that is not finished.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unfinished {
    /// The name of the new boundaries.
    pub boundary_version: String,
    /// The copy of the new city's `city.toml`.
    pub city_file: PathBuf,
    /// All records are placed, and the tables are changing over: it can only be finished.
    pub switching: bool,
}

impl StateDir {
    /// Makes `path` the state directory of `city`. The caller has put the city's files into `city/` before; the state file
    /// comes last and at once, so a directory is a state directory or it is not. Does nothing when it is that already.
    ///
    /// # Errors
    /// [`OpenError::OtherCity`] and [`OpenError::Newer`] when `path` is another's state directory; file errors by name.
    pub fn create(path: &Path, city: &City) -> Result<Self, OpenError> {
        Self::create_with_lake(path, city, None)
    }

    /// [`StateDir::create`] with the history elsewhere: `lake` is a URL of S3 (`s3://bucket/prefix`) or a folder.
    ///
    /// # Errors
    /// As [`StateDir::create`], and when `lake` is no place for tables, or `path` has its history elsewhere already.
    pub fn create_with_lake(
        path: &Path,
        city: &City,
        lake: Option<&str>,
    ) -> Result<Self, OpenError> {
        if path.join(STATE_FILE).exists() {
            let dir = Self::open(path)?;
            dir.belongs_to(city)?;
            if lake.is_some() && dir.about.lake.as_deref() != lake {
                let reason = format!(
                    "its history is at {}, not at {}",
                    dir.about.lake.as_deref().unwrap_or("lake/"),
                    lake.unwrap_or_default()
                );
                let path = path.join(STATE_FILE);
                return Err(OpenError::BadState { path, reason });
            }
            return Ok(dir);
        }
        let about = About {
            format: FORMAT,
            city: CityAbout {
                name: city.name.clone(),
                fingerprint: hex(city.fingerprint),
                folder: first_folder(),
                generation: 0,
            },
            lake: lake.map(str::to_owned),
            id: None,
            replacing: None,
        };
        let lake = lake_of(path, &about)?;
        let folder = lake.folder().unwrap_or(path);
        std::fs::create_dir_all(path).map_err(|source| io(path, source))?;
        std::fs::create_dir_all(folder).map_err(|source| io(folder, source))?;
        Journal::open(&path.join(JOURNAL_FILE))?;
        let dir = Self {
            path: path.to_owned(),
            about,
            lake,
        };
        dir.save()?;
        Ok(dir)
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
        let about = serde_json::from_str(&text).map_err(bad)?;
        Ok(Self {
            lake: lake_of(path, &about)?,
            path: path.to_owned(),
            about,
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
    pub fn city_file(&self) -> PathBuf {
        self.path.join(&self.about.city.folder).join(CITY_FILE)
    }

    /// The replacement of the boundaries that was begun and not finished, if there is one. Until it is finished every answer is
    /// by the boundaries before it.
    pub fn unfinished(&self) -> Option<Unfinished> {
        let replacing = self.about.replacing.as_ref()?;
        Some(Unfinished {
            boundary_version: replacing.boundary_version.clone(),
            city_file: self.path.join(&replacing.city.folder).join(CITY_FILE),
            switching: replacing.pinned.is_some(),
        })
    }

    /// May records be added? Not while the tables change over to other boundaries.
    ///
    /// # Errors
    /// [`OpenError::Switching`].
    pub(crate) fn is_still(&self) -> Result<(), OpenError> {
        match self.unfinished() {
            Some(unfinished) if unfinished.switching => Err(OpenError::Switching {
                dir: self.path.clone(),
            }),
            _ => Ok(()),
        }
    }

    /// How often records were placed anew.
    pub(crate) const fn generation(&self) -> i64 {
        self.about.city.generation
    }

    /// The version of a table that holds the places by the city's boundaries, when its newest may hold other ones.
    pub(crate) fn pinned(&self, table: Table) -> Option<u64> {
        let replacing = self.about.replacing.as_ref()?;
        replacing.pinned.as_ref()?.get(table.as_str()).copied()
    }

    /// The folder, in the state directory, for the files of a city with other boundaries.
    pub(crate) fn folder_for(&self, city: &City) -> PathBuf {
        self.path.join(folder_name(city))
    }

    /// Writes down that the boundaries of `city` are to take the place of the present ones.
    pub(crate) fn begin_replacing(&mut self, city: &City) -> Result<(), OpenError> {
        let next = i64::from(hex(city.fingerprint) != self.about.city.fingerprint);
        self.about.replacing = Some(ReplacingAbout {
            boundary_version: city.boundary_version(),
            city: CityAbout {
                name: city.name.clone(),
                fingerprint: hex(city.fingerprint),
                folder: folder_name(city),
                generation: self.about.city.generation + next,
            },
            pinned: None,
        });
        self.save()
    }

    /// Writes down the versions that readers are to keep to while the tables change over.
    pub(crate) fn pin(&mut self, versions: BTreeMap<String, u64>) -> Result<(), OpenError> {
        if let Some(replacing) = &mut self.about.replacing {
            replacing.pinned = Some(versions);
        }
        self.save()
    }

    /// The number that the tables carry when their records are placed by the new boundaries.
    pub(crate) fn next_generation(&self) -> i64 {
        let replacing = self.about.replacing.as_ref();
        replacing.map_or(self.about.city.generation, |replacing| {
            replacing.city.generation
        })
    }

    /// The new boundaries are the city's from now on.
    pub(crate) fn finish_replacing(&mut self) -> Result<(), OpenError> {
        if let Some(replacing) = self.about.replacing.take() {
            self.about.city = replacing.city;
        }
        self.save()
    }

    /// The present boundaries stay.
    pub(crate) fn give_up_replacing(&mut self) -> Result<(), OpenError> {
        self.about.replacing = None;
        self.save()
    }

    /// Replaces the state file at once; durable when it returns.
    fn save(&self) -> Result<(), OpenError> {
        let text = serde_json::to_string_pretty(&self.about)
            .expect("a struct of text and numbers is JSON");
        let (draft, file) = (self.path.join("state.json.tmp"), self.path.join(STATE_FILE));
        let write = || {
            let mut out = std::fs::File::create(&draft)?;
            out.write_all(text.as_bytes())?;
            out.write_all(b"\n")?;
            out.sync_all()
        };
        write().map_err(|source| io(&draft, source))?;
        std::fs::rename(&draft, &file).map_err(|source| io(&file, source))?;
        // The new name of the file is durable when its folder is.
        std::fs::File::open(&self.path)
            .and_then(|folder| folder.sync_all())
            .map_err(|source| io(&self.path, source))
    }

    pub(crate) fn journal_file(&self) -> PathBuf {
        self.path.join(JOURNAL_FILE)
    }

    pub(crate) fn control_file(&self) -> PathBuf {
        self.path.join(CONTROL_FILE)
    }

    /// Where the index of identities is; it can be made again from the lake.
    pub(crate) fn identities_dir(&self) -> PathBuf {
        self.path.join("identities")
    }

    pub(crate) fn rollups_file(&self) -> PathBuf {
        self.path.join("rollups.db")
    }

    /// Where the lake's tables are.
    pub(crate) const fn lake_dir(&self) -> &LakeDir {
        &self.lake
    }

    /// Makes sure that no other state directory writes to a lake that lies elsewhere. Durable when it returns.
    ///
    /// # Errors
    /// [`OpenError::LakeHeld`] names the other one.
    pub(crate) async fn claim_lake(&mut self) -> Result<(), OpenError> {
        if self.about.lake.is_none() {
            return Ok(());
        }
        let id = if let Some(id) = &self.about.id {
            id.clone()
        } else {
            let id = random_id()?;
            self.about.id = Some(id.clone());
            self.save()?;
            id
        };
        self.lake.claim(&id, &self.path).await
    }

    /// The lake is at `place` from now on, where its files were put.
    pub(crate) fn move_lake(&mut self, place: &str) -> Result<(), OpenError> {
        self.about.lake = Some(place.to_owned());
        self.lake = lake_of(&self.path, &self.about)?;
        self.save()
    }

    /// What the state file says of a copy whose lake is in the directory.
    pub(crate) fn text_with_own_lake(&self) -> String {
        let about = About {
            lake: None,
            id: None,
            ..self.about.clone()
        };
        serde_json::to_string_pretty(&about).expect("a struct of text and numbers is JSON")
    }
}

/// 32 hex digits of SQLite's randomness.
fn random_id() -> Result<String, OpenError> {
    let asked = rusqlite::Connection::open_in_memory().and_then(|connection| {
        connection.query_row("SELECT lower(hex(randomblob(16)))", [], |row| row.get(0))
    });
    asked.map_err(|error| JournalError::from(error).into())
}

fn lake_of(path: &Path, about: &About) -> Result<LakeDir, OpenError> {
    match &about.lake {
        None => Ok(LakeDir::Folder(path.join("lake"))),
        Some(place) => Ok(LakeDir::try_new(place)?),
    }
}

const STATE_FILE: &str = "state.json";
const CITY_FILE: &str = "city.toml";
const JOURNAL_FILE: &str = "journal.db";
const CONTROL_FILE: &str = "control.db";

#[derive(Deserialize)]
struct Format {
    format: u32,
}

fn first_folder() -> String {
    "city".to_owned()
}

fn folder_name(city: &City) -> String {
    format!("city-{}", city.boundary_version())
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
