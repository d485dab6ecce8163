//! What is to be said about a city's boundaries.

use std::collections::BTreeMap;
use std::path::PathBuf;

use chrono::NaiveDate;
use citybrain_model::AreaLevel;
use serde::Serialize;

use super::{Finding, Severity};

/// What was read for a city, and what is to be known about it.
#[derive(Debug, Clone, Serialize)]
pub struct CityReport {
    /// The city's name.
    pub city: String,
    /// The city file.
    pub file: PathBuf,
    /// The zone of its local time.
    pub time_zone: &'static str,
    /// The H3 resolution at which records are counted.
    pub base_resolution: u8,
    /// Its languages, the main one first.
    pub languages: Vec<String>,
    /// [`City::fingerprint`](citybrain_grid::City::fingerprint) as 16 hex digits.
    pub fingerprint: String,
    /// [`City::boundary_version`](citybrain_grid::City::boundary_version).
    pub boundary_version: String,
    /// How many cells of the base resolution touch the city; only after [`check`](super::check()).
    pub base_cells: Option<usize>,
    /// The aligned grid of the latest boundaries at the base resolution; only after [`check`](super::check()).
    pub aligned: Option<AlignedReport>,
    /// Its levels, from large to small.
    pub levels: Vec<LevelReport>,
    /// Its roads, when it has a file of them.
    pub roads: Option<RoadsReport>,
}

/// The file of roads in a [`CityReport`].
#[derive(Debug, Clone, Serialize)]
pub struct RoadsReport {
    /// The file, as the city file has it.
    pub file: PathBuf,
    /// The coordinate system that it was read in.
    pub crs: String,
    /// How many features are roads with a name and a course.
    pub roads: usize,
    /// How many features have no name or no course.
    pub left_out: usize,
    /// What is to be known about it.
    pub findings: Vec<Finding>,
}

/// The aligned grid in a [`CityReport`]: see [`AlignedGrid`](citybrain_grid::aligned::AlignedGrid).
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum AlignedReport {
    /// There is one.
    Made {
        /// The smallest level, of whose areas aligned cells are parts.
        level: AreaLevel,
        /// How many aligned cells there are.
        aligned_cells: usize,
        /// How many cells lie in one area altogether.
        inner_cells: usize,
        /// How many cells are cut by a border of areas or of the city.
        cut_cells: usize,
    },
    /// There is none.
    Missing {
        /// Why.
        reason: String,
    },
}

/// One level of a [`CityReport`].
#[derive(Debug, Clone, Serialize)]
pub struct LevelReport {
    /// Which level.
    pub level: AreaLevel,
    /// The city's word for it, by language.
    pub names: BTreeMap<String, String>,
    /// Its boundary versions, oldest first.
    pub boundaries: Vec<BoundaryReport>,
}

/// One boundary version of a [`LevelReport`].
#[derive(Debug, Clone, Serialize)]
pub struct BoundaryReport {
    /// The file, as the city file has it.
    pub file: PathBuf,
    /// The coordinate system that it was read in.
    pub crs: String,
    /// First local day on which it is in force.
    pub valid_from: Option<NaiveDate>,
    /// How many areas it has.
    pub areas: usize,
    /// The sum of their areas, km².
    pub area_km2: f64,
    /// Where their parents come from.
    pub parents: ParentSource,
    /// What is to be known about them.
    pub findings: Vec<Finding>,
}

/// Where the parents of a boundary version's areas come from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ParentSource {
    /// The areas lie in the city and in nothing smaller.
    City,
    /// The parent's id stands in this property.
    Property(String),
    /// The larger area that holds the label point.
    Contained,
}

impl CityReport {
    /// All findings of a severity.
    pub fn count(&self, severity: Severity) -> usize {
        let boundaries = self.levels.iter().flat_map(|level| &level.boundaries);
        let findings = boundaries.flat_map(|boundary| &boundary.findings);
        findings
            .filter(|finding| finding.severity == severity)
            .count()
    }

    /// Whether any finding is an error.
    pub fn has_errors(&self) -> bool {
        self.count(Severity::Error) > 0
    }
}
