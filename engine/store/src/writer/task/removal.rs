//! What leaves the lake for good: complaints that are erased, records that are older than what is kept, files that cannot be read.
//!
//! A removal waits until the lake has every row that was there when it was asked for. From that moment no such row comes in any
//! more, so nothing that it means is in memory when it begins.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use arrow_array::RecordBatch;
use chrono::{DateTime, Utc};
use citybrain_model::Identity;
use tokio::sync::oneshot;

use super::upkeep::{Done, UPKEEP_AGAIN, What};
use super::{WriterTask, answer};
use crate::journal::{Erasure, StepChanges};
use crate::lake::LakeTable;
use crate::{Cutoffs, Erased, Expired, LakeError, Published, RemoveError, Table, rows_schema};

/// What is asked for and what goes on.
#[derive(Debug, Default)]
pub(super) struct Removals {
    asked: Vec<Asked>,
    /// By complaint.
    erasing: HashMap<Identity, Erasing>,
    expiring: [Option<oneshot::Sender<Result<Expired, RemoveError>>>; 3],
    /// When damaged files were looked for last.
    examined_at: Option<Instant>,
}

#[derive(Debug)]
struct Asked {
    table: Table,
    /// Every row up to here is to be in the lake first.
    seq: u64,
    what: Removal,
    started: bool,
}

#[derive(Debug, Clone)]
enum Removal {
    Erase(Arc<Erasure>),
    Expire(Cutoffs),
    /// Files that cannot be read.
    Examine,
}

/// An erasure that is not in all tables yet.
#[derive(Debug)]
struct Erasing {
    tables: usize,
    erased: Erased,
    /// A table could not be changed: it is begun anew at the next start.
    failed: bool,
    /// None for one that an earlier process began.
    reply: Option<oneshot::Sender<Result<Erased, RemoveError>>>,
}

/// What a job took out.
#[derive(Debug)]
pub(super) enum Removed {
    Erased(Identity, usize),
    Expired(Expired),
    /// So many files.
    Examined(usize),
}

impl Removed {
    /// Did no row go?
    const fn is_nothing(&self) -> bool {
        match self {
            Self::Erased(_, rows) => *rows == 0,
            Self::Expired(expired) => expired.rows == 0,
            Self::Examined(files) => *files == 0,
        }
    }
}

/// How long damaged files are not looked for again.
const EXAMINE_AGAIN: Duration = Duration::from_mins(1);

/// The tables that tell of complaints.
const TELLING: [Table; 2] = [Table::Complaints, Table::ComplaintEvents];

impl WriterTask {
    /// Goes on with what an earlier process began.
    pub(super) fn erase_on(&mut self) {
        match self.journal.erasing() {
            Ok(erasures) => {
                for erasure in erasures {
                    self.start_erasing(erasure, 0, None);
                }
            }
            Err(error) => tracing::error!(%error, "erasures_not_read"),
        }
    }

    pub(super) fn erase(
        &mut self,
        erasure: Erasure,
        at: DateTime<Utc>,
        reply: oneshot::Sender<Result<Erased, RemoveError>>,
    ) {
        let complaint = erasure.identity();
        if self.removals.erasing.contains_key(&complaint) {
            answer(reply, Err(RemoveError::Busy(Table::Complaints)));
            return;
        }
        match self.journal.begin_erasing(&erasure, at) {
            Ok(rejected) => {
                self.admitter.erase(complaint);
                self.waited_for.remove(&complaint);
                self.start_erasing(erasure, rejected, Some(reply));
            }
            Err(error) => answer(reply, Err(error.into())),
        }
    }

    fn start_erasing(
        &mut self,
        erasure: Erasure,
        rejected: usize,
        reply: Option<oneshot::Sender<Result<Erased, RemoveError>>>,
    ) {
        let erasing = Erasing {
            tables: TELLING.len(),
            erased: Erased {
                rejected,
                ..Erased::default()
            },
            failed: false,
            reply,
        };
        self.removals.erasing.insert(erasure.identity(), erasing);
        let erasure = Arc::new(erasure);
        for table in TELLING {
            self.removals.asked.push(Asked {
                table,
                seq: self.seq,
                what: Removal::Erase(Arc::clone(&erasure)),
                started: false,
            });
        }
    }

    pub(super) fn expire(
        &mut self,
        table: Table,
        cutoffs: &Cutoffs,
        reply: oneshot::Sender<Result<Expired, RemoveError>>,
    ) {
        if self.removals.expiring[table.index()].is_some() {
            answer(reply, Err(RemoveError::Busy(table)));
            return;
        }
        if let Err(error) = self.journal.keep_cutoffs(table, cutoffs) {
            answer(reply, Err(error.into()));
            return;
        }
        self.admitter.keep_from(table, cutoffs);
        self.removals.expiring[table.index()] = Some(reply);
        self.removals.asked.push(Asked {
            table,
            seq: self.seq,
            what: Removal::Expire(self.admitter.cutoffs(table).clone()),
            started: false,
        });
    }

    /// Looks for damaged files when a reader met one.
    pub(super) fn examine_suspected(&mut self) {
        let now = Instant::now();
        let last = self.removals.examined_at;
        if last.is_some_and(|last| now.duration_since(last) < EXAMINE_AGAIN)
            || !self.suspected.swap(false, Ordering::Relaxed)
        {
            return;
        }
        self.removals.examined_at = Some(now);
        for table in Table::ALL {
            self.removals.asked.push(Asked {
                table,
                seq: 0,
                what: Removal::Examine,
                started: false,
            });
        }
    }

    /// Starts the removals whose tables are ready.
    pub(super) fn start_removals(&mut self) {
        for asked in &mut self.removals.asked {
            if asked.started {
                continue;
            }
            let table = asked.table;
            let state = &mut self.tables[table.index()];
            let Some(mut lake) = state.start_removal(asked.seq) else {
                continue;
            };
            asked.started = true;
            let (what, superseded) = (asked.what.clone(), state.superseded());
            let keep = self.shared.options.keep_replaced;
            let rollups = self.rollups.clone().filter(|_| table == Table::Complaints);
            self.jobs.spawn(async move {
                let (what, done) = match what {
                    Removal::Erase(erasure) => {
                        let Erasure { source, id, mask } = &*erasure;
                        let erased = if *mask {
                            lake.mask(source, id).await
                        } else {
                            lake.erase(source, id).await
                        };
                        let rows = *erased.as_ref().unwrap_or(&0);
                        let vacuumed = match erased {
                            Ok(_) => lake.vacuum(keep).await,
                            Err(error) => Err(error),
                        };
                        (Removed::Erased(erasure.identity(), rows), vacuumed)
                    }
                    Removal::Expire(cutoffs) => {
                        let expired = lake.expire(&cutoffs, &superseded).await;
                        let went = *expired.as_ref().unwrap_or(&Expired::default());
                        (Removed::Expired(went), expired.map(|_| ()))
                    }
                    Removal::Examine => {
                        let aside = lake.put_damaged_aside().await;
                        let files = *aside.as_ref().unwrap_or(&0);
                        (Removed::Examined(files), aside.map(|_| ()))
                    }
                };
                if let Some(rollups) = rollups.filter(|_| done.is_ok())
                    && let Err(error) = rollups.follow(&lake).await
                {
                    // What is not counted now is counted when somebody asks.
                    tracing::warn!(%error, "rollups_not_followed");
                }
                Done {
                    table,
                    what: What::Removed(what),
                    lake: done.map(|()| lake),
                }
            });
        }
    }

    /// Takes the result of a removal in: readers see it, and whoever asked is told.
    pub(super) async fn removed(
        &mut self,
        table: Table,
        removed: Removed,
        mut lake: Result<LakeTable, LakeError>,
    ) {
        let same = |asked: &Asked| {
            asked.started
                && asked.table == table
                && match (&asked.what, &removed) {
                    (Removal::Erase(erasure), Removed::Erased(complaint, _)) => {
                        erasure.identity() == *complaint
                    }
                    (Removal::Expire(_), Removed::Expired(_))
                    | (Removal::Examine, Removed::Examined(_)) => true,
                    _ => false,
                }
        };
        self.removals.asked.retain(|asked| !same(asked));
        let state = &mut self.tables[table.index()];
        if lake.as_mut().is_ok_and(LakeTable::take_quarantined) {
            self.admitter.files()[table.index()].distrust();
        }
        let taken_in = match lake {
            Ok(lake) => state.removed(lake).await,
            Err(error) => Err(error),
        };
        let after = taken_in.is_err().then(|| Instant::now() + UPKEEP_AGAIN);
        state.upkeep_ended(after);
        if matches!(removed, Removed::Examined(0)) {
            return;
        }
        let outcome = taken_in.map_err(|error| {
            tracing::error!(%table, %error, "removal_failed");
            Arc::new(error)
        });
        if outcome.is_ok() {
            tracing::info!(%table, ?removed, "removed");
            if removed.is_nothing() {
                self.publish_snapshot();
            } else {
                self.tell_of_removal(table);
            }
        }
        match removed {
            Removed::Erased(complaint, rows) => {
                self.erased(table, complaint, rows, outcome.err());
            }
            Removed::Expired(expired) => {
                if let Some(reply) = self.removals.expiring[table.index()].take() {
                    let outcome = outcome.map(|()| expired);
                    answer(reply, outcome.map_err(RemoveError::Lake));
                }
            }
            Removed::Examined(_) => {}
        }
    }

    fn erased(
        &mut self,
        table: Table,
        complaint: Identity,
        rows: usize,
        error: Option<Arc<LakeError>>,
    ) {
        let Some(erasing) = self.removals.erasing.get_mut(&complaint) else {
            return;
        };
        erasing.tables -= 1;
        match table {
            Table::Complaints => erasing.erased.complaints += rows,
            _ => erasing.erased.steps += rows,
        }
        erasing.failed |= error.is_some();
        if let Some(error) = error
            && let Some(reply) = erasing.reply.take()
        {
            answer(reply, Err(RemoveError::Lake(error)));
        }
        if erasing.tables > 0 {
            return;
        }
        let Some(erasing) = self.removals.erasing.remove(&complaint) else {
            return;
        };
        if erasing.failed {
            return;
        }
        let finished = self
            .journal
            .finish_erasing(complaint)
            .and_then(|()| self.journal.forget_deleted());
        if let Err(error) = &finished {
            tracing::error!(%error, "erasure_not_finished");
        }
        if let Some(reply) = erasing.reply {
            let erased = finished.map(|()| erasing.erased);
            answer(reply, erased.map_err(RemoveError::from));
        }
    }

    /// Readers get a snapshot without what went, and whoever keeps counts is told that they are to be read anew.
    fn tell_of_removal(&mut self, table: Table) {
        let nothing = RecordBatch::new_empty(rows_schema(table));
        // A number of its own, so that it is later than everything that was there.
        let entry = [(table, nothing.clone())];
        match self.journal.commit(&entry, &[], &StepChanges::default()) {
            Ok(seqs) => self.seq = seqs.last().copied().unwrap_or(self.seq),
            Err(error) => tracing::error!(%error, "removal_not_told"),
        }
        self.publish_snapshot();
        self.shared
            .published
            .send(Arc::new(Published {
                seq: self.seq,
                table,
                rows: nothing,
                replaced: None,
                replaces: true,
            }))
            .ok();
    }

    /// Sealing failed, so what waits for it does not begin: whoever asked is told.
    pub(super) fn removals_fail(&mut self, table: Table, error: &LakeError) {
        let reason = || RemoveError::NotSealed(error.to_string());
        if let Some(reply) = self.removals.expiring[table.index()].take() {
            answer(reply, Err(reason()));
        }
        for erasing in self.removals.erasing.values_mut() {
            if let Some(reply) = erasing.reply.take() {
                answer(reply, Err(reason()));
            }
        }
    }

    /// A job ended in a panic: what it was to do is forgotten, and whoever asked hears that nothing came of it.
    pub(super) fn removals_panicked(&mut self) {
        self.removals = Removals::default();
    }
}
