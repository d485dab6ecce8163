//! One thing that is to be said about boundaries.

use std::collections::BTreeMap;

use citybrain_grid::geo::MultiPolygon;
use citybrain_grid::survey::Ground;
use citybrain_grid::{Area, RingFault, RingRule};
use serde::Serialize;

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
    /// Every place, longitude and latitude in degrees, when it has more than one.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub places: Vec<[f64; 2]>,
    /// The ground that it is about, degrees, for a picture; may be empty.
    #[serde(skip)]
    pub shape: MultiPolygon<f64>,
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
    /// An area has the id of another, and was left out of this report.
    DuplicateId,
    /// Several areas have one name.
    DuplicateName,
    /// An area has no name; its id stands for it.
    NoLabel,
    /// The file states another datum within two metres of WGS 84, which is taken for it.
    Datum,
    /// The file does not state the encoding of its text.
    Encoding,
}

impl FindingRule {
    /// The rule's severity: it says something that cannot be meant, or a rule of placing decides it.
    pub const fn severity(self) -> Severity {
        match self {
            Self::Covered | Self::WrongParent | Self::DuplicateId => Severity::Error,
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
            Self::DuplicateId => "id of several areas",
            Self::DuplicateName => "name of several areas",
            Self::NoLabel => "area without a name",
            Self::Datum => "datum",
            Self::Encoding => "encoding",
        }
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
            places: Vec::new(),
            shape: MultiPolygon::new(Vec::new()),
        }
    }

    pub(super) fn at(mut self, lon: f64, lat: f64) -> Self {
        (self.lon, self.lat) = (Some(lon), Some(lat));
        self
    }

    /// Where and how large, by the ground that it is about.
    pub(super) fn on(mut self, ground: Ground) -> Self {
        (self.lon, self.lat) = (Some(ground.at.x()), Some(ground.at.y()));
        self.area_m2 = Some(ground.area_m2);
        self.shape = ground.shape;
        self
    }

    /// A feature that has the id of an earlier one.
    pub(super) fn duplicate_id(id: &str, first: usize, feature: usize) -> Self {
        let message = format!("feature {feature} has the id \"{id}\" of feature {first}");
        Self::new(FindingRule::DuplicateId, vec![id.to_owned()], message)
    }

    /// Attributes whose encoding had to be told from their bytes.
    pub(super) fn encoding(taken: &str) -> Self {
        let message = format!(
            "the file does not say how its text is encoded (.cpg); by its bytes it is {taken}"
        );
        Self::new(FindingRule::Encoding, Vec::new(), message)
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
        let mut findings: Vec<_> = areas.iter().filter_map(invalid_rings).collect();
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

/// One finding for an area with invalid rings: the rules they break, and every place where they do.
fn invalid_rings(area: &Area) -> Option<Finding> {
    let mut by_rule: BTreeMap<RingRule, usize> = BTreeMap::new();
    for fault in &area.faults {
        *by_rule.entry(fault.rule).or_default() += 1;
    }
    let first = area.faults.first()?;
    let rules: Vec<_> = by_rule
        .into_iter()
        .map(|(rule, count)| match count {
            1 => rule.as_str().to_owned(),
            RingFault::LISTED_MAX => format!("{} in {count} places or more", rule.as_str()),
            _ => format!("{} in {count} places", rule.as_str()),
        })
        .collect();
    let message = format!("{}: {}", named(area), rules.join(", "));
    let mut finding = Finding::new(FindingRule::InvalidRing, vec![area.id.clone()], message);
    finding.places = area
        .faults
        .iter()
        .map(|fault| [fault.lon, fault.lat])
        .collect();
    Some(finding.at(first.lon, first.lat))
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
            let places: Vec<_> = areas
                .iter()
                .map(|area| match &area.parent {
                    Some(parent) => format!("{} (in {parent})", area.id),
                    None => area.id.clone(),
                })
                .collect();
            let message = format!("{name} is the name of {}", places.join(" and "));
            Finding::new(FindingRule::DuplicateName, ids, message)
        })
        .collect()
}
