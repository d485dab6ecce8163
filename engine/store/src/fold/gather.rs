//! Single rows out of several batches.

use std::collections::HashMap;

use arrow_array::RecordBatch;
use arrow_array::cast::AsArray;
use arrow_array::types::Int64Type;
use arrow_select::interleave::interleave_record_batch;

use crate::schema::ROW_ID;

/// Rows of one table by `row_id`, out of batches that are not copied before the rows are gathered.
#[derive(Debug, Clone, Default)]
pub(crate) struct Rows {
    batches: Vec<RecordBatch>,
    at: HashMap<i64, (usize, usize)>,
}

impl Rows {
    /// Adds all rows of `rows`.
    pub(crate) fn add(&mut self, rows: RecordBatch) {
        let batch = self.batches.len();
        let ids = rows[ROW_ID].as_primitive::<Int64Type>().values();
        self.at
            .extend(ids.iter().enumerate().map(|(row, &id)| (id, (batch, row))));
        self.batches.push(rows);
    }

    /// Batch and row that hold `row_id`.
    pub(crate) fn find(&self, row_id: i64) -> Option<(&RecordBatch, usize)> {
        let &(batch, row) = self.at.get(&row_id)?;
        Some((&self.batches[batch], row))
    }

    pub(crate) fn contains(&self, row_id: i64) -> bool {
        self.at.contains_key(&row_id)
    }
}

/// These rows in one batch, in their order.
pub(crate) fn gathered(rows: &[(&RecordBatch, usize)]) -> Option<RecordBatch> {
    let mut batches: Vec<&RecordBatch> = Vec::new();
    let mut numbers: HashMap<*const RecordBatch, usize> = HashMap::new();
    let mut places = Vec::with_capacity(rows.len());
    for &(batch, row) in rows {
        let number = *numbers.entry(std::ptr::from_ref(batch)).or_insert_with(|| {
            batches.push(batch);
            batches.len() - 1
        });
        places.push((number, row));
    }
    if places.is_empty() {
        return None;
    }
    Some(interleave_record_batch(&batches, &places).expect("batches of a table share its schema"))
}
