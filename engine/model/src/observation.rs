//! One sensor value.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::{Doubt, Identity, Position, Refusal, refusal::shown, rules};

/// How far an observation can be trusted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Quality {
    /// Nothing speaks against it.
    #[default]
    Good,
    /// At the ceiling of the sensor, out of its range, stuck, or marked so by the sender.
    Doubtful,
}

impl Quality {
    /// The word in SQL and in the API.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Good => "good",
            Self::Doubtful => "doubtful",
        }
    }
}

/// One value of one datastream (OGC SensorThings: Observation). Instants are UTC.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Observation {
    /// The feed that sent it.
    pub source: String,
    /// The sender's id of this observation, when it has one.
    pub id: Option<String>,
    /// The datastream: one property at one sensor.
    pub datastream: String,
    /// The sensor.
    pub sensor: Option<String>,
    /// The observed property.
    pub property: Option<String>,
    /// The unit as a UCUM code.
    pub unit: Option<String>,
    /// When the value was true.
    pub phenomenon_time: DateTime<Utc>,
    /// When the value was produced.
    pub result_time: Option<DateTime<Utc>>,
    /// When this engine took it in.
    pub received_at: DateTime<Utc>,
    /// The value; finite. None when it is no number: then `details` has it.
    pub result: Option<f64>,
    /// How far it can be trusted.
    pub quality: Quality,
    /// What the engine's own checks have against it. It is no part of what the sender said.
    pub doubt: Option<Doubt>,
    /// The sender's running number, of senders that count. It is checked on the way in and not kept.
    pub sequence: Option<u64>,
    /// Where.
    pub position: Option<Position>,
    /// What it is an observation of, when that is a thing of its own: a SensorThings feature of interest, by its id.
    pub feature: Option<String>,
    /// What else the sender said, as a JSON object: `result` when it is no number, `phenomenonTimeEnd`, `validTime`, `resultQuality`,
    /// `parameters`.
    pub details: Option<String>,
}

/// What a decoder knows of an observation before the rules are applied. `lon` and `lat` are WGS 84 degrees.
#[derive(Debug, Clone, Default, PartialEq)]
#[expect(
    missing_docs,
    reason = "each field is the unchecked form of the field of the same name in `Observation`"
)]
pub struct ObservationDraft {
    pub source: Option<String>,
    pub id: Option<String>,
    pub datastream: Option<String>,
    pub sensor: Option<String>,
    pub property: Option<String>,
    pub unit: Option<String>,
    pub phenomenon_time: Option<DateTime<Utc>>,
    pub result_time: Option<DateTime<Utc>>,
    pub result: Option<f64>,
    pub quality: Quality,
    pub sequence: Option<u64>,
    pub lon: Option<f64>,
    pub lat: Option<f64>,
    pub feature: Option<String>,
    pub details: Option<String>,
}

impl Observation {
    /// Checks a draft: source, datastream, phenomenon time and a finite result (or details, which have one that is no number) are
    /// there; texts and instants keep the limits
    /// of this crate; a position is whole and on the globe.
    ///
    /// # Errors
    /// The first rule that the draft breaks.
    pub fn try_new(draft: ObservationDraft, received_at: DateTime<Utc>) -> Result<Self, Refusal> {
        let phenomenon_time = draft
            .phenomenon_time
            .ok_or_else(|| Refusal::required("phenomenon_time"))?;
        let details = rules::text("details", draft.details)?;
        if draft.result.is_none() && details.is_none() {
            return Err(Refusal::required("result"));
        }
        if let Some(result) = draft.result.filter(|result| !result.is_finite()) {
            return Err(Refusal::new(
                "result",
                shown(result),
                "finite",
                "the result must be a finite number",
            ));
        }
        let position = match (draft.lon, draft.lat) {
            (Some(lon), Some(lat)) => Some(Position::try_new(lon, lat)?),
            (None, None) => None,
            (Some(_), None) => return Err(Refusal::required("lat")),
            (None, Some(_)) => return Err(Refusal::required("lon")),
        };
        Ok(Self {
            source: rules::id("source", draft.source)?,
            id: draft.id.map(|id| rules::id("id", Some(id))).transpose()?,
            datastream: rules::id("datastream", draft.datastream)?,
            sensor: rules::label("sensor", draft.sensor)?,
            property: rules::label("property", draft.property)?,
            unit: rules::label("unit", draft.unit)?,
            phenomenon_time: rules::instant("phenomenon_time", phenomenon_time)?,
            result_time: rules::optional_instant("result_time", draft.result_time)?,
            received_at,
            result: draft.result,
            quality: draft.quality,
            doubt: None,
            sequence: draft.sequence,
            position,
            feature: draft
                .feature
                .map(|id| rules::id("feature", Some(id)))
                .transpose()?,
            details,
        })
    }

    /// (source, id), or (source, datastream, phenomenon time) when the sender gives no id.
    pub fn identity(&self) -> Identity {
        match &self.id {
            Some(id) => Identity::of(&self.source, id),
            None => Identity::of_instant(
                &self.source,
                &self.datastream,
                self.phenomenon_time.timestamp_micros(),
            ),
        }
    }
}

#[cfg(test)]
mod tests;
