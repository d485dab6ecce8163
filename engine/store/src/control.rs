//! Control state: what people set up (keys, rules, feeds …) and what was done, in `control.db` beside the journal.
//!
//! One SQLite file with the journal's promise (a change is on disk when the call returns) and without its rush: records never wait
//! for it, and a command may change it while a server runs. Each kind of thing is a file of this folder, with its table and its methods on [`Control`].

mod alerts;
mod audit;
mod fetched;
mod kept_answers;
mod keys;
mod rules;
mod sensorthings;
mod webhooks;

use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use rusqlite::{Connection, Transaction, TransactionBehavior};

pub use alerts::{
    Alert, AlertAct, AlertChange, AlertChangeKind, AlertFilter, AlertStep, NotDone, Standing,
};
pub use audit::{Audit, Audited};
pub use fetched::{Fetched, FetchedFile};
pub use kept_answers::KeptAnswer;
pub use keys::{Key, KeyRing, NewKey, Role, Secret, UnknownRole};
pub use rules::KeptRule;
pub use sensorthings::{Catalog, Draft, Entity, SensorThings, Stream};
pub use webhooks::{Attempt, Delivery, Webhook};

use crate::StateDir;

/// The control state of one state directory; cheap to clone. Its methods block for a moment (SQLite, fsync): call them from a thread
/// for blocking work.
#[derive(Debug, Clone)]
pub struct Control {
    /// Held for one statement or one transaction.
    connection: Arc<Mutex<Connection>>,
}

/// The tables, each made when it is not there.
const TABLES: [&str; 8] = [
    include_str!("control/audit.sql"),
    include_str!("control/alerts.sql"),
    include_str!("control/fetched.sql"),
    include_str!("control/rules.sql"),
    include_str!("control/sensorthings.sql"),
    include_str!("control/keys.sql"),
    include_str!("control/kept_answers.sql"),
    include_str!("control/webhooks.sql"),
];
/// How long a statement waits for another process's lock on the file.
const BUSY: Duration = Duration::from_secs(10);

impl Control {
    /// Opens the control state of a state directory, also while another process uses it, and makes it when it is not there.
    ///
    /// # Errors
    /// When the file cannot be opened or written.
    pub fn open(dir: &StateDir) -> Result<Self, ControlError> {
        Self::open_file(&dir.control_file())
    }

    pub(crate) fn open_file(path: &Path) -> Result<Self, ControlError> {
        let connection = Connection::open(path)?;
        connection.busy_timeout(BUSY)?;
        connection.pragma_update(None, "journal_mode", "WAL")?;
        connection.pragma_update(None, "synchronous", "FULL")?;
        for table in TABLES {
            connection.execute_batch(table)?;
        }
        Ok(Self {
            connection: Arc::new(Mutex::new(connection)),
        })
    }

    /// Reads, outside of a transaction.
    fn read<T>(
        &self,
        ask: impl FnOnce(&Connection) -> rusqlite::Result<T>,
    ) -> Result<T, ControlError> {
        let connection = self
            .connection
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        Ok(ask(&connection)?)
    }

    /// Changes, in one transaction: all of it is on disk when this returns, or nothing.
    fn write<T>(
        &self,
        change: impl FnOnce(&Transaction<'_>) -> rusqlite::Result<T>,
    ) -> Result<T, ControlError> {
        let mut connection = self
            .connection
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        // Immediate: two processes that read first and write then would otherwise refuse each other.
        let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let done = change(&transaction)?;
        transaction.commit()?;
        Ok(done)
    }
}

/// A failed operation on the control state.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ControlError {
    /// SQLite says no: full disk, read-only directory, damaged file.
    #[error("control state: {0}")]
    Sqlite(#[from] rusqlite::Error),
    /// A row of the file does not say what it should.
    #[error("control state: {what} is damaged")]
    Damaged {
        /// Which.
        what: String,
    },
}

#[cfg(test)]
mod tests;
