//! One observation as the API has it, and its id.

use std::fmt;
use std::str::FromStr;

use citybrain_model::EntityId;
use serde_json::{Map, Value};

/// An observation of the store, with the id of its datastream in the API. Instants in µs since 1970, UTC.
#[derive(Debug, Clone, PartialEq)]
pub struct ObservationRow {
    /// Its datastream.
    pub datastream: EntityId,
    /// The feed.
    pub source: String,
    /// The sender's own id, where it has one.
    pub own_id: Option<String>,
    /// When it began to be true.
    pub phenomenon_time: i64,
    /// When the value was produced.
    pub result_time: Option<i64>,
    /// The value, where it is a number.
    pub result: Option<f64>,
    /// WGS 84 degrees, longitude first.
    pub position: Option<(f64, f64)>,
    /// Its feature of interest, as in a path.
    pub feature: Option<String>,
    /// What else the sender said.
    pub details: Option<Map<String, Value>>,
}

impl ObservationRow {
    /// Its id.
    pub fn id(&self) -> ObservationId {
        ObservationId {
            datastream: self.datastream.clone(),
            phenomenon_time: self.phenomenon_time,
            own_id: self.own_id.clone(),
        }
    }

    /// The end of the time in which it was true; its beginning when it is of one moment.
    pub fn phenomenon_end(&self) -> i64 {
        self.detail("phenomenonTimeEnd")
            .and_then(Value::as_str)
            .and_then(crate::odata::parse_time)
            .unwrap_or(self.phenomenon_time)
    }

    /// Its result: a number, or whatever it is.
    pub fn result(&self) -> Value {
        match self.result {
            Some(number) => whole(number),
            None => self.detail("result").cloned().unwrap_or(Value::Null),
        }
    }

    /// One of the details.
    pub fn detail(&self, name: &str) -> Option<&Value> {
        self.details.as_ref()?.get(name)
    }

    /// Its feature of interest: the one that it names, else its position.
    pub fn feature(&self) -> Option<EntityId> {
        match &self.feature {
            Some(feature) => feature.parse().ok(),
            None => self
                .position
                .map(|(lon, lat)| EntityId::Text(PlaceId { lon, lat }.to_string())),
        }
    }
}

/// A number as JSON; a whole one without a fraction, as it was sent.
pub(super) fn whole(number: f64) -> Value {
    #[expect(
        clippy::cast_possible_truncation,
        reason = "a whole number within ±2^53, as checked"
    )]
    if number.fract() == 0.0 && number.abs() < 9_007_199_254_740_992.0 {
        Value::from(number as i64)
    } else {
        Value::from(number)
    }
}

/// The id of an observation: its datastream's id, its phenomenon time and the sender's own id, for these are what make it the one it is. It
/// stays the same whatever happens to the row: sealing, correction, restart.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct ObservationId {
    /// The datastream.
    pub datastream: EntityId,
    /// µs since 1970, UTC.
    pub phenomenon_time: i64,
    /// The sender's own id.
    pub own_id: Option<String>,
}

/// A text that is no observation's id.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0} is no id of an observation")]
pub struct BadObservationId(pub String);

impl ObservationId {
    /// The id as an entity's.
    pub fn entity(&self) -> EntityId {
        EntityId::Text(self.to_string())
    }
}

impl fmt::Display for ObservationId {
    /// `7-1717243200000000`, with the sender's own id behind another minus, and a datastream's id that is a text in quotes.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.datastream, self.phenomenon_time)?;
        match &self.own_id {
            Some(id) => write!(f, "-{id}"),
            None => Ok(()),
        }
    }
}

impl FromStr for ObservationId {
    type Err = BadObservationId;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let read = || {
            let end = if text.starts_with('\'') {
                let mut quotes = text.char_indices().skip(1).filter(|(_, c)| *c == '\'');
                loop {
                    let (at, _) = quotes.next()?;
                    if text.get(at + 1..)?.starts_with('\'') {
                        quotes.next();
                    } else {
                        break at + 1;
                    }
                }
            } else {
                text.find('-')?
            };
            let (datastream, rest) = text.split_at_checked(end)?;
            let rest = rest.strip_prefix('-')?;
            let (time, own_id) = match rest.split_once('-') {
                Some((time, id)) => (time, Some(id.to_owned())),
                None => (rest, None),
            };
            Some(Self {
                datastream: datastream.parse().ok()?,
                phenomenon_time: time.parse().ok()?,
                own_id,
            })
        };
        read().ok_or_else(|| BadObservationId(text.to_owned()))
    }
}

/// The id of a feature of interest that is nothing but a place: `at 116.4 39.9`. It needs no entry anywhere.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PlaceId {
    /// Degrees.
    pub lon: f64,
    /// Degrees.
    pub lat: f64,
}

impl fmt::Display for PlaceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "at {} {}", self.lon, self.lat)
    }
}

impl FromStr for PlaceId {
    type Err = BadObservationId;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let read = || {
            let (lon, lat) = text.strip_prefix("at ")?.split_once(' ')?;
            let (lon, lat): (f64, f64) = (lon.parse().ok()?, lat.parse().ok()?);
            (lon.abs() <= 180.0 && lat.abs() <= 90.0).then_some(Self { lon, lat })
        };
        read().ok_or_else(|| BadObservationId(text.to_owned()))
    }
}
