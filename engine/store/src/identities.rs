//! Which records are already there: identity → (row, content).
//!
//! The index lives in memory (about 60 bytes a record) and is rebuilt from lake and journal when the store opens; its answer
//! decides between a new record, an update and a duplicate.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};

use arrow_array::cast::AsArray;
use arrow_array::types::{Float64Type, Int64Type, TimestampMicrosecondType};
use arrow_array::{Array, RecordBatch};
use arrow_schema::DataType;
use citybrain_model::Identity;
use xxhash_rust::xxh3::xxh3_64_with_seed;

use crate::{Table, schema};

/// What is known of a record that is there.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Known {
    pub(crate) row_id: i64,
    pub(crate) content: u64,
}

/// The records of one table.
pub(crate) type Identities = HashMap<Identity, Known, BuildHasherDefault<Passthrough>>;

/// An [`Identity`] is a hash already: its low half is the bucket.
#[derive(Debug, Default)]
pub(crate) struct Passthrough(u64);

impl Hasher for Passthrough {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        self.0 = xxh3_64_with_seed(bytes, self.0);
    }

    #[expect(
        clippy::cast_possible_truncation,
        reason = "the low half of a 128-bit hash is a 64-bit hash"
    )]
    fn write_u128(&mut self, value: u128) {
        self.0 = value as u64;
    }
}

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

/// A hash of what the sender said in each row: all columns but the engine's own (`received_at`, the place, the internal
/// ones), so that a repeated record has the same content also after the boundaries changed.
pub(crate) fn contents_of(rows: &RecordBatch) -> Vec<u64> {
    let mut contents = vec![0_u64; rows.num_rows()];
    for (field, column) in rows.schema_ref().fields().iter().zip(rows.columns()) {
        if OWN_COLUMNS.contains(&field.name().as_str()) {
            continue;
        }
        for (row, content) in contents.iter_mut().enumerate() {
            *content = if column.is_null(row) {
                xxh3_64_with_seed(b"\0null", *content)
            } else {
                match field.data_type() {
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
    contents
}

fn number(bits: u64, seed: u64) -> u64 {
    xxh3_64_with_seed(&bits.to_le_bytes(), seed)
}

const OWN_COLUMNS: [&str; 9] = [
    "received_at",
    "cell",
    "district",
    "subdistrict",
    "community",
    "grid",
    schema::ROW_ID,
    schema::SUPERSEDES,
    schema::MONTH,
];
