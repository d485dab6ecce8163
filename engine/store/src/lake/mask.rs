//! Masking: a complaint keeps its place in the counts and loses what tells of a person, also in its history.

use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::types::Float64Type;
use arrow_array::{ArrayRef, Float64Array, RecordBatch, new_null_array};
use arrow_schema::ArrowError;
use deltalake::kernel::transaction::CommitProperties;
use deltalake::protocol::DeltaOperation;

use super::{LakeTable, rows_error};
use crate::LakeError;
use crate::schema::FOLD;
use crate::seal::by_month;

/// What may tell of a person: free text, and what was said before it was changed.
const PERSONAL: [&str; 7] = ["address", "text", "tags", "actor", "reason", "fields", FOLD];
/// A position is kept in thousandths of a degree: about 110 m.
const DEGREES: f64 = 1_000.0;

impl LakeTable {
    /// Takes what tells of a person out of the rows of the complaint (`source`, `id`), in one commit; gives how many there are. Earlier
    /// versions have it still, until [`LakeTable::vacuum`].
    pub(crate) async fn mask(&mut self, source: &str, id: &str) -> Result<usize, LakeError> {
        let ids = self.rows_of(source, id).await?;
        let rows = self.rows(ids.iter().copied().collect()).await?;
        if rows.num_rows() == 0 {
            return Ok(0);
        }
        let failed = |source: ArrowError| rows_error(self.table, source.into());
        let masked = by_month(self.table, &masked(&rows).map_err(failed)?).map_err(failed)?;
        let change = loop {
            match self.prepare(&masked, &ids).await {
                Err(LakeError::Unreadable { path, .. }) => self.quarantine(&path).await?,
                prepared => break prepared?,
            }
        };
        let operation = DeltaOperation::Update { predicate: None };
        let properties = CommitProperties::default();
        self.commit_files(change.adds, change.removes, operation, properties)
            .await?;
        Ok(rows.num_rows())
    }
}

fn masked(rows: &RecordBatch) -> Result<RecordBatch, ArrowError> {
    let columns = rows.schema_ref().fields().iter().zip(rows.columns());
    let columns = columns.map(|(field, column)| -> ArrayRef {
        match field.name().as_str() {
            name if PERSONAL.contains(&name) => new_null_array(field.data_type(), rows.num_rows()),
            "lon" | "lat" => {
                let degrees = column.as_primitive::<Float64Type>().iter();
                let coarse = |degrees: f64| (degrees * DEGREES).round() / DEGREES;
                Arc::new(degrees.map(|at| at.map(coarse)).collect::<Float64Array>())
            }
            _ => Arc::clone(column),
        }
    });
    RecordBatch::try_new(rows.schema(), columns.collect())
}
