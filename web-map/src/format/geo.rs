//! Rows with their place on the map: GeoJSON (RFC 7946) and `GeoParquet` 1.1.
//!
//! A row's place is what its columns say, the most exact first: an area by `level` and `id` (as in the table `areas`), a position by `lon`
//! and `lat`, an H3 cell by `cell`, an area by its id in `grid`, `community`, `subdistrict` or `district`, by the newest boundaries. A
//! row that says none has no geometry. All in WGS 84 degrees, longitude first.

use std::io::Write;
use std::sync::Arc;

use citybrain_grid::City;
use citybrain_grid::geo::{BoundingRect as _, Geometry, LineString, MultiPolygon, Point, Polygon};
use citybrain_model::AreaLevel;
use citybrain_query::Answer;
use datafusion::arrow::array::{ArrayRef, AsArray, BinaryArray, RecordBatch, StringArray};
use datafusion::arrow::compute::cast;
use datafusion::arrow::datatypes::{DataType, Field, Float64Type, Schema, SchemaRef, UInt64Type};
use datafusion::arrow::error::ArrowError;
use datafusion::parquet::file::metadata::KeyValue;
use h3o::CellIndex;
use h3o::geom::SolventBuilder;
use serde_json::{Map, Value, json};

use super::{FormatError, write_json_rows, write_parquet};

/// The column of geometries in `GeoParquet`.
const GEOMETRY: &str = "geometry";

/// Writes a feature collection; `head` are members beside its features.
///
/// # Errors
/// When the rows have no form in JSON, or `out` fails.
pub(crate) fn write_geojson(
    answer: &Answer,
    city: &City,
    head: &Map<String, Value>,
    out: &mut dyn Write,
) -> Result<(), FormatError> {
    let failed = |error: serde_json::Error| FormatError::Io(error.into());
    out.write_all(b"{\"type\":\"FeatureCollection\"")?;
    for (name, value) in head {
        let name = serde_json::to_string(name).map_err(failed)?;
        write!(out, ",{name}:{value}")?;
    }
    out.write_all(b",\"features\":[")?;
    let mut first = true;
    for batch in &answer.batches {
        let one = Answer {
            schema: Arc::clone(&answer.schema),
            batches: vec![batch.clone()],
            truncated: false,
            parameters: Vec::new(),
        };
        let mut rows = Vec::new();
        write_json_rows(&one, &mut rows)?;
        let rows: Vec<Value> = serde_json::from_slice(&rows).map_err(failed)?;
        for (row, place) in rows.iter().zip(Places::of(batch)?.all(city)) {
            let place =
                place.map(|place| geojson::Geometry::new(geojson::GeometryValue::from(&place)));
            let place = serde_json::to_string(&place).map_err(failed)?;
            let comma = if first { "" } else { "," };
            first = false;
            write!(
                out,
                "{comma}{{\"type\":\"Feature\",\"geometry\":{place},\"properties\":{row}}}"
            )?;
        }
    }
    out.write_all(b"]}")?;
    Ok(())
}

/// The rows as a `GeoParquet` file: the columns as they are and one more, `geometry`, in WKB.
///
/// # Errors
/// When the rows have no form in Parquet.
pub(crate) fn geoparquet(answer: &Answer, city: &City) -> Result<Vec<u8>, FormatError> {
    let schema = answer
        .batches
        .first()
        .map_or_else(|| Arc::clone(&answer.schema), RecordBatch::schema);
    let schema = with_geometry(&schema);
    let mut kinds = std::collections::BTreeSet::new();
    let mut bbox: Option<[f64; 4]> = None;
    let mut batches = Vec::new();
    for batch in &answer.batches {
        let places: Vec<Option<Geometry<f64>>> = Places::of(batch)?.all(city).collect();
        for place in places.iter().flatten() {
            kinds.insert(match place {
                Geometry::Point(_) => "Point",
                Geometry::Polygon(_) => "Polygon",
                _ => "MultiPolygon",
            });
            if let Some(rect) = place.bounding_rect() {
                let here = [rect.min().x, rect.min().y, rect.max().x, rect.max().y];
                bbox = Some(bbox.map_or(here, |all| {
                    [
                        all[0].min(here[0]),
                        all[1].min(here[1]),
                        all[2].max(here[2]),
                        all[3].max(here[3]),
                    ]
                }));
            }
        }
        let places: BinaryArray = places
            .iter()
            .map(|place| place.as_ref().map(wkb))
            .collect::<Vec<_>>()
            .iter()
            .map(Option::as_deref)
            .collect();
        // A query's own column of that name gives way.
        let mut columns: Vec<ArrayRef> = batch
            .schema()
            .fields()
            .iter()
            .zip(batch.columns())
            .filter(|(field, _)| field.name() != GEOMETRY)
            .map(|(_, column)| Arc::clone(column))
            .collect();
        columns.push(Arc::new(places));
        batches.push(RecordBatch::try_new(Arc::clone(&schema), columns)?);
    }
    let kinds: Vec<&str> = kinds.into_iter().collect();
    let mut column = json!({"encoding": "WKB", "geometry_types": kinds});
    if let Some(bbox) = bbox {
        column["bbox"] = json!(bbox);
    }
    let geo = json!({
        "version": "1.1.0",
        "primary_column": GEOMETRY,
        "columns": { GEOMETRY: column },
    });
    let note = KeyValue::new("geo".to_owned(), geo.to_string());
    write_parquet(schema, &batches, Some(vec![note]))
}

fn with_geometry(schema: &SchemaRef) -> SchemaRef {
    let mut fields: Vec<_> = schema
        .fields()
        .iter()
        .filter(|field| field.name() != GEOMETRY)
        .cloned()
        .collect();
    fields.push(Arc::new(Field::new(GEOMETRY, DataType::Binary, true)));
    Arc::new(Schema::new(fields))
}

/// The columns of one batch that say where.
struct Places {
    rows: usize,
    level: Option<StringArray>,
    id: Option<StringArray>,
    position: Option<(ArrayRef, ArrayRef)>,
    cell: Option<ArrayRef>,
    areas: Vec<(AreaLevel, StringArray)>,
}

impl Places {
    fn of(rows: &RecordBatch) -> Result<Self, ArrowError> {
        let column = |name: &str, fits: fn(&DataType) -> bool, to: &DataType| {
            rows.column_by_name(name)
                .filter(|column| fits(column.data_type()))
                .map(|column| cast(column, to))
                .transpose()
        };
        let is_text = |kind: &DataType| {
            matches!(
                kind,
                DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View
            )
        };
        let text = |name: &str| -> Result<Option<StringArray>, ArrowError> {
            let column = column(name, is_text, &DataType::Utf8)?;
            Ok(column.map(|column| column.as_string::<i32>().clone()))
        };
        let number = |name| column(name, DataType::is_numeric, &DataType::Float64);
        let is_cell = |kind: &DataType| matches!(kind, DataType::UInt64);
        let mut areas = Vec::new();
        for level in AreaLevel::ALL.into_iter().rev() {
            if let Some(ids) = text(level.as_str())? {
                areas.push((level, ids));
            }
        }
        Ok(Self {
            rows: rows.num_rows(),
            level: text("level")?,
            id: text("id")?,
            position: number("lon")?.zip(number("lat")?),
            cell: column("cell", is_cell, &DataType::UInt64)?,
            areas,
        })
    }

    fn all(self, city: &City) -> impl Iterator<Item = Option<Geometry<f64>>> + use<'_> {
        (0..self.rows).map(move |row| self.place(row, city))
    }

    fn place(&self, row: usize, city: &City) -> Option<Geometry<f64>> {
        self.named_area(row, city)
            .or_else(|| self.point(row))
            .or_else(|| self.hexagon(row))
            .or_else(|| self.area(row, city))
    }

    fn named_area(&self, row: usize, city: &City) -> Option<Geometry<f64>> {
        let (levels, ids) = (self.level.as_ref()?, self.id.as_ref()?);
        let level: AreaLevel = text_at(levels, row)?.parse().ok()?;
        let area = city.level(level)?.area(text_at(ids, row)?)?;
        Some(area.geometry.clone().into())
    }

    fn point(&self, row: usize) -> Option<Geometry<f64>> {
        let (lon, lat) = self.position.as_ref()?;
        let (lon, lat) = (number_at(lon, row)?, number_at(lat, row)?);
        Some(Point::new(lon, lat).into())
    }

    fn hexagon(&self, row: usize) -> Option<Geometry<f64>> {
        use datafusion::arrow::array::Array as _;
        let cells = self.cell.as_ref()?.as_primitive::<UInt64Type>();
        let cell = cells.is_valid(row).then(|| cells.value(row))?;
        let cell = CellIndex::try_from(cell).ok()?;
        let outline = SolventBuilder::new().build().dissolve([cell]).ok()?;
        Some(outline.into())
    }

    fn area(&self, row: usize, city: &City) -> Option<Geometry<f64>> {
        self.areas.iter().find_map(|(level, ids)| {
            let area = city.level(*level)?.area(text_at(ids, row)?)?;
            Some(area.geometry.clone().into())
        })
    }
}

fn text_at(texts: &StringArray, row: usize) -> Option<&str> {
    use datafusion::arrow::array::Array as _;
    texts.is_valid(row).then(|| texts.value(row))
}

fn number_at(numbers: &ArrayRef, row: usize) -> Option<f64> {
    use datafusion::arrow::array::Array as _;
    let numbers = numbers.as_primitive::<Float64Type>();
    let number = numbers.is_valid(row).then(|| numbers.value(row))?;
    number.is_finite().then_some(number)
}

/// Well-known binary (OGC 06-103r4), little-endian, of a point or a polygon or several.
fn wkb(geometry: &Geometry<f64>) -> Vec<u8> {
    let mut out = Vec::new();
    match geometry {
        Geometry::Point(point) => {
            head(&mut out, 1);
            number(&mut out, point.x());
            number(&mut out, point.y());
        }
        Geometry::Polygon(polygon) => polygon_wkb(&mut out, polygon),
        Geometry::MultiPolygon(MultiPolygon(polygons)) => {
            head(&mut out, 6);
            count(&mut out, polygons.len());
            for polygon in polygons {
                polygon_wkb(&mut out, polygon);
            }
        }
        // No row has another kind; an empty collection is the form of nothing.
        _ => {
            head(&mut out, 7);
            count(&mut out, 0);
        }
    }
    out
}

fn polygon_wkb(out: &mut Vec<u8>, polygon: &Polygon<f64>) {
    head(out, 3);
    count(out, 1 + polygon.interiors().len());
    let rings = std::iter::once(polygon.exterior()).chain(polygon.interiors());
    for LineString(ring) in rings {
        count(out, ring.len());
        for coordinate in ring {
            number(out, coordinate.x);
            number(out, coordinate.y);
        }
    }
}

fn head(out: &mut Vec<u8>, kind: u32) {
    out.push(1);
    out.extend_from_slice(&kind.to_le_bytes());
}

fn count(out: &mut Vec<u8>, number: usize) {
    let number = u32::try_from(number).unwrap_or(u32::MAX);
    out.extend_from_slice(&number.to_le_bytes());
}

fn number(out: &mut Vec<u8>, number: f64) {
    out.extend_from_slice(&number.to_le_bytes());
}
