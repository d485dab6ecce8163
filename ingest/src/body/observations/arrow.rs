//! Observations in Arrow columns, read column by column: no value becomes text on the way.

use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::types::{
    Float64Type, TimestampMicrosecondType, TimestampMillisecondType, TimestampNanosecondType,
    TimestampSecondType, UInt64Type,
};
use arrow_array::{Array, ArrayRef, Float64Array, RecordBatch, StringArray, UInt64Array};
use arrow_cast::cast;
use arrow_schema::{DataType, TimeUnit};
use chrono::{DateTime, Utc};
use citybrain_model::{Observation, ObservationDraft, Quality};

use super::BODY_ROWS_MAX;
use crate::decode::{Decoder, Notes, measured};
use crate::profile::Field;
use crate::rows::arrow_batches;

/// The body's observations, when every column has a name and a type that are expected and every row is one.
pub(super) fn decode(
    bytes: &[u8],
    decoder: &Decoder,
    notes: &mut Notes,
) -> Option<Vec<Observation>> {
    let mut records = Vec::new();
    for batch in arrow_batches(bytes)? {
        let batch = batch?;
        if records.len() + batch.num_rows() > BODY_ROWS_MAX {
            return None;
        }
        let columns = Columns::of(&batch)?;
        records.reserve(batch.num_rows());
        for row in 0..batch.num_rows() {
            records.push(columns.record(row, decoder, notes)?);
        }
    }
    Some(records)
}

/// The columns of a batch by field.
struct Columns {
    datastream: StringArray,
    phenomenon_time: Instants,
    result: Float64Array,
    id: Option<StringArray>,
    source: Option<StringArray>,
    sensor: Option<StringArray>,
    property: Option<StringArray>,
    unit: Option<StringArray>,
    result_time: Option<Instants>,
    quality: Option<StringArray>,
    sequence: Option<UInt64Array>,
    lon: Option<Float64Array>,
    lat: Option<Float64Array>,
}

impl Columns {
    /// `None` when a column is missing, there twice, of another name or of a type whose text may mean something else.
    fn of(batch: &RecordBatch) -> Option<Self> {
        const NAMES: [&str; 13] = [
            "datastream",
            "phenomenon_time",
            "result",
            "id",
            "source",
            "sensor",
            "property",
            "unit",
            "result_time",
            "quality",
            "sequence",
            "lon",
            "lat",
        ];
        let schema = batch.schema_ref();
        let mut seen = [false; NAMES.len()];
        for field in schema.fields() {
            let at = NAMES.iter().position(|name| name == field.name())?;
            let seen = seen.get_mut(at)?;
            if std::mem::replace(seen, true) {
                return None;
            }
        }
        let column = |name: &str| batch.column_by_name(name);
        Some(Self {
            datastream: text(column("datastream")?)?,
            phenomenon_time: Instants::of(column("phenomenon_time")?)?,
            result: number(column("result")?)?,
            id: optional(column("id"), text).ok()?,
            source: optional(column("source"), text).ok()?,
            sensor: optional(column("sensor"), text).ok()?,
            property: optional(column("property"), text).ok()?,
            unit: optional(column("unit"), text).ok()?,
            result_time: optional(column("result_time"), Instants::of).ok()?,
            quality: optional(column("quality"), text).ok()?,
            sequence: optional(column("sequence"), |column| {
                column.as_primitive_opt::<UInt64Type>().cloned()
            })
            .ok()?,
            lon: optional(column("lon"), number).ok()?,
            lat: optional(column("lat"), number).ok()?,
        })
    }

    fn record(&self, row: usize, decoder: &Decoder, notes: &mut Notes) -> Option<Observation> {
        // A blank text is no value, one with blanks around it is another one: the long way knows these.
        let plain = |column: &StringArray| {
            if column.is_null(row) {
                return Ok(None);
            }
            let text = column.value(row);
            if text.is_empty() || text.trim().len() != text.len() {
                return Err(Unexpected);
            }
            Ok(Some(text.to_owned()))
        };
        let told = |column: &Option<StringArray>| column.as_ref().map_or(Ok(None), plain).ok();
        let value = |column: &Option<Float64Array>| {
            let column = column.as_ref().filter(|column| column.is_valid(row))?;
            Some(column.value(row))
        };
        let mut time = |column: &Instants, field| column.at(row, field, decoder, notes);
        let phenomenon_time = time(&self.phenomenon_time, Field::PhenomenonTime).ok()??;
        let result_time = match &self.result_time {
            Some(column) => time(column, Field::ResultTime).ok()?,
            None => None,
        };
        let quality = match told(&self.quality)?.as_deref() {
            None => Quality::Good,
            Some(word) => [Quality::Good, Quality::Doubtful]
                .into_iter()
                .find(|quality| quality.as_str() == word)?,
        };
        let sequence = self.sequence.as_ref();
        let sequence = sequence.filter(|column| column.is_valid(row));
        let result = self.result.is_valid(row).then(|| self.result.value(row))?;
        let (lon, lat) = decoder.observed_at(value(&self.lon), value(&self.lat), notes);
        let (unit, result) = measured(told(&self.unit)?, Some(result));
        let draft = ObservationDraft {
            source: Some(told(&self.source)?.unwrap_or_else(|| decoder.source().to_owned())),
            id: told(&self.id)?,
            datastream: plain(&self.datastream).ok()?,
            sensor: told(&self.sensor)?,
            property: told(&self.property)?,
            unit,
            phenomenon_time: Some(phenomenon_time),
            result_time,
            result,
            sequence: sequence.map(|column| column.value(row)),
            quality,
            lon,
            lat,
            ..ObservationDraft::default()
        };
        Observation::try_new(draft, decoder.received_at()).ok()
    }
}

/// A column of instants, or of texts that mean some.
enum Instants {
    Known(ArrayRef, TimeUnit),
    Told(StringArray),
}

impl Instants {
    /// An instant without a zone is the profile's to know.
    fn of(column: &ArrayRef) -> Option<Self> {
        match column.data_type() {
            DataType::Timestamp(unit, Some(_)) => Some(Self::Known(Arc::clone(column), *unit)),
            _ => text(column).map(Self::Told),
        }
    }

    fn at(
        &self,
        row: usize,
        field: Field,
        decoder: &Decoder,
        notes: &mut Notes,
    ) -> Result<Option<DateTime<Utc>>, Unexpected> {
        let at = match self {
            Self::Known(column, _) if column.is_null(row) => return Ok(None),
            Self::Told(column) if column.is_null(row) => return Ok(None),
            Self::Told(column) => {
                let text = column.value(row).trim();
                decoder.instant(text, field, notes).ok()
            }
            Self::Known(column, TimeUnit::Second) => {
                let at = column.as_primitive::<TimestampSecondType>().value(row);
                DateTime::from_timestamp(at, 0)
            }
            Self::Known(column, TimeUnit::Millisecond) => {
                let at = column.as_primitive::<TimestampMillisecondType>().value(row);
                DateTime::from_timestamp_millis(at)
            }
            Self::Known(column, TimeUnit::Microsecond) => {
                let at = column.as_primitive::<TimestampMicrosecondType>().value(row);
                DateTime::from_timestamp_micros(at)
            }
            Self::Known(column, TimeUnit::Nanosecond) => {
                let at = column.as_primitive::<TimestampNanosecondType>().value(row);
                Some(DateTime::from_timestamp_nanos(at))
            }
        };
        at.map(Some).ok_or(Unexpected)
    }
}

/// What only the long way can read.
struct Unexpected;

/// `Ok(None)` where there is no such column.
fn optional<T>(
    column: Option<&ArrayRef>,
    read: impl FnOnce(&ArrayRef) -> Option<T>,
) -> Result<Option<T>, Unexpected> {
    column.map_or(Ok(None), |column| read(column).map(Some).ok_or(Unexpected))
}

/// Texts however they are laid out: writers choose (pyarrow plain ones, Polars views, pandas dictionaries).
fn text(column: &ArrayRef) -> Option<StringArray> {
    match column.data_type() {
        DataType::Utf8 => column.as_string_opt::<i32>().cloned(),
        DataType::LargeUtf8 | DataType::Utf8View => as_text(column),
        DataType::Dictionary(_, values) if is_text(values) => as_text(column),
        _ => None,
    }
}

const fn is_text(kind: &DataType) -> bool {
    matches!(
        kind,
        DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View
    )
}

fn as_text(column: &ArrayRef) -> Option<StringArray> {
    let column = cast(column, &DataType::Utf8).ok()?;
    column.as_string_opt::<i32>().cloned()
}

/// Numbers of the width that is kept: a narrower one's text may mean another number.
fn number(column: &ArrayRef) -> Option<Float64Array> {
    column.as_primitive_opt::<Float64Type>().cloned()
}
