//! TopoJSON: rings made of arcs that neighbours share, often on a grid of whole numbers.

use std::path::Path;

use citybrain_grid::geo::{Coord, LineString};
use geojson::{JsonObject, JsonValue};
use serde::Deserialize;

use super::super::file_crs::StatedCrs;
use super::super::{CityError, FeatureRule};
use super::{RawFeature, RawGeometry, TakesFeatures, chosen};

/// A TopoJSON topology. Its objects are looked at one by one.
pub(super) struct Topology {
    pub(super) arcs: Vec<Vec<Position>>,
    pub(super) objects: JsonObject,
    pub(super) transform: Option<Transform>,
}

/// From the grid of the arcs to coordinates: `position · scale + translate`, positions counted from one to the next.
#[derive(Debug, Clone, Copy, Deserialize)]
pub(super) struct Transform {
    scale: [f64; 2],
    translate: [f64; 2],
}

/// x and y; what follows is left.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(try_from = "Vec<f64>")]
pub(super) struct Position([f64; 2]);

impl TryFrom<Vec<f64>> for Position {
    type Error = &'static str;

    fn try_from(numbers: Vec<f64>) -> Result<Self, Self::Error> {
        match numbers.as_slice() {
            [x, y, ..] => Ok(Self([*x, *y])),
            _ => Err("a position has two numbers"),
        }
    }
}

/// A geometry of an object: an area, or a collection of them.
#[derive(Deserialize)]
struct Object {
    #[serde(rename = "type")]
    kind: Option<String>,
    id: Option<JsonValue>,
    properties: Option<JsonObject>,
    arcs: Option<JsonValue>,
    geometries: Option<Vec<Object>>,
    crs: Option<JsonValue>,
}

/// The arcs of a ring, each as its number, or `-1 - number` for the way back.
type Ring = Vec<i64>;

impl Topology {
    /// Gives the features of the chosen object to `areas`.
    pub(super) fn read(&self, path: &Path, areas: &mut dyn TakesFeatures) -> Result<(), CityError> {
        let names: Vec<&str> = self.objects.keys().map(String::as_str).collect();
        let name = chosen(path, areas.object(), &names)?;
        let object = self.objects.get(name).cloned().unwrap_or_default();
        let object: Object =
            serde_json::from_value(object).map_err(|error| CityError::NotGeoJson {
                path: path.to_owned(),
                message: format!("object \"{name}\": {error}"),
            })?;
        if let Some(stated) = object.crs.as_ref().and_then(StatedCrs::of_member) {
            areas.states(&stated)?;
        }
        let arcs: Vec<LineString<f64>> = self.arcs.iter().map(|arc| self.decoded(arc)).collect();
        let features = match object.kind.as_deref() {
            Some("GeometryCollection") => object.geometries.unwrap_or_default(),
            _ => vec![object],
        };
        for feature in features {
            let geometry = geometry(&feature, &arcs).map_err(|rule| CityError::Feature {
                path: path.to_owned(),
                feature: areas.count() + 1,
                rule,
            })?;
            areas.feature(RawFeature {
                id: feature.id,
                properties: feature.properties.unwrap_or_default(),
                geometry,
            })?;
        }
        Ok(())
    }

    fn decoded(&self, arc: &[Position]) -> LineString<f64> {
        let Some(Transform { scale, translate }) = self.transform else {
            return arc.iter().map(|Position([x, y])| (*x, *y)).collect();
        };
        let mut at = [0.0, 0.0];
        let positions = arc.iter().map(|Position([dx, dy])| {
            at = [at[0] + dx, at[1] + dy];
            Coord {
                x: at[0] * scale[0] + translate[0],
                y: at[1] * scale[1] + translate[1],
            }
        });
        positions.collect()
    }
}

fn geometry(object: &Object, arcs: &[LineString<f64>]) -> Result<RawGeometry, FeatureRule> {
    let polygons: Vec<Vec<Ring>> = match object.kind.as_deref() {
        None => return Ok(RawGeometry::None),
        Some(kind @ ("LineString" | "MultiLineString")) => {
            let lines: Vec<Ring> = match kind {
                "LineString" => vec![indices(object)?],
                _ => indices(object)?,
            };
            let lines = lines.iter().map(|line| stitched(line, arcs));
            let lines = lines.collect::<Result<_, _>>()?;
            return Ok(RawGeometry::Lines(kind.to_owned(), lines));
        }
        Some("Polygon") => vec![indices(object)?],
        Some("MultiPolygon") => indices(object)?,
        Some(other) => return Ok(RawGeometry::Other(other.to_owned())),
    };
    let polygons = polygons.iter().map(|rings| {
        let rings = rings.iter().map(|ring| stitched(ring, arcs));
        rings.collect::<Result<Vec<_>, _>>()
    });
    let polygons = polygons.collect::<Result<Vec<_>, _>>()?;
    Ok(RawGeometry::of_rings(polygons.into_iter()))
}

fn indices<T: serde::de::DeserializeOwned>(object: &Object) -> Result<T, FeatureRule> {
    let arcs = object.arcs.clone().unwrap_or_default();
    serde_json::from_value(arcs).map_err(|error| FeatureRule::Arcs {
        message: error.to_string(),
    })
}

/// The ring of some arcs; where one ends the next begins, and the point stands once.
fn stitched(ring: &Ring, arcs: &[LineString<f64>]) -> Result<LineString<f64>, FeatureRule> {
    let mut coords: Vec<Coord<f64>> = Vec::new();
    for &index in ring {
        let number = if index < 0 { -1 - index } else { index };
        let arc = usize::try_from(number).ok().and_then(|at| arcs.get(at));
        let arc = arc.ok_or(FeatureRule::NoArc {
            arc: index,
            arcs: arcs.len(),
        })?;
        coords.pop();
        if index < 0 {
            coords.extend(arc.0.iter().rev());
        } else {
            coords.extend(&arc.0);
        }
    }
    Ok(LineString::new(coords))
}
