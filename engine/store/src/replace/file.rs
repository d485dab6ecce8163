//! One file of the lake, read and written again with other places.

use std::collections::HashSet;
use std::fs::File;
use std::path::Path;
use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::types::Int64Type;
use arrow_array::{ArrayRef, Int32Array, RecordBatch, new_null_array};
use arrow_cast::cast;
use arrow_schema::ArrowError;
use citybrain_grid::City;
use deltalake::kernel::Add;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use parquet::errors::ParquetError;

use super::changes::{Changes, Largest, compare};
use super::place_again::{areas_under, with_areas};
use crate::lake::{LakeTable, LiveFile, delta_error, rows_error};
use crate::schema::{MONTH, ROW_ID};
use crate::{LakeError, Table, rows_schema};

/// Rows that are in memory at a time, beside the row group that is being written.
const BATCH_ROWS: usize = 16_384;

/// What is the same for all files of a table.
#[derive(Debug)]
pub(super) struct Rewriting<'a> {
    pub(super) lake: &'a LakeTable,
    /// The table's folder.
    pub(super) folder: &'a Path,
    pub(super) to: &'a City,
    pub(super) largest: Largest,
    /// Rows that later rows replace: they are placed like all others, but nobody reads them, so they are not counted.
    pub(super) superseded: &'a HashSet<i64>,
}

impl Rewriting<'_> {
    /// Writes the rows of `file`, in their order and with their new areas, into files aside; these are on disk when it
    /// returns.
    pub(super) async fn write(&self, file: &LiveFile) -> Result<(Vec<Add>, Changes), LakeError> {
        let table = self.lake.table();
        let failed = |source: ArrowError| rows_error(table, source.into());
        let unreadable = |source: ParquetError| rows_error(table, source.into());
        let path = self.folder.join(&file.path);
        let source = File::open(&path).map_err(|source| LakeError::Io {
            path: path.clone(),
            source,
        })?;
        let batches = ParquetRecordBatchReaderBuilder::try_new(source)
            .and_then(|builder| builder.with_batch_size(BATCH_ROWS).build())
            .map_err(unreadable)?;
        let mut writer = self.lake.writer_aside()?;
        let mut changes = Changes::default();
        for rows in batches {
            let rows = rows
                .and_then(|rows| in_schema(table, &rows, file.month))
                .map_err(failed)?;
            let areas = areas_under(self.to, table, &rows).map_err(failed)?;
            let ids = rows[ROW_ID].as_primitive::<Int64Type>().values();
            let read = |row: usize| !self.superseded.contains(&ids[row]);
            changes = changes.and(compare(&rows, &areas, self.largest, read));
            let rows = with_areas(&rows, &areas).map_err(failed)?;
            let written = writer.write(&rows).await;
            written.map_err(|source| delta_error(table, source))?;
        }
        let adds = writer.close().await;
        let adds = adds.map_err(|source| delta_error(table, source))?;
        for add in &adds {
            let path = LakeTable::aside(self.folder).join(&add.path);
            File::open(&path)
                .and_then(|file| file.sync_all())
                .map_err(|source| LakeError::Io { path, source })?;
        }
        Ok((adds, changes))
    }
}

/// Rows of a file in the types of the table's schema. The partition column stands in no file; a column that is younger than the
/// file is empty.
fn in_schema(table: Table, rows: &RecordBatch, month: i32) -> Result<RecordBatch, ArrowError> {
    let schema = rows_schema(table);
    let columns = schema.fields().iter().map(|field| {
        if field.name() == MONTH {
            let months: ArrayRef = Arc::new(Int32Array::from(vec![month; rows.num_rows()]));
            return Ok(months);
        }
        match rows.column_by_name(field.name()) {
            Some(column) => cast(column, field.data_type()),
            None => Ok(new_null_array(field.data_type(), rows.num_rows())),
        }
    });
    let columns = columns.collect::<Result<_, _>>()?;
    RecordBatch::try_new(schema, columns)
}
