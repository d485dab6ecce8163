//! A row as one observation, or as one for each property that it holds.

use chrono::{DateTime, Utc};
use citybrain_model::{Observation, ObservationDraft, Quality, Refusal, canonical};

use super::{
    Decoder, Notes,
    bound::{Bound, number},
    place::{DEFAULT_LOCATION, Placed},
};
use crate::{
    profile::{Field, Undated},
    rows::Row,
};

/// A result at the sensor's ceiling, kept with quality `doubtful`.
const CEILING: &str = "at_ceiling";
/// A member of an object of results that is no number: left out.
const NO_NUMBER: &str = "no_number";
/// An observation without a time of its own: true when it came in.
const UNDATED: &str = "time_of_receipt";

impl Decoder {
    pub(super) fn observation_draft(
        &self,
        bound: &Bound,
        row: &Row,
        notes: &mut Notes,
    ) -> Result<ObservationDraft, Refusal> {
        let result = bound.number(row, Field::Result)?;
        let mut draft = self.shared_draft(bound, row, notes)?;
        draft.property = bound.owned(row, Field::Property)?;
        (draft.unit, draft.result) = measured(bound.owned(row, Field::Unit)?, result);
        draft.id = bound.owned(row, Field::Id)?;
        draft.datastream = match bound.owned(row, Field::Datastream)? {
            None => self.datastream(&draft),
            given => given,
        };
        Ok(draft)
    }

    /// Gives one observation, or its refusal and the position of its column in [`Bound::melt`], for each property column that has a value.
    ///
    /// # Errors
    /// The refusal of the whole row, when what its observations share cannot be read.
    pub(super) fn melt(
        &self,
        bound: &Bound,
        row: &Row,
        notes: &mut Notes,
        mut give: impl FnMut(Result<Observation, (Refusal, usize)>),
    ) -> Result<(), Refusal> {
        let shared = self.shared_draft(bound, row, notes)?;
        let id = bound.owned(row, Field::Id)?;
        for (at, melt) in bound.melt.iter().enumerate() {
            let Some(text) = bound.cell(row, melt.column) else {
                continue;
            };
            let result = match number("result", &text) {
                Ok(result) if melt.numbers_only && !result.is_finite() => Err(None),
                Ok(result) => Ok(result),
                Err(refusal) => truth(&text).ok_or(Some(refusal)),
            };
            let result = match (result, melt.numbers_only) {
                (Err(_), true) | (Err(None), _) => {
                    notes.count(NO_NUMBER);
                    continue;
                }
                (Err(Some(refusal)), false) => Err(refusal),
                (Ok(result), _) => Ok(result),
            };
            let made = result.and_then(|result| {
                let mut draft = shared.clone();
                draft.id = id.as_ref().map(|id| format!("{id}/{}", melt.property));
                draft.property = Some(melt.property.clone());
                (draft.unit, draft.result) = measured(melt.unit.clone(), Some(result));
                draft.datastream = self.datastream(&draft);
                if melt.ceiling.is_some_and(|ceiling| result >= ceiling) {
                    draft.quality = Quality::Doubtful;
                    notes.count(CEILING);
                }
                Observation::try_new(draft, self.received_at)
            });
            give(made.map_err(|mut refusal| {
                if refusal.field == "result" {
                    refusal.field = melt.name.clone().into();
                }
                (refusal, at)
            }));
        }
        Ok(())
    }

    /// What all observations of a row share.
    fn shared_draft(
        &self,
        bound: &Bound,
        row: &Row,
        notes: &mut Notes,
    ) -> Result<ObservationDraft, Refusal> {
        let owned = |field| bound.owned(row, field);
        let mut time = |field| self.clockwork.instant(bound, row, field, notes);
        let mut phenomenon_time: Option<DateTime<Utc>> = time(Field::PhenomenonTime)?;
        let result_time = time(Field::ResultTime)?;
        if phenomenon_time.is_none() && self.profile.undated == Undated::Received {
            if self.retained {
                let rule = "a retained message must have a time: it does not say when it was true";
                return Err(Refusal::new("phenomenon_time", "", "retained", rule));
            }
            phenomenon_time = Some(self.received_at);
            notes.count(UNDATED);
        }
        let sensor = owned(Field::Sensor)?;
        let mut placed = self.places.of_row(bound, row, notes)?;
        if placed.lon.is_none() && placed.lat.is_none() {
            let known = sensor
                .as_deref()
                .and_then(|sensor| self.places.of_sensor(sensor));
            placed = known.unwrap_or_default();
        }
        // An observation has no mark for it: a default position is none.
        if placed.is_default {
            placed = Placed::default();
        }
        Ok(ObservationDraft {
            source: Some(owned(Field::Source)?.unwrap_or_else(|| self.source.clone())),
            sensor,
            phenomenon_time,
            result_time,
            quality: quality(bound, row)?,
            sequence: sequence(bound, row)?,
            lon: placed.lon,
            lat: placed.lat,
            ..ObservationDraft::default()
        })
    }

    /// The WGS 84 position of an observation, longitude first; a default position is none.
    pub(crate) fn observed_at(
        &self,
        lon: Option<f64>,
        lat: Option<f64>,
        notes: &mut Notes,
    ) -> (Option<f64>, Option<f64>) {
        let placed = self.places.placed(lon, lat);
        if placed.is_default {
            notes.count(DEFAULT_LOCATION);
            return (None, None);
        }
        (placed.lon, placed.lat)
    }

    /// The datastream by the profile's pattern; `None` when a part of it has no value.
    fn datastream(&self, draft: &ObservationDraft) -> Option<String> {
        let mut rest = self.profile.datastream.as_deref()?;
        let mut name = String::new();
        while let Some((before, from)) = rest.split_once('{') {
            let (part, after) = from.split_once('}')?;
            name.push_str(before);
            name.push_str(match part {
                "sensor" => draft.sensor.as_deref()?,
                "property" => draft.property.as_deref()?,
                _ => return None,
            });
            rest = after;
        }
        Some(name + rest)
    }
}

/// Unit and value as they are kept.
pub(crate) fn measured(unit: Option<String>, value: Option<f64>) -> (Option<String>, Option<f64>) {
    let (Some(unit), Some(value)) = (&unit, value) else {
        return (unit, value);
    };
    let (unit, value) = canonical(unit, value);
    (Some(unit.into_owned()), Some(value))
}

/// The sender's running number.
fn sequence(bound: &Bound, row: &Row) -> Result<Option<u64>, Refusal> {
    let Some(text) = bound.text(row, Field::Sequence)? else {
        return Ok(None);
    };
    text.parse().map(Some).map_err(|_no_number| {
        let message = "the running number must be a whole number of at least 0";
        Refusal::new("sequence", text, "format", message)
    })
}

/// A truth value as a result: 1 or 0.
fn truth(text: &str) -> Option<f64> {
    match text {
        "true" => Some(1.0),
        "false" => Some(0.0),
        _ => None,
    }
}

fn quality(bound: &Bound, row: &Row) -> Result<Quality, Refusal> {
    let Some(word) = bound.text(row, Field::Quality)? else {
        return Ok(Quality::Good);
    };
    let known = [Quality::Good, Quality::Doubtful];
    known
        .into_iter()
        .find(|quality| quality.as_str() == word)
        .ok_or_else(|| {
            let message = "the quality must be good or doubtful";
            Refusal::new("quality", word, "vocabulary", message)
        })
}
