//! The lake's files one by one: which there are, new ones written aside, and an exchange of all of them at once.

use std::num::NonZeroU64;
use std::path::PathBuf;
use std::sync::Arc;

use deltalake::Path as ObjectPath;
use deltalake::datafile::writer::{DeltaWriter, WriterConfig};
use deltalake::kernel::transaction::CommitProperties;
use deltalake::kernel::{Add, Remove, Transaction};
use deltalake::logstore::object_store::prefix::PrefixStore;
use deltalake::operations::write::WriterStatsConfig;
use deltalake::protocol::{DeltaOperation, SaveMode};
use serde::Deserialize;

use super::{FILE_BYTES, LakeTable, delta_error, writer_properties};
use crate::LakeError;
use crate::schema::MONTH;

/// A file that the table consists of.
#[derive(Debug, Clone)]
pub(crate) struct LiveFile {
    /// Relative to the table's folder; never used for another content.
    pub(crate) path: String,
    /// The partition: months since January 1970, UTC.
    pub(crate) month: i32,
    /// Its size, bytes.
    pub(crate) bytes: u64,
    /// Its rows, when its statistics say so.
    pub(crate) rows: Option<u64>,
    /// The least and the greatest `row_id`, when its statistics say so.
    pub(crate) row_ids: Option<[i64; 2]>,
    pub(super) remove: Remove,
}

/// What is used of a file's statistics.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Stats {
    num_records: Option<u64>,
    min_values: Range,
    max_values: Range,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Range {
    row_id: Option<i64>,
}

/// Names the boundaries by which a table's records are placed: the application transaction counts how often they were replaced.
const BOUNDARIES: &str = "citybrain-boundaries";
/// Where files lie until they become the table's; Delta's readers look into no folder whose name begins so.
pub(super) const ASIDE: &str = "_replace";

impl LakeTable {
    /// Goes back to `version`, if one is named.
    pub(crate) async fn keep_to(&mut self, version: Option<u64>) -> Result<(), LakeError> {
        let Some(version) = version else {
            return Ok(());
        };
        let loaded = self.delta.load_version(version).await;
        loaded.map_err(|source| delta_error(self.table, source))
    }

    /// Goes back to the newest version that holds no row after `seq`.
    pub(crate) async fn keep_to_seq(&mut self, seq: u64) -> Result<(), LakeError> {
        while self.version() > 0 && self.journal_position().await? > seq {
            self.keep_to(Some(self.version() - 1)).await?;
        }
        Ok(())
    }

    /// This version's number.
    pub(crate) fn version(&self) -> u64 {
        self.delta.version().unwrap_or(0)
    }

    /// How often the records of this version were placed anew.
    pub(crate) async fn generation(&self) -> Result<i64, LakeError> {
        Ok(self.transaction(BOUNDARIES).await?.unwrap_or(0))
    }

    /// The table's files, in order of month and name.
    pub(crate) fn files(&self) -> Result<Vec<LiveFile>, LakeError> {
        let failed = |source| delta_error(self.table, source);
        let snapshot = self.delta.snapshot().map_err(failed)?;
        let mut files = Vec::new();
        for view in snapshot.log_data().iter() {
            let path = view.path().into_owned();
            let foreign = |reason| LakeError::Foreign {
                path: PathBuf::from(&path),
                reason,
            };
            let remove = view.remove_action(true);
            if remove.deletion_vector.is_some() {
                return Err(foreign("some of its rows are deleted by another engine"));
            }
            let values = view.partition_values_map();
            let month = values.get(MONTH).and_then(|month| month.as_deref());
            let month = month.and_then(|month| month.parse().ok());
            let month = month.ok_or_else(|| foreign("does not say which month it holds"))?;
            let stats: Stats = view
                .stats()
                .and_then(|stats| serde_json::from_str(&stats).ok())
                .unwrap_or_default();
            files.push(LiveFile {
                month,
                bytes: u64::try_from(view.size()).unwrap_or(0),
                rows: stats.num_records,
                row_ids: stats
                    .min_values
                    .row_id
                    .zip(stats.max_values.row_id)
                    .map(Into::into),
                path,
                remove,
            });
        }
        files.sort_by(|a, b| (a.month, &a.path).cmp(&(b.month, &b.path)));
        Ok(files)
    }

    /// A writer of files that are not the table's yet.
    pub(crate) fn writer_aside(&self) -> Result<DeltaWriter, LakeError> {
        let store = PrefixStore::new(self.delta.object_store(), ObjectPath::from(ASIDE));
        Ok(DeltaWriter::new(Arc::new(store), self.writer_config()?))
    }

    /// How files of the table are written.
    pub(super) fn writer_config(&self) -> Result<WriterConfig, LakeError> {
        let failed = |source| delta_error(self.table, source);
        let snapshot = self.delta.snapshot().map_err(failed)?.snapshot();
        let stats = WriterStatsConfig::from_config(snapshot.table_configuration());
        Ok(WriterConfig::new(
            Arc::clone(&self.schema),
            vec![MONTH.to_owned()],
            Some(writer_properties(self.table, &self.schema)),
            NonZeroU64::new(FILE_BYTES),
            None,
            stats.num_indexed_cols,
            stats.stats_columns,
        ))
    }

    /// Exchanges the files `old`, which are all that this version has, for `new`: one atomic commit that carries `generation`.
    pub(crate) async fn exchange(
        &mut self,
        old: Vec<LiveFile>,
        new: Vec<Add>,
        generation: i64,
    ) -> Result<(), LakeError> {
        let removed = old.into_iter().map(|file| file.remove).collect();
        let properties = CommitProperties::default()
            .with_application_transaction(Transaction::new(BOUNDARIES, generation));
        let operation = DeltaOperation::Write {
            mode: SaveMode::Overwrite,
            partition_by: Some(vec![MONTH.to_owned()]),
            predicate: None,
        };
        self.commit_files(new, removed, operation, properties).await
    }
}
