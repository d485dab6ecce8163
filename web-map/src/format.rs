//! Rows of a query as text and bytes.

mod geo;

use std::io::{self, Write};
use std::sync::Arc;

use citybrain_grid::City;
use citybrain_query::Answer;
use datafusion::arrow::array::{Array, AsArray, RecordBatch, UInt64Array};
use datafusion::arrow::datatypes::{FieldRef, SchemaRef, UInt64Type};
use datafusion::arrow::error::ArrowError;
use datafusion::arrow::ipc::writer::StreamWriter;
use datafusion::arrow::json::WriterBuilder;
use datafusion::arrow::json::writer::{
    Encoder, EncoderFactory, EncoderOptions, JsonArray, NullableEncoder,
};
use datafusion::arrow::util::display::{ArrayFormatter, FormatOptions};
use datafusion::arrow::util::pretty::pretty_format_batches_with_schema;
use datafusion::parquet::arrow::ArrowWriter;
use datafusion::parquet::basic::{Compression, ZstdLevel};
use datafusion::parquet::errors::ParquetError;
use datafusion::parquet::file::metadata::KeyValue;
use datafusion::parquet::file::properties::WriterProperties;
use h3o::CellIndex;

pub(crate) use geo::write_geojson;

/// How the rows of a query are written. Instants are RFC 3339 in text; a number is written so that it reads back as itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Format {
    /// Lines and columns for reading.
    Table,
    /// Comma-separated values (RFC 4180) with a header; no value is an empty field.
    Csv,
    /// An array of objects; an H3 cell is its hex text, because its number is beyond what JSON readers keep.
    Json,
    /// An Arrow IPC stream.
    Arrow,
    /// A Parquet file.
    Parquet,
    /// A GeoJSON feature collection: each row with its place.
    Geojson,
    /// A `GeoParquet` file: a column `geometry` with each row's place.
    Geoparquet,
}

impl Format {
    /// The media type.
    pub(crate) const fn media_type(self) -> &'static str {
        match self {
            Self::Table => "text/plain; charset=utf-8",
            Self::Csv => "text/csv; charset=utf-8; header=present",
            Self::Json => "application/json",
            Self::Arrow => "application/vnd.apache.arrow.stream",
            Self::Parquet => "application/vnd.apache.parquet",
            Self::Geojson => "application/geo+json",
            Self::Geoparquet => "application/vnd.apache.parquet; profile=geo",
        }
    }

    /// The format of this name, as it stands in an address or a body.
    pub(crate) fn named(word: &str) -> Option<Self> {
        [
            ("csv", Self::Csv),
            ("json", Self::Json),
            ("arrow", Self::Arrow),
            ("parquet", Self::Parquet),
            ("geojson", Self::Geojson),
            ("geoparquet", Self::Geoparquet),
        ]
        .into_iter()
        .find_map(|(name, format)| (name == word).then_some(format))
    }

    /// Writes the rows of `answer`; `city` knows the outlines of areas.
    ///
    /// # Errors
    /// When the rows have no form in this format, or `out` fails.
    pub(crate) fn write(
        self,
        answer: &Answer,
        city: &City,
        out: &mut dyn Write,
    ) -> Result<(), FormatError> {
        match self {
            Self::Table => {
                let table =
                    pretty_format_batches_with_schema(Arc::clone(&answer.schema), &answer.batches)?;
                writeln!(out, "{table}")?;
            }
            Self::Csv => csv_rows(answer, true, out)?,
            Self::Json => {
                write_json_rows(answer, out)?;
                writeln!(out)?;
            }
            Self::Arrow => {
                let mut writer = StreamWriter::try_new(&mut *out, &answer.schema)?;
                for rows in &answer.batches {
                    writer.write(rows)?;
                }
                writer.finish()?;
            }
            Self::Parquet => {
                let schema = answer
                    .batches
                    .first()
                    .map_or_else(|| Arc::clone(&answer.schema), RecordBatch::schema);
                out.write_all(&write_parquet(schema, &answer.batches, None)?)?;
            }
            Self::Geojson => {
                write_geojson(answer, city, &serde_json::Map::new(), out)?;
                writeln!(out)?;
            }
            Self::Geoparquet => out.write_all(&geo::geoparquet(answer, city)?)?,
        }
        Ok(())
    }
}

/// Writes the rows as a JSON array of objects, nulls included.
///
/// # Errors
/// When the rows have no form in JSON, or `out` fails.
pub(crate) fn write_json_rows(answer: &Answer, out: &mut dyn Write) -> Result<(), FormatError> {
    if answer.rows() == 0 {
        out.write_all(b"[]")?;
        return Ok(());
    }
    let builder = WriterBuilder::new()
        .with_explicit_nulls(true)
        .with_encoder_factory(Arc::new(CellsAsText));
    let mut writer = builder.build::<_, JsonArray>(out);
    for rows in &answer.batches {
        writer.write(rows)?;
    }
    writer.finish()?;
    Ok(())
}

/// Writes the rows as CSV, with the header or without.
///
/// # Errors
/// When the rows have no form in CSV, or `out` fails.
pub(crate) fn csv_rows(
    answer: &Answer,
    is_headed: bool,
    out: &mut dyn Write,
) -> Result<(), FormatError> {
    let mut writer = csv::Writer::from_writer(out);
    if is_headed {
        writer.write_record(answer.schema.fields().iter().map(|field| field.name()))?;
    }
    let options = FormatOptions::default().with_null("");
    for rows in &answer.batches {
        let columns = rows
            .columns()
            .iter()
            .map(|column| ArrayFormatter::try_new(column, &options))
            .collect::<Result<Vec<_>, _>>()?;
        for row in 0..rows.num_rows() {
            for column in &columns {
                writer.write_field(column.value(row).try_to_string()?)?;
            }
            writer.write_record(None::<&[u8]>)?;
        }
    }
    writer.flush()?;
    Ok(())
}

/// A Parquet file, with notes for its readers.
fn write_parquet(
    schema: SchemaRef,
    batches: &[RecordBatch],
    notes: Option<Vec<KeyValue>>,
) -> Result<Vec<u8>, FormatError> {
    let properties = WriterProperties::builder()
        .set_compression(Compression::ZSTD(ZstdLevel::default()))
        .set_key_value_metadata(notes)
        .build();
    let mut writer = ArrowWriter::try_new(Vec::new(), schema, Some(properties))?;
    for rows in batches {
        writer.write(rows)?;
    }
    Ok(writer.into_inner()?)
}

/// Writes an unsigned number that is an H3 cell as its hex text. No other number is one: a cell lies far beyond 2^53.
#[derive(Debug)]
struct CellsAsText;

impl EncoderFactory for CellsAsText {
    fn make_default_encoder<'a>(
        &self,
        _: &'a FieldRef,
        array: &'a dyn Array,
        _: &'a EncoderOptions,
    ) -> Result<Option<NullableEncoder<'a>>, ArrowError> {
        let numbers = array.as_primitive_opt::<UInt64Type>();
        Ok(numbers.map(|numbers| {
            NullableEncoder::new(Box::new(CellEncoder(numbers)), numbers.nulls().cloned())
        }))
    }
}

struct CellEncoder<'a>(&'a UInt64Array);

impl Encoder for CellEncoder<'_> {
    fn encode(&mut self, row: usize, out: &mut Vec<u8>) {
        let value = self.0.value(row);
        match CellIndex::try_from(value) {
            Ok(_) => out.extend_from_slice(format!("\"{value:x}\"").as_bytes()),
            Err(_) => out.extend_from_slice(value.to_string().as_bytes()),
        }
    }
}

/// Why rows could not be written.
#[derive(Debug, thiserror::Error)]
pub(crate) enum FormatError {
    #[error(transparent)]
    Arrow(#[from] ArrowError),
    #[error(transparent)]
    Parquet(#[from] ParquetError),
    #[error(transparent)]
    Csv(#[from] csv::Error),
    #[error(transparent)]
    Io(#[from] io::Error),
}

impl FormatError {
    /// The failure of the output itself, if it is one.
    pub(crate) fn into_io(self) -> Result<io::Error, Self> {
        match self {
            Self::Io(error) | Self::Arrow(ArrowError::IoError(_, error)) => Ok(error),
            Self::Csv(error) if error.is_io_error() => match error.into_kind() {
                csv::ErrorKind::Io(error) => Ok(error),
                kind => Err(Self::Io(io::Error::other(format!("{kind:?}")))),
            },
            other => Err(other),
        }
    }
}

#[cfg(test)]
mod tests;
