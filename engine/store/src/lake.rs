//! The lake: one Delta Lake table for each record table, which any engine can read.
//!
//! A commit of rows carries the journal position up to which the table holds them (its application transaction), so a crash
//! between commit and trim is seen at the next start and nothing comes in twice.

mod files;

use std::num::NonZeroU64;
use std::path::Path;
use std::sync::Arc;

use arrow_array::RecordBatch;
use arrow_cast::cast;
use deltalake::datafusion::catalog::TableProvider;
use deltalake::datafusion::execution::SendableRecordBatchStream;
use deltalake::datafusion::prelude::{DataFrame, SessionContext, col};
use deltalake::kernel::engine::arrow_conversion::TryIntoKernel;
use deltalake::kernel::transaction::CommitProperties;
use deltalake::kernel::{StructType, Transaction};
use deltalake::protocol::SaveMode;
use deltalake::{DeltaTable, DeltaTableBuilder, DeltaTableError, TableProperty};
use parquet::basic::{Compression, ZstdLevel};
use parquet::file::properties::WriterProperties;
use url::Url;

use crate::schema::{MONTH, ROW_ID};
use crate::{LakeError, Table, rows_schema};

/// One table of the lake at one version.
#[derive(Debug, Clone)]
pub(crate) struct LakeTable {
    table: Table,
    delta: DeltaTable,
}

/// The column of a merge's source that names the lake row it replaces, and its month: null for new rows.
pub(crate) const REPLACED: &str = "replaced_row_id";
pub(crate) const REPLACED_MONTH: &str = "replaced_month";

pub(crate) use files::LiveFile;

const JOURNAL: &str = "citybrain-journal";

impl LakeTable {
    /// Opens the table at its newest version, and makes it when it is not there and `create` is true.
    pub(crate) async fn open(
        dir: &Path,
        table: Table,
        create: bool,
    ) -> Result<Option<Self>, LakeError> {
        let failed = |source| delta_error(table, source);
        let folder = dir.join(table.as_str());
        if create {
            std::fs::create_dir_all(&folder).map_err(|source| LakeError::Io {
                path: folder.clone(),
                source,
            })?;
        } else if !folder.join("_delta_log").is_dir() {
            return Ok(None);
        }
        let url = Url::from_directory_path(std::path::absolute(&folder).unwrap_or(folder.clone()))
            .map_err(|()| LakeError::Location(folder.display().to_string()))?;
        let mut delta = DeltaTableBuilder::from_url(url)
            .map_err(failed)?
            .build()
            .map_err(failed)?;
        if delta.verify_deltatable_existence().await.map_err(failed)? {
            delta.load().await.map_err(failed)?;
        } else if create {
            let schema: StructType = rows_schema(table)
                .as_ref()
                .try_into_kernel()
                .map_err(|cause| failed(DeltaTableError::Arrow { source: cause }))?;
            delta = delta
                .create()
                .with_columns(schema.fields().cloned())
                .with_partition_columns([MONTH])
                .with_configuration_property(TableProperty::CheckpointInterval, Some("32"))
                .await
                .map_err(failed)?;
        } else {
            return Ok(None);
        }
        Ok(Some(Self { table, delta }))
    }

    /// The journal position that the newest commit carries: every row up to it is here.
    pub(crate) async fn journal_position(&self) -> Result<u64, LakeError> {
        let failed = |source| delta_error(self.table, source);
        let log = self.delta.log_store();
        let position = self
            .delta
            .snapshot()
            .map_err(failed)?
            .transaction_version(log.as_ref(), JOURNAL)
            .await;
        Ok(position.map_err(failed)?.unwrap_or(0).cast_unsigned())
    }

    /// This version for queries.
    pub(crate) async fn provider(&self) -> Result<Arc<dyn TableProvider>, LakeError> {
        let provider = self
            .delta
            .table_provider()
            .build()
            .await
            .map_err(|source| rows_error(self.table, source))?;
        Ok(Arc::new(provider))
    }

    /// The table's name.
    pub(crate) const fn table(&self) -> Table {
        self.table
    }

    /// The rows of this version, `columns` only, a batch at a time.
    pub(crate) async fn stream(
        &self,
        columns: &[&str],
    ) -> Result<SendableRecordBatchStream, LakeError> {
        let failed = |source| rows_error(self.table, source);
        let frame = SessionContext::new()
            .read_table(self.provider().await?)
            .map_err(failed)?;
        frame
            .select_columns(columns)
            .map_err(failed)?
            .execute_stream()
            .await
            .map_err(failed)
    }

    /// Rows as a reader gives them (text may come as views) in the types of the table's schema.
    pub(crate) fn in_schema(&self, rows: &RecordBatch) -> Result<RecordBatch, LakeError> {
        let schema = rows_schema(self.table);
        let columns = schema
            .fields()
            .iter()
            .map(|field| cast(&rows[field.name()], field.data_type()));
        let columns = columns.collect::<Result<Vec<_>, _>>();
        columns
            .and_then(|columns| RecordBatch::try_new(schema, columns))
            .map_err(|source| rows_error(self.table, source.into()))
    }

    /// Adds rows in one atomic commit that carries the journal position.
    pub(crate) async fn append(
        &mut self,
        rows: Vec<RecordBatch>,
        position: u64,
    ) -> Result<(), LakeError> {
        let write = self
            .delta
            .clone()
            .write(rows)
            .with_save_mode(SaveMode::Append)
            .with_partition_columns([MONTH])
            .with_target_file_size(NonZeroU64::new(FILE_BYTES))
            .with_writer_properties(writer_properties())
            .with_commit_properties(at_position(position));
        self.delta = write
            .await
            .map_err(|source| delta_error(self.table, source))?;
        Ok(())
    }

    /// Replaces the lake rows named by [`REPLACED`] and adds the others, in one atomic commit that carries the journal
    /// position. Only files of the months named by [`REPLACED_MONTH`] are read.
    pub(crate) async fn merge(
        &mut self,
        source: DataFrame,
        position: u64,
    ) -> Result<(), LakeError> {
        let failed = |source| delta_error(self.table, source);
        let schema = rows_schema(self.table);
        let names: Vec<&str> = schema
            .fields()
            .iter()
            .map(|field| field.name().as_str())
            .collect();
        let same_row = col(target(MONTH))
            .eq(col(from_source(REPLACED_MONTH)))
            .and(col(target(ROW_ID)).eq(col(from_source(REPLACED))));
        let merge = self
            .delta
            .clone()
            .merge(source, same_row)
            .with_source_alias("source")
            .with_target_alias("target")
            .with_writer_properties(writer_properties())
            .with_commit_properties(at_position(position))
            .when_matched_update(|update| {
                names.iter().fold(update, |update, name| {
                    update.update(*name, col(from_source(name)))
                })
            })
            .map_err(failed)?
            .when_not_matched_insert(|insert| {
                names.iter().fold(insert, |insert, name| {
                    insert.set(*name, col(from_source(name)))
                })
            })
            .map_err(failed)?;
        let (delta, _metrics) = merge.await.map_err(failed)?;
        self.delta = delta;
        Ok(())
    }
}

/// Files of about this size are what every reader handles well.
const FILE_BYTES: u64 = 128 * 1024 * 1024;

fn target(name: &str) -> String {
    format!("target.{name}")
}

fn from_source(name: &str) -> String {
    format!("source.{name}")
}

fn at_position(position: u64) -> CommitProperties {
    CommitProperties::default()
        .with_application_transaction(Transaction::new(JOURNAL, position.cast_signed()))
}

fn writer_properties() -> WriterProperties {
    WriterProperties::builder()
        .set_compression(Compression::ZSTD(ZstdLevel::try_new(3).unwrap_or_default()))
        .set_max_row_group_row_count(Some(131_072))
        .build()
}

pub(crate) fn delta_error(table: Table, source: DeltaTableError) -> LakeError {
    LakeError::Delta {
        table: table.as_str(),
        source: Box::new(source),
    }
}

pub(crate) fn rows_error(
    table: Table,
    source: deltalake::datafusion::error::DataFusionError,
) -> LakeError {
    LakeError::Rows {
        table: table.as_str(),
        source: Box::new(source),
    }
}
