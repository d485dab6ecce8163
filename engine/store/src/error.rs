//! One error for each operation of the store.

use std::path::PathBuf;
use std::time::Duration;

/// Why a state directory was not opened or made.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OpenError {
    /// There is no state directory.
    #[error("{dir}: not a state directory (make one with `citybrain init`)")]
    Missing {
        /// The directory.
        dir: PathBuf,
    },
    /// Another process writes to the state directory.
    #[error("{dir}: in use by {holder}; one process writes to a state directory at a time")]
    Held {
        /// The directory.
        dir: PathBuf,
        /// Who holds it: program and process id.
        holder: String,
    },
    /// The state directory was made for another city.
    #[error("{dir}: holds the city \"{found}\", not \"{wanted}\" with these boundaries")]
    OtherCity {
        /// The directory.
        dir: PathBuf,
        /// The name of the city in the state directory.
        found: String,
        /// The name of the city asked for.
        wanted: String,
    },
    /// The state directory was written by a newer version.
    #[error("{dir}: has format {found}; this version reads up to {known}")]
    Newer {
        /// The directory.
        dir: PathBuf,
        /// Its format.
        found: u32,
        /// The newest format that this version reads.
        known: u32,
    },
    /// The state file cannot be understood.
    #[error("{path}: {reason}")]
    BadState {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// A file operation failed.
    #[error("{path}: {source}")]
    Io {
        /// The file or directory.
        path: PathBuf,
        /// The cause.
        source: std::io::Error,
    },
    /// The journal could not be opened or read.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// The lake could not be opened or read.
    #[error(transparent)]
    Lake(#[from] LakeError),
}

/// A failed operation on the journal.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum JournalError {
    /// SQLite says no: full disk, read-only directory, damaged file.
    #[error("journal: {0}")]
    Sqlite(#[from] rusqlite::Error),
    /// A batch in the journal cannot be decoded.
    #[error("journal: batch {seq} of {table}: {source}")]
    Damaged {
        /// The batch's sequence number.
        seq: u64,
        /// Its table.
        table: String,
        /// The cause.
        source: arrow_schema::ArrowError,
    },
    /// A batch could not be encoded.
    #[error("journal: a batch could not be encoded: {0}")]
    Encode(#[from] arrow_schema::ArrowError),
}

/// A failed operation on the lake.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LakeError {
    /// Delta Lake says no.
    #[error("lake: table {table}: {source}")]
    Delta {
        /// The table.
        table: &'static str,
        /// The cause.
        source: Box<deltalake::DeltaTableError>,
    },
    /// Rows could not be read or sorted.
    #[error("lake: table {table}: {source}")]
    Rows {
        /// The table.
        table: &'static str,
        /// The cause.
        source: Box<deltalake::datafusion::error::DataFusionError>,
    },
    /// A folder could not be made.
    #[error("lake: {path}: {source}")]
    Io {
        /// The folder.
        path: PathBuf,
        /// The cause.
        source: std::io::Error,
    },
    /// A location is no URL or no directory.
    #[error("lake: {0} is not a location for tables")]
    Location(String),
}

/// Why a batch was not appended. Nothing of it is kept: the sender sends it again.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AppendError {
    /// The queue is full, or sealing cannot keep up: send again after the pause.
    #[error("the store is busy; try again in {} s", retry_after.as_secs().max(1))]
    Full {
        /// How long to wait.
        retry_after: Duration,
    },
    /// The store is closed.
    #[error("the store is closed")]
    Closed,
    /// The journal could not be written: full disk, read-only directory.
    #[error("{0}")]
    Journal(std::sync::Arc<JournalError>),
}

/// What went wrong while closing. Nothing is lost: what is not sealed stays in the journal.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CloseError {
    /// Hot rows could not be sealed.
    #[error(transparent)]
    Lake(#[from] LakeError),
    /// A thread of the store ended in a panic.
    #[error("the {0} thread ended in a panic")]
    Panicked(&'static str),
}
