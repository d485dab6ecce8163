//! Reading the features of a file of boundaries or roads, whatever its format.

mod dbf;
mod geoparquet;
mod json;
mod prj;
mod shapefile;
mod topology;
mod wkb;

use std::path::Path;

use citybrain_grid::geo::{LineString, MultiLineString, MultiPolygon, Polygon};
use geojson::{Feature, GeometryValue, JsonObject, JsonValue, Position};

pub(super) use shapefile::sidecar;

use super::file_crs::StatedCrs;
use super::open::{Format, file_with_content};
use super::{CityError, Finding};

/// One feature of a file, as it stands there.
#[derive(Debug)]
pub(super) struct RawFeature {
    /// Its own id, beside its properties.
    pub(super) id: Option<JsonValue>,
    pub(super) properties: JsonObject,
    pub(super) geometry: RawGeometry,
}

/// The geometry of a feature, in the coordinates of the file.
#[derive(Debug)]
pub(super) enum RawGeometry {
    /// Null.
    None,
    Polygons(MultiPolygon<f64>),
    /// The name of the kind of geometry, and its lines.
    Lines(String, MultiLineString<f64>),
    /// The name of a kind of geometry that is neither area nor line.
    Other(String),
}

/// What the features of a file are given to.
pub(super) trait TakesFeatures {
    /// Features taken.
    fn count(&self) -> usize;

    /// The layer that the city file names.
    fn object(&self) -> Option<&str>;

    /// Takes note of something to be known about the file.
    fn finding(&mut self, finding: Finding);

    /// Takes in what the file says of its coordinate system.
    fn states(&mut self, stated: &StatedCrs) -> Result<(), CityError>;

    /// Takes in the next feature.
    fn feature(&mut self, feature: RawFeature) -> Result<(), CityError>;
}

/// Gives every feature of a file to `taker`, in the order of the file, and what the file says of its coordinate system.
pub(super) fn read_features(path: &Path, taker: &mut dyn TakesFeatures) -> Result<(), CityError> {
    let (format, compression) = match Format::of(path) {
        // A folder is told as such, whatever its name.
        Err(_) if path.is_dir() => {
            let path = path.to_owned();
            return Err(CityError::Directory { path });
        }
        told => told?,
    };
    file_with_content(path)?;
    match format {
        Format::Json => json::read(path, compression, taker)?,
        Format::GeoParquet => geoparquet::read(path, taker)?,
        Format::Shapefile => shapefile::read(path, taker)?,
        Format::Zip => shapefile::read_zip(path, taker)?,
    }
    if taker.count() == 0 {
        let path = path.to_owned();
        return Err(CityError::NoFeature { path });
    }
    Ok(())
}

/// Refuses the key `object` for a file that has no layers to choose from.
fn no_object(path: &Path, taker: &dyn TakesFeatures) -> Result<(), CityError> {
    match taker.object() {
        None => Ok(()),
        Some(object) => Err(CityError::Object {
            path: path.to_owned(),
            object: object.to_owned(),
            has: "it has no layers".to_owned(),
        }),
    }
}

/// The layer of a file that the key `object` names; without the key, the only one.
fn chosen<'a>(path: &Path, object: Option<&str>, names: &[&'a str]) -> Result<&'a str, CityError> {
    let path = path.to_owned();
    let has = names.join(", ");
    match (object, names) {
        (Some(object), _) => {
            let found = names.iter().find(|name| **name == object);
            found.copied().ok_or_else(|| CityError::Object {
                path,
                object: object.to_owned(),
                has: format!("it has {has}"),
            })
        }
        (None, [name]) => Ok(name),
        (None, []) => Err(CityError::NoFeature { path }),
        (None, _) => Err(CityError::Layers { path, has }),
    }
}

impl From<Feature> for RawFeature {
    fn from(feature: Feature) -> Self {
        Self {
            id: feature.id.map(|id| match id {
                geojson::feature::Id::String(text) => JsonValue::String(text),
                geojson::feature::Id::Number(number) => JsonValue::Number(number),
            }),
            properties: feature.properties.unwrap_or_default(),
            geometry: feature
                .geometry
                .map_or(RawGeometry::None, |geometry| geometry.value.into()),
        }
    }
}

impl From<GeometryValue> for RawGeometry {
    fn from(value: GeometryValue) -> Self {
        let ring = |positions: Vec<Position>| -> LineString<f64> {
            let coords = positions.iter().map(|position| match position.as_slice() {
                [x, y, ..] => (*x, *y),
                _ => (f64::NAN, f64::NAN),
            });
            coords.collect::<Vec<_>>().into()
        };
        let kind = value.type_name();
        let polygons = match value {
            GeometryValue::LineString { coordinates } => {
                let lines = MultiLineString(vec![ring(coordinates)]);
                return Self::Lines(kind.to_owned(), lines);
            }
            GeometryValue::MultiLineString { coordinates } => {
                let lines = coordinates.into_iter().map(ring).collect();
                return Self::Lines(kind.to_owned(), lines);
            }
            GeometryValue::Polygon { coordinates } => vec![coordinates],
            GeometryValue::MultiPolygon { coordinates } => coordinates,
            _ => return Self::Other(kind.to_owned()),
        };
        let polygons = polygons
            .into_iter()
            .map(|rings| rings.into_iter().map(ring).collect());
        Self::of_rings(polygons)
    }
}

impl RawGeometry {
    /// Polygons from their rings, the outer one first.
    fn of_rings(polygons: impl Iterator<Item = Vec<LineString<f64>>>) -> Self {
        let polygons = polygons.filter_map(|rings| {
            let mut rings = rings.into_iter();
            let outer = rings.next()?;
            Some(Polygon::new(outer, rings.collect()))
        });
        Self::Polygons(polygons.collect())
    }
}
