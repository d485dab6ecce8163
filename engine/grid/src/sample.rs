//! Small made-up cities, for tests.

use std::collections::BTreeMap;

use chrono_tz::Tz;
use citybrain_model::AreaLevel;
use geo::{LineString, MultiPolygon, Polygon};
use h3o::Resolution;

use crate::{AreaParts, City, CityParts, LevelParts, Parents, VersionParts};

/// The square from its south-west corner and its side, degrees.
pub(crate) fn square(west: f64, south: f64, side: f64) -> MultiPolygon<f64> {
    let (east, north) = (west + side, south + side);
    polygon(vec![
        (west, south),
        (east, south),
        (east, north),
        (west, north),
    ])
}

pub(crate) fn polygon(ring: Vec<(f64, f64)>) -> MultiPolygon<f64> {
    MultiPolygon::new(vec![Polygon::new(LineString::from(ring), Vec::new())])
}

pub(crate) fn area(id: &str, boundary: MultiPolygon<f64>) -> AreaParts {
    AreaParts {
        id: id.to_owned(),
        name: format!("Area {id}"),
        names: BTreeMap::new(),
        parent: None,
        population: None,
        boundary,
    }
}

pub(crate) fn version(areas: Vec<AreaParts>, parents: Parents) -> VersionParts {
    VersionParts {
        valid_from: None,
        parents,
        areas,
    }
}

pub(crate) fn level(level: AreaLevel, versions: Vec<VersionParts>) -> LevelParts {
    LevelParts {
        level,
        names: BTreeMap::new(),
        versions,
    }
}

/// The parts of a city in Asia/Shanghai with base resolution 9.
pub(crate) fn parts(levels: Vec<LevelParts>) -> CityParts {
    CityParts {
        name: "Sample".to_owned(),
        time_zone: Tz::Asia__Shanghai,
        base_resolution: Resolution::Nine,
        languages: vec!["zh".to_owned()],
        levels,
    }
}

/// A city of one level with these areas.
pub(crate) fn city(areas: Vec<AreaParts>) -> City {
    let districts = level(AreaLevel::District, vec![version(areas, Parents::City)]);
    City::try_new(parts(vec![districts])).unwrap()
}

/// Four districts in a square of 0.2 degrees at 116.3 39.8, whose common corner is off the middle; two subdistricts in each,
/// without parents yet.
pub(crate) fn four_districts() -> Vec<LevelParts> {
    let (west, south, east, north) = (116.3, 39.8, 116.5, 40.0);
    let (x, y) = (116.41, 39.93);
    let districts = vec![
        area(
            "sw",
            polygon(vec![(west, south), (x, south), (x, y), (west, y)]),
        ),
        area(
            "se",
            polygon(vec![(x, south), (east, south), (east, y), (x, y)]),
        ),
        area(
            "ne",
            polygon(vec![(x, y), (east, y), (east, north), (x, north)]),
        ),
        area(
            "nw",
            polygon(vec![(west, y), (x, y), (x, north), (west, north)]),
        ),
    ];
    let mut halves = Vec::new();
    for district in &districts {
        let corners = district.boundary.0[0].exterior().clone().0;
        let half = |at: [usize; 3]| polygon(at.map(|at| corners[at].x_y()).to_vec());
        halves.push(area(&format!("{}1", district.id), half([0, 1, 2])));
        halves.push(area(&format!("{}2", district.id), half([0, 2, 3])));
    }
    vec![
        level(AreaLevel::District, vec![version(districts, Parents::City)]),
        level(
            AreaLevel::Subdistrict,
            vec![version(halves, Parents::Contained)],
        ),
    ]
}
