//! Files become records in the store.
//!
//! 1. Every file is looked at, so that a missing one stops the import before anything is appended.
//! 2. One thread reads rows, some decode them, the caller's appends the records in the files' order; bounded queues between them
//!    keep memory bounded and let the slowest set the pace.
//! 3. Batches of some ten thousand records go to the store, together with the rows that were refused among them.

mod check_place;
mod dry_run;
mod pipeline;
mod summary;

use std::{
    path::{Path, PathBuf},
    sync::Arc,
    time::Instant,
};

use citybrain_store::{AppendError, Batch, Receipt, Refused, Writer};

pub use self::{
    check_place::{PlaceCheck, PlaceCheckError, check_place},
    dry_run::DryRun,
    summary::Summary,
};
use crate::{
    decode::{Context, Decoded},
    profile::{Profile, RecordKind},
    rows::{FileError, FileProblem, probe_file},
};

/// A batch is appended when it has this many records and refused rows.
pub const BATCH_ROWS: u64 = 10_000;

/// Takes what was read.
pub trait Sink {
    /// Appends records and the rows that were refused among them.
    ///
    /// # Errors
    /// When nothing of it was kept.
    fn append(&mut self, batch: Batch, refused: Vec<Refused>) -> Result<Receipt, AppendError>;
}

impl Sink for Writer {
    fn append(&mut self, batch: Batch, refused: Vec<Refused>) -> Result<Receipt, AppendError> {
        self.append_blocking(batch, refused)
    }
}

/// How an import is done.
pub struct Import<'a> {
    /// How the files are read.
    pub profile: Arc<Profile>,
    /// What is the same for all rows.
    pub context: Context,
    /// Is told how far the import is after each batch.
    pub progress: &'a mut dyn FnMut(Progress<'_>),
}

impl std::fmt::Debug for Import<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Import")
            .field("profile", &self.profile.name)
            .field("context", &self.context)
            .finish_non_exhaustive()
    }
}

/// How far an import is.
#[derive(Debug, Clone, Copy)]
pub struct Progress<'a> {
    /// The file that is being read.
    pub file: &'a Path,
    /// Bytes taken from it.
    pub bytes_read: u64,
    /// Its size in bytes; 0 when it has none (a pipe).
    pub bytes_total: u64,
    /// Records read, over all files so far.
    pub read: u64,
}

/// An import that did not come to its end. What was appended stays, and the summary counts it.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ImportError {
    /// A file could not be read, or not to its end.
    #[error("{error}")]
    File {
        /// The file and what is wrong with it.
        error: FileError,
        /// What was appended before.
        summary: Box<Summary>,
    },
    /// The store did not take a batch.
    #[error("{error}")]
    Append {
        /// What the store says.
        error: AppendError,
        /// What was appended before.
        summary: Box<Summary>,
    },
}

impl ImportError {
    /// What was appended before the fault.
    pub fn summary(&self) -> &Summary {
        match self {
            Self::File { summary, .. } | Self::Append { summary, .. } => summary,
        }
    }
}

/// Imports files, in order. **Every record that was read is accepted, updated, a duplicate or rejected**: the summary's counts
/// add up, also when the import ends in an error.
///
/// # Errors
/// [`ImportError::File`] for the first file that cannot be read; when it is missing, a directory, empty or of an unknown format,
/// nothing has been appended of any file. [`ImportError::Append`] when the store stops taking batches.
pub fn import(
    sink: &mut dyn Sink,
    files: &[PathBuf],
    mut import: Import<'_>,
) -> Result<Summary, ImportError> {
    let mut run = Run {
        sink,
        record: import.profile.record,
        started: Instant::now(),
        summary: Summary::default(),
        waiting: Decoded::empty(import.profile.record),
    };
    let shape = import.profile.shape();
    for file in files {
        if let Err(error) = probe_file(file, &shape) {
            return Err(run.failed(error));
        }
    }
    for file in files {
        let read = pipeline::run(file, &shape, &mut import, &mut run);
        // What was read before a fault stays.
        let appended = run.append();
        match (read, appended) {
            (Ok(()), Ok(())) => {}
            (Err(Stop::Append(error)), _) | (Ok(()), Err(error)) => {
                return Err(ImportError::Append {
                    error,
                    summary: Box::new(run.summarized()),
                });
            }
            (Err(Stop::File(problem)), _) => {
                let path = file.clone();
                return Err(run.failed(FileError { path, problem }));
            }
        }
    }
    Ok(run.summarized())
}

/// Why the pipeline ended early.
enum Stop {
    File(FileProblem),
    Append(AppendError),
}

/// An import on its way.
struct Run<'a> {
    sink: &'a mut dyn Sink,
    record: RecordKind,
    started: Instant,
    summary: Summary,
    /// Read and not yet appended.
    waiting: Decoded,
}

impl Run<'_> {
    /// Takes what a chunk became; appends when there is enough for a batch.
    fn take(&mut self, decoded: Decoded) -> Result<bool, AppendError> {
        self.waiting.extend(decoded);
        let full = self.waiting.read() >= BATCH_ROWS;
        if full {
            self.append()?;
        }
        Ok(full)
    }

    fn append(&mut self) -> Result<(), AppendError> {
        let empty = Decoded::empty(self.record);
        let Decoded {
            batch,
            refused,
            notes,
        } = std::mem::replace(&mut self.waiting, empty);
        self.summary.notes.extend(notes);
        if batch.is_empty() && refused.is_empty() {
            return Ok(());
        }
        let reasons = Summary::reasons_of(&refused);
        let receipt = self.sink.append(batch, refused)?;
        self.summary.count(&receipt, reasons);
        Ok(())
    }

    fn summarized(&mut self) -> Summary {
        let mut summary = std::mem::take(&mut self.summary);
        summary.took(self.started.elapsed());
        summary
    }

    fn failed(&mut self, error: FileError) -> ImportError {
        ImportError::File {
            error,
            summary: Box::new(self.summarized()),
        }
    }
}

#[cfg(test)]
mod real_data;
#[cfg(test)]
pub(crate) mod tests;
