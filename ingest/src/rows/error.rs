//! Why a file could not be read.

use std::path::PathBuf;

use super::{Format, ROW_BYTES_MAX, UNPACKED_BYTES_MAX, WHOLE_BYTES_MAX};

/// A file that could not be read, or not to its end: one line that names it.
#[derive(Debug, thiserror::Error)]
#[error("{}: {problem}", path.display())]
pub struct FileError {
    /// The file.
    pub path: PathBuf,
    /// What is wrong with it.
    #[source]
    pub problem: FileProblem,
}

/// What is wrong with a file or a body.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FileProblem {
    /// There is no such file.
    #[error("no such file")]
    Missing,
    /// It is a directory.
    #[error("is a directory, not a file")]
    Directory,
    /// It has no content.
    #[error("is empty")]
    Empty,
    /// Its name and the profile do not tell its format.
    #[error("unknown format: the name must end in {}", Format::WORDS)]
    Format,
    /// The compressed data end too early or are damaged.
    #[error("the {what} data are cut off or damaged after {rows} rows: {cause}")]
    Damaged {
        /// The compression.
        what: &'static str,
        /// Rows read before the fault.
        rows: u64,
        /// What the decoder says.
        cause: String,
    },
    /// The operating system says no.
    #[error("{0}")]
    Io(#[source] std::io::Error),
    /// There is no header line, or it is no text in the file's encoding.
    #[error("the header line cannot be read: {0}")]
    Header(String),
    /// A column that every record needs is not there.
    #[error("has no column \"{wanted}\"; its columns are {found}")]
    Column {
        /// The column that the profile asks for.
        wanted: String,
        /// The columns that are there.
        found: String,
    },
    /// A row does not end.
    #[error(
        "row {row} (line {line}) is longer than {} MiB: an unclosed quote?",
        ROW_BYTES_MAX >> 20
    )]
    RowTooLong {
        /// The row, from 0.
        row: u64,
        /// The line on which it begins, 0 when unknown.
        line: u64,
    },
    /// The file must be read as a whole and is too large for that.
    #[error(
        "is larger than {} MiB, the most for this format; convert it to CSV or Parquet",
        WHOLE_BYTES_MAX >> 20
    )]
    TooLarge,
    /// A workbook that unpacks to more than can be read.
    #[error(
        "unpacks to more than {} MiB, or holds more than {} MiB of texts; convert it to CSV or Parquet",
        UNPACKED_BYTES_MAX >> 20, WHOLE_BYTES_MAX >> 20
    )]
    Unpacked,
    /// The text is no JSON.
    #[error("no valid JSON at line {line}, column {column}, after {rows} rows: {message}")]
    Json {
        /// Line of the fault, from 1.
        line: usize,
        /// Column of the fault, from 1.
        column: usize,
        /// Rows read before the fault.
        rows: u64,
        /// What the parser says.
        message: String,
    },
    /// A JSON document without rows.
    #[error("holds no rows: {0}")]
    NoRows(String),
    /// A binary table that its own library cannot read.
    #[error("no valid {what} after {rows} rows: {cause}")]
    Table {
        /// The format.
        what: &'static str,
        /// Rows read before the fault.
        rows: u64,
        /// What the library says, in one line.
        cause: String,
    },
}

impl FileProblem {
    /// An I/O error met while reading; faults of the packing have been marked by [`super::open`].
    pub(super) fn of_io(error: std::io::Error, row: u64, line: u64) -> Self {
        let marked = error
            .get_ref()
            .and_then(|inner| inner.downcast_ref::<super::open::Fault>());
        match marked {
            Some(super::open::Fault::Packing(what, cause)) => Self::Damaged {
                what,
                rows: row,
                cause: cause.clone(),
            },
            Some(super::open::Fault::RowTooLong) => Self::RowTooLong { row, line },
            None => Self::Io(error),
        }
    }
}

/// A message in one line.
pub(super) fn one_line(message: &impl std::fmt::Display) -> String {
    let message = message.to_string();
    let mut lines = message
        .lines()
        .map(str::trim)
        .filter(|line| !line.is_empty());
    let first = lines.next().unwrap_or_default().to_owned();
    lines.fold(first, |all, line| all + "; " + line)
}
