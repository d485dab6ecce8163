//! Single rows of the lake, and some columns of one file.

use std::collections::{BTreeSet, HashSet};

use arrow_array::RecordBatch;
use arrow_select::concat::concat_batches;
use arrow_select::filter::filter_record_batch;
use deltalake::datafusion::prelude::{SessionConfig, SessionContext, col, lit};

use deltalake::Path as ObjectPath;
use deltalake::logstore::object_store::{Error as ObjectStoreError, ObjectStoreExt};
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use parquet::errors::ParquetError;

use super::change::row_ids;
use super::{LakeTable, LiveFile, delta_error, rows_error};
use crate::schema::{MONTH, ROW_ID, ROW_NUMBER_BITS};
use crate::{LakeError, rows_schema};

impl LakeTable {
    /// The rows with these ids, as far as they are here. Only files of their months are looked into, and of these only the
    /// pages that hold one of the rows are read whole.
    pub(crate) async fn rows(&self, mut row_ids: Vec<i64>) -> Result<RecordBatch, LakeError> {
        row_ids.sort_unstable();
        row_ids.dedup();
        let wanted: HashSet<i64> = row_ids.iter().copied().collect();
        let failed = |source| rows_error(self.table, source);
        let months: BTreeSet<i32> = row_ids
            .iter()
            .filter_map(|row_id| i32::try_from(row_id >> ROW_NUMBER_BITS).ok())
            .collect();
        let mut config = SessionConfig::new().with_target_partitions(1);
        config.options_mut().execution.parquet.pushdown_filters = true;
        let frame = SessionContext::new_with_config(config)
            .read_table(self.provider().await?)
            .map_err(failed)?
            .filter(col(MONTH).in_list(months.into_iter().map(lit).collect(), false))
            .and_then(|frame| {
                frame.filter(col(ROW_ID).in_list(row_ids.into_iter().map(lit).collect(), false))
            })
            .map_err(failed)?;
        let read = frame.collect().await.map_err(failed);
        let batches = match read {
            Ok(batches) => batches
                .iter()
                .map(|rows| self.in_schema(rows))
                .collect::<Result<Vec<_>, _>>()?,
            Err(error) => {
                tracing::error!(table = %self.table, %error, "rows_read_file_by_file");
                self.rows_by_file(&wanted).await?
            }
        };
        concat_batches(&rows_schema(self.table), &batches)
            .map_err(|source| rows_error(self.table, source.into()))
    }

    /// [`LakeTable::rows`] without what is in files that cannot be read.
    async fn rows_by_file(&self, row_ids: &HashSet<i64>) -> Result<Vec<RecordBatch>, LakeError> {
        let mut all = Vec::new();
        for (file, wanted) in self.files_with(row_ids)? {
            match self.rows_of_file(&file, &wanted).await {
                Ok(rows) => all.extend(rows),
                Err(error @ LakeError::Unreadable { .. }) => {
                    tracing::error!(%error, "rows_lost");
                }
                Err(error) => return Err(error),
            }
        }
        Ok(all)
    }

    async fn rows_of_file(
        &self,
        file: &LiveFile,
        wanted: &HashSet<i64>,
    ) -> Result<Vec<RecordBatch>, LakeError> {
        let bytes = self.bytes_of(file).await?;
        self.rows_in(file, bytes, None)?
            .map(|rows| {
                let rows = rows?;
                let is = row_ids(&rows).iter().map(|id| Some(wanted.contains(id)));
                filter_record_batch(&rows, &is.collect())
                    .map_err(|source| rows_error(self.table, source.into()))
            })
            .collect()
    }

    /// The rows of one file, these columns only.
    pub(crate) async fn file_rows(
        &self,
        path: &str,
        columns: &[&str],
    ) -> Result<Vec<RecordBatch>, LakeError> {
        let stored = |source: ObjectStoreError| delta_error(self.table, source.into());
        let bytes = self
            .delta
            .object_store()
            .get(&ObjectPath::parse(path).map_err(|source| stored(source.into()))?)
            .await
            .map_err(stored)?
            .bytes()
            .await
            .map_err(stored)?;
        let unreadable = |source: ParquetError| rows_error(self.table, source.into());
        let builder = ParquetRecordBatchReaderBuilder::try_new(bytes).map_err(unreadable)?;
        let wanted = ProjectionMask::columns(builder.parquet_schema(), columns.iter().copied());
        builder
            .with_projection(wanted)
            .build()
            .map_err(unreadable)?
            .collect::<Result<_, _>>()
            .map_err(|source| rows_error(self.table, source.into()))
    }
}
