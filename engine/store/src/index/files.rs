//! The runs of one table and the file that lists them.

use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use citybrain_model::Identity;
use serde::{Deserialize, Serialize};

use super::run::{Entry, Run};
use super::{Entries, IndexError, Known, merge};
use crate::Table;

/// The runs of one table. Look-ups read an immutable list; whoever adds or merges runs exchanges it.
#[derive(Debug)]
pub(crate) struct IndexFiles {
    dir: PathBuf,
    table: Table,
    /// Exchanged whole; the lock is held for one pointer copy.
    runs: RwLock<Arc<Vec<Arc<Run>>>>,
    /// Held while the list is written, so that a flush and a merge, which may run beside each other, both stay.
    list: Mutex<List>,
    /// The store closes: merging is put off.
    stop: AtomicBool,
}

/// The list as it is in its file.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct List {
    /// Everything up to this position of the journal is in the runs.
    position: u64,
    /// Greater than the number of every row in the runs.
    next_number: i64,
    /// The stamp of the newest flush.
    stamp: u64,
    /// Numbers the files.
    next_file: u64,
    /// Names of the runs' files.
    runs: Vec<String>,
    /// They are not to be relied on: the next start makes them from the lake.
    #[serde(default)]
    distrusted: bool,
}

/// What a look-up in the runs found.
#[derive(Debug)]
pub(crate) struct Found {
    /// For each identity what is known.
    pub(crate) known: Vec<Option<Known>>,
    /// The newest flush that was looked at: later ones may know more.
    pub(crate) stamp: u64,
}

impl IndexFiles {
    /// The runs of a table without any.
    pub(crate) fn empty(dir: &Path, table: Table) -> Self {
        Self {
            dir: dir.to_owned(),
            table,
            runs: RwLock::default(),
            list: Mutex::new(List {
                position: 0,
                next_number: 1,
                stamp: 0,
                next_file: 1,
                runs: Vec::new(),
                distrusted: false,
            }),
            stop: AtomicBool::new(false),
        }
    }

    /// Opens the runs of a table. None when they are not there, damaged, or do not know all rows up to `lake_position`, or more
    /// than the journal ever had (`last_seq`): then they have to be made from the lake.
    pub(crate) fn open(
        dir: &Path,
        table: Table,
        lake_position: u64,
        last_seq: u64,
    ) -> Result<Option<Self>, IndexError> {
        let file = list_file(dir, table);
        let list: List = match fs::read(&file) {
            Ok(text) => match serde_json::from_slice(&text) {
                Ok(list) => list,
                Err(error) => {
                    tracing::warn!(%table, path = %file.display(), %error, "identities_damaged");
                    return Ok(None);
                }
            },
            Err(cause) if cause.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(source) => return Err(IndexError::io(&file, source)),
        };
        if list.distrusted || list.position < lake_position || list.position > last_seq {
            tracing::info!(%table, position = list.position, lake_position, last_seq, "identities_outdated");
            return Ok(None);
        }
        let mut runs = Vec::with_capacity(list.runs.len());
        for name in &list.runs {
            match Run::open(&dir.join(name)) {
                Ok(run) => runs.push(Arc::new(run)),
                Err(error) => {
                    tracing::warn!(%table, %error, "identities_damaged");
                    return Ok(None);
                }
            }
        }
        let files = Self {
            dir: dir.to_owned(),
            table,
            runs: RwLock::new(Arc::new(runs)),
            list: Mutex::new(list),
            stop: AtomicBool::new(false),
        };
        files.sweep();
        Ok(Some(files))
    }

    /// Discards the lists of all tables in `dir`: the runs are made again from the lake at the next start.
    pub(crate) fn discard(dir: &Path) {
        for table in Table::ALL {
            fs::remove_file(list_file(dir, table)).ok();
        }
    }

    /// The table.
    pub(crate) const fn table(&self) -> Table {
        self.table
    }

    /// Greater than the number of every row in the runs.
    pub(crate) fn next_number(&self) -> i64 {
        self.list().next_number
    }

    /// What the runs know of `identities`. `after` leaves out the runs that hold nothing newer than that flush; `months`, when
    /// the identities imply their rows' months, those of other months.
    pub(crate) fn find(
        &self,
        identities: &[Identity],
        after: u64,
        months: Option<[i32; 2]>,
    ) -> Result<Found, IndexError> {
        let runs = self.runs();
        let mut found = Found {
            known: vec![None; identities.len()],
            stamp: runs.iter().map(|run| run.head.stamp).max().unwrap_or(0),
        };
        for run in runs.iter() {
            let apart = months.is_some_and(|[first, last]| {
                last < run.head.months[0] || run.head.months[1] < first
            });
            if run.head.stamp > after && !apart {
                run.find(identities, &mut found.known)
                    .inspect_err(|error| self.give_up(error))?;
            }
        }
        Ok(found)
    }

    /// The newest flush.
    pub(crate) fn stamp(&self) -> u64 {
        self.runs()
            .iter()
            .map(|run| run.head.stamp)
            .max()
            .unwrap_or(0)
    }

    /// Writes `entries` as a run that brings the index up to journal position `position`; durable when it returns.
    pub(crate) fn flush(&self, entries: &Entries, position: u64) -> Result<(), IndexError> {
        let mut sorted: Vec<Entry> = entries
            .iter()
            .map(|(&identity, &known)| Entry { identity, known })
            .collect();
        sorted.sort_unstable_by_key(|entry| entry.identity);
        self.add(sorted, position)
    }

    /// As [`IndexFiles::flush`], of entries in order and once each.
    pub(super) fn add(&self, entries: Vec<Entry>, position: u64) -> Result<(), IndexError> {
        let next_number = entries.iter().map(|entry| entry.known.number() + 1).max();
        if entries.is_empty() {
            return self.change(|list, _| list.position = list.position.max(position));
        }
        let (path, stamp) = {
            let mut list = self.list();
            list.stamp += 1;
            (self.next_path(&mut list), list.stamp)
        };
        let count = entries.len() as u64;
        let run =
            Run::write(&path, stamp, count, entries.into_iter().map(Ok)).inspect_err(|_| {
                // A full disk is not to fill up with what was tried.
                fs::remove_file(&path).ok();
            })?;
        self.change(|list, runs| {
            list.position = list.position.max(position);
            list.next_number = list.next_number.max(next_number.unwrap_or(1));
            runs.push(Arc::new(run));
        })
    }

    /// Merges runs of about the same size, until there are few; ended at any moment it leaves either form whole.
    pub(crate) fn merge(&self) -> Result<(), IndexError> {
        while let Some(old) = merge::due(&self.runs()) {
            let path = self.next_path(&mut self.list());
            let merged = match merge::merge(&old, &path, &self.stop) {
                Ok(Some(merged)) => merged,
                Ok(None) => {
                    fs::remove_file(&path).ok();
                    return Ok(());
                }
                Err(error) => {
                    fs::remove_file(&path).ok();
                    self.give_up(&error);
                    return Err(error);
                }
            };
            let is_old = |run: &Arc<Run>| old.iter().any(|old| Arc::ptr_eq(old, run));
            self.change(|_, runs| {
                runs.retain(|run| !is_old(run));
                runs.push(Arc::new(merged));
            })?;
            for run in &old {
                // One that stays is swept away at the next start.
                fs::remove_file(&run.path).ok();
            }
        }
        Ok(())
    }

    /// Puts merging off until the next start.
    pub(crate) fn stop_merging(&self) {
        self.stop.store(true, Ordering::Relaxed);
    }

    /// Is there something to merge?
    pub(crate) fn merge_is_due(&self) -> bool {
        merge::due(&self.runs()).is_some()
    }

    /// Exchanges the list, in memory and on disk.
    fn change(&self, change: impl FnOnce(&mut List, &mut Vec<Arc<Run>>)) -> Result<(), IndexError> {
        let mut list = self.list();
        let mut runs = self.runs().as_ref().clone();
        let mut next = list.clone();
        change(&mut next, &mut runs);
        let name = |run: &Arc<Run>| Some(run.path.file_name()?.to_string_lossy().into_owned());
        next.runs = runs.iter().filter_map(name).collect();
        save(&self.dir, self.table, &next)?;
        *list = next;
        *self.runs.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(runs);
        Ok(())
    }

    /// A damaged run is not to be relied on again.
    fn give_up(&self, error: &IndexError) {
        if matches!(error, IndexError::Damaged { .. }) {
            self.distrust();
        }
    }

    /// Lets the next start make the runs again from the lake.
    pub(crate) fn distrust(&self) {
        tracing::error!(table = %self.table, "identities_distrusted");
        if let Err(error) = self.change(|list, _| list.distrusted = true) {
            tracing::error!(table = %self.table, %error, "identities_list_not_written");
        }
    }

    /// Removes files of this table that the list does not name: what a crash left.
    pub(super) fn sweep(&self) {
        let named = self.list().runs.clone();
        let prefix = format!("{}-", self.table);
        for entry in fs::read_dir(&self.dir).into_iter().flatten().flatten() {
            let name = entry.file_name().to_string_lossy().into_owned();
            if name.starts_with(&prefix) && name.ends_with(".run") && !named.contains(&name) {
                fs::remove_file(entry.path()).ok();
            }
        }
    }

    fn next_path(&self, list: &mut List) -> PathBuf {
        let number = list.next_file;
        list.next_file += 1;
        self.dir.join(format!("{}-{number:08}.run", self.table))
    }

    fn runs(&self) -> Arc<Vec<Arc<Run>>> {
        Arc::clone(&self.runs.read().unwrap_or_else(PoisonError::into_inner))
    }

    fn list(&self) -> std::sync::MutexGuard<'_, List> {
        self.list.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Writes the list at once: it is the old one or the new one, whatever happens.
fn save(dir: &Path, table: Table, list: &List) -> Result<(), IndexError> {
    let file = list_file(dir, table);
    let draft = file.with_extension("json.tmp");
    let text = serde_json::to_vec(list).expect("numbers and text are JSON");
    let write = || {
        let mut out = File::create(&draft)?;
        out.write_all(&text)?;
        out.sync_all()?;
        fs::rename(&draft, &file)?;
        File::open(dir)?.sync_all()
    };
    write().map_err(|source| IndexError::io(&file, source))
}

fn list_file(dir: &Path, table: Table) -> PathBuf {
    dir.join(format!("{table}.json"))
}
