//! What a query gives back.

use datafusion::arrow::array::RecordBatch;
use datafusion::arrow::datatypes::SchemaRef;

/// The rows of a query.
#[derive(Debug, Clone)]
pub struct Answer {
    /// Names and types of the columns. A column that holds H3 cells is a `UInt64`.
    pub schema: SchemaRef,
    /// The rows, in order.
    pub batches: Vec<RecordBatch>,
    /// Were there more rows than the limit?
    pub truncated: bool,
    /// For each analysis that the query called, how it was made: names and values.
    pub parameters: Vec<serde_json::Map<String, serde_json::Value>>,
}

impl Answer {
    /// Number of rows.
    pub fn rows(&self) -> usize {
        self.batches.iter().map(RecordBatch::num_rows).sum()
    }
}
