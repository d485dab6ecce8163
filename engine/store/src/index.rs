//! Which records are there already: identity → (row, content), on disk.
//!
//! What came in since the last seal is in memory ([`Recent`]); the rest lies in runs, files of sorted entries, with 2.25 bytes an
//! entry in memory ([`Run`]). Each seal writes its entries as a run **before** the lake gets the rows, so the runs never know
//! less than the lake, and what they know beyond it is in the journal. Runs of about the same size are merged in the background,
//! so there are few, and the cost of a look-up grows with the logarithm of the records.
//!
//! The runs are an index: when they are gone, damaged, or older than the lake, they are made again from it.

mod files;
mod merge;
mod rebuild;
mod recent;
mod run;

use std::path::{Path, PathBuf};

use crate::schema::ROW_NUMBER_BITS;

pub(crate) use files::{Found, IndexFiles};
pub(crate) use recent::{Entries, Recent};

/// What is known of a record that is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Known {
    pub(crate) row_id: i64,
    /// A hash of what its sender said: 48 bits.
    pub(crate) content: u64,
}

/// The low bits of a row id: its number by arrival.
pub(crate) const NUMBER: i64 = (1 << ROW_NUMBER_BITS) - 1;

/// A failed operation on the index of identities.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum IndexError {
    /// A file operation failed.
    #[error("identities: {path}: {source}")]
    Io {
        /// The file.
        path: PathBuf,
        /// The cause.
        source: std::io::Error,
    },
    /// A file is damaged: it is made again from the lake when the store is opened next.
    #[error("identities: {path}: {reason}; it is made again from the lake at the next start")]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: &'static str,
    },
}

impl IndexError {
    fn io(path: &Path, source: std::io::Error) -> Self {
        Self::Io {
            path: path.to_owned(),
            source,
        }
    }

    fn damaged(path: &Path, reason: &'static str) -> Self {
        Self::Damaged {
            path: path.to_owned(),
            reason,
        }
    }
}

#[cfg(test)]
mod tests;
