//! Which complaints a rule counts, and by what it counts them apart.

use std::fmt;
use std::str::FromStr;

use citybrain_model::AreaLevel;
use h3o::Resolution;
use serde::{Deserialize, Serialize};

use super::Outline;

/// Which complaints: all conditions hold, an empty one asks for nothing.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Selection {
    /// The category, or its path, or a branch of the tree that the path lies in.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub categories: Vec<String>,
    /// The channel is one of these.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub channels: Vec<String>,
    /// The kind (complaint, enquiry …) is one of these.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub kinds: Vec<String>,
    /// The status is one of these.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub statuses: Vec<String>,
    /// The urgency is one of these.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub urgencies: Vec<String>,
    /// Lies in one of these areas: `LEVEL:ID`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub areas: Vec<String>,
    /// Lies in a drawn area.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub polygon: Option<Outline>,
}

/// By what a rule counts apart: the whole city, each area of a level, or each H3 cell of a resolution.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Per {
    /// One count: `city`.
    #[default]
    City,
    /// One for each area: `district`, `subdistrict`, `community`, `grid`.
    Area(AreaLevel),
    /// One for each cell: `cell-9`.
    Cell(Resolution),
}

/// A text that says nothing to count by.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("\"{0}\" is not city, district, subdistrict, community, grid, or cell-RESOLUTION")]
pub struct UnknownPer(String);

impl FromStr for Per {
    type Err = UnknownPer;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text == "city" {
            return Ok(Self::City);
        }
        let cell = text
            .strip_prefix("cell-")
            .and_then(|resolution| resolution.parse::<u8>().ok())
            .and_then(|resolution| Resolution::try_from(resolution).ok())
            .map(Self::Cell);
        cell.or_else(|| text.parse().ok().map(Self::Area))
            .ok_or_else(|| UnknownPer(text.to_owned()))
    }
}

impl fmt::Display for Per {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::City => f.write_str("city"),
            Self::Area(level) => level.fmt(f),
            Self::Cell(resolution) => write!(f, "cell-{}", u8::from(*resolution)),
        }
    }
}

impl TryFrom<String> for Per {
    type Error = UnknownPer;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<Per> for String {
    fn from(per: Per) -> Self {
        per.to_string()
    }
}
