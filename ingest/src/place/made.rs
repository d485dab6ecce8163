//! Cities for tests.

use std::collections::BTreeMap;
use std::fs::File;
use std::path::PathBuf;

use citybrain_grid::geo::{LineString, MultiPolygon, Polygon};
use citybrain_grid::h3o::Resolution;
use citybrain_grid::{AreaParts, City, CityParts, LevelParts, Parents, VersionParts};
use citybrain_model::AreaLevel;
use flate2::read::MultiGzDecoder;
use serde_json::Value;

use super::DeclaredPlace;

/// An area with those in it.
pub(crate) struct Made {
    id: &'static str,
    name: &'static str,
    inside: Vec<Made>,
}

impl Made {
    pub(crate) fn new(id: &'static str, name: &'static str, inside: &[Made]) -> Self {
        let inside = inside
            .iter()
            .map(|area| Self::new(area.id, area.name, &area.inside))
            .collect();
        Self { id, name, inside }
    }
}

/// A city of three levels whose areas are side by side: districts a degree wide, subdistricts a tenth, communities a hundredth.
pub(crate) fn city(districts: &[Made]) -> City {
    let mut levels = [Vec::new(), Vec::new(), Vec::new()];
    add(&mut levels, 0, 116.0, districts, None);
    build("样本市", levels.map(|areas| vec![(None, areas)]).into())
}

/// Adds areas side by side from `west` on, and those in them.
fn add(
    levels: &mut [Vec<AreaParts>; 3],
    depth: usize,
    west: f64,
    areas: &[Made],
    parent: Option<&str>,
) {
    let width = 0.1_f64.powi(i32::try_from(depth).unwrap());
    let mut west = west;
    for area in areas {
        levels[depth].push(parts(
            area.id,
            area.name,
            parent,
            rectangle(west, 39.0, width, 1.0),
        ));
        if depth < 2 {
            add(levels, depth + 1, west, &area.inside, Some(area.id));
        }
        west += width;
    }
}

/// One district that is called 老区 until the end of 2019 and 新城区 then.
pub(crate) fn two_versions() -> City {
    let version = |name| vec![parts("1", name, None, rectangle(116.0, 39.0, 1.0, 1.0))];
    build(
        "样本市",
        vec![vec![
            (None, version("老区")),
            (Some("2020-01-01"), version("新城区")),
        ]],
    )
}

fn build(name: &str, levels: Vec<Vec<(Option<&str>, Vec<AreaParts>)>>) -> City {
    let levels = levels
        .into_iter()
        .zip(AreaLevel::ALL)
        .filter(|(versions, _)| !versions[0].1.is_empty());
    City::try_new(CityParts {
        name: name.to_owned(),
        time_zone: chrono_tz::Asia::Shanghai,
        base_resolution: Resolution::Nine,
        languages: vec!["zh".to_owned()],
        levels: levels
            .map(|(versions, level)| LevelParts {
                level,
                names: BTreeMap::new(),
                versions: versions
                    .into_iter()
                    .map(|(from, areas)| VersionParts {
                        valid_from: from.map(|day| day.parse().unwrap()),
                        parents: if level == AreaLevel::District {
                            Parents::City
                        } else {
                            Parents::Given
                        },
                        areas,
                    })
                    .collect(),
            })
            .collect(),
    })
    .unwrap()
}

fn parts(id: &str, name: &str, parent: Option<&str>, boundary: MultiPolygon<f64>) -> AreaParts {
    AreaParts {
        id: id.to_owned(),
        name: name.to_owned(),
        names: BTreeMap::new(),
        parent: parent.map(str::to_owned),
        population: None,
        boundary,
    }
}

fn rectangle(west: f64, south: f64, width: f64, height: f64) -> MultiPolygon<f64> {
    let (east, north) = (west + width, south + height);
    let ring = LineString::from(vec![
        (west, south),
        (east, south),
        (east, north),
        (west, north),
        (west, south),
    ]);
    MultiPolygon::new(vec![Polygon::new(ring, Vec::new())])
}

/// The ids of a declared place as district/subdistrict/community.
pub(crate) fn ids(city: &City, place: &DeclaredPlace) -> String {
    let id = |level: usize| {
        place.areas[level].map_or("", |at| &city.levels[level].areas[at as usize].id)
    };
    [id(0), id(1), id(2)].join("/")
}

/// A file of the real data; `None`, told, when they are not there.
pub(crate) fn data(file: &str) -> Option<PathBuf> {
    let beside = concat!(env!("CARGO_MANIFEST_DIR"), "/../../shared/data");
    let folder = std::env::var("CITYBRAIN_DATA").unwrap_or_else(|_| beside.to_owned());
    let path = PathBuf::from(folder).join(file);
    if path.exists() {
        return Some(path);
    }
    println!("skipped: no real data");
    None
}

/// Beijing's districts and townships.
pub(crate) fn beijing() -> Option<City> {
    let districts = features(
        "boundaries-beijing/beijing_districts_wgs84.geojson.gz",
        None,
    )?;
    let townships = features(
        "boundaries-beijing/beijing_subdistricts_wgs84.geojson.gz",
        Some("parentCode"),
    )?;
    Some(build(
        "北京市",
        vec![vec![(None, districts)], vec![(None, townships)]],
    ))
}

fn features(file: &str, parent: Option<&str>) -> Option<Vec<AreaParts>> {
    let file = File::open(data(file)?).unwrap();
    let collection: Value = serde_json::from_reader(MultiGzDecoder::new(file)).unwrap();
    let areas = collection["features"]
        .as_array()
        .unwrap()
        .iter()
        .map(|feature| {
            let text = |key: &str| match &feature["properties"][key] {
                Value::String(text) => text.clone(),
                other => other.to_string(),
            };
            let coordinates = &feature["geometry"]["coordinates"];
            let polygons = match feature["geometry"]["type"].as_str() {
                Some("Polygon") => vec![polygon(coordinates)],
                _ => coordinates
                    .as_array()
                    .unwrap()
                    .iter()
                    .map(polygon)
                    .collect(),
            };
            let (id, name, parent) = (text("code"), text("Name"), parent.map(text));
            parts(&id, &name, parent.as_deref(), MultiPolygon::new(polygons))
        });
    Some(areas.collect())
}

fn polygon(rings: &Value) -> Polygon<f64> {
    let number = |at: &Value| at.as_f64().unwrap();
    let mut rings = rings.as_array().unwrap().iter().map(|ring| {
        let positions = ring.as_array().unwrap().iter();
        positions
            .map(|at| (number(&at[0]), number(&at[1])))
            .collect::<LineString<f64>>()
    });
    Polygon::new(rings.next().unwrap(), rings.collect())
}

/// Code (nine digits) and name of the streets and towns of the statistical office.
pub(crate) fn street_codes() -> Option<Vec<(String, String)>> {
    let file = File::open(data("boundaries-beijing/beijing_codes_streets.csv.gz")?).unwrap();
    let mut rows = csv::Reader::from_reader(MultiGzDecoder::new(file));
    Some(
        rows.records()
            .map(|row| {
                let row = row.unwrap();
                (row[0].to_owned(), row[1].to_owned())
            })
            .collect(),
    )
}
