//! Reading the lake's files one by one.

use std::sync::Arc;

use arrow_array::{ArrayRef, Int32Array, RecordBatch, new_null_array};
use arrow_cast::cast;
use arrow_schema::ArrowError;
use deltalake::Path as ObjectPath;
use deltalake::logstore::object_store::{Error as ObjectStoreError, ObjectStoreExt};
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use parquet::errors::ParquetError;

use super::{LakeTable, LiveFile, delta_error, rows_error};
use crate::schema::MONTH;
use crate::{LakeError, Table, rows_schema};

/// Rows that are in memory at a time, beside the file's bytes.
const BATCH_ROWS: usize = 16_384;

pub(crate) type FileBytes = bytes::Bytes;

impl LakeTable {
    /// The bytes of a file.
    pub(crate) async fn bytes_of(&self, file: &LiveFile) -> Result<FileBytes, LakeError> {
        let failed = |source| match source {
            ObjectStoreError::NotFound { .. } => LakeError::Unreadable {
                table: self.table.as_str(),
                path: file.path.clone(),
                source: Box::new(ParquetError::External(Box::new(source))),
            },
            other => delta_error(self.table, deltalake::DeltaTableError::from(other)),
        };
        let path =
            ObjectPath::parse(&file.path).unwrap_or_else(|_| ObjectPath::from(file.path.as_str()));
        let store = self.delta.object_store();
        let answer = store.get(&path).await.map_err(failed)?;
        answer.bytes().await.map_err(failed)
    }

    /// The rows of a file, in their order and in the types of the table's schema; or some columns of it, as they are.
    pub(crate) fn rows_in(
        &self,
        file: &LiveFile,
        bytes: FileBytes,
        columns: Option<&[&str]>,
    ) -> Result<impl Iterator<Item = Result<RecordBatch, LakeError>> + use<>, LakeError> {
        let (table, month, path) = (self.table, file.month, file.path.clone());
        let unreadable = move |source: ParquetError| LakeError::Unreadable {
            table: table.as_str(),
            path: path.clone(),
            source: Box::new(source),
        };
        let mut builder = ParquetRecordBatchReaderBuilder::try_new(bytes)
            .map_err(&unreadable)?
            .with_batch_size(BATCH_ROWS);
        let some = columns.is_some();
        if let Some(columns) = columns {
            let mask = ProjectionMask::columns(builder.parquet_schema(), columns.iter().copied());
            builder = builder.with_projection(mask);
        }
        let batches = builder.build().map_err(&unreadable)?;
        Ok(batches.map(move |rows| {
            let rows = rows.map_err(|source| unreadable(source.into()))?;
            if some {
                return Ok(rows);
            }
            in_schema(table, &rows, month).map_err(|source| rows_error(table, source.into()))
        }))
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
