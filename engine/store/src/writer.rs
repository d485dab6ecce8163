//! The sender's side of the writer: a handle that places rows, looks up which are there, and hands them to the writer thread.

mod task;

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use arrow_array::Array;
use arrow_array::cast::AsArray;
use arrow_array::types::Int32Type;
use chrono::{DateTime, Utc};
use citybrain_model::Inspector;
use tokio::sync::{broadcast, mpsc, oneshot};

use crate::columns::{Placed, place};
use crate::fold::Rows;
use crate::follow::complaints_of;
use crate::identities::contents_of;
use crate::index::Found;
use crate::journal::Erasure;
use crate::ledger::{FeedCounts, Sent};
use crate::schema::MONTH;
use crate::store::Shared;
use crate::{
    AppendError, Batch, Cutoffs, Erased, Expired, Published, Receipt, Refused, RemoveError,
    Snapshot, Table,
};

pub(crate) use task::{WriterTask, read_only_snapshot};

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
        let sent = Sent::of(&batch, &refused);
        let placed = if batch.len() <= SMALL_ROWS {
            self.place(batch)?
        } else {
            let this = self.clone();
            tokio::task::spawn_blocking(move || this.place(batch))
                .await
                .map_err(|_gone| AppendError::Closed)??
        };
        let (reply, answer) = oneshot::channel();
        let message = Message::Append(self.waiting(placed, refused, reply));
        self.sender
            .send_timeout(message, PATIENCE)
            .await
            .map_err(|error| match error {
                mpsc::error::SendTimeoutError::Timeout(_) => AppendError::Full {
                    retry_after: RETRY_AFTER,
                    sealing_fails: false,
                },
                mpsc::error::SendTimeoutError::Closed(_) => AppendError::Closed,
            })?;
        let receipt = answer.await.unwrap_or(Err(AppendError::Closed))?;
        self.shared.ledger.add(sent, &receipt);
        Ok(receipt)
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
        let sent = Sent::of(&batch, &refused);
        let placed = self.place(batch)?;
        let (reply, answer) = oneshot::channel();
        let message = Message::Append(self.waiting(placed, refused, reply));
        self.sender
            .blocking_send(message)
            .map_err(|_gone| AppendError::Closed)?;
        let receipt = answer.blocking_recv().unwrap_or(Err(AppendError::Closed))?;
        self.shared.ledger.add(sent, &receipt);
        Ok(receipt)
    }

    /// What each feed sent since the store was opened, by name.
    pub fn feeds(&self) -> BTreeMap<String, FeedCounts> {
        self.shared.ledger.feeds()
    }

    /// What looks at observations on their way in.
    pub fn inspector(&self) -> &Inspector {
        &self.shared.options.inspector
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

    /// Erases the complaint (`source`, `id`) and its steps: **when it returns, no query sees them**, and neither they nor refused rows
    /// that name them are in the journal. The lake's earlier versions have them for as long as replaced files are kept
    /// ([`StoreOptions::keep_replaced`](crate::StoreOptions::keep_replaced)). The same record does not come in again: it counts as a
    /// duplicate. An erasure that is ended is finished after the next start.
    ///
    /// # Errors
    /// When journal or lake cannot be written, or the store is closed.
    pub async fn erase(
        &self,
        source: &str,
        id: &str,
        at: DateTime<Utc>,
    ) -> Result<Erased, RemoveError> {
        self.erase_or_mask(source, id, at, false).await
    }

    /// [`Writer::erase`], but the complaint and its steps stay as rows and in counts, without address, text, tags, actors and reasons, and
    /// with a position of about 110 m. It does not change any more: what comes in of it counts as a duplicate.
    ///
    /// # Errors
    /// As [`Writer::erase`].
    pub async fn mask(
        &self,
        source: &str,
        id: &str,
        at: DateTime<Utc>,
    ) -> Result<Erased, RemoveError> {
        self.erase_or_mask(source, id, at, true).await
    }

    async fn erase_or_mask(
        &self,
        source: &str,
        id: &str,
        at: DateTime<Utc>,
        mask: bool,
    ) -> Result<Erased, RemoveError> {
        let (reply, answer) = oneshot::channel();
        let erasure = Erasure {
            source: source.to_owned(),
            id: id.to_owned(),
            mask,
        };
        self.ask(Message::Erase { erasure, at, reply }, answer)
            .await
    }

    /// Takes the records of `table` that are older than `cutoffs` out for good, and takes no such record in any more. Of observations the
    /// hours stay.
    ///
    /// # Errors
    /// When journal or lake cannot be written, [`RemoveError::Busy`] while the same goes on already, or the store is closed.
    pub async fn expire(&self, table: Table, cutoffs: Cutoffs) -> Result<Expired, RemoveError> {
        let (reply, answer) = oneshot::channel();
        let message = Message::Expire {
            table,
            cutoffs,
            reply,
        };
        self.ask(message, answer).await
    }

    /// Forgets refused rows that came in before `before`; gives how many there were.
    ///
    /// # Errors
    /// When the journal cannot be written, or the store is closed.
    pub async fn expire_rejected(&self, before: DateTime<Utc>) -> Result<usize, RemoveError> {
        let (reply, answer) = oneshot::channel();
        self.ask(Message::ExpireRejected { before, reply }, answer)
            .await
    }

    async fn ask<T>(
        &self,
        message: Message,
        answer: oneshot::Receiver<Result<T, RemoveError>>,
    ) -> Result<T, RemoveError> {
        let sent = self.sender.send(message).await;
        sent.map_err(|_gone| RemoveError::Closed)?;
        answer.await.unwrap_or(Err(RemoveError::Closed))
    }

    /// The newest snapshot.
    pub fn snapshot(&self) -> Arc<Snapshot> {
        self.shared.snapshot()
    }

    /// What is published from now on, as by [`Store::watch`](crate::Store::watch).
    pub fn watch(&self) -> broadcast::Receiver<Arc<Published>> {
        self.shared.published.subscribe()
    }

    /// Is there memory for more rows? What waits for the writer thread counts like what is hot.
    fn room(&self) -> Result<(), AppendError> {
        let hot = self.shared.hot_bytes.load(Ordering::Relaxed);
        let waiting = self.shared.waiting_bytes.load(Ordering::Relaxed);
        if hot + waiting > self.shared.options.hot_bytes_max {
            let mut fails = self.shared.sealing_fails.iter();
            return Err(AppendError::Full {
                retry_after: RETRY_AFTER,
                sealing_fails: fails.any(|fails| fails.load(Ordering::Relaxed)),
            });
        }
        Ok(())
    }

    fn waiting(&self, placed: PlacedBatch, refused: Vec<Refused>, reply: Reply) -> Append {
        let bytes = placed.placed.rows.get_array_memory_size();
        Append {
            placed,
            refused,
            fetched: None,
            asked: HashSet::new(),
            reply,
            _weight: Weight::new(&self.shared, bytes),
        }
    }

    /// Places the rows and looks up which are there, on the sender's thread: the writer thread has only to look at what came in
    /// since.
    fn place(&self, mut batch: Batch) -> Result<PlacedBatch, AppendError> {
        if let Batch::Observations(rows) = &mut batch {
            self.shared.options.inspector.inspect(rows);
        }
        let placed = place(&self.shared.snapshot().city, batch);
        let files = &self.shared.index[placed.table.index()];
        let months = implied_months(&placed);
        let found = files.find(&placed.identities, 0, months)?;
        Ok(PlacedBatch {
            contents: contents_of(&placed.rows),
            complaints: match placed.table {
                Table::ComplaintEvents => {
                    let files = &self.shared.index[Table::Complaints.index()];
                    Some(files.find(&complaints_of(&placed.rows), 0, None)?)
                }
                Table::Complaints | Table::Observations => None,
            },
            placed,
            found,
        })
    }
}

/// First and last month of a batch whose identities imply the instants of their rows: then only runs of these months can know
/// them.
fn implied_months(placed: &Placed) -> Option<[i32; 2]> {
    let implied = match placed.table {
        Table::Complaints => false,
        Table::ComplaintEvents => true,
        Table::Observations => placed.rows["id"].null_count() == placed.rows.num_rows(),
    };
    let months = placed.rows[MONTH].as_primitive::<Int32Type>().values();
    let first = months.iter().min().filter(|_| implied)?;
    Some([*first, *months.iter().max()?])
}

/// A batch on its way to the writer thread: placed, and its contents hashed.
#[derive(Debug)]
pub(crate) struct PlacedBatch {
    pub(crate) placed: Placed,
    pub(crate) contents: Vec<u64>,
    /// What the runs knew of the rows when the sender looked.
    pub(crate) found: Found,
    /// Of steps: what the runs knew of their complaints.
    pub(crate) complaints: Option<Found>,
}

/// What the writer thread is asked to do.
#[derive(Debug)]
pub(crate) enum Message {
    Append(Append),
    Forget {
        ids: Vec<i64>,
        reply: oneshot::Sender<Result<(), AppendError>>,
    },
    Erase {
        erasure: Erasure,
        at: DateTime<Utc>,
        reply: oneshot::Sender<Result<Erased, RemoveError>>,
    },
    Expire {
        table: Table,
        cutoffs: Cutoffs,
        reply: oneshot::Sender<Result<Expired, RemoveError>>,
    },
    ExpireRejected {
        before: DateTime<Utc>,
        reply: oneshot::Sender<Result<usize, RemoveError>>,
    },
    Close,
}

#[derive(Debug)]
pub(crate) struct Append {
    placed: PlacedBatch,
    refused: Vec<Refused>,
    /// Rows of the lake that the batch changes.
    fetched: Option<Arc<Rows>>,
    /// The rows that the lake was asked for.
    asked: HashSet<i64>,
    reply: Reply,
    _weight: Weight,
}

type Reply = oneshot::Sender<Result<Receipt, AppendError>>;

/// Counts the bytes of a batch that waits, for as long as it waits.
#[derive(Debug)]
struct Weight {
    shared: Arc<Shared>,
    bytes: usize,
}

impl Weight {
    fn new(shared: &Arc<Shared>, bytes: usize) -> Self {
        shared.waiting_bytes.fetch_add(bytes, Ordering::Relaxed);
        Self {
            shared: Arc::clone(shared),
            bytes,
        }
    }
}

impl Drop for Weight {
    fn drop(&mut self) {
        self.shared
            .waiting_bytes
            .fetch_sub(self.bytes, Ordering::Relaxed);
    }
}
