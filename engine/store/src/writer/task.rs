//! The single writer: everything that changes the store goes through one thread, in one order.
//!
//! A turn of the thread takes all waiting batches (group commit), admits their rows against what is there, commits them to the
//! journal, publishes a snapshot and answers. Sealing and upkeep run beside it; their results come back as one more turn.

mod fetch;
mod removal;
mod upkeep;

use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use arrow_array::RecordBatch;
use citybrain_grid::City;
use citybrain_model::Identity;
use tokio::sync::{broadcast, mpsc, oneshot};
use tokio::task::JoinSet;

use super::{Append, Message};
use crate::admit::{Admitted, Admitter, open_index, superseded_in};
use crate::follow::{Followed, Following};
use crate::journal::Journal;
use crate::lake::LakeTable;
use crate::lock::Lock;
use crate::rollup::RollUps;
use crate::store::{PUBLISHED_KEPT, Shared, open_lake};
use crate::table_state::TableState;
use crate::{
    AppendError, CloseError, LakeError, OpenError, Published, Receipt, RemoveError, Snapshot,
    StateDir, StoreOptions, Table,
};

use removal::Removals;
use upkeep::Done;

/// Most batches that share one transaction.
const GROUP: usize = 256;
/// Most groups of batches whose changed rows are being read from the lake; while there are so many no more batches are taken.
const FETCHES: usize = 8;
/// How often the age of hot rows is looked at.
const TICK: Duration = Duration::from_secs(1);

/// The writer thread's state.
pub(crate) struct WriterTask {
    city: Arc<City>,
    state: StateDir,
    journal: Journal,
    admitter: Admitter,
    tables: [TableState; 3],
    seq: u64,
    shared: Arc<Shared>,
    /// At most one job for each table.
    jobs: JoinSet<Done>,
    /// Which table's runs are being merged.
    merging: JoinSet<Table>,
    merging_tables: [bool; 3],
    rollups: Option<Arc<RollUps>>,
    /// Complaints that steps wait for.
    waited_for: HashSet<Identity>,
    /// Batches whose changed rows are being read from the lake, and these rows.
    fetching: JoinSet<(Vec<Append>, Result<RecordBatch, LakeError>)>,
    /// What is to leave the lake for good.
    removals: Removals,
    /// A reader met a file that cannot be read.
    suspected: Arc<AtomicBool>,
    _lock: Lock,
}

impl WriterTask {
    /// Opens lake and journal, learns which records are there, and brings the journal's tail back as hot rows.
    pub(crate) async fn open(
        state: &StateDir,
        city: Arc<City>,
        mut journal: Journal,
        lock: Lock,
        options: StoreOptions,
    ) -> Result<Self, OpenError> {
        let last_seq = journal.last_seq()?;
        let mut lakes = open_lake(state).await?;
        let dir = state.identities_dir();
        let mut index = Vec::with_capacity(Table::ALL.len());
        for lake in &mut lakes {
            lake.finish_expiry(&journal.cutoffs(lake.table())?).await?;
            index.push(Arc::new(open_index(&dir, lake, last_seq).await?));
        }
        let index = index.try_into().expect("the lake has three tables");
        let mut admitter = Admitter::new(&city, index);
        for complaint in journal.erased()? {
            admitter.erase(complaint);
        }
        for table in Table::ALL {
            admitter.keep_from(table, &journal.cutoffs(table)?);
        }
        let mut tables = Vec::with_capacity(Table::ALL.len());
        for lake in lakes {
            let table = lake.table();
            let superseded = superseded_in(&lake).await?;
            let position = lake.journal_position().await?;
            // What a crash left between the lake's commit and the trim.
            journal.trim(table, position)?;
            let mut state = TableState::open(lake, superseded).await?;
            for rows in journal.after(table, position)? {
                admitter.learn(table, &rows);
                state.push(rows, None, Instant::now());
            }
            if table == Table::Complaints {
                state.learn_replaced().await?;
            }
            tables.push(state);
        }
        let tables: [TableState; 3] = tables.try_into().expect("the lake has three tables");
        let seq = last_seq;
        let waited_for = journal.waited_for()?;
        let rollups = RollUps::open(&state.rollups_file(), city.time_zone).map(Arc::new);
        let suspected = Arc::new(AtomicBool::new(false));
        let snapshot = snapshot_of(
            &tables,
            seq,
            &city,
            state,
            rollups.clone(),
            Arc::clone(&suspected),
        );
        let shared = Arc::new(Shared::new(
            snapshot,
            broadcast::Sender::new(PUBLISHED_KEPT),
            admitter.files().clone(),
            options,
        ));
        Ok(Self {
            city,
            state: state.clone(),
            journal,
            admitter,
            tables,
            seq,
            shared,
            jobs: JoinSet::new(),
            merging: JoinSet::new(),
            merging_tables: [false; 3],
            rollups,
            waited_for,
            fetching: JoinSet::new(),
            removals: Removals::default(),
            suspected,
            _lock: lock,
        })
    }

    pub(crate) fn shared(&self) -> Arc<Shared> {
        Arc::clone(&self.shared)
    }

    /// Turns until told to close or until no handle is left; then seals what is hot.
    pub(crate) async fn run(
        mut self,
        mut receiver: mpsc::Receiver<Message>,
    ) -> Result<(), CloseError> {
        let mut tick = tokio::time::interval(TICK);
        self.erase_on();
        let mut messages = Vec::with_capacity(GROUP);
        loop {
            tokio::select! {
                Some(done) = self.jobs.join_next() => {
                    self.done(done).await;
                }
                Some(done) = self.merging.join_next() => {
                    match done {
                        Ok(table) => self.merging_tables[table.index()] = false,
                        Err(error) => tracing::error!(%error, "merge_panicked"),
                    }
                }
                Some(done) = self.fetching.join_next() => self.fetched(done),
                count = receiver.recv_many(&mut messages, GROUP), if self.fetching.len() < FETCHES => {
                    if self.turn(&mut messages) || count == 0 {
                        break;
                    }
                }
                _ = tick.tick() => {}
            }
            self.examine_suspected();
            self.start_removals();
            self.start_upkeep();
            self.start_sealing(false);
            self.start_merging();
        }
        receiver.close();
        while receiver.recv_many(&mut messages, GROUP).await > 0 {
            self.turn(&mut messages);
        }
        while let Some(done) = self.fetching.join_next().await {
            self.fetched(done);
        }
        self.finish().await
    }

    /// One turn: all waiting messages. True when one of them was to close.
    fn turn(&mut self, messages: &mut Vec<Message>) -> bool {
        let mut group = Vec::with_capacity(messages.len());
        let mut close = false;
        let (mut incomplete, mut missing) = (Vec::new(), Vec::new());
        for message in messages.drain(..) {
            match message {
                Message::Append(mut append) => match self.missing(&mut append) {
                    Ok(ids) if ids.is_empty() => group.push(append),
                    Ok(ids) => {
                        missing.extend(ids);
                        incomplete.push(append);
                    }
                    Err(error) => answer(append.reply, Err(AppendError::Index(error))),
                },
                Message::Forget { ids, reply } => {
                    let done = self.journal.forget_rejected(&ids);
                    answer(
                        reply,
                        done.map_err(|error| AppendError::Journal(Arc::new(error))),
                    );
                }
                Message::Erase { erasure, at, reply } => self.erase(erasure, at, reply),
                Message::Expire {
                    table,
                    cutoffs,
                    reply,
                } => self.expire(table, &cutoffs, reply),
                Message::ExpireRejected { before, reply } => {
                    let done = self.journal.expire_rejected(before);
                    answer(reply, done.map_err(RemoveError::from));
                }
                Message::Close => close = true,
            }
        }
        if !incomplete.is_empty() {
            self.fetch(incomplete, missing);
        }
        if !group.is_empty() {
            self.commit(group);
        }
        self.admitter.end();
        close
    }

    /// Admits, commits, publishes, answers: in this order.
    fn commit(&mut self, group: Vec<Append>) {
        let mut refused = Vec::new();
        let mut answers = Vec::with_capacity(group.len());
        let mut admitted: [Admitted; 3] = Default::default();
        let mut fetched = Vec::new();
        for append in group {
            let table = append.placed.placed.table;
            match self
                .admitter
                .admit(append.placed, &mut admitted[table.index()])
            {
                Ok(receipt) => {
                    refused.extend(append.refused);
                    fetched.extend(append.fetched);
                    answers.push((append.reply, table, receipt));
                }
                Err(error) => answer(append.reply, Err(AppendError::Index(error))),
            }
        }
        let following = Following {
            city: &self.city,
            journal: &self.journal,
            waited_for: &self.waited_for,
            complaints: &self.tables[Table::Complaints.index()],
            fetched,
        };
        let followed = following.follow(&mut self.admitter, &mut admitted);
        let accepted: Vec<(Table, RecordBatch, bool)> = Table::ALL
            .into_iter()
            .zip(admitted)
            .filter_map(|(table, admitted)| {
                admitted
                    .rows(table)
                    .map(|(rows, replaces)| (table, rows, replaces))
            })
            .collect();
        let entries: Vec<(Table, RecordBatch)> = accepted
            .iter()
            .map(|(table, rows, _)| (*table, rows.clone()))
            .collect();
        let committed = followed.and_then(|followed| {
            let nothing = entries.is_empty() && refused.is_empty() && followed.steps.is_empty();
            let seqs = if nothing {
                Vec::new()
            } else {
                self.journal.commit(&entries, &refused, &followed.steps)?
            };
            Ok((seqs, followed))
        });
        match committed {
            Ok((seqs, Followed { replaced, steps })) => {
                self.admitter.keep();
                for complaint in &steps.came {
                    self.waited_for.remove(complaint);
                }
                self.waited_for
                    .extend(steps.wait.iter().map(|(complaint, ..)| *complaint));
                self.publish(accepted, replaced, &seqs);
                for (reply, _, receipt) in answers {
                    answer(
                        reply,
                        Ok(Receipt {
                            seq: self.seq,
                            ..receipt
                        }),
                    );
                }
            }
            Err(error) => {
                self.admitter.forget();
                tracing::error!(%error, "journal_commit_failed");
                let error = Arc::new(error);
                for (reply, ..) in answers {
                    answer(reply, Err(AppendError::Journal(Arc::clone(&error))));
                }
            }
        }
    }

    fn publish(
        &mut self,
        accepted: Vec<(Table, RecordBatch, bool)>,
        mut replaced: Option<RecordBatch>,
        seqs: &[u64],
    ) {
        if accepted.is_empty() {
            return;
        }
        self.seq = seqs.last().copied().unwrap_or(self.seq);
        let now = Instant::now();
        for (table, rows, _) in &accepted {
            let replaced = replaced.clone().filter(|_| *table == Table::Complaints);
            self.tables[table.index()].push(rows.clone(), replaced, now);
        }
        self.publish_snapshot();
        for ((table, rows, replaces), &seq) in accepted.into_iter().zip(seqs) {
            // Nobody watching is no error.
            self.shared
                .published
                .send(Arc::new(Published {
                    seq,
                    table,
                    rows,
                    replaces,
                    replaced: replaced.take_if(|_| table == Table::Complaints),
                }))
                .ok();
        }
    }

    fn publish_snapshot(&self) {
        let bytes = self.tables.iter().map(TableState::hot_bytes).sum();
        self.shared.hot_bytes.store(bytes, Ordering::Relaxed);
        self.shared.publish(snapshot_of(
            &self.tables,
            self.seq,
            &self.city,
            &self.state,
            self.rollups.clone(),
            Arc::clone(&self.suspected),
        ));
    }
}

/// The newest snapshot of a state directory that another process may be writing to.
///
/// The journal is read first, as of one moment. A lake table opened after it holds at least what the journal no longer has; one that
/// was sealed in between is read at the version before, so that all tables are of the journal's moment.
pub(crate) async fn read_only_snapshot(
    state: &StateDir,
    city: Arc<City>,
) -> Result<Arc<Snapshot>, OpenError> {
    let journal = Journal::open_read_only(&state.journal_file())?;
    let last_seq = journal.last_seq()?;
    let mut tables = Vec::with_capacity(Table::ALL.len());
    for table in Table::ALL {
        let mut lake = LakeTable::open(state.lake_dir(), table, false).await?;
        if let Some(lake) = &mut lake {
            lake.keep_to(state.pinned(table)).await?;
            lake.keep_to_seq(last_seq).await?;
            // A table that carries another number than the state file was changed over since that was read.
            if table.has_places() && lake.generation().await? != state.generation() {
                let dir = state.path().to_owned();
                return Err(OpenError::Changing { dir });
            }
        }
        let (position, superseded) = match &lake {
            Some(lake) => (lake.journal_position().await?, superseded_in(lake).await?),
            None => (0, HashSet::default()),
        };
        let mut reading = TableState::read_only(table, lake, superseded).await?;
        for rows in journal.after(table, position)? {
            reading.push(rows, None, Instant::now());
        }
        tables.push(reading);
    }
    let tables: [TableState; 3] = tables.try_into().expect("there are three tables");
    Ok(snapshot_of(
        &tables,
        last_seq,
        &city,
        state,
        None,
        Arc::default(),
    ))
}

fn snapshot_of(
    tables: &[TableState; 3],
    seq: u64,
    city: &Arc<City>,
    state: &StateDir,
    rollups: Option<Arc<RollUps>>,
    suspected: Arc<AtomicBool>,
) -> Arc<Snapshot> {
    let tables = [
        tables[0].snapshot(),
        tables[1].snapshot(),
        tables[2].snapshot(),
    ];
    Arc::new(Snapshot {
        seq,
        city: Arc::clone(city),
        tables,
        journal: state.journal_file(),
        rollups,
        suspected,
    })
}

/// A sender that no longer waits for its answer is no error: the records are there.
fn answer<T>(reply: oneshot::Sender<T>, value: T) {
    reply.send(value).ok();
}
