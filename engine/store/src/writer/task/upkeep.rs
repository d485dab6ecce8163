//! What runs beside the writer thread: sealing, compaction and vacuum of the lake, merging of the runs of identities.
//!
//! A table has at most one job at a time that changes its lake, so no commit meets another. Sealing comes first: upkeep starts
//! only while there is little to seal.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use tokio::task::JoinError;

use super::WriterTask;
use super::removal::Removed;
use crate::abort::reached;
use crate::lake::LakeTable;
use crate::seal::seal_again;
use crate::{CloseError, LakeError, Table};

/// How long sealing rests after it failed.
const SEAL_AGAIN: Duration = Duration::from_secs(5);
/// How long the last sealing is tried again, and the pause between.
const LAST_PATIENCE: Duration = Duration::from_secs(5);
const LAST_PAUSE: Duration = Duration::from_millis(250);
/// How long the upkeep of a table rests after it failed.
pub(super) const UPKEEP_AGAIN: Duration = Duration::from_mins(5);

/// What became of a job.
#[derive(Debug)]
pub(super) struct Done {
    pub(super) table: Table,
    pub(super) what: What,
    pub(super) lake: Result<LakeTable, LakeError>,
}

#[derive(Debug)]
pub(super) enum What {
    Sealed {
        position: u64,
        /// The identities of the rows are in a run, whatever became of the rows.
        flushed: bool,
    },
    Compacted {
        /// There was something to do.
        changed: bool,
    },
    Vacuumed,
    Removed(Removed),
}

impl WriterTask {
    /// Starts sealing every table whose hot rows are many or old enough, or when the store is `closing` more than stay in the journal.
    pub(super) fn start_sealing(&mut self, closing: bool) {
        let now = Instant::now();
        let position = self.seq;
        for state in &mut self.tables {
            let options = &self.shared.options;
            let Some(frozen) = state.start_sealing(now, closing, options, position) else {
                continue;
            };
            let table = state.table();
            let entries = self.admitter.recent(table).flush();
            let index = Arc::clone(&self.admitter.files()[table.index()]);
            let rollups = self.rollups.clone().filter(|_| table == Table::Complaints);
            self.jobs.spawn(async move {
                let flush = tokio::task::spawn_blocking(move || index.flush(&entries, position));
                let flushed = flush
                    .await
                    .unwrap_or_else(|error| std::panic::resume_unwind(error.into_panic()));
                let mut lake = frozen.lake;
                let what = What::Sealed {
                    position,
                    flushed: flushed.is_ok(),
                };
                let sealed = match flushed {
                    Ok(()) => {
                        let (rows, superseded) = (&frozen.rows, &frozen.superseded);
                        seal_again(&mut lake, rows, superseded, position, &frozen.tried).await
                    }
                    Err(error) => Err(error.into()),
                };
                if let Some(rollups) = rollups.filter(|_| sealed.is_ok())
                    && let Err(error) = rollups.follow(&lake).await
                {
                    // What is not counted now is counted when somebody asks.
                    tracing::warn!(%error, "rollups_not_followed");
                }
                Done {
                    table,
                    what,
                    lake: sealed.map(|()| lake),
                }
            });
        }
    }

    /// Starts compaction or vacuum of every table that needs it and has nothing better to do.
    pub(super) fn start_upkeep(&mut self) {
        let now = Instant::now();
        for state in &mut self.tables {
            let table = state.table();
            if let Some(mut lake) = state.start_compacting(now, &self.shared.options) {
                self.jobs.spawn(async move {
                    let compacted = lake.compact_some().await;
                    let changed = compacted.as_ref().is_ok_and(|changed| *changed);
                    Done {
                        table,
                        what: What::Compacted { changed },
                        lake: compacted.map(|_| lake),
                    }
                });
            } else if let Some(mut lake) = state.start_vacuum(now, &self.shared.options) {
                let keep = self.shared.options.keep_replaced;
                self.jobs.spawn(async move {
                    let vacuumed = lake.vacuum(keep).await;
                    Done {
                        table,
                        what: What::Vacuumed,
                        lake: vacuumed.map(|()| lake),
                    }
                });
            }
        }
    }

    /// Starts merging the runs of every table that has too many.
    pub(super) fn start_merging(&mut self) {
        for (files, merging) in self.admitter.files().iter().zip(&mut self.merging_tables) {
            if *merging || !files.merge_is_due() {
                continue;
            }
            *merging = true;
            let files = Arc::clone(files);
            self.merging.spawn_blocking(move || {
                if let Err(error) = files.merge() {
                    tracing::error!(table = %files.table(), %error, "identities_not_merged");
                }
                files.table()
            });
        }
    }

    /// Takes a job's result in.
    pub(super) async fn done(&mut self, done: Result<Done, JoinError>) -> Option<LakeError> {
        let Done { table, what, lake } = match done {
            Ok(done) => done,
            Err(error) => {
                // Which job it was is not known: whatever is frozen becomes hot again.
                tracing::error!(%error, "job_panicked");
                self.removals_panicked();
                for state in &mut self.tables {
                    state.upkeep_ended(Some(Instant::now() + UPKEEP_AGAIN));
                    if state.sealing_failed(Instant::now() + SEAL_AGAIN) {
                        self.admitter.recent(state.table()).not_flushed();
                    }
                }
                return None;
            }
        };
        match what {
            What::Sealed { position, flushed } => self.sealed(table, position, flushed, lake).await,
            What::Compacted { .. } | What::Vacuumed => self.upkept(table, &what, lake).await,
            What::Removed(removed) => {
                self.removed(table, removed, lake).await;
                None
            }
        }
    }

    async fn sealed(
        &mut self,
        table: Table,
        position: u64,
        flushed: bool,
        mut lake: Result<LakeTable, LakeError>,
    ) -> Option<LakeError> {
        let recent = self.admitter.recent(table);
        if flushed {
            recent.flushed();
        } else {
            recent.not_flushed();
        }
        if lake.as_mut().is_ok_and(LakeTable::take_quarantined) {
            // The records of the file are to be taken when they are sent again.
            self.admitter.files()[table.index()].distrust();
        }
        let state = &mut self.tables[table.index()];
        let adopted = match lake {
            Ok(lake) => state.adopt(lake, position).await,
            Err(error) => Err(error),
        };
        let fails = &self.shared.sealing_fails[table.index()];
        fails.store(adopted.is_err(), Ordering::Relaxed);
        if let Err(error) = adopted {
            tracing::error!(%table, %error, "seal_failed");
            state.sealing_failed(Instant::now() + SEAL_AGAIN);
            self.removals_fail(table, &error);
            return Some(error);
        }
        self.publish_snapshot();
        tracing::info!(%table, position, "sealed");
        reached("before trim");
        if let Err(error) = self.journal.trim(table, position) {
            // The next seal trims it; a restart before that knows the position from the lake.
            tracing::warn!(%table, %error, "journal_trim_failed");
        }
        reached("after trim");
        None
    }

    async fn upkept(
        &mut self,
        table: Table,
        what: &What,
        lake: Result<LakeTable, LakeError>,
    ) -> Option<LakeError> {
        let state = &mut self.tables[table.index()];
        let renewed = match lake {
            Ok(_) if matches!(what, What::Compacted { changed: false }) => {
                state.upkeep_ended(None);
                return None;
            }
            Ok(lake) => state.exchange(lake).await,
            Err(error) => Err(error),
        };
        match renewed {
            Ok(()) => {
                tracing::info!(%table, ?what, "upkeep");
                state.upkeep_ended(None);
                self.publish_snapshot();
            }
            Err(error) => {
                tracing::error!(%table, ?what, %error, "upkeep_failed");
                state.upkeep_ended(Some(Instant::now() + UPKEEP_AGAIN));
            }
        }
        None
    }

    /// Waits for the jobs that run, seals what is hot, and ends. What the last sealing lacks (files, room, the network) may come back in a
    /// moment: it is tried again for a while.
    pub(super) async fn finish(mut self) -> Result<(), CloseError> {
        for files in self.admitter.files() {
            files.stop_merging();
        }
        while let Some(done) = self.jobs.join_next().await {
            self.done(done).await;
        }
        let begin = Instant::now();
        loop {
            self.start_sealing(true);
            let mut failed = None;
            while let Some(done) = self.jobs.join_next().await {
                failed = self.done(done).await.or(failed);
            }
            match failed {
                None => return Ok(()),
                Some(error) if begin.elapsed() > LAST_PATIENCE => {
                    return Err(CloseError::Lake(error));
                }
                Some(_) => tokio::time::sleep(LAST_PAUSE).await,
            }
        }
    }
}
