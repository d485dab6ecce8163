//! Messages of MQTT become records.
//!
//! A message is read like a row of a file: the members of its JSON object are the columns, and so are the parts of its topic. What is
//! no record is refused with topic and payload, masked, so that it can be replayed.

use std::{collections::HashSet, sync::Arc};

use chrono::{DateTime, Utc};
use citybrain_model::Refusal;
use citybrain_store::Refused;
use csv::StringRecord;
use serde_json::{Value, json};

use crate::{
    decode::{Context, Decoded, Decoder},
    mask::{MASK, mask_json, masked},
    profile::Profile,
    rows::{Chunk, Columns, Item, Row, rows_of_payload},
};

/// Most columns of one message.
const COLUMNS_MAX: usize = 2000;
/// Most bytes of a payload that are kept with its refusal.
const RAW_BYTES_MAX: usize = 16 << 10;
/// The key of bytes that are no text.
const BYTES: &str = "bytes";

/// One message as it came.
#[derive(Debug, Clone, Copy)]
pub struct Message<'m> {
    /// Its topic, without what the broker put before it.
    pub topic: &'m str,
    /// Its payload.
    pub payload: &'m [u8],
    /// It was sent before somebody asked for it: it does not tell when.
    pub retained: bool,
}

/// Reads messages by a profile.
#[derive(Debug)]
pub struct MessageReader {
    decoder: Decoder,
    profile: Arc<Profile>,
    whole: Vec<String>,
    /// The columns of the message before: messages of one topic mostly have the same.
    columns: Arc<Columns>,
}

impl MessageReader {
    /// A reader for messages of one feed.
    pub fn new(profile: &Arc<Profile>, context: &Context) -> Self {
        Self {
            decoder: Decoder::new(Arc::clone(profile), context),
            profile: Arc::clone(profile),
            whole: profile.shape().whole,
            columns: Arc::default(),
        }
    }

    /// The records of a message that came in at `received_at`. **Every message gives records or a refusal**, whatever is in it.
    pub fn read(&mut self, message: Message<'_>, received_at: DateTime<Utc>) -> Decoded {
        self.decoder.receive(received_at, message.retained);
        match self.rows(message) {
            Ok(decoded) if decoded.read() > 0 => decoded,
            Ok(_) => {
                let rule = "it holds no value that the profile makes a record of";
                let refusal = Refusal::new("payload", "", "no_record", rule);
                self.refused(message, refusal)
            }
            Err(refusal) => self.refused(message, refusal),
        }
    }

    fn rows(&mut self, message: Message<'_>) -> Result<Decoded, Refusal> {
        let parts = self.parts(message.topic)?;
        if message.payload.is_empty() {
            let rule = "the message has no payload";
            return Err(Refusal::new("payload", "", "empty", rule));
        }
        let text = std::str::from_utf8(message.payload).map_err(|_not_text| {
            let rule = "the payload is no text in UTF-8";
            Refusal::new("payload", "", "encoding", rule)
        })?;
        let as_text = self
            .profile
            .mapped_columns()
            .any(|column| column == "payload");
        let each = self.profile.each();
        let rows = rows_of_payload(text, &self.whole, each, as_text).map_err(|cause| {
            let rule = format!("the payload is no JSON: {cause}");
            let shown = if self.withholds() {
                "".into()
            } else {
                masked(text)
            };
            Refusal::new("payload", shown, "json", rule)
        })?;
        let mut decoded = Decoded::empty(self.profile.record);
        for (index, row) in rows.into_iter().enumerate() {
            let chunk = self.chunk(index as u64, &parts, row)?;
            // Messages have no header that could lack a column.
            if let Ok(more) = self.decoder.chunk(&chunk) {
                decoded.extend(more);
            }
        }
        Ok(decoded)
    }

    /// The columns that the topic gives: itself, and its parts.
    fn parts(&self, topic: &str) -> Result<Vec<(String, String)>, Refusal> {
        let mut columns = vec![("topic".to_owned(), topic.to_owned())];
        let patterns = &self.profile.topic;
        let parts = patterns.iter().find_map(|pattern| pattern.parts(topic));
        match parts {
            Some(parts) => columns.extend(
                parts
                    .into_iter()
                    .map(|(column, part)| (column.to_owned(), part.to_owned())),
            ),
            None if patterns.is_empty() => {}
            None => {
                let wanted: Vec<String> = patterns.iter().map(ToString::to_string).collect();
                let rule = format!("the topic must be {}", wanted.join(" or "));
                return Err(Refusal::new("topic", topic, "topic", rule));
            }
        }
        Ok(columns)
    }

    #[expect(clippy::needless_pass_by_value, reason = "the row ends here")]
    fn chunk(
        &mut self,
        index: u64,
        parts: &[(String, String)],
        row: Vec<(String, String)>,
    ) -> Result<Chunk, Refusal> {
        // The topic's columns come first: of a name that occurs twice the first counts.
        let flat = || {
            let parts = parts
                .iter()
                .map(|(name, value)| (name.as_str(), value.as_str()));
            let row = row
                .iter()
                .map(|(name, value)| (name.as_str(), value.as_str()));
            parts.chain(row)
        };
        let names = self.columns.names().iter().map(String::as_str);
        let cells = if names.eq(flat().map(|(name, _)| name)) {
            flat().map(|(_, value)| value).collect()
        } else {
            let mut seen = HashSet::new();
            let distinct: Vec<(&str, &str)> =
                flat().filter(|(name, _)| seen.insert(*name)).collect();
            if distinct.len() > COLUMNS_MAX {
                let rule = format!("a message has at most {COLUMNS_MAX} members");
                let found = distinct.len().to_string();
                return Err(Refusal::new("payload", found, "columns", rule));
            }
            let names = distinct.iter().map(|(name, _)| (*name).to_owned());
            self.columns = Arc::new(Columns::open(names));
            distinct
                .into_iter()
                .map(|(_, value)| value)
                .collect::<StringRecord>()
        };
        Ok(Chunk {
            columns: Arc::clone(&self.columns),
            items: vec![Item::Row(Row {
                index,
                line: 0,
                cells,
            })],
        })
    }

    /// Refuses a message that is not to be read at all.
    pub(crate) fn refuse(
        &mut self,
        message: Message<'_>,
        received_at: DateTime<Utc>,
        refusal: Refusal,
    ) -> Decoded {
        self.decoder.receive(received_at, message.retained);
        self.refused(message, refusal)
    }

    /// A message that is refused as a whole.
    fn refused(&self, message: Message<'_>, refusal: Refusal) -> Decoded {
        let refused = Refused {
            source: self.decoder.source().to_owned(),
            profile: self.profile.name.clone(),
            index: 0,
            raw: self.raw(message),
            refusal,
            received_at: self.decoder.received_at(),
        };
        Decoded {
            refused: vec![refused],
            ..Decoded::empty(self.profile.record)
        }
    }

    /// The message as text that may be kept.
    fn raw(&self, Message { topic, payload, .. }: Message<'_>) -> String {
        let topic = masked(topic);
        let withhold = self.withholds();
        let payload = match std::str::from_utf8(payload) {
            // What cannot be looked into may be what must not be kept.
            _ if withhold => Value::from(MASK),
            Ok(text) => self.raw_text(text),
            Err(_) if !self.profile.personal.is_empty() => Value::from(MASK),
            Err(_) => {
                let bytes = payload.iter().take(RAW_BYTES_MAX);
                #[expect(clippy::format_collect, reason = "refused messages are few")]
                let hex: String = bytes.map(|byte| format!("{byte:02x}")).collect();
                json!({ BYTES: hex })
            }
        };
        json!({ "topic": topic, "payload": payload }).to_string()
    }

    /// May the payloads hold what must not be kept?
    fn withholds(&self) -> bool {
        self.profile.refuse.iter().any(|rule| !rule.keep_raw)
    }

    fn raw_text(&self, text: &str) -> Value {
        let personal = &self.profile.personal;
        if personal.iter().any(|name| text.contains(name.as_str())) {
            return MASK.into();
        }
        let kept: String = match text.char_indices().find(|(at, _)| *at >= RAW_BYTES_MAX) {
            Some((end, _)) => text.get(..end).unwrap_or_default().to_owned() + "…",
            None => text.to_owned(),
        };
        match serde_json::from_str::<Value>(&kept) {
            Ok(mut value) => {
                mask_json(&mut value);
                value.to_string().into()
            }
            Err(_) => masked(&kept).into(),
        }
    }
}

/// Topic and payload of a message that was refused as a whole; `None` when the text is no such one.
pub(crate) fn message_of_raw(raw: &str) -> Option<(String, Vec<u8>)> {
    let Ok(Value::Object(mut members)) = serde_json::from_str(raw) else {
        return None;
    };
    if members.len() != 2 {
        return None;
    }
    let Some(Value::String(topic)) = members.remove("topic") else {
        return None;
    };
    let payload = match members.remove("payload")? {
        Value::String(text) => text.into_bytes(),
        Value::Object(marked) => {
            let hex = marked.get(BYTES)?.as_str()?.as_bytes();
            let pairs = hex.chunks_exact(2);
            pairs
                .map(|pair| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok())
                .collect::<Option<_>>()?
        }
        _ => return None,
    };
    Some((topic, payload))
}

#[cfg(test)]
mod tests;
