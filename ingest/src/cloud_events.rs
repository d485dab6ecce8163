//! `CloudEvents` 1.0: records in an envelope.
//!
//! The envelope's `source` and `id` are the record's where its data name none of their own, `time` is when it was true, and `subject` the
//! datastream of an observation. So an event that is sent again is a duplicate. The data are one record as the HTTP API takes it; an
//! observation may also be its bare value.
//!
//! An event that breaks a rule of the envelope is refused like a row, and the rest of its batch stands.

use std::sync::Arc;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use citybrain_model::Refusal;
use citybrain_store::Refused;
use serde_json::{Map, Value, json};

use crate::{
    body::{BODY_ROWS_MAX, BodyError, decode_body},
    decode::{Context, Decoded},
    mask::mask_json,
    profile::{Profile, RecordKind},
    rows::Format,
};

/// The media type of one event with its data in it.
pub const STRUCTURED: &str = "application/cloudevents+json";
/// The media type of a list of such events.
pub const BATCHED: &str = "application/cloudevents-batch+json";

/// Most bytes of a refused event that are kept.
const RAW_BYTES_MAX: usize = 16 << 10;

/// Reads one event in structured mode, or a batch of them.
///
/// # Errors
/// A [`BodyError`] when the body is no JSON of that form, or has too many events.
pub fn decode_cloud_events(
    bytes: &[u8],
    batched: bool,
    profile: &Arc<Profile>,
    context: &Context,
) -> Result<Decoded, BodyError> {
    let body: Value = serde_json::from_slice(bytes).map_err(BodyError::Json)?;
    let events = match (batched, body) {
        (true, Value::Array(events)) => events,
        (false, event @ Value::Object(_)) => vec![event],
        _ => return Err(BodyError::Envelope),
    };
    decode(events, profile, context)
}

/// Reads one event in binary mode: its attributes by name, without `ce-` and with what is escaped undone, and its data.
///
/// # Errors
/// A [`BodyError`] when the data are no JSON.
pub fn decode_binary_cloud_event(
    attributes: impl IntoIterator<Item = (String, String)>,
    data: &[u8],
    profile: &Arc<Profile>,
    context: &Context,
) -> Result<Decoded, BodyError> {
    let attributes = attributes.into_iter();
    let mut event: Map<String, Value> = attributes
        .map(|(name, value)| (name, value.into()))
        .collect();
    if !data.is_empty() {
        let data = serde_json::from_slice(data).map_err(BodyError::Json)?;
        event.insert("data".to_owned(), data);
    }
    decode(vec![event.into()], profile, context)
}

fn decode(
    events: Vec<Value>,
    profile: &Arc<Profile>,
    context: &Context,
) -> Result<Decoded, BodyError> {
    if events.len() > BODY_ROWS_MAX {
        return Err(BodyError::TooManyRows);
    }
    let (mut rows, mut positions, mut refused) = (Vec::new(), Vec::new(), Vec::new());
    for (position, event) in (0_u64..).zip(events) {
        match row_of(&event, profile.record) {
            Ok(row) => {
                rows.push(row);
                positions.push(position);
            }
            Err(refusal) => refused.push(Refused {
                source: context
                    .source
                    .clone()
                    .unwrap_or_else(|| profile.source().to_owned()),
                profile: profile.name.clone(),
                index: position,
                raw: raw(event),
                refusal,
                received_at: context.received_at,
            }),
        }
    }
    let bytes = Value::Array(rows).to_string().into_bytes();
    let mut decoded = decode_body(&bytes, Format::Json, profile, context)?;
    for row in &mut decoded.refused {
        // Rows are counted without the events before them that were refused.
        let at = usize::try_from(row.index).unwrap_or(usize::MAX);
        row.index = positions.get(at).copied().unwrap_or(row.index);
    }
    decoded.refused.extend(refused);
    decoded.refused.sort_by_key(|row| row.index);
    Ok(decoded)
}

/// The record's row, or what is wrong with the envelope.
fn row_of(event: &Value, record: RecordKind) -> Result<Value, Refusal> {
    let Some(event) = event.as_object() else {
        let rule = "an event is a JSON object";
        return Err(Refusal::new("event", event.to_string(), "format", rule));
    };
    let attribute = |name: &'static str| match event.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) if !text.is_empty() => Ok(Some(text.as_str())),
        Some(other) => {
            let rule = format!("the attribute \"{name}\" is a text that is not empty");
            Err(Refusal::new(name, other.to_string(), "format", rule))
        }
    };
    let needed = |name| attribute(name)?.ok_or_else(|| Refusal::required(name));
    let version = needed("specversion")?;
    if version != "1.0" {
        let rule = "the version of CloudEvents that is read is 1.0";
        return Err(Refusal::new("specversion", version, "version", rule));
    }
    let (id, source, _) = (needed("id")?, needed("source")?, needed("type")?);
    let (time, subject) = (attribute("time")?, attribute("subject")?);
    let mut row = match (data_of(event)?, record) {
        (Value::Object(row), _) => row,
        (value @ (Value::Number(_) | Value::String(_)), RecordKind::Observation) => {
            Map::from_iter([("result".to_owned(), value)])
        }
        (other, _) => {
            let rule = "the data are one record: a JSON object";
            return Err(Refusal::new("data", other.to_string(), "format", rule));
        }
    };
    let mut complete = |field: &str, value: Option<&str>| {
        if let Some(value) = value
            && row.get(field).is_none_or(Value::is_null)
        {
            row.insert(field.to_owned(), value.into());
        }
    };
    complete("source", Some(source));
    match record {
        RecordKind::Complaint => {
            complete("id", Some(id));
            complete("requested_at", time);
        }
        RecordKind::Event => {
            complete("complaint", subject);
            complete("at", time);
        }
        RecordKind::Observation => {
            complete("id", Some(id));
            complete("datastream", subject);
            complete("phenomenon_time", time);
        }
    }
    Ok(row.into())
}

fn data_of(event: &Map<String, Value>) -> Result<Value, Refusal> {
    let encoded = event.get("data_base64").filter(|data| !data.is_null());
    match (event.get("data"), encoded) {
        (Some(_), Some(_)) => {
            let rule = "an event has data or data_base64, not both";
            Err(Refusal::new("data_base64", "", "twice", rule))
        }
        (Some(data), None) => Ok(data.clone()),
        (None, None) => Err(Refusal::required("data")),
        (None, Some(encoded)) => {
            let text = encoded.as_str().unwrap_or_default();
            let bytes = BASE64_STANDARD.decode(text).ok();
            let data = bytes.and_then(|bytes| serde_json::from_slice(&bytes).ok());
            data.ok_or_else(|| {
                let rule = "data_base64 is JSON in base64";
                Refusal::new("data_base64", text, "format", rule)
            })
        }
    }
}

/// The event as text that may be kept.
fn raw(mut event: Value) -> String {
    mask_json(&mut event);
    let text = event.to_string();
    if text.len() <= RAW_BYTES_MAX {
        return text;
    }
    let end = (0..=RAW_BYTES_MAX)
        .rev()
        .find(|at| text.is_char_boundary(*at));
    let begin = text.get(..end.unwrap_or_default()).unwrap_or_default();
    json!({ "cut": begin, "of_bytes": text.len() }).to_string()
}

#[cfg(test)]
mod tests;
