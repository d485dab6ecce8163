//! The levels of administrative areas below the city.

use serde::{Deserialize, Serialize};

/// A level of areas, from large to small. A city uses one to four of them and gives each its own name (New York: borough,
/// community district, neighborhood); the level says only how large it is and what it lies in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum AreaLevel {
    /// District (区).
    District,
    /// Street office or town (街道/乡镇).
    Subdistrict,
    /// Community (社区/村).
    Community,
    /// Unit grid (网格).
    Grid,
}

impl AreaLevel {
    /// All levels, from large to small.
    pub const ALL: [Self; 4] = [
        Self::District,
        Self::Subdistrict,
        Self::Community,
        Self::Grid,
    ];

    /// The level's word in SQL, in the API and in `city.toml`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::District => "district",
            Self::Subdistrict => "subdistrict",
            Self::Community => "community",
            Self::Grid => "grid",
        }
    }

    /// Position in [`AreaLevel::ALL`]: 0 for the largest level.
    pub const fn index(self) -> usize {
        self as usize
    }
}

impl std::fmt::Display for AreaLevel {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A word that names no area level.
#[derive(Debug, thiserror::Error)]
#[error("\"{0}\" is not an area level (district, subdistrict, community or grid)")]
pub struct UnknownAreaLevel(pub String);

impl std::str::FromStr for AreaLevel {
    type Err = UnknownAreaLevel;

    fn from_str(s: &str) -> Result<Self, Self::Err> {
        Self::ALL
            .into_iter()
            .find(|level| level.as_str() == s)
            .ok_or_else(|| UnknownAreaLevel(s.to_owned()))
    }
}
