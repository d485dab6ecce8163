//! From one boundary file to the areas of one boundary version.

use std::collections::{BTreeMap, HashMap};
use std::path::Path;

use citybrain_grid::geo::{Coord, LineString, MultiPolygon, Polygon};
use citybrain_grid::{AreaParts, BBox, Crs, Parents, VersionParts};
use geojson::{Feature, GeometryValue, JsonValue, PolygonType, Position};

use super::features::read_features;
use super::report::Finding;
use super::spec::{BoundarySpec, ParentSpec};
use super::{CityError, FeatureRule};

/// Reads the file of one boundary version. Coordinates come out in WGS 84 degrees.
pub(super) fn read_boundary(
    path: &Path,
    spec: &BoundarySpec,
) -> Result<(VersionParts, Vec<Finding>), CityError> {
    let mut areas = Vec::new();
    let mut findings = Vec::new();
    let mut first_with: HashMap<String, usize> = HashMap::new();
    let crs = read_features(path, |number, feature| {
        let of = |rule| CityError::Feature {
            path: path.to_owned(),
            feature: number,
            rule,
        };
        let area = area(feature, spec, &mut findings).map_err(of)?;
        if let Some(&first) = first_with.get(&area.id) {
            let id = area.id;
            return Err(of(FeatureRule::DuplicateId { id, first }));
        }
        first_with.insert(area.id.clone(), number);
        areas.push(area);
        Ok(())
    })?;
    if let Some(stated) = crs {
        findings.extend(stated_crs(path, &stated)?);
    }
    let parents = match spec.parent {
        ParentSpec::City => Parents::City,
        ParentSpec::Property(_) => Parents::Given,
        ParentSpec::Contained => Parents::Contained,
    };
    let version = VersionParts {
        valid_from: spec.valid_from,
        parents,
        areas,
    };
    Ok((version, findings))
}

fn area(
    feature: Feature,
    spec: &BoundarySpec,
    findings: &mut Vec<Finding>,
) -> Result<AreaParts, FeatureRule> {
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
        findings.push(Finding::no_label(&id));
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
    let boundary = boundary(feature, &id, spec.crs)?;
    Ok(AreaParts {
        id,
        name,
        names,
        parent,
        population,
        boundary,
    })
}

fn property<'a>(feature: &'a Feature, property: &str) -> Result<&'a JsonValue, FeatureRule> {
    feature.property(property).ok_or_else(|| {
        let has: Vec<_> = feature
            .properties_iter()
            .map(|(key, _)| key.as_str())
            .collect();
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
fn text(feature: &Feature, name: &str) -> Result<Option<String>, FeatureRule> {
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

fn population(feature: &Feature, name: &str) -> Result<Option<f64>, FeatureRule> {
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

fn boundary(feature: Feature, id: &str, crs: Crs) -> Result<MultiPolygon<f64>, FeatureRule> {
    let empty = || FeatureRule::EmptyGeometry { id: id.to_owned() };
    let polygons: Vec<PolygonType> = match feature.geometry.ok_or_else(empty)?.value {
        GeometryValue::Polygon { coordinates } => vec![coordinates],
        GeometryValue::MultiPolygon { coordinates } => coordinates,
        other => {
            return Err(FeatureRule::NotPolygon {
                id: id.to_owned(),
                geometry: other.type_name(),
            });
        }
    };
    let ring = |positions: &Vec<Position>| -> Result<LineString<f64>, FeatureRule> {
        positions
            .iter()
            .map(|position| coord(position, id, crs))
            .collect()
    };
    let mut boundary = Vec::new();
    for rings in polygons.iter().filter(|rings| !rings.is_empty()) {
        let mut rings = rings.iter().map(ring).collect::<Result<Vec<_>, _>>()?;
        let holes = rings.split_off(1);
        boundary.extend(
            rings
                .into_iter()
                .map(|outer| Polygon::new(outer, holes.clone())),
        );
    }
    if boundary
        .iter()
        .all(|polygon| polygon.exterior().0.is_empty())
    {
        return Err(empty());
    }
    Ok(MultiPolygon::new(boundary))
}

fn coord(position: &Position, id: &str, crs: Crs) -> Result<Coord<f64>, FeatureRule> {
    if let [lon, lat, ..] = *position.as_slice()
        && BBox::EARTH.holds(lon, lat)
    {
        let (x, y) = crs.to_wgs84(lon, lat);
        return Ok(Coord { x, y });
    }
    Err(FeatureRule::Position {
        id: id.to_owned(),
        position: format!("{:?}", position.as_slice()),
    })
}

/// What a file states about its coordinate system: nothing to say for WGS 84 and CGCS2000, a finding for NAD 83 (within two
/// metres of them), an error for a projected system.
fn stated_crs(path: &Path, stated: &str) -> Result<Option<Finding>, CityError> {
    let code = stated.rsplit(':').next().unwrap_or_default();
    match code {
        "CRS84" | "CRS84h" | "4326" | "4490" => Ok(None),
        "4269" => Ok(Some(Finding::datum(stated))),
        _ => Err(CityError::FileCrs {
            path: path.to_owned(),
            crs: stated.to_owned(),
        }),
    }
}
