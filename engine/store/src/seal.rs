//! Sealing: hot rows become sorted Parquet in the lake.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::types::{Int32Type, Int64Type};
use arrow_array::{
    Array, ArrayRef, BooleanArray, Int32Array, Int64Array, RecordBatch, new_null_array,
};
use arrow_ord::sort::{SortColumn, lexsort_to_indices};
use arrow_schema::{ArrowError, DataType, Field, Schema};
use arrow_select::concat::concat_batches;
use arrow_select::filter::filter_record_batch;
use arrow_select::take::take_record_batch;
use deltalake::datafusion::error::DataFusionError;
use deltalake::datafusion::prelude::SessionContext;

use crate::lake::{LakeTable, REPLACED, REPLACED_MONTH, rows_error};
use crate::schema::{MONTH, ROW_ID, ROW_NUMBER_BITS, SUPERSEDES};
use crate::{LakeError, Table, rows_schema};

/// Moves the hot rows of one table, all up to journal position `position`, into the lake in one commit.
///
/// Complaints: only the latest state of each goes in, in the place of the state that the lake has. Events and observations
/// append, superseded rows too: the history keeps both.
pub(crate) async fn seal(
    lake: &mut LakeTable,
    table: Table,
    hot: &[RecordBatch],
    position: u64,
) -> Result<(), LakeError> {
    let failed = |source: ArrowError| rows_error(table, DataFusionError::from(source));
    let rows = concat_batches(&rows_schema(table), hot).map_err(failed)?;
    if table != Table::Complaints {
        return lake
            .append(by_month(table, &rows).map_err(failed)?, position)
            .await;
    }
    let (rows, replaced) = latest(&rows).map_err(failed)?;
    if replaced.null_count() == replaced.len() {
        return lake
            .append(by_month(table, &rows).map_err(failed)?, position)
            .await;
    }
    let source = with_replaced(&rows, replaced).map_err(failed)?;
    let source = sorted(table, &source).map_err(failed)?;
    let source = SessionContext::new()
        .read_batch(source)
        .map_err(|source| rows_error(table, source))?;
    lake.merge(source, position).await
}

/// The rows that no other hot row replaces, and for each the lake row that it stands for (null when it is new). In the lake
/// nothing is superseded, so their `supersedes` is null.
fn latest(rows: &RecordBatch) -> Result<(RecordBatch, Int64Array), ArrowError> {
    let row_id = rows[ROW_ID].as_primitive::<Int64Type>();
    let supersedes = rows[SUPERSEDES].as_primitive::<Int64Type>();
    let replaced: HashSet<i64> = supersedes.iter().flatten().collect();
    let before: HashMap<i64, i64> = row_id
        .values()
        .iter()
        .zip(supersedes)
        .filter_map(|(&row, old)| Some((row, old?)))
        .collect();
    let hot: HashSet<i64> = row_id.values().iter().copied().collect();
    // Follow each chain of hot states back to the lake, or to nothing when its first state was hot too.
    let root = |row: i64| {
        let mut oldest = row;
        while let Some(&old) = before.get(&oldest) {
            oldest = old;
        }
        (!hot.contains(&oldest)).then_some(oldest)
    };
    let keep: BooleanArray = row_id
        .values()
        .iter()
        .map(|row| Some(!replaced.contains(row)))
        .collect();
    let roots: Int64Array = row_id
        .values()
        .iter()
        .filter(|row| !replaced.contains(row))
        .map(|&row| root(row))
        .collect();
    let kept = filter_record_batch(rows, &keep)?;
    let cleared = new_null_array(&DataType::Int64, kept.num_rows());
    let columns = kept
        .schema_ref()
        .fields()
        .iter()
        .zip(kept.columns())
        .map(|(field, column)| {
            Arc::clone(if field.name() == SUPERSEDES {
                &cleared
            } else {
                column
            })
        });
    Ok((
        RecordBatch::try_new(kept.schema(), columns.collect())?,
        roots,
    ))
}

fn with_replaced(rows: &RecordBatch, replaced: Int64Array) -> Result<RecordBatch, ArrowError> {
    let months: Int32Array = replaced
        .iter()
        .map(|row| row.and_then(|row| i32::try_from(row >> ROW_NUMBER_BITS).ok()))
        .collect();
    let mut fields: Vec<Arc<Field>> = rows.schema_ref().fields().iter().cloned().collect();
    fields.push(Arc::new(Field::new(REPLACED, DataType::Int64, true)));
    fields.push(Arc::new(Field::new(REPLACED_MONTH, DataType::Int32, true)));
    let mut columns: Vec<ArrayRef> = rows.columns().to_vec();
    columns.push(Arc::new(replaced));
    columns.push(Arc::new(months));
    RecordBatch::try_new(Arc::new(Schema::new(fields)), columns)
}

fn sorted(table: Table, rows: &RecordBatch) -> Result<RecordBatch, ArrowError> {
    let order: Vec<SortColumn> = std::iter::once(MONTH)
        .chain(table.sort_columns().iter().copied())
        .map(|name| SortColumn {
            values: Arc::clone(&rows[name]),
            options: None,
        })
        .collect();
    take_record_batch(rows, &lexsort_to_indices(&order, None)?)
}

/// Sorted rows, one batch a month, so that the partition writer never holds two months open.
fn by_month(table: Table, rows: &RecordBatch) -> Result<Vec<RecordBatch>, ArrowError> {
    let rows = sorted(table, rows)?;
    let months = rows[MONTH].as_primitive::<Int32Type>().values();
    let mut batches = Vec::new();
    let mut start = 0;
    for chunk in months.chunk_by(|a, b| a == b) {
        batches.push(rows.slice(start, chunk.len()));
        start += chunk.len();
    }
    Ok(batches)
}
