//! Keeps the counts of the lake's files and of rows in memory.

use std::collections::HashSet;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};

use arrow_array::RecordBatch;
use arrow_array::cast::AsArray;
use arrow_array::types::Int64Type;
use chrono_tz::Tz;
use xxhash_rust::xxh3::Xxh3;

use super::cache::{Cache, Of};
use super::database::Database;
use super::dictionary::Dictionary;
use super::entries::Entries;
use super::{CACHE_BYTES, Counts, KEY_COLUMNS};
use crate::lake::{LakeTable, rows_error};
use crate::schema::ROW_ID;
use crate::{LakeError, Table, TableSnapshot};

/// The counts of one state directory's complaints.
#[derive(Debug)]
pub(crate) struct RollUps {
    zone: Tz,
    /// Written while a file or batch is counted, which takes milliseconds; read while an answer is made.
    names: Arc<RwLock<Dictionary>>,
    /// Held to read or write the counts of one file.
    database: Mutex<Database>,
    /// Held to look up or put in.
    cache: Mutex<Cache>,
}

impl RollUps {
    /// Opens the file `path`; none when it cannot be used: everything is answered by scans then.
    pub(crate) fn open(path: &Path, zone: Tz) -> Option<Self> {
        let opened = Database::open(path, zone.name());
        let (database, names) = opened
            .inspect_err(|error| tracing::warn!(%error, "rollups_not_kept"))
            .ok()?;
        Some(Self {
            zone,
            names: Arc::new(RwLock::new(names)),
            database: Mutex::new(database),
            cache: Mutex::new(Cache::new(CACHE_BYTES)),
        })
    }

    /// The counts of the complaints of a snapshot; none when they cannot be told without a scan.
    pub(crate) async fn counts(
        &self,
        complaints: &TableSnapshot,
    ) -> Result<Option<Counts>, LakeError> {
        let Some(replaced) = &complaints.replaced else {
            return Ok(None);
        };
        let mut parts = Vec::new();
        if let Some(lake) = &complaints.files {
            for file in lake.files()? {
                match self.of_file(lake, &file.path).await? {
                    Some(entries) => parts.push((entries, false)),
                    None => return Ok(None),
                }
            }
        }
        for rows in &complaints.hot {
            match self.of_rows(rows)? {
                Some(entries) => parts.push((entries, false)),
                None => return Ok(None),
            }
        }
        for rows in replaced {
            match self.of_rows(rows)? {
                Some(entries) => parts.push((entries, true)),
                None => return Ok(None),
            }
        }
        Ok(Some(Counts {
            names: Arc::clone(&self.names),
            parts,
        }))
    }

    /// Counts the files of `lake` that are not counted yet, and forgets those that it no longer has.
    pub(crate) async fn follow(&self, lake: &LakeTable) -> Result<(), LakeError> {
        let files: HashSet<String> = lake.files()?.into_iter().map(|file| file.path).collect();
        let kept = self.database().paths().unwrap_or_default();
        for path in kept.iter().filter(|path| !files.contains(*path)) {
            // A file that stays is merely not asked for.
            self.database().forget(path).ok();
        }
        let kept: HashSet<String> = kept.into_iter().collect();
        for path in files.difference(&kept) {
            self.of_file(lake, path).await?;
        }
        Ok(())
    }

    /// Compares the counts that are kept of the files of `lake` with a recount: how many files, and which differ.
    pub(crate) async fn compare(
        &self,
        lake: &LakeTable,
    ) -> Result<(usize, Vec<String>), LakeError> {
        let (mut files, mut wrong) = (0, Vec::new());
        for file in lake.files()? {
            let kept = self.database().entries(&file.path).unwrap_or_default();
            let Some(kept) = kept else {
                continue;
            };
            files += 1;
            let rows = lake.file_rows(&file.path, &KEY_COLUMNS).await?;
            if self.count(&rows)?.is_some_and(|counted| counted != kept) {
                wrong.push(file.path);
            }
        }
        Ok((files, wrong))
    }

    async fn of_file(
        &self,
        lake: &LakeTable,
        path: &str,
    ) -> Result<Option<Arc<Entries>>, LakeError> {
        let of = Of::File(path.to_owned());
        if let Some(entries) = self.cache().get(&of) {
            return Ok(Some(entries));
        }
        // A file that cannot be read is counted again.
        let kept = self.database().entries(path).unwrap_or_default();
        let entries = if let Some(entries) = kept {
            Arc::new(entries)
        } else {
            let rows = lake.file_rows(path, &KEY_COLUMNS).await?;
            let Some(entries) = self.count(&rows)? else {
                return Ok(None);
            };
            let names = self.names.read().unwrap_or_else(PoisonError::into_inner);
            if let Err(error) = self.database().keep(path, &entries, &names) {
                tracing::warn!(%error, "rollup_not_kept");
            }
            drop(names);
            Arc::new(entries)
        };
        self.cache().put(of, Arc::clone(&entries));
        Ok(Some(entries))
    }

    fn of_rows(&self, rows: &RecordBatch) -> Result<Option<Arc<Entries>>, LakeError> {
        let ids = rows[ROW_ID].as_primitive::<Int64Type>().values();
        let mut hasher = Xxh3::new();
        ids.iter().for_each(|id| hasher.update(&id.to_le_bytes()));
        let of = Of::Rows(hasher.digest128());
        if let Some(entries) = self.cache().get(&of) {
            return Ok(Some(entries));
        }
        let Some(entries) = self.count(std::slice::from_ref(rows))? else {
            return Ok(None);
        };
        let entries = Arc::new(entries);
        self.cache().put(of, Arc::clone(&entries));
        Ok(Some(entries))
    }

    fn count(&self, rows: &[RecordBatch]) -> Result<Option<Entries>, LakeError> {
        let mut names = self.names.write().unwrap_or_else(PoisonError::into_inner);
        Entries::of(rows, self.zone, &mut names)
            .map_err(|source| rows_error(Table::Complaints, source.into()))
    }

    fn database(&self) -> MutexGuard<'_, Database> {
        self.database.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn cache(&self) -> MutexGuard<'_, Cache> {
        self.cache.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
