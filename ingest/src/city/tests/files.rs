//! The areas of a city written in each format, for the tests of reading.

use std::fs;
use std::io::{Cursor, Write};
use std::path::PathBuf;
use std::sync::Arc;

use arrow_array::{ArrayRef, BinaryArray, Float64Array, Int64Array, RecordBatch, StringArray};
use citybrain_grid::geo::{LineString, MultiPolygon, Polygon};
use citybrain_grid::{Area, City};
use parquet::arrow::ArrowWriter;
use parquet::file::metadata::KeyValue;
use serde_json::{Value, json};
use tempfile::TempDir;
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

use super::super::CityError;
use super::super::read_city;
use super::super::report::CityReport;

/// One area as it goes into a file: number, name, residents and rings.
pub(super) struct Written {
    pub(super) code: i64,
    pub(super) name: &'static str,
    pub(super) people: Option<f64>,
    pub(super) boundary: MultiPolygon<f64>,
}

fn ring(points: &[(f64, f64)]) -> LineString<f64> {
    let mut points = points.to_vec();
    points.push(points[0]);
    points.into()
}

fn square(west: f64, south: f64, side: f64) -> LineString<f64> {
    let (east, north) = (west + side, south + side);
    ring(&[(west, south), (east, south), (east, north), (west, north)])
}

/// Four areas: a plain one, one with two holes, one of two parts of which the second lies in a hole of the one before, one with an
/// id of twelve digits and a coordinate that only the nearest float meets.
pub(super) fn areas() -> Vec<Written> {
    let area = |code, name, people, polygons| Written {
        code,
        name,
        people,
        boundary: MultiPolygon::new(polygons),
    };
    let holes = vec![square(116.42, 39.92, 0.02), square(116.46, 39.93, 0.03)];
    vec![
        area(
            1,
            "东城",
            Some(7000.0),
            vec![Polygon::new(square(116.3, 39.9, 0.1), vec![])],
        ),
        area(
            2,
            "西城",
            None,
            vec![Polygon::new(square(116.4, 39.9, 0.1), holes)],
        ),
        area(
            3,
            "朝阳",
            Some(12.5),
            vec![
                Polygon::new(square(116.6, 39.9, 0.1), vec![]),
                Polygon::new(square(116.47, 39.94, 0.01), vec![]),
            ],
        ),
        area(
            110_105_015_000,
            "八里庄",
            Some(0.0),
            vec![Polygon::new(
                ring(&[
                    (116.8, 39.9),
                    (116.8 + 1.0 / 3.0, 39.95),
                    (116.85, 40.0 / 1.000_1),
                ]),
                vec![],
            )],
        ),
    ]
}

/// A folder with a city of these areas in one file, and its reading.
pub(super) fn city_of(
    files: &[(&str, &[u8])],
    more: &str,
) -> (TempDir, Result<(City, CityReport), CityError>) {
    let folder = tempfile::tempdir().unwrap();
    for (name, bytes) in files {
        fs::write(folder.path().join(name), bytes).unwrap();
    }
    let path = write_city(&folder, files[0].0, more);
    (folder, read_city(&path))
}

pub(super) fn write_city(folder: &TempDir, file: &str, more: &str) -> PathBuf {
    let text = format!(
        "name = \"Sample\"\ntime_zone = \"Asia/Shanghai\"\nbase_resolution = 8\nlanguages = [\"zh\"]\n\n\
         [[level]]\nlevel = \"district\"\nname = {{ zh = \"区\" }}\n[[level.boundary]]\nfile = \"{file}\"\n\
         id = \"code\"\nlabel = \"name\"\npopulation = \"people\"\n{more}\n"
    );
    let path = folder.path().join("city.toml");
    fs::write(&path, text).unwrap();
    path
}

/// An area by all that a file says of it; rings start at their smallest vertex, parts and holes are in order.
pub(super) type Said = (String, String, Option<u64>, Vec<Vec<Vec<(u64, u64)>>>);

pub(super) fn said(areas: &[Area]) -> Vec<Said> {
    let ring = |ring: &LineString<f64>| {
        let mut points: Vec<_> = ring
            .0
            .iter()
            .skip(1)
            .map(|c| (c.x.to_bits(), c.y.to_bits()))
            .collect();
        let first = (0..points.len()).min_by_key(|&at| points[at]).unwrap();
        points.rotate_left(first);
        points
    };
    let said = areas.iter().map(|area| {
        let mut parts: Vec<_> = area
            .geometry
            .iter()
            .map(|part| {
                let mut holes: Vec<_> = part.interiors().iter().map(ring).collect();
                holes.sort();
                let mut rings = vec![ring(part.exterior())];
                rings.extend(holes);
                rings
            })
            .collect();
        parts.sort();
        (
            area.id.clone(),
            area.name.clone(),
            area.population.map(f64::to_bits),
            parts,
        )
    });
    said.collect()
}

fn positions(ring: &LineString<f64>) -> Value {
    ring.0.iter().map(|at| json!([at.x, at.y])).collect()
}

fn rings(polygon: &Polygon<f64>) -> Vec<&LineString<f64>> {
    std::iter::once(polygon.exterior())
        .chain(polygon.interiors())
        .collect()
}

pub(super) fn features(areas: &[Written]) -> Vec<Value> {
    let feature = |area: &Written| {
        let coordinates: Value = area
            .boundary
            .iter()
            .map(|part| rings(part).into_iter().map(positions).collect::<Value>())
            .collect();
        json!({
            "type": "Feature",
            "properties": {"code": area.code, "name": area.name, "people": area.people},
            "geometry": {"type": "MultiPolygon", "coordinates": coordinates},
        })
    };
    areas.iter().map(feature).collect()
}

pub(super) fn geojson(areas: &[Written]) -> Vec<u8> {
    json!({"type": "FeatureCollection", "features": features(areas)})
        .to_string()
        .into_bytes()
}

/// One arc for each ring, every second one written backwards and named by `-1 - number`.
pub(super) fn topology(areas: &[Written]) -> Value {
    let mut arcs: Vec<Value> = Vec::new();
    let mut geometries = Vec::new();
    for area in areas {
        let mut parts = Vec::new();
        for part in &area.boundary {
            let mut of_part = Vec::new();
            for ring in rings(part) {
                let number = i64::try_from(arcs.len()).unwrap();
                // A ring of two arcs that share their ends.
                let (one, two) = ring.0.split_at(2);
                let two: Vec<_> = std::iter::once(one[1]).chain(two.iter().copied()).collect();
                let mut back = two.clone();
                back.reverse();
                arcs.push(positions(&LineString::new(one.to_vec())));
                arcs.push(positions(&LineString::new(back)));
                of_part.push(json!([number, -1 - (number + 1)]));
            }
            parts.push(Value::Array(of_part));
        }
        geometries.push(json!({
            "type": "MultiPolygon", "arcs": parts,
            "properties": {"code": area.code, "name": area.name, "people": area.people},
        }));
    }
    json!({"type": "Topology", "arcs": arcs,
        "objects": {"areas": {"type": "GeometryCollection", "geometries": geometries}}})
}

/// Well-known binary, of the flavours in turn: little and big end first, plain and with heights.
pub(super) fn wkb(boundary: &MultiPolygon<f64>, flavour: usize) -> Vec<u8> {
    let (big, high) = (flavour % 2 == 1, flavour % 4 >= 2);
    let mut bytes = Vec::new();
    let word = |bytes: &mut Vec<u8>, n: usize| {
        let n = u32::try_from(n).unwrap();
        bytes.extend(if big {
            n.to_be_bytes()
        } else {
            n.to_le_bytes()
        });
    };
    let header = |bytes: &mut Vec<u8>, kind: usize| {
        bytes.push(u8::from(!big));
        word(bytes, if high { kind + 1000 } else { kind });
    };
    header(&mut bytes, 6);
    word(&mut bytes, boundary.0.len());
    for part in boundary {
        header(&mut bytes, 3);
        word(&mut bytes, rings(part).len());
        for ring in rings(part) {
            word(&mut bytes, ring.0.len());
            for at in &ring.0 {
                for number in [at.x, at.y, 43.5]
                    .into_iter()
                    .take(if high { 3 } else { 2 })
                {
                    bytes.extend(if big {
                        number.to_be_bytes()
                    } else {
                        number.to_le_bytes()
                    });
                }
            }
        }
    }
    bytes
}

/// A Parquet file with geometries as they are given and these `geo` metadata.
pub(super) fn parquet(areas: &[Written], geometries: &[Vec<u8>], geo: Option<Value>) -> Vec<u8> {
    let columns: Vec<(&str, ArrayRef)> = vec![
        (
            "code",
            Arc::new(areas.iter().map(|a| a.code).collect::<Int64Array>()),
        ),
        (
            "name",
            Arc::new(StringArray::from_iter_values(areas.iter().map(|a| a.name))),
        ),
        (
            "people",
            Arc::new(areas.iter().map(|a| a.people).collect::<Float64Array>()),
        ),
        ("geom", Arc::new(BinaryArray::from_iter_values(geometries))),
    ];
    let batch = RecordBatch::try_from_iter_with_nullable(
        columns.into_iter().map(|(name, array)| (name, array, true)),
    )
    .unwrap();
    let mut writer = ArrowWriter::try_new(Vec::new(), batch.schema(), None).unwrap();
    writer.write(&batch).unwrap();
    if let Some(geo) = geo {
        writer.append_key_value_metadata(KeyValue::new("geo".to_owned(), geo.to_string()));
    }
    writer.into_inner().unwrap()
}

pub(super) fn geo() -> Value {
    json!({"version": "1.1.0", "primary_column": "geom",
        "columns": {"geom": {"encoding": "WKB", "geometry_types": []}}})
}

pub(super) fn geoparquet(areas: &[Written]) -> Vec<u8> {
    let geometries: Vec<_> = areas
        .iter()
        .enumerate()
        .map(|(at, area)| wkb(&area.boundary, at))
        .collect();
    parquet(areas, &geometries, Some(geo()))
}

/// The `.shp`; the writer turns rings as the format wants them.
pub(super) fn shp(areas: &[Written]) -> Vec<u8> {
    let mut bytes = Cursor::new(Vec::new());
    {
        let mut writer = shapefile::ShapeWriter::new(&mut bytes);
        for area in areas {
            let points = |ring: &LineString<f64>| {
                ring.0
                    .iter()
                    .map(|at| shapefile::Point::new(at.x, at.y))
                    .collect()
            };
            let mut shape = Vec::new();
            for part in &area.boundary {
                shape.push(shapefile::PolygonRing::Outer(points(part.exterior())));
                let holes = part.interiors().iter();
                shape.extend(holes.map(|hole| shapefile::PolygonRing::Inner(points(hole))));
            }
            writer
                .write_shape(&shapefile::Polygon::with_rings(shape))
                .unwrap();
        }
    }
    bytes.into_inner()
}

/// The `.dbf`, its names encoded.
pub(super) fn dbf(areas: &[Written], encoding: &'static encoding_rs::Encoding) -> Vec<u8> {
    let fields: [(&str, u8, u8, u8); 3] = [
        ("code", b'N', 18, 0),
        ("name", b'C', 20, 0),
        ("people", b'F', 20, 3),
    ];
    let length: u16 = 1 + 18 + 20 + 20;
    let mut bytes = vec![3, 126, 11, 23];
    bytes.extend(u32::try_from(areas.len()).unwrap().to_le_bytes());
    bytes.extend(
        u16::try_from(32 + 32 * fields.len() + 1)
            .unwrap()
            .to_le_bytes(),
    );
    bytes.extend(length.to_le_bytes());
    bytes.extend([0; 20]);
    for (name, kind, length, decimals) in fields {
        let mut field = [0; 32];
        field[..name.len()].copy_from_slice(name.as_bytes());
        (field[11], field[16], field[17]) = (kind, length, decimals);
        bytes.extend(field);
    }
    bytes.push(0x0d);
    for area in areas {
        let people = area
            .people
            .map_or(String::new(), |people| format!("{people:.3}"));
        bytes.push(b' ');
        bytes.extend(format!("{:>18}", area.code).bytes());
        let mut name = encoding.encode(area.name).0.into_owned();
        name.resize(20, b' ');
        bytes.extend(name);
        bytes.extend(format!("{people:>20}").bytes());
    }
    bytes.push(0x1a);
    bytes
}

pub(super) fn zip(files: &[(&str, Vec<u8>)]) -> Vec<u8> {
    let mut archive = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, bytes) in files {
        archive
            .start_file(*name, SimpleFileOptions::default())
            .unwrap();
        archive.write_all(bytes).unwrap();
    }
    archive.finish().unwrap().into_inner()
}
