//! What is to be said about a city's boundaries.

use std::collections::BTreeMap;
use std::path::PathBuf;

use chrono::NaiveDate;
use citybrain_grid::{Area, RingFault, RingRule};
use citybrain_model::AreaLevel;
use serde::Serialize;

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
    /// Its levels, from large to small.
    pub levels: Vec<LevelReport>,
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
    pub crs: &'static str,
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

/// One thing to be known about a boundary version.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Finding {
    /// How bad it is.
    pub severity: Severity,
    /// What kind of thing.
    pub rule: FindingRule,
    /// The areas that it concerns, by id.
    pub areas: Vec<String>,
    /// The thing in words.
    pub message: String,
    /// Where, degrees.
    pub lon: Option<f64>,
    /// Where, degrees.
    pub lat: Option<f64>,
    /// How large, m².
    pub area_m2: Option<f64>,
}

/// How bad a [`Finding`] is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// The rules of placing decide the case; somebody should look at it.
    Warning,
    /// The boundaries say something that cannot be meant.
    Error,
}

/// The kind of a [`Finding`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum FindingRule {
    /// A ring breaks a rule of OGC Simple Features; points are placed by the even-odd rule.
    InvalidRing,
    /// Two areas overlap; the one whose id comes first has the points.
    Overlap,
    /// Other areas with lower ids cover an area: no point is ever placed in it.
    Covered,
    /// Ground enclosed by the level's areas belongs to none of them.
    Gap,
    /// Ground of a larger area belongs to none of its children.
    Uncovered,
    /// Part of an area lies outside its parent.
    OutsideParent,
    /// An area lies wholly outside the parent that it names.
    WrongParent,
    /// No larger area holds the area's label point.
    NoParent,
    /// Several areas have one name.
    DuplicateName,
    /// An area has no name; its id stands for it.
    NoLabel,
    /// The file states another datum within two metres of WGS 84, which is taken for it.
    Datum,
}

impl FindingRule {
    /// The rule's severity: it says something that cannot be meant, or a rule of placing decides it.
    pub const fn severity(self) -> Severity {
        match self {
            Self::Covered | Self::WrongParent => Severity::Error,
            _ => Severity::Warning,
        }
    }

    /// What a list of such findings is headed with.
    pub const fn title(self) -> &'static str {
        match self {
            Self::InvalidRing => "invalid ring, placed by the even-odd rule",
            Self::Overlap => "overlap, the lower id has it",
            Self::Covered => "area covered by areas with lower ids",
            Self::Gap => "gap between areas",
            Self::Uncovered => "ground of a larger area in none of its parts",
            Self::OutsideParent => "part of an area outside its parent",
            Self::WrongParent => "area wholly outside its parent",
            Self::NoParent => "area without a parent",
            Self::DuplicateName => "name of several areas",
            Self::NoLabel => "area without a name",
            Self::Datum => "datum",
        }
    }
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

impl Finding {
    pub(super) fn new(rule: FindingRule, areas: Vec<String>, message: String) -> Self {
        Self {
            severity: rule.severity(),
            rule,
            areas,
            message,
            lon: None,
            lat: None,
            area_m2: None,
        }
    }

    pub(super) fn at(mut self, lon: f64, lat: f64) -> Self {
        (self.lon, self.lat) = (Some(lon), Some(lat));
        self
    }

    pub(super) fn of_size(mut self, area_m2: f64) -> Self {
        self.area_m2 = Some(area_m2);
        self
    }

    /// An area without a name.
    pub(super) fn no_label(id: &str) -> Self {
        Self::new(
            FindingRule::NoLabel,
            vec![id.to_owned()],
            format!("\"{id}\" has no name"),
        )
    }

    /// A file in a datum that is not WGS 84 but within two metres of it.
    pub(super) fn datum(stated: &str) -> Self {
        let message =
            format!("the file says {stated}, which is taken for WGS 84 (within two metres)");
        Self::new(FindingRule::Datum, Vec::new(), message)
    }

    /// What one look at each area tells: its rings, its parent when that was to be found, its name.
    pub(super) fn of_areas(areas: &[Area], parents_contained: bool) -> Vec<Self> {
        let mut findings: Vec<_> = areas.iter().flat_map(invalid_rings).collect();
        if parents_contained && areas.iter().any(|area| area.parent.is_some()) {
            let orphans = areas.iter().filter(|area| area.parent.is_none());
            findings.extend(orphans.map(|area| {
                let message = format!(
                    "{} has no parent: no larger area holds its middle",
                    named(area)
                );
                Self::new(FindingRule::NoParent, vec![area.id.clone()], message)
                    .at(area.label.x(), area.label.y())
            }));
        }
        findings.extend(duplicate_names(areas));
        findings
    }
}

/// An area by name and id.
pub(super) fn named(area: &Area) -> String {
    if area.name == area.id {
        format!("\"{}\"", area.id)
    } else {
        format!("{} ({})", area.name, area.id)
    }
}

/// One finding for each rule that an area's rings break, at the first place.
fn invalid_rings(area: &Area) -> Vec<Finding> {
    let mut by_rule: BTreeMap<RingRule, Vec<_>> = BTreeMap::new();
    for fault in &area.faults {
        by_rule.entry(fault.rule).or_default().push(fault);
    }
    let finding = |(rule, faults): (RingRule, Vec<&RingFault>)| {
        let places = match faults.len() {
            1 => String::new(),
            RingFault::LISTED_MAX => format!(" in {} places or more", RingFault::LISTED_MAX),
            count => format!(" in {count} places"),
        };
        let (lon, lat) = faults
            .first()
            .map_or((0.0, 0.0), |fault| (fault.lon, fault.lat));
        let message = format!("{}: {}{places}", named(area), rule.as_str());
        Finding::new(FindingRule::InvalidRing, vec![area.id.clone()], message).at(lon, lat)
    };
    by_rule.into_iter().map(finding).collect()
}

fn duplicate_names(areas: &[Area]) -> Vec<Finding> {
    let mut by_name: BTreeMap<&str, Vec<&Area>> = BTreeMap::new();
    for area in areas {
        by_name.entry(&area.name).or_default().push(area);
    }
    let twice = by_name.into_iter().filter(|(_, areas)| areas.len() > 1);
    twice
        .map(|(name, areas)| {
            let ids: Vec<_> = areas.iter().map(|area| area.id.clone()).collect();
            let message = format!("{name} is the name of {}", ids.join(" and "));
            Finding::new(FindingRule::DuplicateName, ids, message)
        })
        .collect()
}
