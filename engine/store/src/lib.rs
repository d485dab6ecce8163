//! Durability, and the only mutable state of the engine: journal, hot rows, lake, snapshot.
//!
//! A batch goes one way. [`Writer::append`] places its rows and hands them to the single writer thread, which drops what is
//! already there, writes all waiting batches to the journal in one transaction, publishes a new [`Snapshot`], and
//! only then answers. A sealing thread moves hot rows into the lake (Delta Lake tables of sorted Parquet) in commits that carry
//! the journal position, so that a crash at any point neither loses nor doubles a row.
//!
//! [`Replacing`] places what is there by other boundaries.
//!
//! Readers hold an immutable [`Snapshot`]: hot rows and one version of each lake table. [`Store::watch`] streams what was
//! published, for live counts.
//!
//! [`Counts`] are kept as records arrive, so that questions over all time need not read all of it.
//!
//! [`Control`] keeps what people set up and who did what, in a file of its own.

mod abort;
mod admit;
mod backup;
mod batch;
mod columns;
mod control;
mod cutoffs;
mod error;
mod fold;
mod follow;
mod hot;
mod identities;
mod index;
mod journal;
mod lake;
mod ledger;
mod lock;
mod removed;
mod replace;
mod rollup;
mod schema;
mod seal;
mod snapshot;
mod state_dir;
mod store;
mod table_state;
mod verify;
mod writer;

pub use backup::{BackedUp, Backup, BackupError};
pub use batch::{Batch, Receipt, Refused};
pub use control::{
    Alert, AlertAct, AlertChange, AlertChangeKind, AlertFilter, AlertStep, Attempt, Audit, Audited,
    Catalog, Control, ControlError, Delivery, Draft, Entity, Fetched, FetchedFile, KeptAnswer,
    KeptRule, Key, KeyRing, NewKey, NotDone, Role, Secret, SensorThings, Standing, Stream,
    UnknownRole, Webhook,
};
pub use cutoffs::Cutoffs;
pub use error::{
    AppendError, CloseError, JournalError, LakeError, OpenError, RemoveError, ReplaceError,
};
pub use index::IndexError;
pub use journal::RejectedRow;
pub use ledger::FeedCounts;
pub use removed::{Erased, Expired};
pub use replace::{Change, Changes, Replacing, changes_under};
pub use rollup::{CACHE_BYTES, CountedKind, CountedPlace, Counts};
pub use schema::{Table, rows_schema};
pub use snapshot::{Published, Snapshot, TableSnapshot};
pub use state_dir::{FORMAT, StateDir, Unfinished};
pub use store::{Store, StoreOptions};
pub use verify::{Check, verify};
pub use writer::Writer;
