//! Hot rows: what is accepted and not yet in the lake, as Arrow batches in memory.

use arrow_array::RecordBatch;
use arrow_array::cast::AsArray;
use arrow_array::types::Int64Type;
use arrow_select::concat::concat_batches;

use crate::rollup::key_columns;
use crate::schema::{ROW_ID, ROW_NUMBER_BITS};

/// Batches in order of arrival. Small neighbours grow together (each row is copied a logarithmic number of times), so single
/// records do not leave readers with a million batches.
#[derive(Debug, Clone, Default)]
pub(crate) struct Hot {
    batches: Vec<RecordBatch>,
    rows: usize,
    bytes: usize,
}

/// Batches at least this large are left alone.
const LARGE_ROWS: usize = 32_768;

impl Hot {
    pub(crate) fn push(&mut self, rows: RecordBatch) {
        self.rows += rows.num_rows();
        self.bytes += rows.get_array_memory_size();
        self.batches.push(rows);
        while let [.., before, last] = self.batches.as_slice() {
            if last.num_rows() >= LARGE_ROWS || before.num_rows() > 2 * last.num_rows() {
                break;
            }
            let merged = concat_batches(last.schema_ref(), [before, last])
                .expect("hot batches share a schema");
            self.batches.truncate(self.batches.len() - 2);
            self.batches.push(merged);
        }
    }

    pub(crate) fn batches(&self) -> &[RecordBatch] {
        &self.batches
    }

    /// [`Hot::push`] with nothing but what a row is counted by.
    pub(crate) fn extend(&mut self, rows: Option<RecordBatch>) {
        if let Some(rows) = rows.filter(|rows| rows.num_rows() > 0) {
            self.push(key_columns(&rows));
        }
    }

    /// Batch and row of the row with this id.
    pub(crate) fn find(&self, row_id: i64) -> Option<(&RecordBatch, usize)> {
        find_in(&self.batches, row_id)
    }

    pub(crate) const fn rows(&self) -> usize {
        self.rows
    }

    /// Bytes of memory, as counted when the rows came in.
    pub(crate) const fn bytes(&self) -> usize {
        self.bytes
    }
}

/// Batch and row of the row with this id, in batches in order of arrival: numbers grow with it.
pub(crate) fn find_in(batches: &[RecordBatch], row_id: i64) -> Option<(&RecordBatch, usize)> {
    let number = |id: i64| id & ((1 << ROW_NUMBER_BITS) - 1);
    batches.iter().find_map(|rows| {
        let ids = rows[ROW_ID].as_primitive::<Int64Type>().values();
        let row = ids.partition_point(|&id| number(id) < number(row_id));
        (ids.get(row) == Some(&row_id)).then_some((rows, row))
    })
}
