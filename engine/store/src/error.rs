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
    /// Another state directory writes to the lake.
    #[error(
        "{lake}: its writer is {holder}; one state directory writes to a lake (remove the object {object} there when that one is gone for good)"
    )]
    LakeHeld {
        /// The lake's place.
        lake: String,
        /// Whose it is: directory and machine.
        holder: String,
        /// The object that says so.
        object: &'static str,
    },
    /// The state directory was made for another city.
    #[error(
        "{dir}: holds the city \"{found}\", not \"{wanted}\" with these boundaries (`citybrain replace` gives a city other ones)"
    )]
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
    /// The tables are changing over to other boundaries and the process that did it was ended: nothing can be added before.
    #[error(
        "{dir}: its records change over to other boundaries; finish that with `citybrain replace --state-dir {dir}`"
    )]
    Switching {
        /// The directory.
        dir: PathBuf,
    },
    /// The boundaries were replaced while the directory was opened.
    #[error("{dir}: its boundaries were replaced at this moment; try again")]
    Changing {
        /// The directory.
        dir: PathBuf,
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
    /// The index of identities could not be made or read.
    #[error(transparent)]
    Index(#[from] crate::IndexError),
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
    /// A damaged journal could not be moved out of the way.
    #[error("journal: {path} is damaged and cannot be moved: {source}")]
    Aside {
        /// The file.
        path: PathBuf,
        /// The cause.
        source: std::io::Error,
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
    /// A file of the lake is not as this engine writes files.
    #[error("lake: {path}: {reason}")]
    Foreign {
        /// The file.
        path: PathBuf,
        /// What is strange about it.
        reason: &'static str,
    },
    /// A file of the lake is damaged.
    #[error("lake: table {table}: {path} cannot be read: {source}")]
    Unreadable {
        /// The table.
        table: &'static str,
        /// The file, in the table's folder.
        path: String,
        /// The cause.
        source: Box<parquet::errors::ParquetError>,
    },
    /// The index of identities could not be written, so the lake was not given the rows.
    #[error(transparent)]
    Index(#[from] crate::IndexError),
    /// The storage says no.
    #[error("lake: {place}: {source}")]
    Store {
        /// The lake's place.
        place: String,
        /// The cause.
        source: Box<deltalake::logstore::object_store::Error>,
    },
    /// A location is no URL or no directory.
    #[error("lake: {0} is not a location for tables")]
    Location(String),
}

/// Why records were not placed by other boundaries.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ReplaceError {
    /// The new city differs in more than its boundaries.
    #[error(
        "{field}: is {found}, and the state directory has {kept}; only boundaries can be replaced"
    )]
    Differs {
        /// The key of the city file.
        field: &'static str,
        /// The new city's value.
        found: String,
        /// The state directory's value.
        kept: String,
    },
    /// A replacement by other boundaries was begun before.
    #[error(
        "{dir}: a replacement by the boundaries {begun} is not finished; finish it with `citybrain replace --state-dir {dir}`, or give it up with --give-up"
    )]
    Unfinished {
        /// The directory.
        dir: PathBuf,
        /// The name of the boundaries that it was begun with.
        begun: String,
    },
    /// It cannot be given up any more.
    #[error(
        "{dir}: the tables are changing over already; finish that with `citybrain replace --state-dir {dir}`"
    )]
    TooLate {
        /// The directory.
        dir: PathBuf,
    },
    /// What was written down about the work done so far cannot be understood.
    #[error("{dir}: what is known of the file {path} cannot be read: {source}")]
    Progress {
        /// The directory.
        dir: PathBuf,
        /// The file of the lake.
        path: String,
        /// The cause.
        source: serde_json::Error,
    },
    /// A file operation failed.
    #[error("{path}: {source}")]
    Io {
        /// The file or directory.
        path: PathBuf,
        /// The cause.
        source: std::io::Error,
    },
    /// The state directory is none, another's, or held by another process.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// The journal could not be read or written.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// The lake could not be read or written.
    #[error(transparent)]
    Lake(#[from] LakeError),
}

const fn why_full(sealing_fails: bool) -> &'static str {
    if sealing_fails {
        "the history cannot be written at this time, and memory is full of what waits for it (nothing acknowledged is lost)"
    } else {
        "the store is busy"
    }
}

/// Why a batch was not appended. Nothing of it is kept: the sender sends it again.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AppendError {
    /// The queue is full, or sealing cannot keep up: send again after the pause.
    #[error("{}; try again in {} s", why_full(*sealing_fails), retry_after.as_secs().max(1))]
    Full {
        /// How long to wait.
        retry_after: Duration,
        /// It is full because the lake cannot be written.
        sealing_fails: bool,
    },
    /// The store is closed.
    #[error("the store is closed")]
    Closed,
    /// The journal could not be written: full disk, read-only directory.
    #[error("{0}")]
    Journal(std::sync::Arc<JournalError>),
    /// The records that it changes could not be read from the lake.
    #[error("{0}")]
    Lake(std::sync::Arc<LakeError>),
    /// Which records are there already could not be read.
    #[error(transparent)]
    Index(#[from] crate::IndexError),
}

/// Why records were not erased, or not taken out because of their age. What was begun goes on after the next start.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RemoveError {
    /// The same is being done already.
    #[error("records of {0} are being taken out at this moment; try again later")]
    Busy(crate::Table),
    /// The store is closed.
    #[error("the store is closed")]
    Closed,
    /// The journal could not be written.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// The lake could not be written.
    #[error("{0}")]
    Lake(std::sync::Arc<LakeError>),
    /// What is in memory could not be moved to the lake, which comes first.
    #[error("what is in memory could not be moved to the lake: {0}")]
    NotSealed(String),
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
