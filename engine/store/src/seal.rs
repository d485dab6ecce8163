//! Sealing: hot rows become sorted Parquet in the lake.

use std::collections::HashSet;
use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::types::{Int32Type, Int64Type};
use arrow_array::{ArrayRef, BooleanArray, RecordBatch, UInt64Array, new_null_array};
use arrow_row::{RowConverter, SortField};
use arrow_schema::{ArrowError, DataType};
use arrow_select::concat::concat_batches;
use arrow_select::filter::filter_record_batch;
use arrow_select::take::take_record_batch;
use deltalake::datafusion::error::DataFusionError;

use crate::lake::{LakeTable, rows_error};
use crate::schema::{MONTH, ROW_ID, SUPERSEDES};
use crate::{LakeError, Table, rows_schema};

/// Moves the hot rows of one table, all up to journal position `position`, into the lake in one commit.
///
/// Only the latest state of each record goes in, in the place of the state that the lake has: `superseded` are the ids of the
/// rows, hot or in the lake, that later rows replace. Replaced observations are kept in a table beside: the history has both.
pub(crate) async fn seal(
    lake: &mut LakeTable,
    hot: &[RecordBatch],
    superseded: &HashSet<i64>,
    position: u64,
) -> Result<(), LakeError> {
    let table = lake.table();
    let failed = |source: ArrowError| rows_error(table, DataFusionError::from(source));
    let rows = concat_batches(&rows_schema(table), hot).map_err(failed)?;
    let (latest, replaced, in_lake) = split(&rows, superseded).map_err(failed)?;
    let latest = by_month(table, &latest).map_err(failed)?;
    let mut change = loop {
        match lake.prepare(&latest, &in_lake).await {
            // Without the rows that are lost already, everything else can go on.
            Err(LakeError::Unreadable { path, .. }) => lake.quarantine(&path).await?,
            prepared => break prepared?,
        }
    };
    if table == Table::Observations {
        let mut corrected = std::mem::take(&mut change.taken);
        corrected.extend((replaced.num_rows() > 0).then_some(replaced));
        keep_corrected(lake, &corrected, position).await?;
    }
    lake.commit(change, position).await
}

/// A sealing that failed: one whose commit came through all the same, when the storage did not answer any more, is known by its
/// position.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Tried {
    /// The journal position that its commit was to carry.
    pub(crate) position: u64,
    /// So many of the first hot rows were in it.
    pub(crate) rows: usize,
}

/// [`seal`] after attempts that failed: rows that one of them brought into the lake do not go in again.
pub(crate) async fn seal_again(
    lake: &mut LakeTable,
    hot: &[RecordBatch],
    superseded: &HashSet<i64>,
    position: u64,
    tried: &[Tried],
) -> Result<(), LakeError> {
    if tried.is_empty() {
        return seal(lake, hot, superseded, position).await;
    }
    lake.refresh().await?;
    let there = lake.journal_position().await?;
    let through = tried.iter().find(|tried| tried.position == there);
    let rest = without_first(hot, through.map_or(0, |tried| tried.rows));
    if rest.is_empty() {
        return Ok(());
    }
    seal(lake, &rest, superseded, position).await
}

/// The rows after the first `count`.
fn without_first(batches: &[RecordBatch], mut count: usize) -> Vec<RecordBatch> {
    let mut rest = Vec::with_capacity(batches.len());
    for rows in batches {
        let out = count.min(rows.num_rows());
        count -= out;
        if out < rows.num_rows() {
            rest.push(rows.slice(out, rows.num_rows() - out));
        }
    }
    rest
}

/// Adds replaced observations to the table of corrected ones. A seal that was cut off after this comes here again: what is there
/// already is left out.
async fn keep_corrected(
    lake: &LakeTable,
    corrected: &[RecordBatch],
    position: u64,
) -> Result<(), LakeError> {
    if corrected.is_empty() {
        return Ok(());
    }
    let table = lake.table();
    let failed = |source: ArrowError| rows_error(table, DataFusionError::from(source));
    let Some(mut beside) = lake.corrected(true).await? else {
        return Ok(());
    };
    let rows = concat_batches(&rows_schema(table), corrected).map_err(failed)?;
    let ids = rows[ROW_ID].as_primitive::<Int64Type>().values();
    let there = beside.which_of(&ids.iter().copied().collect()).await?;
    let new: BooleanArray = ids.iter().map(|id| Some(!there.contains(id))).collect();
    let rows = filter_record_batch(&rows, &new).map_err(failed)?;
    if rows.num_rows() == 0 {
        return Ok(());
    }
    let rows = by_month(table, &rows).map_err(failed)?;
    let change = beside.prepare(&rows, &HashSet::new()).await?;
    beside.commit(change, position).await
}

/// The rows that no later row replaces (in the lake nothing is superseded, so their `supersedes` is null), those that one does,
/// and the superseded ids that are not among `rows`: rows of the lake.
fn split(
    rows: &RecordBatch,
    superseded: &HashSet<i64>,
) -> Result<(RecordBatch, RecordBatch, HashSet<i64>), ArrowError> {
    let row_ids = rows[ROW_ID].as_primitive::<Int64Type>().values();
    let mut in_lake = superseded.clone();
    let stays: BooleanArray = row_ids.iter().map(|id| Some(!in_lake.remove(id))).collect();
    let goes: BooleanArray = stays
        .iter()
        .map(|stays| stays.map(|stays| !stays))
        .collect();
    let kept = if stays.true_count() == rows.num_rows() {
        rows.clone()
    } else {
        filter_record_batch(rows, &stays)?
    };
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
        filter_record_batch(rows, &goes)?,
        in_lake,
    ))
}

/// Rows as bytes that compare as their values do; a stable sort of these is quick where rows come in order already, as those of files
/// that become one do.
fn sorted(table: Table, rows: &RecordBatch) -> Result<RecordBatch, ArrowError> {
    let columns: Vec<ArrayRef> = std::iter::once(MONTH)
        .chain(table.sort_columns().iter().copied())
        .map(|name| Arc::clone(&rows[name]))
        .collect();
    let fields = columns
        .iter()
        .map(|column| SortField::new(column.data_type().clone()));
    let keys = RowConverter::new(fields.collect())?.convert_columns(&columns)?;
    let mut order: Vec<usize> = (0..rows.num_rows()).collect();
    order.sort_by(|a, b| keys.row(*a).cmp(&keys.row(*b)));
    let order: UInt64Array = order.into_iter().map(|row| row as u64).collect();
    take_record_batch(rows, &order)
}

/// Sorted rows, one batch a month, so that the partition writer never holds two months open.
pub(crate) fn by_month(table: Table, rows: &RecordBatch) -> Result<Vec<RecordBatch>, ArrowError> {
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
