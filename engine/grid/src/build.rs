//! From the parts of a level to a level.
//!
//! A level's versions are checked, their areas sorted by id; each boundary is looked through for faults, cleaned for display,
//! measured and given a label point; the rings as given go into the index; at last each area gets its parent.

use chrono::NaiveDate;
use citybrain_model::AreaLevel;
use geo::CoordsIter;
use xxhash_rust::xxh3::Xxh3;

use crate::fingerprint::add_version;
use crate::planar::PlanarIndex;
use crate::{
    Area, AreaParts, BBox, BuildError, Level, LevelParts, Parents, Version, VersionParts, area_km2,
    clean::cleaned, faults::ring_faults, label::label_point,
};

/// Builds one level under the `larger` one and adds what decides its places to `place`.
pub(crate) fn build_level(
    parts: LevelParts,
    larger: Option<&Level>,
    place: &mut Xxh3,
) -> Result<Level, BuildError> {
    check_order(&parts, larger)?;
    let level = parts.level;
    let starts: Vec<_> = parts.versions.iter().map(|v| v.valid_from).collect();
    let mut built = Level::new(level, parts.names);
    place.update(level.as_str().as_bytes());
    for (at, version) in parts.versions.into_iter().enumerate() {
        let valid_to = starts.get(at + 1).copied().flatten();
        let areas = checked(level, version.areas)?;
        add_version(place, version.valid_from, &areas);
        let index = PlanarIndex::try_new(areas.iter().map(|area| &area.boundary))
            .ok_or(BuildError::TooLarge { level })?;
        let start = built.areas.len();
        for area in areas {
            let area = build_area(level, area, version.valid_from, valid_to)?;
            built.areas.push(area);
        }
        if let Some(larger) = larger {
            let areas = &mut built.areas[start..];
            give_parents(areas, level, version.parents, larger, valid_to)?;
        }
        let count = |n: usize| u32::try_from(n).or(Err(BuildError::TooLarge { level }));
        built.versions.push(Version {
            valid_from: version.valid_from,
            areas: count(start)?..count(built.areas.len())?,
            index,
        });
    }
    Ok(built)
}

fn check_order(parts: &LevelParts, larger: Option<&Level>) -> Result<(), BuildError> {
    let level = parts.level;
    if let Some(larger) = larger
        && larger.level >= level
    {
        let after = larger.level;
        return Err(BuildError::LevelOrder { level, after });
    }
    if parts.versions.is_empty() {
        return Err(BuildError::NoVersion { level });
    }
    for pair in parts.versions.windows(2) {
        let [
            VersionParts {
                valid_from: old, ..
            },
            VersionParts { valid_from, .. },
        ] = pair
        else {
            continue;
        };
        if valid_from.is_none() || old >= valid_from {
            let valid_from = *valid_from;
            return Err(BuildError::VersionOrder { level, valid_from });
        }
    }
    Ok(())
}

/// The areas in byte order of id, once every rule about their parts holds.
fn checked(level: AreaLevel, mut areas: Vec<AreaParts>) -> Result<Vec<AreaParts>, BuildError> {
    if areas.is_empty() {
        return Err(BuildError::NoArea { level });
    }
    areas.sort_by(|a, b| a.id.cmp(&b.id));
    if let Some(pair) = areas.windows(2).find(|pair| pair[0].id == pair[1].id) {
        let id = pair[0].id.clone();
        return Err(BuildError::DuplicateId { level, id });
    }
    for area in &areas {
        if area.id.is_empty() {
            let name = area.name.clone();
            return Err(BuildError::EmptyId { level, name });
        }
        let mut coords = area.boundary.coords_iter();
        if let Some(coord) = coords.find(|c| !BBox::EARTH.holds(c.x, c.y)) {
            return Err(BuildError::Coordinate {
                level,
                id: area.id.clone(),
                lon: coord.x,
                lat: coord.y,
            });
        }
        if let Some(population) = area.population
            && !(population.is_finite() && population >= 0.0)
        {
            return Err(BuildError::Population {
                level,
                id: area.id.clone(),
                population,
            });
        }
    }
    Ok(areas)
}

fn build_area(
    level: AreaLevel,
    parts: AreaParts,
    valid_from: Option<NaiveDate>,
    valid_to: Option<NaiveDate>,
) -> Result<Area, BuildError> {
    let boundary = parts.boundary;
    let bbox = BBox::of(&boundary);
    let faults = ring_faults(&boundary);
    let geometry = cleaned(&boundary, &faults);
    let Some(label) = label_point(&geometry) else {
        let id = parts.id;
        return Err(BuildError::EmptyBoundary { level, id });
    };
    Ok(Area {
        id: parts.id,
        name: parts.name,
        names: parts.names,
        parent: parts.parent,
        population: parts.population,
        area_km2: area_km2(&geometry),
        label,
        bbox,
        geometry,
        valid_from,
        valid_to,
        faults,
    })
}

/// Gives each area its parent from the areas of the `larger` level.
fn give_parents(
    areas: &mut [Area],
    level: AreaLevel,
    parents: Parents,
    larger: &Level,
    valid_to: Option<NaiveDate>,
) -> Result<(), BuildError> {
    let parent_level = larger.level;
    match parents {
        Parents::City => areas.iter_mut().for_each(|area| area.parent = None),
        Parents::Given => {
            for area in areas {
                let Some(parent) = &area.parent else {
                    let id = area.id.clone();
                    return Err(BuildError::MissingParent { level, id });
                };
                if !larger.areas.iter().any(|other| other.id == *parent) {
                    return Err(BuildError::UnknownParent {
                        level,
                        id: area.id.clone(),
                        parent: parent.clone(),
                        parent_level,
                    });
                }
            }
        }
        Parents::Contained => {
            let version = match valid_to.and_then(|date| date.pred_opt()) {
                Some(last_day) => larger.version_on(last_day),
                None => larger.latest_version(),
            };
            for area in areas.iter_mut() {
                let holder = version.locate(area.label.x(), area.label.y());
                area.parent = larger.areas.get(holder as usize).map(|a| a.id.clone());
            }
            if areas.iter().all(|area| area.parent.is_none()) {
                return Err(BuildError::NoParent {
                    level,
                    parent_level,
                });
            }
        }
    }
    Ok(())
}
