//! `rejected`: refused input with its reason, read from the journal a page at a time.

use std::sync::Arc;

use citybrain_store::{RejectedRow, Snapshot};
use datafusion::arrow::array::{
    ArrayRef, Int64Array, RecordBatch, StringArray, TimestampMicrosecondArray, UInt64Array,
};
use datafusion::arrow::datatypes::{DataType, Field, Schema, SchemaRef, TimeUnit};
use datafusion::catalog::TableProvider;
use datafusion::catalog::streaming::StreamingTable;
use datafusion::common::runtime::SpawnedTask;
use datafusion::error::{DataFusionError, Result};
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use datafusion::physical_plan::streaming::PartitionStream;

const PAGE_ROWS: usize = 8_192;

/// The refused rows as a table.
pub(super) fn table(snapshot: &Arc<Snapshot>) -> Result<Arc<dyn TableProvider>> {
    let rows = Rejected {
        snapshot: Arc::clone(snapshot),
        schema: schema(),
    };
    Ok(Arc::new(StreamingTable::try_new(
        schema(),
        vec![Arc::new(rows)],
    )?))
}

fn schema() -> SchemaRef {
    let text = |name| Field::new(name, DataType::Utf8, false);
    Arc::new(Schema::new(vec![
        Field::new("id", DataType::Int64, false),
        text("source"),
        text("profile"),
        Field::new("row", DataType::UInt64, false),
        text("field"),
        text("value"),
        text("rule"),
        text("message"),
        text("raw"),
        Field::new(
            "received_at",
            DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into())),
            false,
        ),
    ]))
}

#[derive(Debug)]
struct Rejected {
    snapshot: Arc<Snapshot>,
    schema: SchemaRef,
}

impl PartitionStream for Rejected {
    fn schema(&self) -> &SchemaRef {
        &self.schema
    }

    fn execute(&self, _context: Arc<TaskContext>) -> SendableRecordBatchStream {
        let first = Some((Arc::clone(&self.snapshot), i64::MIN));
        let pages = futures::stream::try_unfold(first, |from| async move {
            let Some((snapshot, after)) = from else {
                return Ok(None);
            };
            let rows = page(Arc::clone(&snapshot), after).await?;
            let next = rows.last().map(|last| (snapshot, last.id));
            Ok(next
                .is_some()
                .then_some(())
                .map(|()| (columns(&rows), next)))
        });
        Box::pin(RecordBatchStreamAdapter::new(
            Arc::clone(&self.schema),
            pages,
        ))
    }
}

/// SQLite blocks, so each page is read on a thread that may.
async fn page(snapshot: Arc<Snapshot>, after: i64) -> Result<Vec<RejectedRow>> {
    let read = SpawnedTask::spawn_blocking(move || snapshot.rejected(after, PAGE_ROWS));
    let rows = read
        .join()
        .await
        .map_err(|error| DataFusionError::ExecutionJoin(Box::new(error)))?;
    rows.map_err(|error| DataFusionError::External(Box::new(error)))
}

fn columns(rows: &[RejectedRow]) -> RecordBatch {
    let text = |value: fn(&RejectedRow) -> &str| -> ArrayRef {
        Arc::new(
            rows.iter()
                .map(|row| Some(value(row)))
                .collect::<StringArray>(),
        )
    };
    let received_at: TimestampMicrosecondArray = rows
        .iter()
        .map(|row| Some(row.refused.received_at.timestamp_micros()))
        .collect();
    let columns: Vec<ArrayRef> = vec![
        Arc::new(rows.iter().map(|row| row.id).collect::<Int64Array>()),
        text(|row| &row.refused.source),
        text(|row| &row.refused.profile),
        Arc::new(
            rows.iter()
                .map(|row| row.refused.index)
                .collect::<UInt64Array>(),
        ),
        text(|row| &row.refused.refusal.field),
        text(|row| &row.refused.refusal.value),
        text(|row| &row.refused.refusal.rule),
        text(|row| &row.refused.refusal.message),
        text(|row| &row.refused.raw),
        Arc::new(received_at.with_timezone("UTC")),
    ];
    RecordBatch::try_new(schema(), columns).expect("columns are laid out by the schema")
}
