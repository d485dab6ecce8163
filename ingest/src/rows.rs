//! Rows of any file, one after the other.
//!
//! Every format becomes the same thing: named columns and rows of text, in chunks of bounded size, so that a file of any length is
//! read in bounded memory. A row that cannot be read is an item of its own, with its place and the rule that it breaks; only a
//! file that cannot be read any further ends the reading. XLSX is the exception: it is no stream, so its size is limited.

mod batch;
mod chunk;
mod csv;
mod encoding;
mod error;
mod format;
mod json;
mod open;
mod xlsx;

use std::{
    io::Read,
    ops::ControlFlow,
    path::Path,
    sync::{Arc, atomic::AtomicU64},
};

pub(crate) use self::batch::arrow_batches;
use self::{chunk::Emitter, open::Opened};
pub use self::{
    chunk::{BadRow, Chunk, Columns, Found, Item, Row, folded},
    encoding::{Encoding, UnknownEncoding},
    error::{FileError, FileProblem},
    format::Format,
    json::object::{row_of_object, rows_of_payload},
};

/// Longest row, in bytes. A longer one is an unclosed quote or no table at all.
pub const ROW_BYTES_MAX: u64 = 16 << 20;
/// Largest file that is read as a whole (XLSX and compressed Parquet), in bytes.
pub const WHOLE_BYTES_MAX: u64 = 256 << 20;

/// Most bytes that a workbook may unpack to.
pub const UNPACKED_BYTES_MAX: u64 = 1 << 30;

/// What a profile says of the outer form of a file.
#[derive(Debug, Clone, Default)]
pub struct Shape {
    /// The format when the file's name does not tell it.
    pub format: Option<Format>,
    /// Candidate encodings; the first in which the beginning of the file is valid is taken. Empty: UTF-8.
    pub encodings: Vec<Encoding>,
    /// Bytes that are no text in the encoding become U+FFFD instead of refusing the row.
    pub replace_invalid: bool,
    /// The byte between cells; none: a comma, or a tab for TSV.
    pub delimiter: Option<u8>,
    /// Column names of a file without a header line.
    pub header: Vec<String>,
    /// Lines (or sheet rows) before the header.
    pub skip_rows: u32,
    /// The sheet of a workbook; none: the first.
    pub sheet: Option<String>,
    /// The member of a JSON document that holds the rows; none: the first that is an array of objects; `.`: the document itself
    /// is a row when it is an object.
    pub records: Option<String>,
    /// The path of a list in each JSON row: the row is one row for each of its elements, with columns `list.member`.
    pub each: Option<String>,
    /// Columns whose nested JSON objects are kept as JSON text; any other object is spread over columns `outer.inner`.
    pub whole: Vec<String>,
}

/// What takes the chunks; `Break` ends the reading early.
pub type Emit<'a> = dyn FnMut(Chunk) -> ControlFlow<()> + 'a;

/// Reads the file at `path` and hands its rows to `emit`, in order. `bytes_read` counts the bytes taken from the file (compressed,
/// if it is) and may be watched from another thread.
///
/// # Errors
/// A [`FileError`] that names the file and what is wrong with it; the rows before the fault have been emitted.
pub fn read_file(
    path: &Path,
    shape: &Shape,
    bytes_read: &Arc<AtomicU64>,
    emit: &mut Emit<'_>,
) -> Result<(), FileError> {
    let named = |problem| FileError {
        path: path.to_owned(),
        problem,
    };
    let opened = open::open(path, bytes_read).map_err(named)?;
    let format = Format::of_file(path).or(shape.format);
    let format = format.ok_or_else(|| named(FileProblem::Format))?;
    read_opened(opened, format, shape, emit).map_err(named)
}

/// Reads rows from `bytes`, uncompressed, in the given format.
///
/// # Errors
/// A [`FileProblem`]; the rows before the fault have been emitted.
pub fn read_bytes(
    bytes: &[u8],
    format: Format,
    shape: &Shape,
    emit: &mut Emit<'_>,
) -> Result<(), FileProblem> {
    read_stream(bytes, format, shape, emit)
}

/// Looks whether the file is there, is no directory, is not empty and has a known format, without reading from it.
///
/// # Errors
/// A [`FileError`] that names the file and what is wrong with it.
pub fn probe_file(path: &Path, shape: &Shape) -> Result<(), FileError> {
    let known = Format::of_file(path).or(shape.format).is_some();
    let probed = open::probe(path).and_then(|()| known.then_some(()).ok_or(FileProblem::Format));
    probed.map_err(|problem| FileError {
        path: path.to_owned(),
        problem,
    })
}

fn read_opened(
    opened: Opened,
    format: Format,
    shape: &Shape,
    emit: &mut Emit<'_>,
) -> Result<(), FileProblem> {
    match (format, opened) {
        (Format::Parquet, Opened::Plain(file)) => {
            batch::read_parquet(file.into_file(), &mut Emitter::new(emit))
        }
        (Format::Parquet, Opened::Packed(reader)) => {
            batch::read_parquet(open::whole(reader)?, &mut Emitter::new(emit))
        }
        (Format::Xlsx, opened) => xlsx::read(
            open::whole(opened.into_reader())?,
            shape,
            &mut Emitter::new(emit),
        ),
        (format, opened) => read_stream(opened.into_reader(), format, shape, emit),
    }
}

/// The formats that need no seeking.
fn read_stream(
    reader: impl Read,
    format: Format,
    shape: &Shape,
    emit: &mut Emit<'_>,
) -> Result<(), FileProblem> {
    let emitter = &mut Emitter::new(emit);
    match format {
        Format::Csv | Format::Tsv => csv::read(reader, format, shape, emitter),
        Format::Ndjson => json::read_lines(reader, shape, emitter),
        Format::Json | Format::GeoJson => json::read_document(reader, shape, emitter),
        Format::Arrow => batch::read_arrow(reader, emitter),
        Format::Parquet => batch::read_parquet(open::whole(reader)?, emitter),
        Format::Xlsx => xlsx::read(open::whole(reader)?, shape, emitter),
    }
}

#[cfg(test)]
mod tests;
