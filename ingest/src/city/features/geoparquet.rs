//! `GeoParquet` 1.x: a Parquet file whose `geo` metadata name the column with the boundaries.

use std::collections::BTreeMap;
use std::fs::File;
use std::path::Path;

use arrow_array::cast::AsArray;
use arrow_array::types::{Float64Type, Int64Type, UInt64Type};
use arrow_array::{Array, ArrayRef, RecordBatch};
use arrow_cast::cast;
use arrow_schema::DataType;
use geojson::{JsonObject, JsonValue};
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use serde::Deserialize;

use super::super::file_crs::StatedCrs;
use super::super::open::{Compression, Format, open};
use super::{CityError, RawFeature, RawGeometry, TakesFeatures, no_object, wkb};

/// The `geo` metadata, as far as they matter here.
#[derive(Deserialize)]
struct Geo {
    primary_column: String,
    columns: BTreeMap<String, GeoColumn>,
}

#[derive(Deserialize)]
struct GeoColumn {
    encoding: String,
    /// PROJJSON; absent is longitude and latitude in WGS 84 (OGC:CRS84), null is unknown.
    #[serde(default)]
    crs: GeoCrs,
    #[serde(default)]
    edges: Option<String>,
}

#[derive(Default)]
enum GeoCrs {
    #[default]
    Absent,
    Unknown,
    Is(JsonObject),
}

impl<'de> Deserialize<'de> for GeoCrs {
    fn deserialize<D: serde::Deserializer<'de>>(json: D) -> Result<Self, D::Error> {
        let crs = Option::<JsonObject>::deserialize(json)?;
        Ok(crs.map_or(Self::Unknown, Self::Is))
    }
}

/// Gives every row of a Parquet file to `areas`.
pub(super) fn read(path: &Path, areas: &mut dyn TakesFeatures) -> Result<(), CityError> {
    no_object(path, areas)?;
    // The check of the first bytes; the reader wants the file itself, to seek in.
    drop(open(path, Format::GeoParquet, Compression::Plain)?);
    let unreadable = |message: String| CityError::Unreadable {
        path: path.to_owned(),
        format: "GeoParquet file",
        message: message.replace('\n', "; "),
    };
    let file = File::open(path).map_err(|error| Compression::Plain.error(path, error))?;
    let builder = ParquetRecordBatchReaderBuilder::try_new(file)
        .map_err(|error| unreadable(error.to_string()))?;
    let metadata = builder.metadata().file_metadata().key_value_metadata();
    let geo = metadata
        .into_iter()
        .flatten()
        .find(|entry| entry.key == "geo")
        .and_then(|entry| entry.value.as_deref())
        .ok_or_else(|| unreadable("it has no \"geo\" metadata".to_owned()))?;
    let geo: Geo = serde_json::from_str(geo)
        .map_err(|error| unreadable(format!("its \"geo\" metadata: {error}")))?;
    let primary = geo.primary_column;
    let column = geo.columns.get(&primary).ok_or_else(|| {
        unreadable(format!(
            "its \"geo\" metadata do not describe the column \"{primary}\""
        ))
    })?;
    check(column, &primary).map_err(unreadable)?;
    if let Some(stated) = stated(column) {
        areas.states(&stated)?;
    }
    let rows = builder
        .build()
        .map_err(|error| unreadable(error.to_string()))?;
    for batch in rows {
        let batch = batch.map_err(|error| unreadable(error.to_string()))?;
        for feature in features(&batch, &primary, areas.count()).map_err(unreadable)? {
            areas.feature(feature)?;
        }
    }
    Ok(())
}

fn check(column: &GeoColumn, name: &str) -> Result<(), String> {
    if column.encoding != "WKB" {
        return Err(format!(
            "the column \"{name}\" is encoded as {}, and only WKB is read",
            column.encoding
        ));
    }
    match column.edges.as_deref() {
        None | Some("planar") => Ok(()),
        Some(other) => Err(format!(
            "the edges of \"{name}\" are {other}, and only planar ones are read"
        )),
    }
}

/// The system by the `id` of its PROJJSON; none when it is the default.
fn stated(column: &GeoColumn) -> Option<StatedCrs> {
    let crs = match &column.crs {
        GeoCrs::Absent => return None,
        GeoCrs::Unknown => {
            let text = "null (unknown)".to_owned();
            return Some(StatedCrs { text, code: None });
        }
        GeoCrs::Is(crs) => crs,
    };
    let text_of = |value: &JsonValue| match value {
        JsonValue::String(text) => text.clone(),
        other => other.to_string(),
    };
    let name = crs
        .get("name")
        .map_or_else(|| "a system without a name".to_owned(), &text_of);
    let id = crs.get("id").and_then(|id| {
        let (authority, code) = (id.get("authority")?.as_str()?, text_of(id.get("code")?));
        matches!(authority, "EPSG" | "OGC")
            .then(|| StatedCrs::of_name(&format!("{authority}:{code}")))
    });
    Some(id.unwrap_or(StatedCrs {
        text: name,
        code: None,
    }))
}

/// The rows of a batch; `before` rows were read before them.
fn features(batch: &RecordBatch, geometry: &str, before: usize) -> Result<Vec<RawFeature>, String> {
    let geometries = batch
        .column_by_name(geometry)
        .ok_or_else(|| format!("it has no column \"{geometry}\""))?;
    let geometries = cast(geometries, &DataType::LargeBinary)
        .map_err(|error| format!("the column \"{geometry}\" is no WKB: {error}"))?;
    let geometries = geometries.as_binary::<i64>();
    let schema = batch.schema();
    let columns: Vec<(&str, Column)> = schema
        .fields()
        .iter()
        .zip(batch.columns())
        .filter(|(field, _)| field.name() != geometry)
        .filter_map(|(field, array)| Some((field.name().as_str(), Column::of(array)?)))
        .collect();
    let rows = geometries.iter().enumerate().map(|(row, bytes)| {
        let geometry = match bytes {
            None => RawGeometry::None,
            Some(bytes) => wkb::geometry(bytes)
                .map_err(|error| format!("row {}: {error}", before + row + 1))?,
        };
        let properties: JsonObject = columns
            .iter()
            .map(|(name, column)| ((*name).to_owned(), column.value(row)))
            .collect();
        Ok(RawFeature {
            id: None,
            properties,
            geometry,
        })
    });
    rows.collect()
}

/// A column that can be a property: its values brought to one type.
enum Column {
    Signed(ArrayRef),
    Unsigned(ArrayRef),
    Float(ArrayRef),
    Text(ArrayRef),
}

impl Column {
    /// None for lists, records and bytes, which are no properties.
    fn of(array: &ArrayRef) -> Option<Self> {
        let to = |kind| cast(array, &kind).ok();
        let values = match array.data_type() {
            DataType::Dictionary(_, values) => values.as_ref(),
            other => other,
        };
        match values {
            DataType::UInt64 => to(DataType::UInt64).map(Self::Unsigned),
            kind if kind.is_integer() => to(DataType::Int64).map(Self::Signed),
            // A Float32 is widened bit by bit, as a JSON writer would not; whole numbers, which ids are, stay the same.
            kind if kind.is_floating() => to(DataType::Float64).map(Self::Float),
            kind if kind.is_nested() || kind.is_binary() => None,
            _ => to(DataType::LargeUtf8).map(Self::Text),
        }
    }

    fn value(&self, row: usize) -> JsonValue {
        let (Self::Signed(array) | Self::Unsigned(array) | Self::Float(array) | Self::Text(array)) =
            self;
        if array.is_null(row) {
            return JsonValue::Null;
        }
        match self {
            Self::Signed(array) => array.as_primitive::<Int64Type>().value(row).into(),
            Self::Unsigned(array) => array.as_primitive::<UInt64Type>().value(row).into(),
            Self::Float(array) => array.as_primitive::<Float64Type>().value(row).into(),
            Self::Text(array) => array.as_string::<i64>().value(row).into(),
        }
    }
}
