//! The single writer: everything that changes the store goes through one thread, in one order.
//!
//! A turn of the thread takes all waiting batches (group commit), admits their rows against what is there, commits them to the
//! journal, publishes a snapshot and answers. Sealing runs beside it; its result comes back as one more turn.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use arrow_array::RecordBatch;
use citybrain_grid::City;
use tokio::sync::{broadcast, mpsc, oneshot};
use tokio::task::JoinSet;

use crate::admit::{Admitted, Admitter, superseded_in};
use crate::columns::{Placed, place};
use crate::identities::contents_of;
use crate::journal::Journal;
use crate::lake::LakeTable;
use crate::lock::Lock;
use crate::store::{PUBLISHED_KEPT, Shared, open_lake};
use crate::table_state::TableState;
use crate::{
    AppendError, Batch, CloseError, LakeError, OpenError, Published, Receipt, Refused, Snapshot,
    StateDir, StoreOptions, Table, seal,
};

/// A handle that appends; cheap to clone.
#[derive(Debug, Clone)]
pub struct Writer {
    sender: mpsc::Sender<Message>,
    shared: Arc<Shared>,
}

/// How long an append waits for room in the queue before it is told to come back.
const PATIENCE: Duration = Duration::from_secs(2);
const RETRY_AFTER: Duration = Duration::from_secs(1);
/// Batches up to this size are placed on the caller's task; larger ones on a thread for blocking work.
const SMALL_ROWS: usize = 64;

impl Writer {
    pub(crate) const fn new(sender: mpsc::Sender<Message>, shared: Arc<Shared>) -> Self {
        Self { sender, shared }
    }

    /// Appends a batch, and keeps the rows that were refused while it was read. **When it returns, the records are durable
    /// (fsynced) and queryable, and each is counted once**, however often it is sent. A complaint that is there with other
    /// content is updated; a record that is there with the same content is a duplicate.
    ///
    /// # Errors
    /// [`AppendError::Full`] when the queue or the hot rows are full, [`AppendError::Journal`] when the disk says no,
    /// [`AppendError::Closed`]; nothing of the batch is kept then.
    pub async fn append(
        &self,
        batch: Batch,
        refused: Vec<Refused>,
    ) -> Result<Receipt, AppendError> {
        self.room()?;
        let placed = if batch.len() <= SMALL_ROWS {
            self.place(batch)
        } else {
            let this = self.clone();
            tokio::task::spawn_blocking(move || this.place(batch))
                .await
                .map_err(|_gone| AppendError::Closed)?
        };
        let (reply, answer) = oneshot::channel();
        let message = Message::Append(Append {
            placed,
            refused,
            reply,
        });
        self.sender
            .send_timeout(message, PATIENCE)
            .await
            .map_err(|error| match error {
                mpsc::error::SendTimeoutError::Timeout(_) => AppendError::Full {
                    retry_after: RETRY_AFTER,
                },
                mpsc::error::SendTimeoutError::Closed(_) => AppendError::Closed,
            })?;
        answer.await.unwrap_or(Err(AppendError::Closed))
    }

    /// [`Writer::append`] for threads outside of asynchronous code; it waits for room instead of refusing.
    ///
    /// # Errors
    /// [`AppendError::Journal`] and [`AppendError::Closed`].
    pub fn append_blocking(
        &self,
        batch: Batch,
        refused: Vec<Refused>,
    ) -> Result<Receipt, AppendError> {
        while self.room().is_err() {
            if self.sender.is_closed() {
                return Err(AppendError::Closed);
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        let placed = self.place(batch);
        let (reply, answer) = oneshot::channel();
        let message = Message::Append(Append {
            placed,
            refused,
            reply,
        });
        self.sender
            .blocking_send(message)
            .map_err(|_gone| AppendError::Closed)?;
        answer.blocking_recv().unwrap_or(Err(AppendError::Closed))
    }

    /// Forgets refused rows by number, when they have been replayed.
    ///
    /// # Errors
    /// As [`Writer::append`].
    pub async fn forget_rejected(&self, ids: Vec<i64>) -> Result<(), AppendError> {
        let (reply, answer) = oneshot::channel();
        self.sender
            .send(Message::Forget { ids, reply })
            .await
            .map_err(|_gone| AppendError::Closed)?;
        answer.await.unwrap_or(Err(AppendError::Closed))
    }

    /// The newest snapshot.
    pub fn snapshot(&self) -> Arc<Snapshot> {
        self.shared.snapshot()
    }

    /// What is published from now on, as by [`Store::watch`](crate::Store::watch).
    pub fn watch(&self) -> broadcast::Receiver<Arc<Published>> {
        self.shared.published.subscribe()
    }

    fn room(&self) -> Result<(), AppendError> {
        if self.shared.hot_bytes.load(Ordering::Relaxed) > self.shared.options.hot_bytes_max {
            return Err(AppendError::Full {
                retry_after: RETRY_AFTER,
            });
        }
        Ok(())
    }

    fn place(&self, batch: Batch) -> PlacedBatch {
        let placed = place(&self.shared.snapshot().city, batch);
        PlacedBatch {
            contents: contents_of(&placed.rows),
            placed,
        }
    }
}

/// A batch on its way to the writer thread: placed, and its contents hashed.
#[derive(Debug)]
pub(crate) struct PlacedBatch {
    pub(crate) placed: Placed,
    pub(crate) contents: Vec<u64>,
}

/// What the writer thread is asked to do.
#[derive(Debug)]
pub(crate) enum Message {
    Append(Append),
    Forget {
        ids: Vec<i64>,
        reply: oneshot::Sender<Result<(), AppendError>>,
    },
    Close,
}

#[derive(Debug)]
pub(crate) struct Append {
    placed: PlacedBatch,
    refused: Vec<Refused>,
    reply: oneshot::Sender<Result<Receipt, AppendError>>,
}

/// Most batches that share one transaction.
const GROUP: usize = 256;
/// How often the age of hot rows is looked at.
const TICK: Duration = Duration::from_secs(1);
/// How long sealing rests after it failed.
const SEAL_AGAIN: Duration = Duration::from_secs(15);

/// The writer thread's state.
pub(crate) struct WriterTask {
    city: Arc<City>,
    state: StateDir,
    journal: Journal,
    admitter: Admitter,
    tables: [TableState; 3],
    seq: u64,
    shared: Arc<Shared>,
    sealing: JoinSet<(Table, u64, Result<LakeTable, LakeError>)>,
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
        let mut admitter = Admitter::new(&city);
        let mut tables = Vec::with_capacity(Table::ALL.len());
        for lake in open_lake(state).await? {
            let table = lake.table();
            let superseded = admitter.learn_lake(&lake).await?;
            let position = lake.journal_position().await?;
            // What a crash left between the lake's commit and the trim.
            journal.trim(table, position)?;
            let mut state = TableState::open(lake, superseded).await?;
            for rows in journal.after(table, position)? {
                admitter.learn(table, &rows);
                state.push(rows, Instant::now());
            }
            tables.push(state);
        }
        let tables: [TableState; 3] = tables.try_into().expect("the lake has three tables");
        let seq = journal.last_seq()?;
        let snapshot = snapshot_of(&tables, seq, &city, state);
        let shared = Arc::new(Shared::new(
            snapshot,
            broadcast::Sender::new(PUBLISHED_KEPT),
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
            sealing: JoinSet::new(),
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
        let mut messages = Vec::with_capacity(GROUP);
        loop {
            tokio::select! {
                Some(done) = self.sealing.join_next() => {
                    self.sealed(done).await;
                }
                count = receiver.recv_many(&mut messages, GROUP) => {
                    if self.turn(&mut messages) || count == 0 {
                        break;
                    }
                }
                _ = tick.tick() => {}
            }
            self.start_sealing(false);
        }
        receiver.close();
        while receiver.recv_many(&mut messages, GROUP).await > 0 {
            self.turn(&mut messages);
        }
        self.finish().await
    }

    /// One turn: all waiting messages. True when one of them was to close.
    fn turn(&mut self, messages: &mut Vec<Message>) -> bool {
        let mut group = Vec::with_capacity(messages.len());
        let mut close = false;
        for message in messages.drain(..) {
            match message {
                Message::Append(append) => group.push(append),
                Message::Forget { ids, reply } => {
                    let done = self.journal.forget_rejected(&ids);
                    answer(
                        reply,
                        done.map_err(|error| AppendError::Journal(Arc::new(error))),
                    );
                }
                Message::Close => close = true,
            }
        }
        if !group.is_empty() {
            self.commit(group);
        }
        close
    }

    /// Admits, commits, publishes, answers: in this order.
    fn commit(&mut self, group: Vec<Append>) {
        let mut refused = Vec::new();
        let mut answers = Vec::with_capacity(group.len());
        let mut admitted: [Admitted; 3] = Default::default();
        for append in group {
            let table = append.placed.placed.table;
            let receipt = self
                .admitter
                .admit(append.placed, &mut admitted[table.index()]);
            refused.extend(append.refused);
            answers.push((append.reply, table, receipt));
        }
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
        let committed = if entries.is_empty() && refused.is_empty() {
            Ok(Vec::new())
        } else {
            self.journal.commit(&entries, &refused)
        };
        match committed {
            Ok(seqs) => {
                self.admitter.keep();
                self.publish(accepted, &seqs);
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

    fn publish(&mut self, accepted: Vec<(Table, RecordBatch, bool)>, seqs: &[u64]) {
        if accepted.is_empty() {
            return;
        }
        self.seq = seqs.last().copied().unwrap_or(self.seq);
        let now = Instant::now();
        for (table, rows, _) in &accepted {
            self.tables[table.index()].push(rows.clone(), now);
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
                }))
                .ok();
        }
    }

    fn publish_snapshot(&self) {
        let bytes = self.tables.iter().map(TableState::hot_bytes).sum();
        self.shared.hot_bytes.store(bytes, Ordering::Relaxed);
        self.shared
            .publish(snapshot_of(&self.tables, self.seq, &self.city, &self.state));
    }

    /// Starts sealing every table whose hot rows are many or old enough, or all that have any.
    fn start_sealing(&mut self, all: bool) {
        let now = Instant::now();
        for state in &mut self.tables {
            let Some((mut lake, hot)) = state.start_sealing(now, all, &self.shared.options) else {
                continue;
            };
            let (table, position) = (state.table(), self.seq);
            self.sealing.spawn(async move {
                let sealed = seal::seal(&mut lake, table, &hot, position).await;
                (table, position, sealed.map(|()| lake))
            });
        }
    }

    async fn sealed(
        &mut self,
        done: Result<(Table, u64, Result<LakeTable, LakeError>), tokio::task::JoinError>,
    ) -> Option<LakeError> {
        let (table, position, lake) = match done {
            Ok(done) => done,
            Err(error) => {
                tracing::error!(%error, "seal_panicked");
                self.tables
                    .iter_mut()
                    .for_each(|state| state.sealing_failed(Instant::now() + SEAL_AGAIN));
                return None;
            }
        };
        let state = &mut self.tables[table.index()];
        let adopted = match lake {
            Ok(lake) => state.adopt(lake).await,
            Err(error) => Err(error),
        };
        if let Err(error) = adopted {
            tracing::error!(%table, %error, "seal_failed");
            state.sealing_failed(Instant::now() + SEAL_AGAIN);
            return Some(error);
        }
        self.publish_snapshot();
        tracing::info!(%table, position, "sealed");
        if let Err(error) = self.journal.trim(table, position) {
            // The next seal trims it; a restart before that knows the position from the lake.
            tracing::warn!(%table, %error, "journal_trim_failed");
        }
        None
    }

    async fn finish(mut self) -> Result<(), CloseError> {
        let mut failed = None;
        while let Some(done) = self.sealing.join_next().await {
            self.sealed(done).await;
        }
        self.start_sealing(true);
        while let Some(done) = self.sealing.join_next().await {
            failed = self.sealed(done).await.or(failed);
        }
        failed.map_or(Ok(()), |error| Err(CloseError::Lake(error)))
    }
}

/// The newest snapshot of a state directory that another process may be writing to.
///
/// The journal is read first, as of one moment; a lake table opened after it holds at least what the journal no longer has.
pub(crate) async fn read_only_snapshot(
    state: &StateDir,
    city: Arc<City>,
) -> Result<Arc<Snapshot>, OpenError> {
    let journal = Journal::open_read_only(&state.journal_file())?;
    let mut tables = Vec::with_capacity(Table::ALL.len());
    for table in Table::ALL {
        let mut lake = LakeTable::open(&state.lake_dir(), table, false).await?;
        if let Some(lake) = &mut lake {
            lake.keep_to(state.pinned(table)).await?;
            // A table that carries another number than the state file was changed over since that was read.
            if table.has_places() && lake.generation().await? != state.generation() {
                let dir = state.path().to_owned();
                return Err(OpenError::Changing { dir });
            }
        }
        let (position, superseded) = match &lake {
            Some(lake) => (lake.journal_position().await?, superseded_in(lake).await?),
            None => (0, std::collections::HashSet::default()),
        };
        let mut reading = TableState::read_only(table, lake, superseded).await?;
        for rows in journal.after(table, position)? {
            reading.push(rows, Instant::now());
        }
        tables.push(reading);
    }
    let tables: [TableState; 3] = tables.try_into().expect("there are three tables");
    Ok(snapshot_of(&tables, journal.last_seq()?, &city, state))
}

fn snapshot_of(
    tables: &[TableState; 3],
    seq: u64,
    city: &Arc<City>,
    state: &StateDir,
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
    })
}

/// A sender that no longer waits for its answer is no error: the records are there.
fn answer<T>(reply: oneshot::Sender<T>, value: T) {
    reply.send(value).ok();
}
