//! The store as its owner sees it: open, hand out writers and snapshots, close.

use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicUsize};
use std::sync::{Arc, PoisonError, RwLock};
use std::thread::JoinHandle;
use std::time::Duration;

use citybrain_grid::City;
use citybrain_model::Inspector;
use tokio::sync::{broadcast, mpsc};

use crate::index::IndexFiles;
use crate::journal::Journal;
use crate::lake::LakeTable;
use crate::ledger::Ledger;
use crate::lock::Lock;
use crate::writer::{Message, WriterTask};
use crate::{CloseError, OpenError, Published, Snapshot, StateDir, Table, Writer};

/// When hot rows are sealed, and how many may wait.
#[derive(Debug, Clone)]
pub struct StoreOptions {
    /// A table is sealed when it has this many hot rows.
    pub seal_rows: usize,
    /// A table is sealed when its oldest hot row is this old.
    pub seal_age: Duration,
    /// Up to so many hot rows of a table stay in the journal when the store is closed, and are hot again when it is opened: a file of the
    /// lake for a handful of rows at each stop would only have to be compacted.
    pub leave_rows: usize,
    /// Appends are refused as [`AppendError::Full`](crate::AppendError::Full) while hot rows and waiting batches take more
    /// memory than this.
    pub hot_bytes_max: usize,
    /// Batches that may wait for the writer thread.
    pub queue: usize,
    /// Files of the lake that newer ones replaced stay for so long, for readers of earlier versions; as often they are looked for.
    pub keep_replaced: Duration,
    /// Looks at observations on their way in and marks what is doubtful.
    pub inspector: Arc<Inspector>,
}

impl Default for StoreOptions {
    fn default() -> Self {
        Self {
            seal_rows: 500_000,
            seal_age: Duration::from_mins(10),
            leave_rows: 0,
            hot_bytes_max: 2 << 30,
            queue: 256,
            keep_replaced: Duration::from_hours(1),
            inspector: Arc::default(),
        }
    }
}

/// The store of one state directory. It owns the writer thread and the sealing thread.
#[derive(Debug)]
pub struct Store {
    shared: Arc<Shared>,
    sender: mpsc::Sender<Message>,
    thread: Option<JoinHandle<Result<(), CloseError>>>,
}

/// What the writer thread publishes and everybody reads.
#[derive(Debug)]
pub(crate) struct Shared {
    /// Replaced whole at each publication; the lock is held for one pointer copy.
    snapshot: RwLock<Arc<Snapshot>>,
    pub(crate) published: broadcast::Sender<Arc<Published>>,
    pub(crate) hot_bytes: AtomicUsize,
    /// Bytes of the batches that wait for the writer thread.
    pub(crate) waiting_bytes: AtomicUsize,
    /// By table: the last attempt to seal it failed.
    pub(crate) sealing_fails: [AtomicBool; 3],
    /// Which records are there, but for what came in since the last seal.
    pub(crate) index: [Arc<IndexFiles>; 3],
    pub(crate) options: StoreOptions,
    /// What each feed sent.
    pub(crate) ledger: Ledger,
}

impl Shared {
    pub(crate) fn new(
        snapshot: Arc<Snapshot>,
        published: broadcast::Sender<Arc<Published>>,
        index: [Arc<IndexFiles>; 3],
        options: StoreOptions,
    ) -> Self {
        Self {
            snapshot: RwLock::new(snapshot),
            published,
            hot_bytes: AtomicUsize::new(0),
            waiting_bytes: AtomicUsize::new(0),
            sealing_fails: [const { AtomicBool::new(false) }; 3],
            index,
            options,
            ledger: Ledger::default(),
        }
    }

    pub(crate) fn snapshot(&self) -> Arc<Snapshot> {
        Arc::clone(&self.snapshot.read().unwrap_or_else(PoisonError::into_inner))
    }

    pub(crate) fn publish(&self, snapshot: Arc<Snapshot>) {
        *self
            .snapshot
            .write()
            .unwrap_or_else(PoisonError::into_inner) = snapshot;
    }
}

/// How many publications a slow watcher may fall behind before it has to start anew.
pub(crate) const PUBLISHED_KEPT: usize = 1024;

impl Store {
    /// Makes `dir` the state directory of `city`; see [`StateDir::create`].
    ///
    /// # Errors
    /// As [`StateDir::create`].
    pub fn create(dir: &Path, city: &City) -> Result<StateDir, OpenError> {
        StateDir::create(dir, city)
    }

    /// Makes `dir` the state directory of `city` with its history at `lake`; see [`StateDir::create_with_lake`].
    ///
    /// # Errors
    /// As [`StateDir::create_with_lake`].
    pub fn create_with_lake(dir: &Path, city: &City, lake: &str) -> Result<StateDir, OpenError> {
        StateDir::create_with_lake(dir, city, Some(lake))
    }

    /// Opens the state directory for writing: takes its lock, opens the lake, replays the journal's tail.
    ///
    /// # Errors
    /// When the directory is none, belongs to another city, is held by another process, or cannot be read.
    pub fn open(dir: &Path, city: Arc<City>, options: StoreOptions) -> Result<Self, OpenError> {
        let mut state = StateDir::open(dir)?;
        state.belongs_to(&city)?;
        let lock = Lock::take(dir)?;
        state.is_still()?;
        let (journal, damaged) = Journal::open_repaired(&state.journal_file())?;
        if damaged {
            // It may know records that are lost; they must be taken when they are sent again.
            IndexFiles::discard(&state.identities_dir());
        }
        let runtime = runtime(dir)?;
        runtime.block_on(state.claim_lake())?;
        let queue = options.queue;
        let task = runtime.block_on(WriterTask::open(&state, city, journal, lock, options))?;
        let (sender, receiver) = mpsc::channel(queue);
        let shared = task.shared();
        let thread = std::thread::Builder::new()
            .name("store-writer".to_owned())
            .spawn(move || runtime.block_on(task.run(receiver)))
            .map_err(|source| OpenError::Io {
                path: dir.to_owned(),
                source,
            })?;
        Ok(Self {
            shared,
            sender,
            thread: Some(thread),
        })
    }

    /// The newest snapshot of a state directory, also while another process writes to it.
    ///
    /// # Errors
    /// When the directory is none, belongs to another city, or cannot be read; [`OpenError::Changing`] in the moment when other
    /// boundaries become the city's: read the city again then.
    pub fn open_read_only(dir: &Path, city: Arc<City>) -> Result<Arc<Snapshot>, OpenError> {
        let state = StateDir::open(dir)?;
        state.belongs_to(&city)?;
        runtime(dir)?.block_on(crate::writer::read_only_snapshot(&state, city))
    }

    /// A handle that appends.
    pub fn writer(&self) -> Writer {
        Writer::new(self.sender.clone(), Arc::clone(&self.shared))
    }

    /// The newest snapshot: everything acknowledged up to now is in it.
    pub fn snapshot(&self) -> Arc<Snapshot> {
        self.shared.snapshot()
    }

    /// What is published from now on. A receiver that falls far behind is told so and starts from a new snapshot.
    pub fn watch(&self) -> broadcast::Receiver<Arc<Published>> {
        self.shared.published.subscribe()
    }

    /// Seals what is hot (but for [`StoreOptions::leave_rows`]) and ends the threads. Handles that remain get [`AppendError::Closed`](crate::AppendError::Closed).
    /// Call it outside of asynchronous code.
    ///
    /// # Errors
    /// When sealing failed; nothing is lost then, the journal has it.
    pub fn close(mut self) -> Result<(), CloseError> {
        let thread = self.thread.take();
        // The writer thread is gone already when the message finds no receiver; joining it tells why.
        self.sender.blocking_send(Message::Close).ok();
        thread.map_or(Ok(()), |thread| {
            thread.join().unwrap_or(Err(CloseError::Panicked("writer")))
        })
    }
}

pub(crate) fn runtime(dir: &Path) -> Result<tokio::runtime::Runtime, OpenError> {
    tokio::runtime::Builder::new_multi_thread()
        // One seals, and one reads the lake for records that change.
        .worker_threads(2)
        .thread_name("store-seal")
        .enable_all()
        .build()
        .map_err(|source| OpenError::Io {
            path: dir.to_owned(),
            source,
        })
}

/// The lake's tables in the order of [`Table::ALL`].
pub(crate) async fn open_lake(state: &StateDir) -> Result<[LakeTable; 3], OpenError> {
    let mut tables = Vec::with_capacity(Table::ALL.len());
    for table in Table::ALL {
        tables.extend(LakeTable::open(state.lake_dir(), table, true).await?);
    }
    Ok(tables
        .try_into()
        .expect("a table that may be created is there"))
}

#[cfg(test)]
pub(crate) mod tests;
