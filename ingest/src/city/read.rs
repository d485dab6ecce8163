//! From a city file to a city.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use citybrain_grid::geo::MultiPolygon;
use citybrain_grid::{City, CityParts, LevelParts};

use super::boundary::{Strictness, read_boundary};
use super::calendars;
use super::crs::SourceCrs;
use super::names;
use super::roads::read_roads;
use super::spec::{BoundarySpec, CitySpec, ParentSpec, read_spec};
use super::{BoundaryReport, CityError, CityReport, Finding, LevelReport, ParentSource};

/// Reads a city file, its boundary files and its file of roads (their paths are relative to the city file's folder). The report says what was
/// read and what is to be known about it: invalid rings, areas without a parent or a name, names that stand twice. It does not
/// look for overlaps and gaps, which takes seconds: [`check`](super::check()) does.
///
/// # Errors
/// The first thing that makes the city unreadable, as one line that names the file and the place in it.
pub fn read_city(path: &Path) -> Result<(City, CityReport), CityError> {
    let read = read(path, Strictness::Refuse)?;
    Ok((read.city, read.report))
}

/// A city with what is known after reading it.
#[derive(Debug)]
pub(super) struct CityRead {
    pub(super) city: City,
    pub(super) report: CityReport,
    /// The boundaries as given, by id, of each boundary version in the order of the city file. Only for a report.
    pub(super) given: Vec<HashMap<String, MultiPolygon<f64>>>,
}

/// What a file of one boundary version told: what is to be known, and the system it was read in.
type Told = (Vec<Finding>, SourceCrs);

pub(super) fn read(path: &Path, strictness: Strictness) -> Result<CityRead, CityError> {
    let spec = read_spec(path)?;
    let mut levels = Vec::new();
    let mut told = Vec::new();
    let mut given = Vec::new();
    for level in &spec.levels {
        let mut versions = Vec::new();
        for boundary in &level.boundaries {
            let read = read_boundary(&beside(path, &boundary.file), boundary, strictness)?;
            if strictness == Strictness::Report {
                let areas = read.version.areas.iter();
                given.push(
                    areas
                        .map(|area| (area.id.clone(), area.boundary.clone()))
                        .collect(),
                );
            }
            versions.push(read.version);
            told.push((read.findings, read.crs));
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
    let city = match names::fingerprint(path, &spec.names)? {
        Some(names) => city.with_names(names),
        None => city,
    };
    let calendar = calendars::read_calendars(path, spec.calendars.as_deref(), spec.time_zone)?;
    let city = city
        .with_calendar(calendar)
        .with_assessment_month_day(spec.assessment_month_day);
    let mut report = report(path, &spec, &city, told);
    let city = match &spec.roads {
        Some(roads) => {
            let (roads, told) = read_roads(&beside(path, &roads.file), roads)?;
            report.roads = Some(told);
            city.with_roads(roads)
        }
        None => city,
    };
    Ok(CityRead {
        city,
        report,
        given,
    })
}

/// A path of the city file, seen from where the city file lies.
pub(super) fn beside(city_file: &Path, path: &Path) -> PathBuf {
    city_file.parent().unwrap_or(Path::new("")).join(path)
}

/// `told` has an entry for each boundary file, in the order of the city file.
fn report(path: &Path, spec: &CitySpec, city: &City, told: Vec<Told>) -> CityReport {
    let mut told = told.into_iter();
    let levels = spec.levels.iter().zip(&city.levels).map(|(spec, level)| {
        let boundaries = spec.boundaries.iter().zip(level.versions());
        let boundaries = boundaries.map(|(spec, version)| {
            let areas = &level.areas[version.range()];
            let (mut findings, crs) = told.next().unwrap_or_default();
            findings.extend(Finding::of_areas(
                areas,
                spec.parent == ParentSpec::Contained,
            ));
            boundary_report(spec, &crs, areas, findings)
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
        aligned: None,
        levels: levels.collect(),
        roads: None,
    }
}

fn boundary_report(
    spec: &BoundarySpec,
    crs: &SourceCrs,
    areas: &[citybrain_grid::Area],
    findings: Vec<Finding>,
) -> BoundaryReport {
    BoundaryReport {
        file: spec.file.clone(),
        crs: crs.to_string(),
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
