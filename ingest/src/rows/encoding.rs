//! Text in the encoding it was written in.

use std::io::{self, Cursor, Read};

use encoding_rs::{DecoderResult, UTF_8};
use encoding_rs_io::DecodeReaderBytesBuilder;
use serde::Deserialize;

/// How much of a file's beginning decides its encoding, in bytes.
const SNIFFED_BYTES: u64 = 64 << 10;

/// A text encoding by its WHATWG label: `utf-8`, `gb18030`, `windows-1252` …
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct Encoding(&'static encoding_rs::Encoding);

impl Encoding {
    /// UTF-8.
    pub const UTF_8: Self = Self(UTF_8);

    /// The encoding's name.
    pub fn name(self) -> &'static str {
        self.0.name()
    }

    /// The text of bytes in this encoding; `None` when they are none.
    pub fn decode(self, bytes: &[u8]) -> Option<String> {
        let text = self
            .0
            .decode_without_bom_handling_and_without_replacement(bytes)?;
        Some(text.into_owned())
    }
}

/// A label of no known encoding.
#[derive(Debug, thiserror::Error)]
#[error("\"{0}\" is no encoding (utf-8, gb18030, big5, windows-1252 …)")]
pub struct UnknownEncoding(pub String);

impl TryFrom<String> for Encoding {
    type Error = UnknownEncoding;

    fn try_from(label: String) -> Result<Self, UnknownEncoding> {
        encoding_rs::Encoding::for_label(label.as_bytes())
            .map(Self)
            .ok_or(UnknownEncoding(label))
    }
}

/// A stream of UTF-8 without byte-order mark.
pub(super) struct DecodedText<'a> {
    pub(super) reader: Box<dyn Read + 'a>,
    /// The text was decoded, so a wrong byte has become U+FFFD; otherwise the bytes are as in the file and need to be checked.
    pub(super) decoded: bool,
    /// There is no text at all.
    pub(super) empty: bool,
}

/// Decides the encoding (a byte-order mark, else the first candidate in which the beginning of the stream is valid, else the
/// first candidate) and decodes.
pub(super) fn decode<'a>(
    mut reader: impl Read + 'a,
    candidates: &[Encoding],
) -> io::Result<DecodedText<'a>> {
    let mut start = Vec::new();
    reader
        .by_ref()
        .take(SNIFFED_BYTES)
        .read_to_end(&mut start)?;
    let marked = encoding_rs::Encoding::for_bom(&start);
    let encoding = marked
        .map(|(encoding, _)| Encoding(encoding))
        .or_else(|| candidates.iter().copied().find(|c| is_valid(*c, &start)))
        .or_else(|| candidates.first().copied())
        .unwrap_or(Encoding::UTF_8);
    let mark_bytes = marked.map_or(0, |(_, length)| length);
    let empty = start.len() == mark_bytes;
    let mut start = Cursor::new(start);
    start.set_position(mark_bytes as u64);
    let stream = start.chain(reader);
    let decoded = encoding != Encoding::UTF_8;
    let reader: Box<dyn Read + 'a> = if decoded {
        let mut builder = DecodeReaderBytesBuilder::new();
        builder.encoding(Some(encoding.0)).bom_sniffing(false);
        Box::new(builder.build(stream))
    } else {
        Box::new(stream)
    };
    Ok(DecodedText {
        reader,
        decoded,
        empty,
    })
}

fn is_valid(encoding: Encoding, start: &[u8]) -> bool {
    if encoding == Encoding::UTF_8 {
        // A character that the sniffed part cuts in two is no fault.
        return std::str::from_utf8(start).map_or_else(|e| e.error_len().is_none(), |_| true);
    }
    let mut decoder = encoding.0.new_decoder_without_bom_handling();
    let Some(capacity) = decoder.max_utf8_buffer_length_without_replacement(start.len()) else {
        return false;
    };
    let mut text = String::with_capacity(capacity);
    let (result, _) = decoder.decode_to_string_without_replacement(start, &mut text, false);
    matches!(result, DecoderResult::InputEmpty)
}
