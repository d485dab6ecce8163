//! From a city file to a city.

use std::path::{Path, PathBuf};

use citybrain_grid::{City, CityParts, LevelParts};

use super::boundary::read_boundary;
use super::report::{BoundaryReport, CityReport, LevelReport, ParentSource};
use super::spec::{BoundarySpec, CitySpec, ParentSpec, read_spec};
use super::{CityError, Finding};

/// Reads a city file and its boundary files (their paths are relative to the city file's folder). The report says what was
/// read and what is to be known about it: invalid rings, areas without a parent or a name, names that stand twice. It does not
/// look for overlaps and gaps, which takes seconds: [`check`](super::check()) does.
///
/// # Errors
/// The first thing that makes the city unreadable, as one line that names the file and the place in it.
pub fn read_city(path: &Path) -> Result<(City, CityReport), CityError> {
    let spec = read_spec(path)?;
    let mut levels = Vec::new();
    let mut findings = Vec::new();
    for level in &spec.levels {
        let mut versions = Vec::new();
        for boundary in &level.boundaries {
            let (version, found) = read_boundary(&beside(path, &boundary.file), boundary)?;
            versions.push(version);
            findings.push(found);
        }
        levels.push(LevelParts {
            level: level.level,
            names: level.names.clone(),
            versions,
        });
    }
    let parts = CityParts {
        name: spec.name.clone(),
        time_zone: spec.time_zone,
        base_resolution: spec.base_resolution,
        languages: spec.languages.clone(),
        levels,
    };
    let city = City::try_new(parts).map_err(|error| CityError::Build {
        path: path.to_owned(),
        error,
    })?;
    let report = report(path, &spec, &city, findings);
    Ok((city, report))
}

/// A path of the city file, seen from where the city file lies.
pub(super) fn beside(city_file: &Path, path: &Path) -> PathBuf {
    city_file.parent().unwrap_or(Path::new("")).join(path)
}

/// `findings` has an entry for each boundary file, in the order of the city file.
fn report(path: &Path, spec: &CitySpec, city: &City, findings: Vec<Vec<Finding>>) -> CityReport {
    let mut findings = findings.into_iter();
    let levels = spec.levels.iter().zip(&city.levels).map(|(spec, level)| {
        let boundaries = spec.boundaries.iter().zip(level.versions());
        let boundaries = boundaries.map(|(spec, version)| {
            let areas = &level.areas[version.range()];
            let mut findings = findings.next().unwrap_or_default();
            findings.extend(Finding::of_areas(
                areas,
                spec.parent == ParentSpec::Contained,
            ));
            boundary_report(spec, areas, findings)
        });
        LevelReport {
            level: level.level,
            names: level.names.clone(),
            boundaries: boundaries.collect(),
        }
    });
    CityReport {
        city: city.name.clone(),
        file: path.to_owned(),
        time_zone: city.time_zone.name(),
        base_resolution: city.base_resolution.into(),
        languages: city.languages.clone(),
        fingerprint: format!("{:016x}", city.fingerprint),
        boundary_version: city.boundary_version(),
        base_cells: None,
        levels: levels.collect(),
    }
}

fn boundary_report(
    spec: &BoundarySpec,
    areas: &[citybrain_grid::Area],
    findings: Vec<Finding>,
) -> BoundaryReport {
    BoundaryReport {
        file: spec.file.clone(),
        crs: spec.crs.as_str(),
        valid_from: spec.valid_from,
        areas: areas.len(),
        area_km2: areas.iter().map(|area| area.area_km2).sum(),
        parents: match &spec.parent {
            ParentSpec::City => ParentSource::City,
            ParentSpec::Property(property) => ParentSource::Property(property.clone()),
            ParentSpec::Contained => ParentSource::Contained,
        },
        findings,
    }
}
