//! Erasure: every trace of one complaint leaves the table, and then its history.

use std::collections::HashSet;
use std::time::Duration;

use arrow_array::RecordBatch;
use arrow_array::cast::AsArray;
use arrow_array::types::Int64Type;
use deltalake::checkpoints::{cleanup_expired_logs_for, create_checkpoint};
use deltalake::datafusion::prelude::{SessionContext, col, lit};
use deltalake::kernel::transaction::CommitProperties;
use deltalake::logstore::object_store::{Error as ObjectStoreError, ObjectStoreExt};
use deltalake::protocol::DeltaOperation;
use deltalake::{DeltaTableBuilder, Path as ObjectPath};

use super::{LakeTable, delta_error, rows_error};
use crate::schema::ROW_ID;
use crate::{LakeError, Table};

impl LakeTable {
    /// Takes the rows of the complaint (`source`, `id`) out of the table, in one commit; gives how many there were. Earlier
    /// versions have them still, until [`LakeTable::vacuum`].
    pub(crate) async fn erase(&mut self, source: &str, id: &str) -> Result<usize, LakeError> {
        let rows = self.rows_of(source, id).await?;
        if rows.is_empty() {
            return Ok(0);
        }
        let change = loop {
            match self.prepare(&[], &rows).await {
                Err(LakeError::Unreadable { path, .. }) => self.quarantine(&path).await?,
                prepared => break prepared?,
            }
        };
        let erased = change.taken.iter().map(RecordBatch::num_rows).sum();
        let operation = DeltaOperation::Delete { predicate: None };
        let properties = CommitProperties::default();
        self.commit_files(change.adds, change.removes, operation, properties)
            .await?;
        Ok(erased)
    }

    /// The ids of the rows that tell of a complaint.
    pub(super) async fn rows_of(&self, source: &str, id: &str) -> Result<HashSet<i64>, LakeError> {
        let failed = |source| rows_error(self.table, source);
        let named = match self.table {
            Table::Complaints => "id",
            Table::ComplaintEvents => "complaint",
            Table::Observations => return Ok(HashSet::new()),
        };
        let frame = SessionContext::new()
            .read_table(self.provider().await?)
            .and_then(|frame| {
                frame.filter(col("source").eq(lit(source)).and(col(named).eq(lit(id))))
            })
            .and_then(|frame| frame.select_columns(&[ROW_ID]))
            .map_err(failed)?;
        let batches = frame.collect().await.map_err(failed)?;
        let ids = batches
            .iter()
            .flat_map(|rows| rows[ROW_ID].as_primitive::<Int64Type>().values().iter());
        Ok(ids.copied().collect())
    }

    /// Makes a checkpoint of this version and removes the entries of the log that are older than `keep` and that no version within it
    /// needs: they name files that are gone, with the least and greatest values in them.
    pub(super) async fn forget_log(&mut self, keep: Duration) -> Result<(), LakeError> {
        let failed = |source| delta_error(self.table, source);
        if let Err(error) = create_checkpoint(&self.delta, None).await {
            // There may be one of this version already.
            tracing::debug!(table = %self.table, %error, "no_checkpoint_made");
        }
        self.make_durable(&[]).await?;
        // The store's own clock: it also dates the entries.
        let newest = ObjectPath::from("_delta_log/_last_checkpoint");
        let head = match self.delta.object_store().head(&newest).await {
            Err(ObjectStoreError::NotFound { .. }) => return Ok(()),
            head => head,
        };
        let now = head.map_err(|source| failed(source.into()))?.last_modified;
        let keep = chrono::TimeDelta::from_std(keep).unwrap_or(chrono::TimeDelta::MAX);
        let before = now.checked_sub_signed(keep).unwrap_or(now);
        let log = self.delta.log_store();
        let version = self.version();
        let before = before.timestamp_millis();
        let removed = cleanup_expired_logs_for(version, log.as_ref(), before, None)
            .await
            .map_err(failed)?;
        if removed > 0 {
            // The state in memory would look into entries that are gone, also after an update.
            let url = self.delta.table_url().clone();
            let mut anew = DeltaTableBuilder::from_url(url)
                .and_then(DeltaTableBuilder::build)
                .map_err(failed)?;
            anew.load().await.map_err(failed)?;
            self.delta = anew;
        }
        Ok(())
    }
}
