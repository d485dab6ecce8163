//! A file as a stream of its unpacked bytes.

use std::{
    cell::Cell,
    fs::File,
    io::{self, BufReader, ErrorKind, Read, Seek},
    path::Path,
    rc::Rc,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use super::{FileProblem, ROW_BYTES_MAX, WHOLE_BYTES_MAX};

const GZIP: [u8; 2] = [0x1f, 0x8b];
const ZSTD: [u8; 4] = [0x28, 0xb5, 0x2f, 0xfd];
const BUFFER_BYTES: usize = 256 << 10;

/// An opened file.
pub(super) enum Opened {
    /// Not compressed.
    Plain(Counted<File>),
    /// Compressed by gzip or zstandard: its unpacked bytes.
    Packed(Box<dyn Read>),
}

impl Opened {
    pub(super) fn into_reader(self) -> Box<dyn Read> {
        match self {
            Self::Plain(file) => Box::new(BufReader::with_capacity(BUFFER_BYTES, file)),
            Self::Packed(reader) => reader,
        }
    }
}

/// A fault with a meaning of its own, carried inside an `io::Error`.
#[derive(Debug, thiserror::Error)]
pub(super) enum Fault {
    #[error("{0}: {1}")]
    Packing(&'static str, String),
    #[error("the row is too long")]
    RowTooLong,
}

/// Looks at a file without taking a byte from it: a pipe would miss it.
pub(super) fn probe(path: &Path) -> Result<(), FileProblem> {
    opened(path).map(|_| ())
}

fn opened(path: &Path) -> Result<File, FileProblem> {
    let file = File::open(path).map_err(|error| match error.kind() {
        ErrorKind::NotFound => FileProblem::Missing,
        _ => FileProblem::Io(error),
    })?;
    let metadata = file.metadata().map_err(FileProblem::Io)?;
    if metadata.is_dir() {
        return Err(FileProblem::Directory);
    }
    if metadata.is_file() && metadata.len() == 0 {
        return Err(FileProblem::Empty);
    }
    Ok(file)
}

/// Opens a file; how it is packed is read from its first bytes, not from its name.
pub(super) fn open(path: &Path, bytes_read: &Arc<AtomicU64>) -> Result<Opened, FileProblem> {
    let mut file = opened(path)?;
    let mut start = [0; 4];
    let mut filled = 0;
    while filled < start.len() {
        match file.read(&mut start[filled..]).map_err(FileProblem::Io)? {
            0 => break,
            n => filled += n,
        }
    }
    let start = &start[..filled];
    if start.is_empty() {
        return Err(FileProblem::Empty);
    }
    // A pipe cannot go back to its beginning: the bytes are put before the rest.
    let rewound = file.rewind().is_ok();
    let counted = Counted {
        inner: file,
        bytes: Arc::clone(bytes_read),
    };
    let buffered = |counted| BufReader::with_capacity(BUFFER_BYTES, counted);
    let stream: Box<dyn io::BufRead> = match rewound {
        true if !start.starts_with(&GZIP) && !start.starts_with(&ZSTD) => {
            return Ok(Opened::Plain(counted));
        }
        true => Box::new(buffered(counted)),
        false => Box::new(io::Cursor::new(start.to_owned()).chain(buffered(counted))),
    };
    let reader: Box<dyn Read> = if start.starts_with(&GZIP) {
        Box::new(Unpacked {
            what: "gzip",
            inner: flate2::bufread::MultiGzDecoder::new(stream),
        })
    } else if start.starts_with(&ZSTD) {
        Box::new(Unpacked {
            what: "zstd",
            inner: zstd::Decoder::with_buffer(stream).map_err(FileProblem::Io)?,
        })
    } else {
        Box::new(stream)
    };
    Ok(Opened::Packed(reader))
}

/// All bytes of a stream, for formats that need to seek.
pub(super) fn whole(reader: impl Read) -> Result<bytes::Bytes, FileProblem> {
    let mut all = Vec::new();
    let size = reader
        .take(WHOLE_BYTES_MAX + 1)
        .read_to_end(&mut all)
        .map_err(|error| FileProblem::of_io(error, 0, 0))?;
    if size as u64 > WHOLE_BYTES_MAX {
        return Err(FileProblem::TooLarge);
    }
    Ok(all.into())
}

/// Counts the bytes that pass.
pub(super) struct Counted<R> {
    inner: R,
    bytes: Arc<AtomicU64>,
}

impl<R> Counted<R> {
    /// The file itself; its bytes are counted no longer.
    pub(super) fn into_file(self) -> R {
        self.inner
    }
}

impl<R: Read> Read for Counted<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let n = self.inner.read(buffer)?;
        self.bytes.fetch_add(n as u64, Ordering::Relaxed);
        Ok(n)
    }
}

/// Marks what a decoder cannot unpack, so that it is told from a failing disk.
struct Unpacked<R> {
    what: &'static str,
    inner: R,
}

impl<R: Read> Read for Unpacked<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.inner.read(buffer).map_err(|error| match error.kind() {
            ErrorKind::Interrupted => error,
            kind => io::Error::new(kind, Fault::Packing(self.what, error.to_string())),
        })
    }
}

/// Ends the stream when no row is completed within [`ROW_BYTES_MAX`] bytes: one unclosed quote must not swallow a file of any size.
pub(super) struct RowLimit<R> {
    inner: R,
    since_row: Rc<Cell<u64>>,
}

impl<R> RowLimit<R> {
    /// The limited stream, and the count that is set to zero after each row.
    pub(super) fn new(inner: R) -> (Self, Rc<Cell<u64>>) {
        let since_row = Rc::new(Cell::new(0));
        let limited = Self {
            inner,
            since_row: Rc::clone(&since_row),
        };
        (limited, since_row)
    }
}

impl<R: Read> Read for RowLimit<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.since_row.get() > ROW_BYTES_MAX {
            return Err(io::Error::other(Fault::RowTooLong));
        }
        let n = self.inner.read(buffer)?;
        self.since_row.set(self.since_row.get() + n as u64);
        Ok(n)
    }
}
