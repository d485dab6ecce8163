//! The attributes of a shapefile: a dBASE table, read for its exact text.
//!
//! Numbers stand in the file as decimals; ids of twelve and more digits must come out as they were written, so they are not
//! taken through a float.

use encoding_rs::{BIG5, EUC_KR, Encoding, GB18030, SHIFT_JIS, UTF_8, WINDOWS_1252};
use geojson::{JsonObject, JsonValue};

/// Why bytes are no table.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum DbfError {
    #[error("it ends too early")]
    Cut,
    #[error("its header is damaged")]
    Header,
    #[error("the encoding \"{0}\" of the .cpg file is not known")]
    Encoding(String),
    #[error("record {record}: the text of {field} is not {encoding}")]
    Text {
        record: usize,
        field: String,
        encoding: &'static str,
    },
}

/// A table: a record is none where it was deleted.
#[derive(Debug)]
pub(super) struct Table {
    pub(super) records: Vec<Option<JsonObject>>,
    /// The encoding, when neither file nor table named it and the bytes had to tell.
    pub(super) guessed: Option<&'static str>,
}

/// Reads a table. `cpg` is the text of the file that names the encoding, if there is one.
pub(super) fn read(bytes: &[u8], cpg: Option<&str>) -> Result<Table, DbfError> {
    let header = Header::read(bytes)?;
    let (encoding, guessed) = if let Some(encoding) = encoding(cpg, header.language)? {
        (encoding, None)
    } else {
        let encoding = header.guess(bytes);
        // Where all is ASCII there was nothing to guess.
        let ascii = bytes.get(header.start..).unwrap_or_default().is_ascii();
        (encoding, (!ascii).then(|| encoding.name()))
    };
    let records = (0..header.count).map(|at| header.record(bytes, at, encoding));
    Ok(Table {
        records: records.collect::<Result<_, _>>()?,
        guessed,
    })
}

struct Header {
    /// How many records.
    count: usize,
    /// Where the first one starts, bytes.
    start: usize,
    /// How long each is, bytes.
    length: usize,
    /// The language driver: a number for the code page.
    language: u8,
    fields: Vec<Field>,
}

struct Field {
    name: Vec<u8>,
    kind: u8,
    /// Where it starts in the record, bytes.
    start: usize,
    length: usize,
}

impl Header {
    fn read(bytes: &[u8]) -> Result<Self, DbfError> {
        let byte = |at: usize| bytes.get(at).copied().ok_or(DbfError::Cut);
        let u16_at = |at| Ok(usize::from(u16::from_le_bytes([byte(at)?, byte(at + 1)?])));
        let count = u32::from_le_bytes([byte(4)?, byte(5)?, byte(6)?, byte(7)?]);
        let (start, length, language) = (u16_at(8)?, u16_at(10)?, byte(29)?);
        let mut fields = Vec::new();
        // A record begins with the mark of deletion.
        let (mut at, mut offset) = (32, 1);
        while byte(at)? != END_OF_FIELDS {
            let descriptor = bytes.get(at..at + 32).ok_or(DbfError::Cut)?;
            let name = descriptor.iter().take(11).take_while(|byte| **byte != 0);
            let length = usize::from(descriptor[16]);
            fields.push(Field {
                name: name.copied().collect(),
                kind: descriptor[11].to_ascii_uppercase(),
                start: offset,
                length,
            });
            (at, offset) = (at + 32, offset + length);
        }
        if offset > length || at >= start {
            return Err(DbfError::Header);
        }
        Ok(Self {
            count: usize::try_from(count).or(Err(DbfError::Header))?,
            start,
            length,
            language,
            fields,
        })
    }

    /// UTF-8 when names and values all are, else GB 18030.
    fn guess(&self, bytes: &[u8]) -> &'static Encoding {
        let names = self
            .fields
            .iter()
            .all(|field| std::str::from_utf8(&field.name).is_ok());
        let texts = (0..self.count).all(|record| {
            let texts = self.fields.iter().filter(|field| field.kind == b'C');
            texts
                .filter_map(|field| self.value(bytes, record, field))
                .all(|text| decoded(text, UTF_8).is_some())
        });
        if names && texts { UTF_8 } else { GB18030 }
    }

    fn value<'a>(&self, bytes: &'a [u8], record: usize, field: &Field) -> Option<&'a [u8]> {
        let start = self.start + record * self.length + field.start;
        bytes.get(start..start + field.length)
    }

    fn record(
        &self,
        bytes: &[u8],
        at: usize,
        encoding: &'static Encoding,
    ) -> Result<Option<JsonObject>, DbfError> {
        let mark = bytes.get(self.start + at * self.length);
        if *mark.ok_or(DbfError::Cut)? == DELETED {
            return Ok(None);
        }
        let mut record = JsonObject::new();
        for field in &self.fields {
            let value = self.value(bytes, at, field).ok_or(DbfError::Cut)?;
            let broken = |what: &str| DbfError::Text {
                record: at + 1,
                field: what.to_owned(),
                encoding: encoding.name(),
            };
            let name = decoded(&field.name, encoding).ok_or_else(|| broken("a field's name"))?;
            let value = match field.kind {
                b'C' => match decoded(value, encoding).ok_or_else(|| broken(&name))? {
                    text if text.is_empty() => JsonValue::Null,
                    text => JsonValue::String(text),
                },
                b'N' | b'F' => number(value),
                b'L' => logical(value),
                b'D' => match String::from_utf8_lossy(value).trim() {
                    "" => JsonValue::Null,
                    date => date.into(),
                },
                b'I' => <[u8; 4]>::try_from(value)
                    .map_or(JsonValue::Null, |bytes| i32::from_le_bytes(bytes).into()),
                // Memos and what other programs added stand elsewhere or are no ids, names or counts.
                _ => continue,
            };
            record.insert(name, value);
        }
        Ok(Some(record))
    }
}

const END_OF_FIELDS: u8 = 0x0d;
const DELETED: u8 = b'*';

/// Text without the blanks and zero bytes that fill its field. A last character that the field cut in two is dropped.
fn decoded(bytes: &[u8], encoding: &'static Encoding) -> Option<String> {
    let end = bytes
        .iter()
        .rposition(|byte| !matches!(byte, 0 | b' '))
        .map_or(0, |last| last + 1);
    let bytes = bytes.get(..end).unwrap_or_default();
    if encoding == UTF_8 {
        return match std::str::from_utf8(bytes) {
            Ok(text) => Some(text.trim().to_owned()),
            Err(error) if error.error_len().is_none() => {
                let whole = bytes.get(..error.valid_up_to()).unwrap_or_default();
                Some(String::from_utf8_lossy(whole).trim().to_owned())
            }
            Err(_) => None,
        };
    }
    let text = encoding.decode_without_bom_handling_and_without_replacement(bytes)?;
    Some(text.trim().to_owned())
}

/// A decimal as JSON; null when it is blank, or filled with stars as a number that did not fit.
fn number(bytes: &[u8]) -> JsonValue {
    let text = String::from_utf8_lossy(bytes);
    let text = text.trim_matches([' ', '\0', '*']);
    let whole = match text.split_once('.') {
        Some((whole, zeros)) if zeros.bytes().all(|digit| digit == b'0') => whole,
        _ => text,
    };
    if text.is_empty() {
        JsonValue::Null
    } else if let Ok(whole) = whole.parse::<i64>() {
        whole.into()
    } else if let Some(number) = text.parse::<f64>().ok().filter(|n| n.is_finite()) {
        number.into()
    } else {
        text.into()
    }
}

fn logical(bytes: &[u8]) -> JsonValue {
    match bytes {
        [b'T' | b't' | b'Y' | b'y'] => true.into(),
        [b'F' | b'f' | b'N' | b'n'] => false.into(),
        _ => JsonValue::Null,
    }
}

/// The encoding that the `.cpg` file names, or the language driver; none when neither does.
fn encoding(cpg: Option<&str>, language: u8) -> Result<Option<&'static Encoding>, DbfError> {
    if let Some(cpg) = cpg.map(|text| text.trim().trim_start_matches('\u{feff}'))
        && !cpg.is_empty()
    {
        let label = cpg.to_ascii_lowercase();
        let page = label
            .trim_start_matches("ansi ")
            .trim_start_matches("cp")
            .trim_start_matches("oem ");
        let encoding = match page {
            "65001" | "utf8" => Some(UTF_8),
            "936" | "54936" => Some(GB18030),
            "950" => Some(BIG5),
            "932" => Some(SHIFT_JIS),
            "949" => Some(EUC_KR),
            "1252" | "88591" => Some(WINDOWS_1252),
            _ => Encoding::for_label(label.as_bytes()),
        };
        let encoding = encoding.ok_or_else(|| DbfError::Encoding(cpg.to_owned()))?;
        return Ok(Some(encoding));
    }
    // The language drivers of dBASE and FoxPro that name a page for certain.
    Ok(match language {
        0x03 | 0x57 => Some(WINDOWS_1252),
        0x4d | 0x7a => Some(GB18030),
        0x4e | 0x79 => Some(EUC_KR),
        0x4f | 0x78 => Some(BIG5),
        0x13 | 0x7b => Some(SHIFT_JIS),
        _ => None,
    })
}
