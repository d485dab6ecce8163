//! The lake's files one by one: which there are, new ones written aside, and an exchange of all of them at once.

use std::num::NonZeroU64;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use deltalake::datafile::writer::{DeltaWriter, WriterConfig};
use deltalake::kernel::transaction::{CommitBuilder, CommitProperties};
use deltalake::kernel::{Action, Add, Remove, Transaction};
use deltalake::logstore::object_store::prefix::PrefixStore;
use deltalake::operations::write::WriterStatsConfig;
use deltalake::protocol::{DeltaOperation, SaveMode};
use deltalake::{DeltaTableError, Path as ObjectPath};

use super::{FILE_BYTES, LakeTable, delta_error, writer_properties};
use crate::schema::MONTH;
use crate::{LakeError, rows_schema};

/// A file that the table consists of.
#[derive(Debug, Clone)]
pub(crate) struct LiveFile {
    /// Relative to the table's folder; never used for another content.
    pub(crate) path: String,
    /// The partition: months since January 1970, UTC.
    pub(crate) month: i32,
    remove: Remove,
}

/// Names the boundaries by which a table's records are placed: the application transaction counts how often they were replaced.
const BOUNDARIES: &str = "citybrain-boundaries";
/// Where files lie until they become the table's; Delta's readers look into no folder whose name begins so.
const ASIDE: &str = "_replace";

impl LakeTable {
    /// Goes back to `version`, if one is named.
    pub(crate) async fn keep_to(&mut self, version: Option<u64>) -> Result<(), LakeError> {
        let Some(version) = version else {
            return Ok(());
        };
        let loaded = self.delta.load_version(version).await;
        loaded.map_err(|source| delta_error(self.table, source))
    }

    /// This version's number.
    pub(crate) fn version(&self) -> u64 {
        self.delta.version().unwrap_or(0)
    }

    /// How often the records of this version were placed anew.
    pub(crate) async fn generation(&self) -> Result<i64, LakeError> {
        let failed = |source| delta_error(self.table, source);
        let snapshot = self.delta.snapshot().map_err(failed)?;
        let log = self.delta.log_store();
        let generation = snapshot.transaction_version(log.as_ref(), BOUNDARIES).await;
        Ok(generation.map_err(failed)?.unwrap_or(0))
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
            files.push(LiveFile {
                path,
                month,
                remove,
            });
        }
        files.sort_by(|a, b| (a.month, &a.path).cmp(&(b.month, &b.path)));
        Ok(files)
    }

    /// A writer of files that are not the table's yet.
    pub(crate) fn writer_aside(&self) -> Result<DeltaWriter, LakeError> {
        let failed = |source| delta_error(self.table, source);
        let snapshot = self.delta.snapshot().map_err(failed)?.snapshot();
        let stats = WriterStatsConfig::from_config(snapshot.table_configuration());
        let config = WriterConfig::new(
            rows_schema(self.table),
            vec![MONTH.to_owned()],
            Some(writer_properties()),
            NonZeroU64::new(FILE_BYTES),
            None,
            stats.num_indexed_cols,
            stats.stats_columns,
        );
        let store = PrefixStore::new(self.delta.object_store(), ObjectPath::from(ASIDE));
        Ok(DeltaWriter::new(Arc::new(store), config))
    }

    /// Where files that are not the table's yet lie, in the table's `folder`.
    pub(crate) fn aside(folder: &Path) -> PathBuf {
        folder.join(ASIDE)
    }

    /// Exchanges the files `old`, which are all that this version has, for `new`: one atomic commit that carries `generation`.
    pub(crate) async fn exchange(
        &mut self,
        old: Vec<LiveFile>,
        new: Vec<Add>,
        generation: i64,
    ) -> Result<(), LakeError> {
        let failed = |source: DeltaTableError| delta_error(self.table, source);
        let removed = old.into_iter().map(|file| Action::Remove(file.remove));
        let actions = removed.chain(new.into_iter().map(Action::Add)).collect();
        let properties = CommitProperties::default()
            .with_application_transaction(Transaction::new(BOUNDARIES, generation));
        let operation = DeltaOperation::Write {
            mode: SaveMode::Overwrite,
            partition_by: Some(vec![MONTH.to_owned()]),
            predicate: None,
        };
        let state = self.delta.snapshot().map_err(failed)?;
        CommitBuilder::from(properties)
            .with_actions(actions)
            .build(Some(state), self.delta.log_store(), operation)
            .await
            .map_err(failed)?;
        Ok(())
    }
}
