//! The lake: one Delta Lake table for each record table, which any engine can read.
//!
//! A commit of rows carries the journal position up to which the table holds them (its application transaction), so a crash
//! between commit and trim is seen at the next start and nothing comes in twice.

mod aside;
mod change;
mod columns;
mod copy;
mod durable;
mod erase;
mod expire;
mod files;
mod hourly;
mod mask;
mod owner;
mod place;
mod point;
mod read;
mod upkeep;

use std::sync::Arc;

use arrow_array::RecordBatch;
use arrow_schema::{DataType, SchemaRef};
use deltalake::datafusion::catalog::TableProvider;
use deltalake::datafusion::execution::SendableRecordBatchStream;
use deltalake::datafusion::prelude::{SessionContext, col};
use deltalake::kernel::engine::arrow_conversion::TryIntoKernel;
use deltalake::kernel::transaction::CommitProperties;
use deltalake::kernel::{StructType, Transaction};
use deltalake::{DeltaTable, DeltaTableBuilder, DeltaTableError, TableProperty};
use parquet::basic::{Compression, Encoding, ZstdLevel};
use parquet::file::properties::WriterProperties;
use parquet::schema::types::ColumnPath;

use crate::schema::{MONTH, ROW_ID, SUPERSEDES, in_todays_columns};
use crate::{LakeError, Table, rows_schema};

/// One table of the lake at one version.
#[derive(Debug, Clone)]
pub(crate) struct LakeTable {
    table: Table,
    /// The place of the table and of those beside it.
    dir: LakeDir,
    /// Its columns.
    schema: SchemaRef,
    delta: DeltaTable,
    /// A damaged file was taken out of it.
    quarantined: bool,
}

/// The table of the values that later ones corrected, beside the tables of [`Table::ALL`]: the history keeps both, and whoever
/// reads `observations` with another engine counts each once.
pub(crate) const CORRECTED: &str = "observations_corrected";

pub(crate) use files::LiveFile;
pub(crate) use hourly::HOURLY;
pub(crate) use place::LakeDir;

const JOURNAL: &str = "citybrain-journal";

impl LakeTable {
    /// Opens the table at its newest version, and makes it when it is not there and `create` is true.
    pub(crate) async fn open(
        dir: &LakeDir,
        table: Table,
        create: bool,
    ) -> Result<Option<Self>, LakeError> {
        let pruning = table.pruning_columns();
        let schema = rows_schema(table);
        Self::open_named(dir, table.as_str(), table, schema, pruning, create).await
    }

    /// The table of corrected observations beside this one, made when it is not there and `create` is true.
    pub(crate) async fn corrected(&self, create: bool) -> Result<Option<Self>, LakeError> {
        let pruning = self.table.pruning_columns();
        let schema = rows_schema(self.table);
        Self::open_named(&self.dir, CORRECTED, self.table, schema, pruning, create).await
    }

    /// Opens a table of these columns that hangs together with `table`.
    async fn open_named(
        dir: &LakeDir,
        name: &str,
        table: Table,
        schema: SchemaRef,
        pruning: &[&str],
        create: bool,
    ) -> Result<Option<Self>, LakeError> {
        let failed = |source| delta_error(table, source);
        if let Some(folder) = dir.folder().map(|dir| dir.join(name)) {
            if create {
                std::fs::create_dir_all(&folder).map_err(|source| LakeError::Io {
                    path: folder.clone(),
                    source,
                })?;
            } else if !folder.join("_delta_log").is_dir() {
                return Ok(None);
            }
        }
        let mut made = false;
        let mut delta = DeltaTableBuilder::from_url(dir.table(name)?)
            .map_err(failed)?
            .build()
            .map_err(failed)?;
        if delta.verify_deltatable_existence().await.map_err(failed)? {
            delta.load().await.map_err(failed)?;
            if create {
                columns::bring_up_to_date(&mut delta, table, &schema).await?;
            }
        } else if create {
            made = true;
            let columns: StructType = schema
                .as_ref()
                .try_into_kernel()
                .map_err(|cause| failed(DeltaTableError::Arrow { source: cause }))?;
            delta = delta
                .create()
                .with_columns(columns.fields().cloned())
                .with_partition_columns([MONTH])
                .with_configuration_property(TableProperty::CheckpointInterval, Some("32"))
                .with_configuration_property(
                    TableProperty::DataSkippingStatsColumns,
                    Some(pruning.join(",")),
                )
                .await
                .map_err(failed)?;
        } else {
            return Ok(None);
        }
        let opened = Self {
            table,
            dir: dir.clone(),
            schema,
            delta,
            quarantined: false,
        };
        if made {
            opened.make_durable(&[]).await?;
        }
        Ok(Some(opened))
    }

    /// The journal position that the newest commit carries: every row up to it is here.
    pub(crate) async fn journal_position(&self) -> Result<u64, LakeError> {
        Ok(self
            .transaction(JOURNAL)
            .await?
            .unwrap_or(0)
            .cast_unsigned())
    }

    /// Goes on to the newest version.
    pub(crate) async fn refresh(&mut self) -> Result<(), LakeError> {
        let updated = self.delta.update_state().await;
        updated.map_err(|source| delta_error(self.table, source))
    }

    /// The number that an application transaction of this version carries.
    async fn transaction(&self, name: &str) -> Result<Option<i64>, LakeError> {
        let failed = |source| delta_error(self.table, source);
        let log = self.delta.log_store();
        let snapshot = self.delta.snapshot().map_err(failed)?;
        let number = snapshot.transaction_version(log.as_ref(), name).await;
        number.map_err(failed)
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

    /// Rows as a reader gives them (text may come as views) in the types of the table's schema.
    pub(crate) fn in_schema(&self, rows: &RecordBatch) -> Result<RecordBatch, LakeError> {
        in_todays_columns(self.table, rows).map_err(|source| rows_error(self.table, source.into()))
    }

    /// The `supersedes` column of the rows that replace others.
    pub(crate) async fn replacing(&self) -> Result<SendableRecordBatchStream, LakeError> {
        let failed = |source| rows_error(self.table, source);
        let frame = SessionContext::new()
            .read_table(self.provider().await?)
            .map_err(failed)?;
        frame
            .filter(col(SUPERSEDES).is_not_null())
            .and_then(|frame| frame.select_columns(&[SUPERSEDES]))
            .map_err(failed)?
            .execute_stream()
            .await
            .map_err(failed)
    }
}

/// Files of about this size are what every reader handles well.
const FILE_BYTES: u64 = 128 * 1024 * 1024;

fn at_position(position: u64) -> CommitProperties {
    CommitProperties::default()
        .with_application_transaction(Transaction::new(JOURNAL, position.cast_signed()))
}

/// How Parquet is written. Numbers that grow within a file (instants, row ids, and the cells and ids of complaints, whose files are
/// sorted by cell) are kept as differences; positions of complaints, each another, byte by byte apart. A dictionary, the
/// default, is best for what repeats: words, areas, and where a sensor stands.
fn writer_properties(table: Table, schema: &SchemaRef) -> WriterProperties {
    let mut properties = WriterProperties::builder()
        .set_compression(Compression::ZSTD(ZstdLevel::try_new(3).unwrap_or_default()))
        .set_max_row_group_row_count(Some(131_072));
    for field in schema.fields() {
        let complaint = table == Table::Complaints;
        let encoding = match (field.name().as_str(), field.data_type()) {
            (ROW_ID, _) | (_, DataType::Timestamp(..)) => Encoding::DELTA_BINARY_PACKED,
            ("cell", _) if complaint => Encoding::DELTA_BINARY_PACKED,
            ("lon" | "lat", _) if complaint => Encoding::BYTE_STREAM_SPLIT,
            ("id", _) if complaint => Encoding::DELTA_BYTE_ARRAY,
            _ => continue,
        };
        let column = ColumnPath::from(field.name().as_str());
        properties = properties
            .set_column_dictionary_enabled(column.clone(), false)
            .set_column_encoding(column, encoding);
    }
    properties.build()
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
