//! Hot rows: what is accepted and not yet in the lake, as Arrow batches in memory.

use arrow_array::RecordBatch;
use arrow_select::concat::concat_batches;

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

    pub(crate) const fn rows(&self) -> usize {
        self.rows
    }

    /// Bytes of memory, as counted when the rows came in.
    pub(crate) const fn bytes(&self) -> usize {
        self.bytes
    }
}
