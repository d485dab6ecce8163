//! From one boundary file to the areas of one boundary version.

use std::collections::{BTreeMap, HashMap};
use std::path::Path;

use citybrain_grid::geo::{CoordsIter, MultiPolygon};
use citybrain_grid::{AreaParts, Parents, VersionParts};
use geojson::JsonValue;

use super::crs::SourceCrs;
use super::features::{RawFeature, RawGeometry, TakesFeatures, read_features};
use super::file_crs::{FileCrs, NoPosition, StatedCrs};
use super::spec::{BoundarySpec, ParentSpec};
use super::{CityError, FeatureRule, Finding};

/// What is done about an id that stands twice in a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Strictness {
    /// The file is refused.
    Refuse,
    /// The first area keeps the id, and each other is a finding: for a look at all that is wrong.
    Report,
}

/// What was read from the file of one boundary version.
#[derive(Debug)]
pub(super) struct BoundaryRead {
    pub(super) version: VersionParts,
    /// The system that the file was read in.
    pub(super) crs: SourceCrs,
    pub(super) findings: Vec<Finding>,
}

/// Reads the file of one boundary version. Coordinates come out in WGS 84 degrees.
pub(super) fn read_boundary(
    path: &Path,
    spec: &BoundarySpec,
    strictness: Strictness,
) -> Result<BoundaryRead, CityError> {
    let mut areas = Areas {
        path,
        spec,
        strictness,
        crs: FileCrs::new(path, spec.crs.as_ref()),
        count: 0,
        read: Vec::new(),
        findings: Vec::new(),
        first_with: HashMap::new(),
    };
    read_features(path, &mut areas)?;
    areas.finish()
}

/// The areas of one file, built up feature by feature.
#[derive(Debug)]
pub(super) struct Areas<'a> {
    path: &'a Path,
    spec: &'a BoundarySpec,
    strictness: Strictness,
    crs: FileCrs<'a>,
    /// Features read.
    count: usize,
    read: Vec<AreaParts>,
    findings: Vec<Finding>,
    /// The feature that has an id, from 1.
    first_with: HashMap<String, usize>,
}

impl TakesFeatures for Areas<'_> {
    fn count(&self) -> usize {
        self.count
    }

    fn object(&self) -> Option<&str> {
        self.spec.object.as_deref()
    }

    fn finding(&mut self, finding: Finding) {
        self.findings.push(finding);
    }

    fn states(&mut self, stated: &StatedCrs) -> Result<(), CityError> {
        let finding = self.crs.states(stated, self.count)?;
        self.findings.extend(finding);
        Ok(())
    }

    fn feature(&mut self, feature: RawFeature) -> Result<(), CityError> {
        self.count += 1;
        let number = self.count;
        let area = self.area(feature).map_err(|rule| self.broken(rule))?;
        if let Some(&first) = self.first_with.get(&area.id) {
            let id = area.id;
            if self.strictness == Strictness::Refuse {
                return Err(self.broken(FeatureRule::DuplicateId { id, first }));
            }
            self.findings
                .push(Finding::duplicate_id(&id, first, number));
            return Ok(());
        }
        self.first_with.insert(area.id.clone(), number);
        self.read.push(area);
        Ok(())
    }
}

impl Areas<'_> {
    /// The error of a rule that the feature read last breaks.
    fn broken(&self, rule: FeatureRule) -> CityError {
        CityError::Feature {
            path: self.path.to_owned(),
            feature: self.count,
            rule,
        }
    }

    fn finish(self) -> Result<BoundaryRead, CityError> {
        let crs = self.crs.finish()?;
        let parents = match self.spec.parent {
            ParentSpec::City => Parents::City,
            ParentSpec::Property(_) => Parents::Given,
            ParentSpec::Contained => Parents::Contained,
        };
        Ok(BoundaryRead {
            version: VersionParts {
                valid_from: self.spec.valid_from,
                parents,
                areas: self.read,
            },
            crs,
            findings: self.findings,
        })
    }

    fn area(&mut self, feature: RawFeature) -> Result<AreaParts, FeatureRule> {
        let spec = self.spec;
        let id = text(&feature, &spec.id)?.unwrap_or_default();
        if id.is_empty() {
            let property = spec.id.clone();
            return Err(FeatureRule::EmptyId { property });
        }
        let name = match &spec.label {
            Some(label) => text(&feature, label)?.unwrap_or_default(),
            None => id.clone(),
        };
        let name = if name.is_empty() {
            self.findings.push(Finding::no_label(&id));
            id.clone()
        } else {
            name
        };
        let mut names = BTreeMap::new();
        for (language, property) in &spec.labels {
            if let Some(name) = text(&feature, property)?.filter(|name| !name.is_empty()) {
                names.insert(language.clone(), name);
            }
        }
        let parent = match &spec.parent {
            ParentSpec::Property(property) => text(&feature, property)?,
            ParentSpec::City | ParentSpec::Contained => None,
        };
        let population = match &spec.population {
            Some(property) => population(&feature, property)?,
            None => None,
        };
        let boundary = self.boundary(feature.geometry, &id)?;
        Ok(AreaParts {
            id,
            name,
            names,
            parent,
            population,
            boundary,
        })
    }

    fn boundary(
        &mut self,
        geometry: RawGeometry,
        id: &str,
    ) -> Result<MultiPolygon<f64>, FeatureRule> {
        let boundary = match geometry {
            RawGeometry::Polygons(boundary) if boundary.coords_count() > 0 => boundary,
            RawGeometry::None | RawGeometry::Polygons(_) => {
                return Err(FeatureRule::EmptyGeometry { id: id.to_owned() });
            }
            RawGeometry::Lines(geometry, _) | RawGeometry::Other(geometry) => {
                let id = id.to_owned();
                return Err(FeatureRule::NotPolygon { id, geometry });
            }
        };
        self.crs
            .in_wgs84(&boundary)
            .map_err(|NoPosition { position, reason }| FeatureRule::Position {
                id: id.to_owned(),
                position,
                reason,
            })
    }
}

/// A property by name; the feature's own id stands for a property `id` that it lacks.
fn property<'a>(feature: &'a RawFeature, property: &str) -> Result<&'a JsonValue, FeatureRule> {
    let own_id = || feature.id.as_ref().filter(|_| property == "id");
    let value = feature.properties.get(property).or_else(own_id);
    value.ok_or_else(|| {
        let has: Vec<_> = feature.properties.keys().map(String::as_str).collect();
        FeatureRule::NoProperty {
            property: property.to_owned(),
            has: if has.is_empty() {
                "none".to_owned()
            } else {
                has.join(", ")
            },
        }
    })
}

/// A property as text, blanks around it cut; whole numbers without ".0"; null is none.
pub(super) fn text(feature: &RawFeature, name: &str) -> Result<Option<String>, FeatureRule> {
    match property(feature, name)? {
        JsonValue::Null => Ok(None),
        JsonValue::String(text) => Ok(Some(text.trim().to_owned())),
        JsonValue::Number(number) => {
            let text = number.to_string();
            let whole = number
                .as_f64()
                .filter(|v| number.is_f64() && v.fract() == 0.0);
            // Display of an f64 has neither exponent nor fraction when it is whole.
            Ok(Some(whole.map_or(text, |whole| format!("{whole}"))))
        }
        other => Err(FeatureRule::NoText {
            property: name.to_owned(),
            value: other.to_string(),
        }),
    }
}

fn population(feature: &RawFeature, name: &str) -> Result<Option<f64>, FeatureRule> {
    let people = match property(feature, name)? {
        JsonValue::Null => return Ok(None),
        JsonValue::Number(number) => number.as_f64(),
        JsonValue::String(text) if text.trim().is_empty() => return Ok(None),
        JsonValue::String(text) => text.trim().parse().ok(),
        _ => None,
    };
    match people {
        Some(people) if people.is_finite() && people >= 0.0 => Ok(Some(people)),
        _ => Err(FeatureRule::Population {
            property: name.to_owned(),
            value: property(feature, name)?.to_string(),
        }),
    }
}
