//! The kinds of entities of the OGC SensorThings API 1.1 (OGC 18-088, section 8), what each has and how they are linked.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// A kind of entity.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum EntityKind {
    /// What carries sensors: a station, a bus, a lamp post.
    Thing,
    /// Where a thing is or was.
    Location,
    /// Since when a thing was at its locations.
    HistoricalLocation,
    /// The instrument or procedure.
    Sensor,
    /// What is observed.
    ObservedProperty,
    /// One property at one thing by one sensor.
    Datastream,
    /// What an observation is about, mostly a place.
    FeatureOfInterest,
    /// One value.
    Observation,
}

/// A way from an entity to others.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Navigation {
    /// Its name in paths and in `$expand`.
    pub name: &'static str,
    /// What it leads to.
    pub to: EntityKind,
    /// To any number of them, rather than to one.
    pub many: bool,
}

const fn one(to: EntityKind) -> Navigation {
    Navigation {
        name: to.singular(),
        to,
        many: false,
    }
}

const fn many(to: EntityKind) -> Navigation {
    Navigation {
        name: to.set(),
        to,
        many: true,
    }
}

impl EntityKind {
    /// All kinds, in the order of the landing page.
    pub const ALL: [Self; 8] = [
        Self::Thing,
        Self::Location,
        Self::HistoricalLocation,
        Self::Datastream,
        Self::Sensor,
        Self::ObservedProperty,
        Self::Observation,
        Self::FeatureOfInterest,
    ];

    /// The name of one.
    pub const fn singular(self) -> &'static str {
        match self {
            Self::Thing => "Thing",
            Self::Location => "Location",
            Self::HistoricalLocation => "HistoricalLocation",
            Self::Sensor => "Sensor",
            Self::ObservedProperty => "ObservedProperty",
            Self::Datastream => "Datastream",
            Self::FeatureOfInterest => "FeatureOfInterest",
            Self::Observation => "Observation",
        }
    }

    /// The name of all of them.
    pub const fn set(self) -> &'static str {
        match self {
            Self::Thing => "Things",
            Self::Location => "Locations",
            Self::HistoricalLocation => "HistoricalLocations",
            Self::Sensor => "Sensors",
            Self::ObservedProperty => "ObservedProperties",
            Self::Datastream => "Datastreams",
            Self::FeatureOfInterest => "FeaturesOfInterest",
            Self::Observation => "Observations",
        }
    }

    /// The kind whose set has this name.
    pub fn of_set(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.set() == name)
    }

    /// The kind of which one has this name.
    pub fn of_singular(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.singular() == name)
    }

    /// Its properties, without the id and the links.
    pub const fn properties(self) -> &'static [&'static str] {
        match self {
            Self::Thing => &["name", "description", "properties"],
            Self::Location => &[
                "name",
                "description",
                "encodingType",
                "location",
                "properties",
            ],
            Self::HistoricalLocation => &["time"],
            Self::Sensor => &[
                "name",
                "description",
                "encodingType",
                "metadata",
                "properties",
            ],
            Self::ObservedProperty => &["name", "definition", "description", "properties"],
            Self::Datastream => &[
                "name",
                "description",
                "observationType",
                "unitOfMeasurement",
                "observedArea",
                "phenomenonTime",
                "resultTime",
                "properties",
            ],
            Self::FeatureOfInterest => &[
                "name",
                "description",
                "encodingType",
                "feature",
                "properties",
            ],
            Self::Observation => &[
                "phenomenonTime",
                "result",
                "resultTime",
                "resultQuality",
                "validTime",
                "parameters",
            ],
        }
    }

    /// The ways that lead from it.
    pub const fn navigations(self) -> &'static [Navigation] {
        const THING: &[Navigation] = &[
            many(EntityKind::Location),
            many(EntityKind::HistoricalLocation),
            many(EntityKind::Datastream),
        ];
        const LOCATION: &[Navigation] = &[
            many(EntityKind::Thing),
            many(EntityKind::HistoricalLocation),
        ];
        const HISTORICAL: &[Navigation] = &[one(EntityKind::Thing), many(EntityKind::Location)];
        const DATASTREAM: &[Navigation] = &[
            one(EntityKind::Thing),
            one(EntityKind::Sensor),
            one(EntityKind::ObservedProperty),
            many(EntityKind::Observation),
        ];
        const OBSERVATION: &[Navigation] = &[
            one(EntityKind::Datastream),
            one(EntityKind::FeatureOfInterest),
        ];
        match self {
            Self::Thing => THING,
            Self::Location => LOCATION,
            Self::HistoricalLocation => HISTORICAL,
            Self::Sensor | Self::ObservedProperty => const { &[many(EntityKind::Datastream)] },
            Self::Datastream => DATASTREAM,
            Self::FeatureOfInterest => const { &[many(EntityKind::Observation)] },
            Self::Observation => OBSERVATION,
        }
    }

    /// The way of this name.
    pub fn navigation(self, name: &str) -> Option<Navigation> {
        self.navigations()
            .iter()
            .copied()
            .find(|way| way.name == name)
    }

    /// The way to this kind.
    pub fn navigation_to(self, to: Self) -> Option<Navigation> {
        self.navigations().iter().copied().find(|way| way.to == to)
    }
}

impl fmt::Display for EntityKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.singular())
    }
}

/// An entity's id: a number that the server gave, or what a client chose.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(untagged)]
pub enum EntityId {
    /// A number.
    Number(i64),
    /// A text.
    Text(String),
}

/// A text that is no id: neither a whole number nor a text in single quotes.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0} is no id: it must be a whole number or a text in single quotes")]
pub struct BadEntityId(pub String);

impl EntityId {
    /// The id as it stands, without quotes.
    pub fn bare(&self) -> String {
        match self {
            Self::Number(number) => number.to_string(),
            Self::Text(text) => text.clone(),
        }
    }
}

impl fmt::Display for EntityId {
    /// As it stands in a path between brackets: `7`, `'a''b'`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Number(number) => number.fmt(f),
            Self::Text(text) => write!(f, "'{}'", text.replace('\'', "''")),
        }
    }
}

impl FromStr for EntityId {
    type Err = BadEntityId;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if let Ok(number) = text.parse() {
            return Ok(Self::Number(number));
        }
        text.strip_prefix('\'')
            .and_then(|text| text.strip_suffix('\''))
            .map(|text| Self::Text(text.replace("''", "'")))
            .ok_or_else(|| BadEntityId(text.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_reads_as_it_is_written() {
        for id in [
            EntityId::Number(7),
            EntityId::Text("7".into()),
            EntityId::Text("it's".into()),
            EntityId::Text(String::new()),
        ] {
            assert_eq!(id.to_string().parse::<EntityId>().unwrap(), id);
        }
        assert!("a".parse::<EntityId>().is_err() && "'".parse::<EntityId>().is_err());
    }

    #[test]
    fn every_way_has_a_way_back() {
        for kind in EntityKind::ALL {
            assert_eq!(EntityKind::of_set(kind.set()), Some(kind));
            assert_eq!(EntityKind::of_singular(kind.singular()), Some(kind));
            for way in kind.navigations() {
                assert!(way.to.navigation_to(kind).is_some(), "{kind} {}", way.name);
            }
        }
    }
}
