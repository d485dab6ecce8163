//! A server's answer becomes records.

use std::sync::Arc;

use quick_xml::{Reader, events::Event};
use serde_json::{Map, Value};

use super::settings::Open311Format;
use crate::{BodyError, Context, Decoded, Format, Profile, decode_body};

/// Deepest nesting of elements.
const DEPTH_MAX: usize = 16;
/// Most elements of one request.
const ELEMENTS_MAX: usize = 500;

/// An answer that cannot be read: one line.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AnswerError {
    /// It is no JSON with requests in it.
    #[error("{0}")]
    Json(#[from] BodyError),
    /// It is no XML.
    #[error("no valid XML at byte {at}: {message}")]
    Xml {
        /// Where.
        at: u64,
        /// What is wrong.
        message: String,
    },
}

/// The requests of an answer, and how many there were. A request without an id is one that its city has not numbered yet: it comes
/// again and is left out.
///
/// # Errors
/// An [`AnswerError`] when nothing can be read.
pub fn decode_answer(
    bytes: &[u8],
    format: Open311Format,
    profile: &Arc<Profile>,
    context: &Context,
) -> Result<(Decoded, u64), AnswerError> {
    let mut decoded = match format {
        Open311Format::Json if is_empty_list(bytes) => Decoded::empty(profile.record),
        Open311Format::Json => decode_body(bytes, Format::Json, profile, context)?,
        Open311Format::Xml => {
            let rows = rows_of_xml(&text_of(bytes))?;
            if rows.is_empty() {
                Decoded::empty(profile.record)
            } else {
                let json = Value::Array(rows).to_string();
                decode_body(json.as_bytes(), Format::Json, profile, context)?
            }
        }
    };
    let read = decoded.read();
    decoded
        .refused
        .retain(|row| !(row.refusal.field == "id" && row.refusal.rule == "required"));
    Ok((decoded, read))
}

fn is_empty_list(bytes: &[u8]) -> bool {
    let mut signs = bytes.iter().filter(|byte| !byte.is_ascii_whitespace());
    signs.next() == Some(&b'[') && signs.next() == Some(&b']')
}

/// The text in its encoding: UTF-8, else the one that its first line declares.
fn text_of(bytes: &[u8]) -> String {
    if let Ok(text) = std::str::from_utf8(bytes) {
        return text.trim_start_matches('\u{feff}').to_owned();
    }
    let head: String = bytes
        .iter()
        .take(200)
        .map(|byte| char::from(*byte))
        .collect();
    let declared = head
        .split_once("encoding=")
        .and_then(|(_, rest)| rest.get(1..))
        .and_then(|rest| rest.split(['"', '\'']).next())
        .and_then(|label| encoding_rs::Encoding::for_label(label.as_bytes()));
    let encoding = declared.unwrap_or(encoding_rs::WINDOWS_1252);
    encoding.decode(bytes).0.into_owned()
}

/// The `request` elements as objects of texts; an element within an element is `outer.inner`, and of equal names the first counts.
fn rows_of_xml(text: &str) -> Result<Vec<Value>, AnswerError> {
    let mut reader = Reader::from_str(text);
    let mut rows = Vec::new();
    let mut row: Option<Map<String, Value>> = None;
    let mut path: Vec<String> = Vec::new();
    let mut value = String::new();
    loop {
        let at = reader.buffer_position();
        let wrong = |message: &str| AnswerError::Xml {
            at,
            message: message.to_owned(),
        };
        let event = reader
            .read_event()
            .map_err(|error| wrong(&error.to_string()))?;
        match event {
            Event::Start(start) => {
                if path.len() >= DEPTH_MAX {
                    return Err(wrong("too many elements within each other"));
                }
                let name = start.local_name().as_ref().to_owned();
                if path.len() == 1 && name == "request" {
                    row = Some(Map::new());
                }
                path.push(name);
                value.clear();
            }
            Event::End(_) => {
                if path.len() > 2
                    && let Some(row) = &mut row
                    && !value.trim().is_empty()
                {
                    if row.len() >= ELEMENTS_MAX {
                        return Err(wrong("too many elements in one request"));
                    }
                    let name = path.get(2..).unwrap_or_default().join(".");
                    row.entry(name)
                        .or_insert_with(|| value.trim().to_owned().into());
                }
                value.clear();
                path.pop();
                if path.len() == 1 {
                    rows.extend(row.take().map(Value::Object));
                }
            }
            Event::Text(text) => value.push_str(&text.xml10_content()),
            Event::CData(data) => value.push_str(&data.xml10_content()),
            Event::GeneralRef(reference) => {
                let named = reference
                    .resolve_char_ref()
                    .map_err(|error| wrong(&error.to_string()))?;
                let c = match (named, reference.as_ref()) {
                    (Some(c), _) => c,
                    (None, "lt") => '<',
                    (None, "gt") => '>',
                    (None, "amp") => '&',
                    (None, "quot") => '"',
                    (None, "apos") => '\'',
                    // An entity of the document's own may stand for anything of any size.
                    (None, _) => return Err(wrong("an entity that is not one of XML's own")),
                };
                value.push(c);
            }
            Event::DocType(_) => return Err(wrong("a document type is not taken")),
            Event::Eof if path.is_empty() => return Ok(rows),
            Event::Eof => return Err(wrong("the document ends within an element")),
            Event::Empty(_) | Event::Comment(_) | Event::Decl(_) | Event::PI(_) => {}
        }
    }
}

#[cfg(test)]
mod tests;
