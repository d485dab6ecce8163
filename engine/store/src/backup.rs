//! A copy of a state directory while it is in use, and a state directory from such a copy.
//!
//! The journal is copied as of one moment. Of each lake table that version is copied that holds no row after this moment: what the
//! table has and what the copied journal has add up to everything that was acknowledged up to then, and nothing twice. A file that a
//! commit made never changes, so it can be copied while others are written. `backup.json` comes last: it lists every file with its size
//! and checksum, and without it a folder is no backup.

use std::fs;
use std::path::{Path, PathBuf};

use rusqlite::Connection;
use serde::{Deserialize, Serialize};
use xxhash_rust::xxh3::Xxh3;

use crate::journal::Journal;
use crate::lake::{CORRECTED, HOURLY, LakeDir, LakeTable};
use crate::store::runtime;
use crate::{JournalError, LakeError, OpenError, StateDir, Table};

/// What a backup holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Backup {
    /// The form of backups that this version writes and reads.
    pub format: u32,
    /// Everything that was acknowledged up to this sequence number of the journal is in.
    pub seq: u64,
    /// All files, in order of path.
    pub files: Vec<BackedUp>,
}

/// A file of a backup.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BackedUp {
    /// Relative to the backup, with `/` between folders.
    pub path: String,
    /// Its size.
    pub bytes: u64,
    /// XXH3 (128 bits) of its content, as hex.
    pub checksum: String,
}

/// Why nothing was backed up or restored.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BackupError {
    /// The target is there already.
    #[error("{path}: is there already; name a folder that is not")]
    Occupied {
        /// The target.
        path: PathBuf,
    },
    /// Boundaries are being replaced.
    #[error(
        "{dir}: a replacement of its boundaries is not finished; finish it with `citybrain replace --state-dir {dir}` or give it up first"
    )]
    Replacing {
        /// The state directory.
        dir: PathBuf,
    },
    /// The folder is no backup.
    #[error("{path}: no backup ({reason})")]
    NoBackup {
        /// The folder.
        path: PathBuf,
        /// What is missing or strange.
        reason: String,
    },
    /// A file is not as it was when the backup was made.
    #[error("{path}: {reason}")]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// A file operation failed.
    #[error("{path}: {source}")]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// The cause.
        source: std::io::Error,
    },
    /// The state directory cannot be opened.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// The journal or the control state cannot be copied.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// The lake cannot be read.
    #[error(transparent)]
    Lake(#[from] LakeError),
}

const FORMAT: u32 = 1;
const LIST: &str = "backup.json";
/// The names of the lake's files begin so.
const LAKE: &str = "lake/";

impl Backup {
    /// Copies the state directory `dir`, which another process may be writing to, into the new folder `out`.
    ///
    /// # Errors
    /// When `out` is there already, boundaries are being replaced, or a file cannot be read or written; `out` is no backup then.
    pub fn make(dir: &Path, out: &Path) -> Result<Self, BackupError> {
        let state = StateDir::open(dir)?;
        if state.unfinished().is_some() {
            let dir = dir.to_owned();
            return Err(BackupError::Replacing { dir });
        }
        if out.exists() {
            let path = out.to_owned();
            return Err(BackupError::Occupied { path });
        }
        fs::create_dir_all(out).map_err(io(out))?;
        copy_database(&state.journal_file(), &out.join("journal.db"))?;
        if state.control_file().exists() {
            copy_database(&state.control_file(), &out.join("control.db"))?;
        }
        let seq = Journal::open_read_only(&out.join("journal.db"))?.last_seq()?;
        runtime(dir)?.block_on(copy_lake(&state, seq, out))?;
        if let Some(city) = state.city_file().parent() {
            let name = city.file_name().unwrap_or_default();
            copy_folder(city, &out.join(name))?;
        }
        // The lake of a copy is in it, wherever it was.
        let about = out.join("state.json");
        fs::write(&about, state.text_with_own_lake()).map_err(io(&about))?;
        sync(&about)?;
        let mut files = Vec::new();
        list(out, out, &mut files)?;
        files.sort_by(|a, b| a.path.cmp(&b.path));
        let backup = Self {
            format: FORMAT,
            seq,
            files,
        };
        let text = serde_json::to_vec_pretty(&backup).expect("texts and numbers are JSON");
        let path = out.join(LIST);
        fs::write(&path, text).map_err(io(&path))?;
        sync(&path)?;
        sync(out)?;
        Ok(backup)
    }

    /// Reads what the folder `path` says about itself.
    ///
    /// # Errors
    /// When it is no backup, or one of a newer form.
    pub fn open(path: &Path) -> Result<Self, BackupError> {
        let none = |reason: String| BackupError::NoBackup {
            path: path.to_owned(),
            reason,
        };
        let text = fs::read(path.join(LIST)).map_err(|error| none(format!("{LIST}: {error}")))?;
        let backup: Self =
            serde_json::from_slice(&text).map_err(|error| none(format!("{LIST}: {error}")))?;
        if backup.format > FORMAT {
            return Err(none(format!(
                "has form {}; this version reads up to {FORMAT}",
                backup.format
            )));
        }
        Ok(backup)
    }

    /// Looks whether each file of the backup in `path` is there as it was made; gives what is wrong.
    pub fn damages(&self, path: &Path) -> Vec<BackupError> {
        let files = self.files.iter();
        files.filter_map(|file| file.check(path).err()).collect()
    }

    /// Makes the new state directory `dir` from the backup in `path`, with the history in it, or at `lake`: `s3://bucket/prefix` or
    /// another folder, where nothing is yet. Every file is checked before anything is copied; the directory is there whole or not at
    /// all. An attempt that was ended may leave files at `lake`, which are to be removed before the next one.
    ///
    /// # Errors
    /// When `dir` is there already, something is at `lake`, a file of the backup is damaged or missing, or a file cannot be written.
    pub fn restore(path: &Path, dir: &Path, lake: Option<&str>) -> Result<Self, BackupError> {
        let backup = Self::open(path)?;
        if dir.exists() {
            let path = dir.to_owned();
            return Err(BackupError::Occupied { path });
        }
        if let Some(damage) = backup.damages(path).into_iter().next() {
            return Err(damage);
        }
        let mut draft = dir.as_os_str().to_owned();
        draft.push(".citybrain-tmp");
        let draft = PathBuf::from(draft);
        if draft.exists() {
            fs::remove_dir_all(&draft).map_err(io(&draft))?;
        }
        let place = lake.map(LakeDir::try_new).transpose()?;
        let here = |file: &&BackedUp| place.is_none() || !file.path.starts_with(LAKE);
        for file in backup.files.iter().filter(here) {
            copy_file(&path.join(&file.path), &draft.join(&file.path))?;
        }
        if let (Some(place), Some(lake)) = (&place, lake) {
            let there = backup.files.iter().filter(|file| !here(file));
            let names = there.map(|file| file.path.as_str());
            runtime(&draft)?.block_on(put_lake(path, names, place))?;
            StateDir::open(&draft)?.move_lake(lake)?;
        }
        fs::rename(&draft, dir).map_err(io(dir))?;
        if let Some(parent) = dir.parent().filter(|parent| parent.is_dir()) {
            sync(parent)?;
        }
        Ok(backup)
    }
}

impl BackedUp {
    fn check(&self, backup: &Path) -> Result<(), BackupError> {
        let path = backup.join(&self.path);
        let found = Self::of(backup, &path)?;
        let reason = if found.bytes != self.bytes {
            format!("has {} bytes, and had {}", found.bytes, self.bytes)
        } else if found.checksum != self.checksum {
            "its checksum is another one".to_owned()
        } else {
            return Ok(());
        };
        Err(BackupError::Damaged { path, reason })
    }

    fn of(backup: &Path, path: &Path) -> Result<Self, BackupError> {
        use std::io::Read;
        let mut file = fs::File::open(path).map_err(io(path))?;
        let mut hasher = Xxh3::new();
        let mut bytes = 0;
        let mut buffer = vec![0; 1 << 20];
        loop {
            let read = file.read(&mut buffer).map_err(io(path))?;
            if read == 0 {
                break;
            }
            hasher.update(&buffer[..read]);
            bytes += read as u64;
        }
        let relative = path.strip_prefix(backup).unwrap_or(path);
        let parts: Vec<_> = relative
            .iter()
            .map(|part| part.to_string_lossy().into_owned())
            .collect();
        Ok(Self {
            path: parts.join("/"),
            bytes,
            checksum: format!("{:032x}", hasher.digest128()),
        })
    }
}

/// SQLite's own copy: of one moment, without what was deleted, also while another process writes.
fn copy_database(from: &Path, to: &Path) -> Result<(), BackupError> {
    let sqlite = |error: rusqlite::Error| BackupError::Journal(error.into());
    let connection = Connection::open(from).map_err(sqlite)?;
    connection
        .busy_timeout(std::time::Duration::from_secs(10))
        .map_err(sqlite)?;
    connection
        .execute("VACUUM INTO ?1", [to.to_string_lossy()])
        .map_err(sqlite)?;
    sync(to)
}

async fn copy_lake(state: &StateDir, seq: u64, out: &Path) -> Result<(), BackupError> {
    let out = out.join("lake");
    for table in Table::ALL {
        let Some(mut lake) = LakeTable::open(state.lake_dir(), table, false).await? else {
            continue;
        };
        // A table that was sealed after the journal was copied: the version before holds no later row.
        lake.keep_to_seq(seq).await?;
        let to = out.join(table.as_str());
        lake.copy_to(&to).await?;
        let copied = LakeTable::open(&LakeDir::Folder(out.clone()), table, false).await?;
        let found = copied.map(|copied| copied.version());
        if found != Some(lake.version()) {
            let reason = format!("its copy is at version {found:?}, not {}", lake.version());
            return Err(BackupError::Damaged { path: to, reason });
        }
        if table == Table::Observations {
            if let Some(mut corrected) = lake.corrected(false).await? {
                corrected.keep_to_seq(seq).await?;
                corrected.copy_to(&out.join(CORRECTED)).await?;
            }
            if let Some(hours) = lake.hours().await? {
                hours.copy_to(&out.join(HOURLY)).await?;
            }
        }
    }
    Ok(())
}

/// Puts the lake's files of a backup to a place where nothing is, the logs of its tables last.
async fn put_lake<'a>(
    backup: &Path,
    names: impl Iterator<Item = &'a str>,
    place: &LakeDir,
) -> Result<(), BackupError> {
    if let Some(folder) = place.folder() {
        fs::create_dir_all(folder).map_err(io(folder))?;
    }
    if !place.is_empty().await? {
        let path = place.to_string().into();
        return Err(BackupError::Occupied { path });
    }
    let mut names: Vec<&str> = names.collect();
    names.sort_by_key(|name| name.contains("/_delta_log/"));
    for name in names {
        let from = backup.join(name);
        let name = name.strip_prefix(LAKE).unwrap_or(name);
        match place.folder() {
            Some(folder) => copy_file(&from, &folder.join(name))?,
            None => place.put(name, fs::read(&from).map_err(io(&from))?).await?,
        }
    }
    Ok(())
}

fn copy_folder(from: &Path, to: &Path) -> Result<(), BackupError> {
    for entry in fs::read_dir(from).map_err(io(from))? {
        let entry = entry.map_err(io(from))?;
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy_folder(&entry.path(), &target)?;
        } else {
            copy_file(&entry.path(), &target)?;
        }
    }
    Ok(())
}

fn copy_file(from: &Path, to: &Path) -> Result<(), BackupError> {
    if let Some(folder) = to.parent() {
        fs::create_dir_all(folder).map_err(io(folder))?;
    }
    fs::copy(from, to).map_err(io(from))?;
    sync(to)
}

fn list(backup: &Path, folder: &Path, files: &mut Vec<BackedUp>) -> Result<(), BackupError> {
    for entry in fs::read_dir(folder).map_err(io(folder))? {
        let path = entry.map_err(io(folder))?.path();
        if path.is_dir() {
            list(backup, &path, files)?;
        } else {
            files.push(BackedUp::of(backup, &path)?);
        }
    }
    Ok(())
}

fn sync(path: &Path) -> Result<(), BackupError> {
    fs::File::open(path)
        .and_then(|file| file.sync_all())
        .map_err(io(path))
}

fn io(path: &Path) -> impl FnOnce(std::io::Error) -> BackupError + use<> {
    let path = path.to_owned();
    |source| BackupError::Io { path, source }
}
