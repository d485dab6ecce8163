//! Which record a row is, and what its sender said: two hashes.
//!
//! Together they decide between a new record, an update and a duplicate.

use arrow_array::cast::AsArray;
use arrow_array::types::{Float64Type, Int64Type, TimestampMicrosecondType};
use arrow_array::{Array, RecordBatch};
use arrow_schema::DataType;
use citybrain_model::{Identity, Quality};
use xxhash_rust::xxh3::xxh3_64_with_seed;

use crate::fold::as_told;
use crate::{Table, schema};

/// The identity of each row of `rows`, as its record had it when it came in.
pub(crate) fn identities_of(table: Table, rows: &RecordBatch) -> Vec<Identity> {
    let text = |name: &str| rows[name].as_string::<i32>();
    let micros = |name: &str| rows[name].as_primitive::<TimestampMicrosecondType>();
    let source = text("source");
    let all = 0..rows.num_rows();
    match table {
        Table::Complaints => {
            let id = text("id");
            all.map(|row| Identity::of(source.value(row), id.value(row)))
                .collect()
        }
        Table::ComplaintEvents => {
            let (complaint, event, at) = (text("complaint"), text("event"), micros("at"));
            all.map(|row| {
                Identity::of_step(
                    source.value(row),
                    complaint.value(row),
                    event.value(row),
                    at.value(row),
                )
            })
            .collect()
        }
        Table::Observations => {
            let (datastream, id, at) = (text("datastream"), text("id"), micros("phenomenon_time"));
            all.map(|row| {
                if id.is_null(row) {
                    Identity::of_instant(source.value(row), datastream.value(row), at.value(row))
                } else {
                    Identity::of(source.value(row), id.value(row))
                }
            })
            .collect()
        }
    }
}

/// A hash (48 bits) of what the sender said in each row: all columns but the engine's own (`received_at`, the place, what it
/// doubts, the internal ones), so that a repeated record has the same content also after the boundaries changed.
/// What the steps of a complaint changed is left out: its record is the same.
pub(crate) fn contents_of(rows: &RecordBatch) -> Vec<u64> {
    let rows = &as_told(rows);
    let doubt = rows.column_by_name(schema::DOUBT);
    let mut contents = vec![0_u64; rows.num_rows()];
    for (field, column) in rows.schema_ref().fields().iter().zip(rows.columns()) {
        if OWN_COLUMNS.contains(&field.name().as_str()) {
            continue;
        }
        for (row, content) in contents.iter_mut().enumerate() {
            *content = if column.is_null(row) {
                // A record without what younger columns hold has the content that it had before they were.
                if YOUNGER_COLUMNS.contains(&field.name().as_str()) {
                    continue;
                }
                number(NULL, *content)
            } else {
                match field.data_type() {
                    // What the engine doubts the sender did not.
                    DataType::Utf8
                        if field.name() == "quality"
                            && doubt.is_some_and(|doubt| doubt.is_valid(row)) =>
                    {
                        xxh3_64_with_seed(Quality::Good.as_str().as_bytes(), *content)
                    }
                    DataType::Utf8 => {
                        xxh3_64_with_seed(column.as_string::<i32>().value(row).as_bytes(), *content)
                    }
                    DataType::Boolean => {
                        xxh3_64_with_seed(&[u8::from(column.as_boolean().value(row))], *content)
                    }
                    DataType::Float64 => number(
                        column.as_primitive::<Float64Type>().value(row).to_bits(),
                        *content,
                    ),
                    DataType::Int64 => number(
                        column
                            .as_primitive::<Int64Type>()
                            .value(row)
                            .cast_unsigned(),
                        *content,
                    ),
                    _ => number(
                        column
                            .as_primitive::<TimestampMicrosecondType>()
                            .value(row)
                            .cast_unsigned(),
                        *content,
                    ),
                }
            };
        }
    }
    for content in &mut contents {
        *content = number(0, *content) & CONTENT;
    }
    contents
}

/// The bits of a content hash.
const CONTENT: u64 = (1 << 48) - 1;
/// Stands for what is not there: an odd number that no column holds in practice.
const NULL: u64 = 0x9E37_79B9_7F4A_7C15;

/// Mixes a number into a hash: the finisher of `splitmix64` (Steele, Lea, Flood 2014), a few instructions.
const fn number(bits: u64, seed: u64) -> u64 {
    let mut mixed = seed.rotate_left(23).wrapping_add(bits ^ NULL);
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    mixed ^ (mixed >> 31)
}

/// Columns that came after contents were first kept.
const YOUNGER_COLUMNS: [&str; 2] = ["feature", "details"];

const OWN_COLUMNS: [&str; 11] = [
    "received_at",
    "cell",
    "district",
    "subdistrict",
    "community",
    "grid",
    schema::FOLD,
    schema::DOUBT,
    schema::ROW_ID,
    schema::SUPERSEDES,
    schema::MONTH,
];
