//! `observations_hourly`: what stays of observations that are no longer kept one by one.
//!
//! For each datastream and hour: how many results there were that are not doubtful, their sum, the least and the greatest.

use std::collections::BTreeMap;
use std::collections::HashSet;
use std::collections::btree_map::Entry;
use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::types::{Float64Type, Int64Type, TimestampMicrosecondType};
use arrow_array::{
    Array, ArrayRef, Float64Array, Int32Array, Int64Array, RecordBatch, StringArray,
    TimestampMicrosecondArray,
};
use arrow_schema::{ArrowError, DataType, Field, Schema, SchemaRef};
use citybrain_model::Quality;

use super::LakeTable;
use crate::columns::month_of_micros;
use crate::cutoffs::HOUR;
use crate::schema::{MONTH, ROW_ID, instant_type};
use crate::{LakeError, Table};

/// The table's name in SQL and its folder in the lake.
pub(crate) const HOURLY: &str = "observations_hourly";

/// What an hour of a datastream keeps of its observations as they were.
const TEXTS: [&str; 7] = [
    "sensor",
    "property",
    "unit",
    "district",
    "subdistrict",
    "community",
    "grid",
];

impl LakeTable {
    /// The hours beside this table, made when they are not there and `create` is true.
    pub(crate) async fn hourly(&self, create: bool) -> Result<Option<Self>, LakeError> {
        let pruning = ["source", "datastream", "property", "hour", "cell"];
        let table = Table::Observations;
        Self::open_named(&self.dir, HOURLY, table, schema(), &pruning, create).await
    }
}

fn schema() -> SchemaRef {
    let text = |name| Field::new(name, DataType::Utf8, true);
    let number = |name| Field::new(name, DataType::Float64, true);
    let mut fields = vec![
        Field::new("source", DataType::Utf8, false),
        Field::new("datastream", DataType::Utf8, false),
        Field::new("hour", instant_type(), false),
        Field::new("observations", DataType::Int64, false),
        number("sum"),
        number("least"),
        number("greatest"),
        number("lon"),
        number("lat"),
        Field::new("cell", DataType::Int64, true),
    ];
    fields.extend(TEXTS.map(text));
    fields.push(Field::new(MONTH, DataType::Int32, false));
    Arc::new(Schema::new(fields))
}

/// Month, source, datastream and the begin of an hour.
type Key<'a> = (i32, &'a str, &'a str, i64);

/// The results of one datastream in one hour.
struct Hour {
    observations: i64,
    sum: f64,
    least: f64,
    greatest: f64,
    /// Where its first observation stands: batch and row.
    first: (usize, usize),
}

/// The hours of `rows`, one batch a month; rows in `superseded`, doubtful results and those that are no numbers are left out.
pub(super) fn hours_of(
    rows: &[RecordBatch],
    superseded: &HashSet<i64>,
) -> Result<Vec<RecordBatch>, ArrowError> {
    let mut hours: BTreeMap<Key<'_>, Hour> = BTreeMap::new();
    for (batch, rows) in rows.iter().enumerate() {
        let [source, datastream] =
            ["source", "datastream"].map(|name| rows[name].as_string::<i32>());
        let at = rows["phenomenon_time"].as_primitive::<TimestampMicrosecondType>();
        let results = rows["result"].as_primitive::<Float64Type>();
        let qualities = rows["quality"].as_string::<i32>();
        let ids = rows[ROW_ID].as_primitive::<Int64Type>();
        for row in 0..rows.num_rows() {
            if results.is_null(row)
                || qualities.value(row) == Quality::Doubtful.as_str()
                || superseded.contains(&ids.value(row))
            {
                continue;
            }
            let (at, result) = (at.value(row), results.value(row));
            let hour = at - at.rem_euclid(HOUR);
            let key = (
                month_of_micros(hour),
                source.value(row),
                datastream.value(row),
                hour,
            );
            match hours.entry(key) {
                Entry::Vacant(entry) => {
                    entry.insert(Hour {
                        observations: 1,
                        sum: result,
                        least: result,
                        greatest: result,
                        first: (batch, row),
                    });
                }
                Entry::Occupied(mut entry) => {
                    let hour = entry.get_mut();
                    hour.observations += 1;
                    hour.sum += result;
                    hour.least = hour.least.min(result);
                    hour.greatest = hour.greatest.max(result);
                }
            }
        }
    }
    let all: Vec<_> = hours.into_iter().collect();
    all.chunk_by(|(a, _), (b, _)| a.0 == b.0)
        .map(|month| laid_out(rows, month))
        .collect()
}

fn laid_out(rows: &[RecordBatch], hours: &[(Key<'_>, Hour)]) -> Result<RecordBatch, ArrowError> {
    let texts = |value: &dyn Fn(&(Key<'_>, Hour)) -> Option<String>| -> ArrayRef {
        Arc::new(hours.iter().map(value).collect::<StringArray>())
    };
    let numbers = |value: fn(&Hour) -> f64| -> ArrayRef {
        Arc::new(
            hours
                .iter()
                .map(|(_, hour)| Some(value(hour)))
                .collect::<Float64Array>(),
        )
    };
    let of_first = |name: &str, hour: &Hour| -> Option<f64> {
        let (batch, row) = hour.first;
        let column = rows[batch][name].as_primitive::<Float64Type>();
        column.is_valid(row).then(|| column.value(row))
    };
    let degrees = |name: &str| -> ArrayRef {
        let values = hours.iter().map(|(_, hour)| of_first(name, hour));
        Arc::new(values.collect::<Float64Array>())
    };
    let cells = hours.iter().map(|(_, hour)| {
        let (batch, row) = hour.first;
        let column = rows[batch]["cell"].as_primitive::<Int64Type>();
        column.is_valid(row).then(|| column.value(row))
    });
    let instants: TimestampMicrosecondArray =
        hours.iter().map(|((.., hour), _)| Some(*hour)).collect();
    let counts = hours.iter().map(|(_, hour)| Some(hour.observations));
    let mut columns: Vec<ArrayRef> = vec![
        texts(&|((_, source, ..), _)| Some((*source).to_owned())),
        texts(&|((_, _, datastream, _), _)| Some((*datastream).to_owned())),
        Arc::new(instants.with_timezone("UTC")),
        Arc::new(counts.collect::<Int64Array>()),
        numbers(|hour| hour.sum),
        numbers(|hour| hour.least),
        numbers(|hour| hour.greatest),
        degrees("lon"),
        degrees("lat"),
        Arc::new(cells.collect::<Int64Array>()),
    ];
    columns.extend(TEXTS.map(|name| {
        texts(&|(_, hour)| {
            let (batch, row) = hour.first;
            let column = rows[batch][name].as_string::<i32>();
            column.is_valid(row).then(|| column.value(row).to_owned())
        })
    }));
    let months = hours.iter().map(|((month, ..), _)| Some(*month));
    columns.push(Arc::new(months.collect::<Int32Array>()));
    RecordBatch::try_new(schema(), columns)
}
