//! `audit`: who did what, read from the control state a page at a time, newest first.

use std::sync::Arc;

use citybrain_store::{Audited, Control};
use datafusion::arrow::array::{
    ArrayRef, Int64Array, RecordBatch, StringArray, TimestampMicrosecondArray,
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

/// The lines as a table.
pub(super) fn table(control: &Control) -> Result<Arc<dyn TableProvider>> {
    let lines = Lines {
        control: control.clone(),
        schema: schema(),
    };
    Ok(Arc::new(StreamingTable::try_new(
        schema(),
        vec![Arc::new(lines)],
    )?))
}

fn schema() -> SchemaRef {
    let text = |name| Field::new(name, DataType::Utf8, false);
    Arc::new(Schema::new(vec![
        Field::new("id", DataType::Int64, false),
        Field::new(
            "at",
            DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into())),
            false,
        ),
        text("actor"),
        text("action"),
        text("subject"),
        text("detail"),
    ]))
}

#[derive(Debug)]
struct Lines {
    control: Control,
    schema: SchemaRef,
}

impl PartitionStream for Lines {
    fn schema(&self) -> &SchemaRef {
        &self.schema
    }

    fn execute(&self, _context: Arc<TaskContext>) -> SendableRecordBatchStream {
        let first = Some((self.control.clone(), None));
        let pages = futures::stream::try_unfold(first, |from| async move {
            let Some((control, before)) = from else {
                return Ok(None);
            };
            let lines = page(control.clone(), before).await?;
            let next = lines.last().map(|last| (control, Some(last.id)));
            Ok(next
                .is_some()
                .then_some(())
                .map(|()| (columns(&lines), next)))
        });
        Box::pin(RecordBatchStreamAdapter::new(
            Arc::clone(&self.schema),
            pages,
        ))
    }
}

/// SQLite blocks, so each page is read on a thread that may.
async fn page(control: Control, before: Option<i64>) -> Result<Vec<Audited>> {
    let read = SpawnedTask::spawn_blocking(move || control.audited(before, PAGE_ROWS));
    let lines = read
        .join()
        .await
        .map_err(|error| DataFusionError::ExecutionJoin(Box::new(error)))?;
    lines.map_err(|error| DataFusionError::External(Box::new(error)))
}

fn columns(lines: &[Audited]) -> RecordBatch {
    let text = |value: fn(&Audited) -> &str| -> ArrayRef {
        Arc::new(
            lines
                .iter()
                .map(|line| Some(value(line)))
                .collect::<StringArray>(),
        )
    };
    let at: TimestampMicrosecondArray = lines
        .iter()
        .map(|line| Some(line.audit.at.timestamp_micros()))
        .collect();
    let columns: Vec<ArrayRef> = vec![
        Arc::new(lines.iter().map(|line| line.id).collect::<Int64Array>()),
        Arc::new(at.with_timezone("UTC")),
        text(|line| &line.audit.actor),
        text(|line| &line.audit.action),
        text(|line| &line.audit.subject),
        text(|line| &line.audit.detail),
    ];
    RecordBatch::try_new(schema(), columns).expect("columns are laid out by the schema")
}
