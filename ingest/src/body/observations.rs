//! The short way for observations in JSON and Arrow columns, which come by the ten thousands a second.
//!
//! It takes bodies in which everything is as expected and gives `None` for any other: a member that it does not know, a number in
//! a text, a row that breaks a rule. The long way then reads the body from its beginning, so that both ways agree by design.

mod arrow;

use std::{
    borrow::Cow,
    fmt,
    panic::{self, AssertUnwindSafe},
    sync::Arc,
};

use citybrain_model::{Observation, ObservationDraft, Quality};
use citybrain_store::Batch;
use serde::{
    Deserialize, Deserializer,
    de::{Error, Visitor},
};

use super::BODY_ROWS_MAX;
use crate::{
    decode::{Context, Decoded, Decoder, Notes, measured},
    profile::{Field, Profile, RecordKind},
    rows::Format,
};

/// A row in which everything is as expected.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Expected<'a> {
    #[serde(borrow)]
    datastream: Text<'a>,
    #[serde(borrow)]
    phenomenon_time: Text<'a>,
    result: f64,
    #[serde(borrow, default)]
    id: Option<Text<'a>>,
    #[serde(borrow, default)]
    source: Option<Text<'a>>,
    #[serde(borrow, default)]
    sensor: Option<Text<'a>>,
    #[serde(borrow, default)]
    property: Option<Text<'a>>,
    #[serde(borrow, default)]
    unit: Option<Text<'a>>,
    #[serde(borrow, default)]
    result_time: Option<Text<'a>>,
    #[serde(default)]
    quality: Option<Quality>,
    #[serde(default)]
    sequence: Option<u64>,
    #[serde(default)]
    lon: Option<f64>,
    #[serde(default)]
    lat: Option<f64>,
}

/// A text of the body, borrowed from it where it has no escapes.
#[derive(Debug)]
struct Text<'a>(Cow<'a, str>);

impl<'de: 'a, 'a> Deserialize<'de> for Text<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_str(TextVisitor)
    }
}

struct TextVisitor;

impl<'de> Visitor<'de> for TextVisitor {
    type Value = Text<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a text")
    }

    fn visit_borrowed_str<E: Error>(self, text: &'de str) -> Result<Text<'de>, E> {
        Ok(Text(Cow::Borrowed(text)))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Text<'de>, E> {
        Ok(Text(Cow::Owned(text.to_owned())))
    }
}

/// The body's observations, when everything in it is as expected.
pub(super) fn decode(
    bytes: &[u8],
    format: Format,
    profile: &Arc<Profile>,
    context: &Context,
) -> Option<Decoded> {
    if profile.record != RecordKind::Observation || !profile.is_native() {
        return None;
    }
    let mut notes = Notes::default();
    if matches!(format, Format::Arrow) {
        let decoder = Decoder::new(Arc::clone(profile), context);
        // What the library panics over the long way tells as damaged.
        let records = panic::catch_unwind(AssertUnwindSafe(|| {
            arrow::decode(bytes, &decoder, &mut notes)
        }));
        let records = records.ok()??;
        return Some(Decoded {
            batch: Batch::Observations(records),
            notes,
            ..Decoded::empty(RecordKind::Observation)
        });
    }
    let text = std::str::from_utf8(bytes).ok()?;
    let rows: Vec<Expected<'_>> = match format {
        Format::Json if text.trim_start().starts_with('[') => serde_json::from_str(text).ok()?,
        Format::Json => vec![serde_json::from_str(text).ok()?],
        Format::Ndjson => text
            .lines()
            .filter(|line| !line.trim().is_empty())
            .map(|line| serde_json::from_str(line).ok())
            .collect::<Option<_>>()?,
        _ => return None,
    };
    if rows.len() > BODY_ROWS_MAX {
        return None;
    }
    let decoder = Decoder::new(Arc::clone(profile), context);
    let records: Option<Vec<Observation>> = rows
        .into_iter()
        .map(|row| decoder.expected(row, &mut notes))
        .collect();
    Some(Decoded {
        batch: Batch::Observations(records?),
        notes,
        ..Decoded::empty(RecordKind::Observation)
    })
}

impl Decoder {
    fn expected(&self, row: Expected<'_>, notes: &mut Notes) -> Option<Observation> {
        let owned = |text: Option<Text<'_>>| text.map(|Text(text)| text.into_owned());
        let mut time = |text: &str, field: Field| self.instant(text, field, notes).ok();
        let phenomenon_time = time(row.phenomenon_time.0.trim(), Field::PhenomenonTime)?;
        let result_time = match row.result_time {
            Some(Text(text)) => Some(time(text.trim(), Field::ResultTime)?),
            None => None,
        };
        let (lon, lat) = self.observed_at(row.lon, row.lat, notes);
        let (unit, result) = measured(owned(row.unit), Some(row.result));
        let draft = ObservationDraft {
            source: Some(owned(row.source).unwrap_or_else(|| self.source().to_owned())),
            id: owned(row.id),
            datastream: Some(row.datastream.0.into_owned()),
            sensor: owned(row.sensor),
            property: owned(row.property),
            unit,
            phenomenon_time: Some(phenomenon_time),
            result_time,
            result,
            sequence: row.sequence,
            quality: row.quality.unwrap_or_default(),
            lon,
            lat,
            ..ObservationDraft::default()
        };
        Observation::try_new(draft, self.received_at()).ok()
    }
}
