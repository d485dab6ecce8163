//! What the lake has is on disk before the journal forgets it.
//!
//! Object storage keeps what it has acknowledged. In a folder, files and their names are in the system's memory until they are
//! synced: the library that writes them does not do that.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use deltalake::kernel::Add;

use super::LakeTable;
use crate::LakeError;

const LOG: &str = "_delta_log";

impl LakeTable {
    /// Syncs these files of the table and, without any, what the newest versions wrote into its log. Does nothing on object
    /// storage.
    pub(super) async fn make_durable(&self, adds: &[Add]) -> Result<(), LakeError> {
        let Some(folder) = self.folder() else {
            return Ok(());
        };
        let files: Vec<PathBuf> = if adds.is_empty() {
            log_since(&folder, self.version())
        } else {
            adds.iter().map(|add| folder.join(&add.path)).collect()
        };
        let synced = tokio::task::spawn_blocking(move || sync(&folder, &files)).await;
        synced
            .unwrap_or_else(|gone| Err((PathBuf::new(), io::Error::other(gone))))
            .map_err(|(path, source)| LakeError::Io { path, source })
    }

    /// The table's folder, when it is one.
    pub(crate) fn folder(&self) -> Option<PathBuf> {
        self.delta.table_url().to_file_path().ok()
    }
}

/// Syncs files, the folders that name them, and the table's folder.
fn sync(table: &Path, files: &[PathBuf]) -> Result<(), (PathBuf, io::Error)> {
    let folders: BTreeSet<&Path> = files.iter().filter_map(|file| file.parent()).collect();
    let all = files
        .iter()
        .map(PathBuf::as_path)
        .chain(folders)
        .chain([table])
        // The table's own name, which is new when it was just made.
        .chain(table.parent());
    for path in all {
        File::open(path)
            .and_then(|file| file.sync_all())
            .map_err(|source| (path.to_owned(), source))?;
    }
    Ok(())
}

/// The files of the log that belong to `version` or a later one.
fn log_since(table: &Path, version: u64) -> Vec<PathBuf> {
    let log = table.join(LOG);
    let belongs = |name: &str| {
        let number = name.get(..20).and_then(|number| number.parse::<u64>().ok());
        name == "_last_checkpoint" || number.is_some_and(|number| number >= version)
    };
    fs::read_dir(log)
        .into_iter()
        .flatten()
        .flatten()
        .filter(|entry| belongs(&entry.file_name().to_string_lossy()))
        .map(|entry| entry.path())
        .collect()
}
