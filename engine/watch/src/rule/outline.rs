//! A drawn area: the geometry of GeoJSON.

use std::collections::BTreeMap;

use citybrain_grid::geo::{Coord, LineString, MultiPolygon, Polygon};
use citybrain_grid::h3o::Resolution;
use citybrain_grid::{AreaParts, City, CityParts, LevelParts, Parents, VersionParts};
use citybrain_model::AreaLevel;
use serde::{Deserialize, Serialize};

use super::RuleError;

/// A polygon or several, WGS 84 degrees, longitude first, as the `geometry` of a GeoJSON feature.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", content = "coordinates")]
pub enum Outline {
    /// Rings: the outer one, then holes.
    Polygon(Vec<Vec<Vec<f64>>>),
    /// Several of them.
    MultiPolygon(Vec<Vec<Vec<Vec<f64>>>>),
}

/// Most vertices of a drawn area.
const VERTICES_MAX: usize = 10_000;

impl Outline {
    /// The area as a fence that points are tested against, as exactly as against the city's areas: closed, by the even-odd rule.
    ///
    /// # Errors
    /// When it is no area.
    pub(crate) fn fence(&self) -> Result<City, RuleError> {
        let wrong = |message: String| RuleError::field("polygon", message);
        let polygons: Vec<&Vec<Vec<Vec<f64>>>> = match self {
            Self::Polygon(rings) => vec![rings],
            Self::MultiPolygon(polygons) => polygons.iter().collect(),
        };
        let vertices: usize = polygons
            .iter()
            .flat_map(|rings| rings.iter())
            .map(Vec::len)
            .sum();
        if vertices > VERTICES_MAX {
            return Err(wrong(format!(
                "has {vertices} vertices, more than {VERTICES_MAX}"
            )));
        }
        let boundary = MultiPolygon::new(
            polygons
                .into_iter()
                .map(|rings| polygon(rings))
                .collect::<Result<_, _>>()?,
        );
        let area = AreaParts {
            id: "fence".to_owned(),
            name: "fence".to_owned(),
            names: BTreeMap::new(),
            parent: None,
            population: None,
            boundary,
        };
        City::try_new(CityParts {
            name: "fence".to_owned(),
            time_zone: chrono_tz::UTC,
            base_resolution: Resolution::Zero,
            languages: Vec::new(),
            levels: vec![LevelParts {
                level: AreaLevel::District,
                names: BTreeMap::new(),
                versions: vec![VersionParts {
                    valid_from: None,
                    parents: Parents::City,
                    areas: vec![area],
                }],
            }],
        })
        .map_err(|error| wrong(error.to_string()))
    }
}

fn polygon(rings: &[Vec<Vec<f64>>]) -> Result<Polygon<f64>, RuleError> {
    let mut rings = rings.iter().map(|ring| line(ring));
    let outer = rings
        .next()
        .ok_or_else(|| RuleError::field("polygon", "has no ring"))??;
    Ok(Polygon::new(outer, rings.collect::<Result<_, _>>()?))
}

fn line(ring: &[Vec<f64>]) -> Result<LineString<f64>, RuleError> {
    if ring.len() < 4 {
        return Err(RuleError::field(
            "polygon",
            "has a ring of fewer than four positions",
        ));
    }
    ring.iter()
        .map(|position| match position.as_slice() {
            [lon, lat, ..] if lon.abs() <= 180.0 && lat.abs() <= 90.0 => {
                Ok(Coord { x: *lon, y: *lat })
            }
            _ => Err(RuleError::field(
                "polygon",
                format!("{position:?} is no longitude and latitude in degrees"),
            )),
        })
        .collect()
}
