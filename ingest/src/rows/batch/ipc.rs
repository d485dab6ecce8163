//! Arrow IPC as a stream of messages, each checked before its library sees it.
//!
//! The library trusts the lengths that a message tells: a damaged one would make it panic or ask for terabytes. So the messages
//! are taken apart here: no length goes beyond what is there or beyond [`MESSAGE_BYTES_MAX`]. The file format is the stream format
//! between a mark and a footer, and is read as such.

use std::io::{self, Read};

use arrow_array::RecordBatch;
use arrow_buffer::Buffer;
use arrow_ipc::{Message, reader::StreamDecoder, root_as_message};
use arrow_schema::{ArrowError, SchemaRef};

use super::guarded;

/// Largest message, in bytes, packed and unpacked.
const MESSAGE_BYTES_MAX: u64 = 256 << 20;
/// Largest description of a message, in bytes.
const METADATA_BYTES_MAX: u64 = 16 << 20;
/// Rows that need no bytes at all (columns of nulls alone) are limited too.
const ROWS_WITHOUT_BYTES_MAX: u64 = 1 << 20;

const FILE_MARK: &[u8] = b"ARROW1\0\0";
/// What a writer may align the parts of a file to, in bytes.
const ALIGNMENT_MAX: usize = 4096;
const CONTINUATION: [u8; 4] = [0xff; 4];
/// An uncompressed buffer inside a compressed batch tells this length.
const NOT_COMPRESSED: i64 = -1;

/// What the decoder is fed when the stream is over: it looks at a message only when more bytes come.
const END: [u8; 8] = [0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0];

/// The record batches of an Arrow IPC stream or file.
pub(super) struct Batches<R> {
    stream: R,
    /// The first four bytes of the first message, until it is read.
    start: Option<[u8; 4]>,
    decoder: StreamDecoder,
    /// Bytes that the decoder has not seen.
    waiting: Buffer,
    ended: bool,
    /// A batch that came before it was asked for.
    first: Option<RecordBatch>,
}

impl<R: Read> Batches<R> {
    /// Reads up to the schema.
    pub(super) fn try_new(mut stream: R) -> Result<Self, ArrowError> {
        let mut start = [0; 4];
        stream.read_exact(&mut start)?;
        if FILE_MARK.starts_with(&start) {
            stream.read_exact(&mut start)?;
            // The mark is padded with zeros up to the writer's alignment.
            for _ in 0..ALIGNMENT_MAX / start.len() {
                stream.read_exact(&mut start)?;
                if start != [0; 4] {
                    break;
                }
            }
        }
        let mut batches = Self {
            stream,
            start: Some(start),
            decoder: StreamDecoder::new(),
            waiting: Buffer::default(),
            ended: false,
            first: None,
        };
        while batches.decoder.schema().is_none() {
            if batches.ended {
                return Err(damaged("there is no schema"));
            }
            batches.first = batches.step()?;
        }
        Ok(batches)
    }

    pub(super) fn schema(&self) -> Option<SchemaRef> {
        self.decoder.schema()
    }

    /// Feeds the decoder a message.
    fn step(&mut self) -> Result<Option<RecordBatch>, ArrowError> {
        if self.waiting.is_empty() {
            let message = message(self.start.take(), &mut self.stream)?;
            self.ended = message.is_none();
            self.waiting = message.unwrap_or_else(|| Buffer::from(&END));
        }
        guarded(|| self.decoder.decode(&mut self.waiting))
    }
}

impl<R: Read> Iterator for Batches<R> {
    type Item = Result<RecordBatch, ArrowError>;

    fn next(&mut self) -> Option<Self::Item> {
        if let Some(first) = self.first.take() {
            return Some(Ok(first));
        }
        while !(self.ended && self.waiting.is_empty()) {
            match self.step() {
                Ok(None) => {}
                Ok(Some(batch)) => return Some(Ok(batch)),
                Err(error) => return Some(Err(error)),
            }
        }
        None
    }
}

/// The bytes of the next message, checked; `None` at the end. `start` are its first four bytes when they have been read.
fn message(start: Option<[u8; 4]>, stream: &mut impl Read) -> Result<Option<Buffer>, ArrowError> {
    let start = match start {
        Some(start) => Some(start),
        None => four_bytes(stream)?,
    };
    // Before version 0.15 there was no mark of continuation.
    let size = match start {
        None => return Ok(None),
        Some(CONTINUATION) => {
            four_bytes(stream)?.ok_or_else(|| damaged("the last message is cut off"))?
        }
        Some(size) => size,
    };
    let length = u64::from(u32::from_le_bytes(size));
    if length == 0 {
        return Ok(None);
    }
    if length > METADATA_BYTES_MAX {
        return Err(damaged("a message is described in too many bytes"));
    }
    let mut bytes = [CONTINUATION, size].concat();
    let described = bytes.len();
    take(stream, length, &mut bytes)?;
    let metadata = bytes.get(described..).unwrap_or_default();
    let parsed = root_as_message(metadata);
    let parsed = parsed.map_err(|error| ArrowError::ParseError(error.to_string()))?;
    let body = u64::try_from(parsed.bodyLength()).unwrap_or(u64::MAX);
    if body > MESSAGE_BYTES_MAX {
        return Err(damaged("a message is too long"));
    }
    let mut contents = Vec::new();
    take(stream, body, &mut contents)?;
    check(&parsed, &contents)?;
    bytes.append(&mut contents);
    Ok(Some(bytes.into()))
}

/// Does everything that the message tells of its body lie in it?
fn check(message: &Message<'_>, body: &[u8]) -> Result<(), ArrowError> {
    let dictionary = message.header_as_dictionary_batch();
    let batch = message.header_as_record_batch();
    let Some(batch) = batch.or_else(|| dictionary.and_then(|dictionary| dictionary.data())) else {
        return Ok(());
    };
    let mut unpacked = 0_u64;
    for buffer in batch.buffers().into_iter().flatten() {
        let start = usize::try_from(buffer.offset()).ok();
        let length = usize::try_from(buffer.length()).ok();
        let end = start
            .zip(length)
            .and_then(|(start, length)| start.checked_add(length));
        let bytes = start.zip(end).and_then(|(start, end)| body.get(start..end));
        let bytes = bytes.ok_or_else(|| damaged("a buffer lies outside of its message"))?;
        let told = match (batch.compression(), bytes.first_chunk::<8>()) {
            (Some(_), Some(told)) => i64::from_le_bytes(*told),
            _ => NOT_COMPRESSED,
        };
        unpacked += match told {
            NOT_COMPRESSED => bytes.len() as u64,
            told => u64::try_from(told).unwrap_or(MESSAGE_BYTES_MAX + 1),
        };
        if unpacked > MESSAGE_BYTES_MAX {
            return Err(damaged("a message is too long when it is unpacked"));
        }
    }
    // A row of one column needs a bit at the least.
    let rows_max = unpacked * 8 + ROWS_WITHOUT_BYTES_MAX;
    let nodes = batch
        .nodes()
        .into_iter()
        .flatten()
        .map(arrow_ipc::FieldNode::length);
    let mut lengths = nodes.chain([batch.length()]);
    if lengths.any(|rows| u64::try_from(rows).map_or(true, |rows| rows > rows_max)) {
        return Err(damaged("a batch has more rows than bytes for them"));
    }
    Ok(())
}

/// `None` at the end of the stream.
fn four_bytes(stream: &mut impl Read) -> io::Result<Option<[u8; 4]>> {
    let mut bytes = Vec::with_capacity(4);
    stream.take(4).read_to_end(&mut bytes)?;
    match <[u8; 4]>::try_from(bytes) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(none) if none.is_empty() => Ok(None),
        Err(_) => Err(io::ErrorKind::UnexpectedEof.into()),
    }
}

/// Grows by what is there, whatever length was told.
fn take(stream: &mut impl Read, length: u64, bytes: &mut Vec<u8>) -> io::Result<()> {
    match stream.take(length).read_to_end(bytes)? as u64 {
        read if read == length => Ok(()),
        _ => Err(io::ErrorKind::UnexpectedEof.into()),
    }
}

fn damaged(what: &str) -> ArrowError {
    ArrowError::IpcError(what.to_owned())
}
