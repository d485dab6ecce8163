//! History under other boundaries: every record that has a position gets its areas anew.
//!
//! A lake file at a time is read and written again, aside, with the same rows in the same order; when it is on disk the journal's
//! control state says so. When all are done, one commit for each table exchanges its files, and at last the state file names the new
//! city. Whoever reads sees the records under the old boundaries until then and under the new ones afterwards, never some of each:
//! while the tables change over, one after another, the state file names the versions that readers keep to.
//!
//! Ended at any moment, the work goes on where it was. Records may be added in between (by the old boundaries): files that are
//! new or were rewritten by that are done then.

mod changes;
mod file;
mod place_again;
mod what_if;

use std::collections::{BTreeMap, HashMap, HashSet};
use std::fs;
use std::path::{Path, PathBuf};

use citybrain_grid::City;
use deltalake::kernel::Add;

use crate::abort::reached;
use crate::admit::{flush_tail, superseded_in};
use crate::journal::{FileDone, Journal};
use crate::lake::LakeTable;
use crate::lock::Lock;
use crate::store::{open_lake, runtime};
use crate::table_state::replaced_by;
use crate::{ReplaceError, StateDir, Table, Unfinished, seal};

use changes::Largest;
use file::Rewriting;

pub use changes::{Change, Changes};
pub use what_if::changes_under;

/// A state directory whose records are to be placed by other boundaries. While it exists nobody else writes to the directory.
#[derive(Debug)]
pub struct Replacing<'a> {
    state: StateDir,
    journal: Journal,
    from: &'a City,
    _lock: Lock,
}

impl<'a> Replacing<'a> {
    /// Takes the state directory of the city `from` for itself.
    ///
    /// # Errors
    /// [`OpenError::Held`](crate::OpenError::Held) names the process that has it; as [`Store::open`](crate::Store::open) otherwise.
    pub fn open(dir: &Path, from: &'a City) -> Result<Self, ReplaceError> {
        // Not before there is a state directory: taking the lock makes its file.
        StateDir::open(dir)?;
        let lock = Lock::take(dir)?;
        let mut state = StateDir::open(dir)?;
        state.belongs_to(from)?;
        runtime(dir)?.block_on(state.claim_lake())?;
        let journal = Journal::open(&state.journal_file())?;
        Ok(Self {
            state,
            journal,
            from,
            _lock: lock,
        })
    }

    /// The replacement that was begun before and not finished, if there is one.
    pub fn unfinished(&self) -> Option<Unfinished> {
        self.state.unfinished()
    }

    /// The folder, in the state directory, that is to hold the files of the city `to` before [`Replacing::begin`].
    pub fn folder(&self, to: &City) -> PathBuf {
        self.state.folder_for(to)
    }

    /// Begins to replace the boundaries by those of `to`, whose files are in [`Replacing::folder`]. Does nothing when that was
    /// begun before.
    ///
    /// # Errors
    /// [`ReplaceError::Differs`] when the cities differ in more than their boundaries, [`ReplaceError::Unfinished`] when a
    /// replacement by others was begun.
    pub fn begin(&mut self, to: &City) -> Result<(), ReplaceError> {
        only_boundaries_differ(self.from, to)?;
        if let Some(unfinished) = self.unfinished() {
            if unfinished.boundary_version == to.boundary_version() {
                return Ok(());
            }
            return Err(ReplaceError::Unfinished {
                dir: self.state.path().to_owned(),
                begun: unfinished.boundary_version,
            });
        }
        // What an earlier attempt may have left when it was given up.
        self.clear()?;
        Ok(self.state.begin_replacing(to)?)
    }

    /// Does what is left to do of the replacement that was begun, and tells what the whole of it changed. `progress` is told how
    /// many files are done and how many there are. Call it outside of asynchronous code.
    ///
    /// **Afterwards every record is placed as if it had come in under the boundaries of `to`**, wherever the work was ended and
    /// taken up again; when it returns with an error or not at all, every answer is by the boundaries before.
    ///
    /// # Errors
    /// When the lake or the journal cannot be read or written. What is done stays done.
    pub fn run(
        mut self,
        to: &City,
        progress: &mut dyn FnMut(usize, usize),
    ) -> Result<Changes, ReplaceError> {
        self.begin(to)?;
        let runtime = runtime(self.state.path())?;
        // With the same shapes every record stays where it is: only names differ.
        let changes = if self.state.generation() == self.state.next_generation() {
            Changes::default()
        } else {
            runtime.block_on(self.place_all(to, progress))?
        };
        reached("before the city");
        self.state.finish_replacing()?;
        reached("after the city");
        self.clear()?;
        Ok(changes)
    }

    /// Gives up the replacement that was begun: the boundaries stay as they are. False when none was begun.
    ///
    /// # Errors
    /// [`ReplaceError::TooLate`] when all records are placed and the tables are changing over.
    pub fn give_up(mut self) -> Result<bool, ReplaceError> {
        let Some(unfinished) = self.unfinished() else {
            return Ok(false);
        };
        if unfinished.switching {
            return Err(ReplaceError::TooLate {
                dir: self.state.path().to_owned(),
            });
        }
        self.state.give_up_replacing()?;
        self.clear()?;
        if let Some(folder) = unfinished.city_file.parent() {
            remove(folder)?;
        }
        Ok(true)
    }

    /// Places all records of all tables and changes the tables over.
    async fn place_all(
        &mut self,
        to: &City,
        progress: &mut dyn FnMut(usize, usize),
    ) -> Result<Changes, ReplaceError> {
        let mut lakes = open_lake(&self.state).await?;
        if self.state.is_still().is_ok() {
            self.seal_tail(&mut lakes).await?;
            self.place_files(&lakes, to, progress).await?;
            let versions = lakes.iter().filter(|lake| lake.table().has_places());
            let versions = versions.map(|lake| (lake.table().to_string(), lake.version()));
            reached("before the pin");
            self.state.pin(versions.collect())?;
            reached("after the pin");
        }
        let mut changes = Changes::default();
        for lake in &mut lakes {
            if lake.table().has_places() {
                changes = changes.and(self.change_over(lake).await?);
            }
        }
        Ok(changes)
    }

    /// Moves what the journal has and the lake has not into the lake.
    async fn seal_tail(&mut self, lakes: &mut [LakeTable; 3]) -> Result<(), ReplaceError> {
        let last = self.journal.last_seq()?;
        for lake in lakes {
            let table = lake.table();
            let position = lake.journal_position().await?;
            self.journal.trim(table, position)?;
            let rows = self.journal.after(table, position)?;
            if !rows.is_empty() {
                flush_tail(&self.state.identities_dir(), lake, &rows, last).await?;
                let superseded = rows.iter().flat_map(replaced_by).collect();
                seal::seal(lake, &rows, &superseded, last).await?;
                self.journal.trim(table, last)?;
            }
        }
        Ok(())
    }

    /// Writes every file that is not done yet again, aside.
    async fn place_files(
        &mut self,
        lakes: &[LakeTable; 3],
        to: &City,
        progress: &mut dyn FnMut(usize, usize),
    ) -> Result<(), ReplaceError> {
        let mut waiting = Vec::new();
        let (mut done, mut total) = (0, 0);
        for lake in lakes.iter().filter(|lake| lake.table().has_places()) {
            let kept = self.kept(lake).await?;
            for file in lake.files()? {
                total += 1;
                if kept.contains(&file.path) {
                    done += 1;
                } else {
                    waiting.push((lake, file));
                }
            }
        }
        progress(done, total);
        let mut superseded: HashMap<&str, HashSet<i64>> = HashMap::new();
        for (lake, file) in waiting {
            let table = lake.table();
            if !superseded.contains_key(table.as_str()) {
                superseded.insert(table.as_str(), superseded_in(lake).await?);
            }
            let rewriting = Rewriting {
                lake,
                to,
                largest: Largest::of(self.from, to),
                superseded: &superseded[table.as_str()],
            };
            let (adds, changes) = rewriting.write(&file).await?;
            reached(&format!("file {done} written"));
            let json = |text: serde_json::Result<String>| text.expect("text and numbers are JSON");
            let entry = FileDone {
                path: file.path,
                adds: json(serde_json::to_string(&adds)),
                changes: json(serde_json::to_string(&changes)),
            };
            self.journal.file_is_done(table, &entry)?;
            reached(&format!("file {done} done"));
            done += 1;
            progress(done, total);
        }
        Ok(())
    }

    /// The files of a table that are done and still the table's. What is known of others is forgotten: the records that were
    /// added since have other files.
    async fn kept(&mut self, lake: &LakeTable) -> Result<HashSet<String>, ReplaceError> {
        let table = lake.table();
        let live: HashSet<String> = lake.files()?.into_iter().map(|file| file.path).collect();
        let mut kept = HashSet::new();
        for done in self.journal.files_done(table)? {
            let adds = self.adds(&done)?;
            if live.contains(&done.path) && lake.has_aside(&adds).await? {
                kept.insert(done.path);
                continue;
            }
            self.journal.forget_file_done(table, &done.path)?;
            lake.remove_aside(&adds).await?;
        }
        Ok(kept)
    }

    /// Makes the files that were written aside the table's, in the place of all that it has. Does nothing when that was done
    /// before.
    async fn change_over(&self, lake: &mut LakeTable) -> Result<Changes, ReplaceError> {
        let table = lake.table();
        let generation = self.state.next_generation();
        let over = lake.generation().await? == generation;
        let mut changes = Changes::default();
        let mut files = Vec::new();
        for done in self.journal.files_done(table)? {
            let of_file = serde_json::from_str(&done.changes);
            changes = changes.and(of_file.map_err(|source| self.unclear(&done, source))?);
            for add in self.adds(&done)? {
                if !over {
                    lake.bring_in(&add).await?;
                }
                files.push(add);
            }
        }
        if !over {
            reached(&format!("{table} moved"));
            let old = lake.files()?;
            lake.exchange(old, files, generation).await?;
            reached(&format!("{table} over"));
        }
        Ok(changes)
    }

    fn adds(&self, done: &FileDone) -> Result<Vec<Add>, ReplaceError> {
        serde_json::from_str(&done.adds).map_err(|source| self.unclear(done, source))
    }

    fn unclear(&self, done: &FileDone, source: serde_json::Error) -> ReplaceError {
        ReplaceError::Progress {
            dir: self.state.path().to_owned(),
            path: done.path.clone(),
            source,
        }
    }

    /// Removes what is written aside and what is known of it.
    fn clear(&mut self) -> Result<(), ReplaceError> {
        self.journal.forget_files_done()?;
        let dir = self.state.lake_dir();
        let clear = async {
            for table in placed_tables() {
                if let Some(lake) = LakeTable::open(dir, table, false).await? {
                    lake.clear_aside().await?;
                }
            }
            Ok(())
        };
        runtime(self.state.path())?.block_on(clear)
    }
}

/// The tables whose rows have places.
fn placed_tables() -> impl Iterator<Item = Table> {
    Table::ALL.into_iter().filter(|table| table.has_places())
}

/// Are these two the same city, but for its boundaries?
fn only_boundaries_differ(from: &City, to: &City) -> Result<(), ReplaceError> {
    let fields: BTreeMap<&str, [String; 2]> = BTreeMap::from([
        (
            "name",
            [&to.name, &from.name].map(|name| format!("\"{name}\"")),
        ),
        (
            "time_zone",
            [to, from].map(|city| city.time_zone.name().to_owned()),
        ),
        (
            "base_resolution",
            [to, from].map(|city| u8::from(city.base_resolution).to_string()),
        ),
    ]);
    for (field, [found, kept]) in fields {
        if found != kept {
            return Err(ReplaceError::Differs { field, found, kept });
        }
    }
    Ok(())
}

/// Removes a folder; one that is not there is no error.
fn remove(folder: &Path) -> Result<(), ReplaceError> {
    if !folder.is_dir() {
        return Ok(());
    }
    fs::remove_dir_all(folder).map_err(|source| ReplaceError::Io {
        path: folder.to_owned(),
        source,
    })
}
