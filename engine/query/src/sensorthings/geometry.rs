//! Shapes as GeoJSON and as well-known text; longitude first, WGS 84 degrees, heights left out.

use geo::{
    BoundingRect, Coord, Geometry, GeometryCollection, LineString, MultiLineString, MultiPoint,
    MultiPolygon, Point, Polygon,
};
use serde_json::Value;

/// The shape of a GeoJSON geometry or feature; `None` when it is none, or one without points.
pub fn from_geojson(value: &Value) -> Option<Geometry> {
    nested(value, 0)
}

/// West, south, east, north.
pub fn bounds(shape: &Geometry) -> Option<[f64; 4]> {
    let rect = shape.bounding_rect()?;
    Some([rect.min().x, rect.min().y, rect.max().x, rect.max().y])
}

const DEPTH_MAX: usize = 8;

fn nested(value: &Value, depth: usize) -> Option<Geometry> {
    if depth > DEPTH_MAX {
        return None;
    }
    let coordinates = value.get("coordinates");
    Some(match value.get("type")?.as_str()? {
        "Point" => Point(coord(coordinates?)?).into(),
        "MultiPoint" => {
            let points = list(coordinates?, |value| Some(Point(coord(value)?)))?;
            MultiPoint(points).into()
        }
        "LineString" => line(coordinates?)?.into(),
        "MultiLineString" => MultiLineString(list(coordinates?, line)?).into(),
        "Polygon" => polygon(coordinates?)?.into(),
        "MultiPolygon" => MultiPolygon(list(coordinates?, polygon)?).into(),
        "GeometryCollection" => {
            let shapes = list(value.get("geometries")?, |value| nested(value, depth + 1))?;
            Geometry::GeometryCollection(GeometryCollection(shapes))
        }
        "Feature" => nested(value.get("geometry")?, depth + 1)?,
        "FeatureCollection" => {
            let shapes = list(value.get("features")?, |value| nested(value, depth + 1))?;
            Geometry::GeometryCollection(GeometryCollection(shapes))
        }
        _ => return None,
    })
}

fn list<T>(value: &Value, each: impl Fn(&Value) -> Option<T>) -> Option<Vec<T>> {
    value
        .as_array()
        .filter(|all| !all.is_empty())?
        .iter()
        .map(each)
        .collect()
}

fn coord(value: &Value) -> Option<Coord> {
    let at = value.as_array()?;
    let (x, y) = (at.first()?.as_f64()?, at.get(1)?.as_f64()?);
    (x.is_finite() && y.is_finite()).then_some(Coord { x, y })
}

fn line(value: &Value) -> Option<LineString> {
    Some(LineString(list(value, coord)?))
}

fn polygon(value: &Value) -> Option<Polygon> {
    let mut rings = list(value, line)?.into_iter();
    Some(Polygon::new(rings.next()?, rings.collect()))
}

/// The shape of well-known text such as `POLYGON ((0 0, 1 0, 1 1, 0 0))`.
pub(super) fn from_wkt(text: &str) -> Option<Geometry> {
    let mut rest = text.trim();
    let shape = wkt(&mut rest, 0)?;
    rest.trim().is_empty().then_some(shape)
}

fn wkt(rest: &mut &str, depth: usize) -> Option<Geometry> {
    if depth > DEPTH_MAX {
        return None;
    }
    let end = rest.find('(')?;
    let (name, after) = rest.split_at_checked(end)?;
    *rest = after;
    let name = name.trim().to_ascii_uppercase();
    let name = name.trim_end_matches([' ', 'Z', 'M']).trim_end();
    Some(match name {
        "POINT" => Point(brackets(rest, one_coord)?.pop()?).into(),
        "LINESTRING" => LineString(brackets(rest, one_coord)?).into(),
        "POLYGON" => rings(rest)?.into(),
        "MULTIPOINT" => {
            let points = brackets(rest, |rest| {
                *rest = rest.trim_start();
                if rest.starts_with('(') {
                    brackets(rest, one_coord)?.pop()
                } else {
                    one_coord(rest)
                }
            })?;
            MultiPoint(points.into_iter().map(Point).collect()).into()
        }
        "MULTILINESTRING" => MultiLineString(brackets(rest, |rest| {
            Some(LineString(brackets(rest, one_coord)?))
        })?)
        .into(),
        "MULTIPOLYGON" => MultiPolygon(brackets(rest, rings)?).into(),
        "GEOMETRYCOLLECTION" => {
            Geometry::GeometryCollection(GeometryCollection(brackets(rest, |rest| {
                wkt(rest, depth + 1)
            })?))
        }
        _ => return None,
    })
}

/// `(a, b, …)`.
fn brackets<T>(rest: &mut &str, each: impl Fn(&mut &str) -> Option<T>) -> Option<Vec<T>> {
    *rest = rest.trim_start().strip_prefix('(')?;
    let mut all = Vec::new();
    loop {
        all.push(each(rest)?);
        *rest = rest.trim_start();
        if let Some(after) = rest.strip_prefix(',') {
            *rest = after;
        } else {
            *rest = rest.strip_prefix(')')?;
            return Some(all);
        }
    }
}

fn rings(rest: &mut &str) -> Option<Polygon> {
    let mut rings =
        brackets(rest, |rest| Some(LineString(brackets(rest, one_coord)?)))?.into_iter();
    Some(Polygon::new(rings.next()?, rings.collect()))
}

fn one_coord(rest: &mut &str) -> Option<Coord> {
    let end = rest.find([',', ')', '('])?;
    let (numbers, after) = rest.split_at_checked(end)?;
    *rest = after;
    let mut numbers = numbers.split_whitespace().map(str::parse::<f64>);
    let (x, y) = (numbers.next()?.ok()?, numbers.next()?.ok()?);
    // A height or a measure may follow.
    let finite = x.is_finite() && y.is_finite() && numbers.all(|number| number.is_ok());
    finite.then_some(Coord { x, y })
}
