//! A city's file of roads: which roads have a name, and where they run.

use std::collections::BTreeSet;
use std::path::Path;

use citybrain_grid::geo::CoordsIter;
use citybrain_grid::{RoadParts, Roads};

use super::boundary::text;
use super::features::{RawFeature, RawGeometry, TakesFeatures, read_features};
use super::file_crs::{FileCrs, NoPosition, StatedCrs};
use super::names_spec::RoadsSpec;
use super::{CityError, FeatureRule, Finding, RoadsReport};

/// Reads a file of roads: lines in any format of boundary files. Features without a name are left out, as are named ones without
/// a course; their number is in the report.
pub(super) fn read_roads(path: &Path, spec: &RoadsSpec) -> Result<(Roads, RoadsReport), CityError> {
    let mut lines = Lines {
        path,
        spec,
        crs: FileCrs::new(path, spec.crs.as_ref()),
        count: 0,
        roads: Vec::new(),
        properties: BTreeSet::new(),
        findings: Vec::new(),
    };
    read_features(path, &mut lines)?;
    lines.finish()
}

/// The roads of one file, built up feature by feature.
struct Lines<'a> {
    path: &'a Path,
    spec: &'a RoadsSpec,
    crs: FileCrs<'a>,
    /// Features read.
    count: usize,
    roads: Vec<RoadParts>,
    /// What the features have, to say so when none has a name.
    properties: BTreeSet<String>,
    findings: Vec<Finding>,
}

impl TakesFeatures for Lines<'_> {
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
        let road = self.road(feature).map_err(|rule| self.broken(rule))?;
        self.roads.extend(road);
        Ok(())
    }
}

impl Lines<'_> {
    fn road(&mut self, feature: RawFeature) -> Result<Option<RoadParts>, FeatureRule> {
        // Street files leave the property out where a road has no name.
        if !feature.properties.contains_key(&self.spec.name) {
            self.properties
                .extend(feature.properties.into_iter().map(|(key, _)| key));
            return Ok(None);
        }
        let name = text(&feature, &self.spec.name)?.unwrap_or_default();
        if name.is_empty() {
            return Ok(None);
        }
        let course = match feature.geometry {
            RawGeometry::Lines(_, course) if course.coords_count() > 0 => course,
            RawGeometry::None | RawGeometry::Lines(..) => return Ok(None),
            RawGeometry::Polygons(_) => return Err(no_line(name, "Polygon".to_owned())),
            RawGeometry::Other(geometry) => return Err(no_line(name, geometry)),
        };
        let course = self
            .crs
            .in_wgs84(&course)
            .map_err(|NoPosition { position, reason }| FeatureRule::Position {
                id: name.clone(),
                position,
                reason,
            })?;
        Ok(Some(RoadParts { name, course }))
    }

    fn finish(self) -> Result<(Roads, RoadsReport), CityError> {
        let named = self.roads.len();
        if named == 0 {
            return Err(CityError::NoRoadName {
                path: self.path.to_owned(),
                property: self.spec.name.clone(),
                has: match self.properties.len() {
                    0 => "no other property".to_owned(),
                    _ => Vec::from_iter(self.properties).join(", "),
                },
            });
        }
        let crs = self.crs.finish()?;
        let roads = Roads::try_new(self.roads).map_err(|error| CityError::Roads {
            path: self.path.to_owned(),
            error,
        })?;
        let report = RoadsReport {
            file: self.spec.file.clone(),
            crs: crs.to_string(),
            roads: named,
            left_out: self.count - named,
            findings: self.findings,
        };
        Ok((roads, report))
    }

    fn broken(&self, rule: FeatureRule) -> CityError {
        CityError::Feature {
            path: self.path.to_owned(),
            feature: self.count,
            rule,
        }
    }
}

fn no_line(name: String, geometry: String) -> FeatureRule {
    FeatureRule::NotLine { name, geometry }
}

#[cfg(test)]
mod tests;
