//! Upkeep of a table: small files become well-sized ones, and files that are no longer the table's are removed.
//!
//! Neither changes what is read. A compaction is one commit; ended before it, it leaves files that no version names, and vacuum
//! removes them later. Readers of earlier versions have their files for as long as vacuum is told to keep them.

use std::collections::BTreeMap;
use std::time::Duration;

use arrow_select::concat::concat_batches;
use deltalake::kernel::transaction::CommitProperties;
use deltalake::operations::vacuum::VacuumMode;
use deltalake::protocol::DeltaOperation;

use super::{FILE_BYTES, LakeTable, LiveFile, delta_error, rows_error};
use crate::abort::reached;
use crate::seal::by_month;
use crate::{LakeError, Table, rows_schema};

/// A month with so many small files is compacted.
const SMALL_FILES: usize = 8;

/// Rows of a file after which it is left alone; the rows of one compaction are in memory, twice while they are sorted.
const fn full_rows(table: Table) -> u64 {
    match table {
        Table::Complaints | Table::ComplaintEvents => 500_000,
        Table::Observations => 1_000_000,
    }
}

impl LakeTable {
    /// Makes one file of some small ones; false when there are none.
    pub(crate) async fn compact_some(&mut self) -> Result<bool, LakeError> {
        let Some(files) = self.compaction()? else {
            return Ok(false);
        };
        match self.compact(files).await {
            Err(LakeError::Unreadable { path, .. }) => self.quarantine(&path).await?,
            compacted => compacted?,
        }
        Ok(true)
    }

    /// Small files of one month that should become one: the smallest ones of the month that has the most.
    fn compaction(&self) -> Result<Option<Vec<LiveFile>>, LakeError> {
        let full = full_rows(self.table);
        let mut months: BTreeMap<i32, Vec<LiveFile>> = BTreeMap::new();
        for file in self.files()? {
            if file.rows.is_some_and(|rows| rows < full / 2) && file.bytes < FILE_BYTES / 2 {
                months.entry(file.month).or_default().push(file);
            }
        }
        let most = months.into_values().max_by_key(Vec::len);
        let mut small = most
            .filter(|small| small.len() >= SMALL_FILES)
            .unwrap_or_default();
        small.sort_by_key(|file| file.rows);
        let (mut rows, mut bytes) = (0, 0);
        let fits = small
            .iter()
            .take_while(|file| {
                rows += file.rows.unwrap_or(0);
                bytes += file.bytes;
                rows <= full && bytes <= FILE_BYTES
            })
            .count();
        small.truncate(fits);
        Ok((small.len() >= 2).then_some(small))
    }

    /// Writes the rows of `files`, which are of one month, into one file. Every answer stays as it is.
    async fn compact(&mut self, files: Vec<LiveFile>) -> Result<(), LakeError> {
        let table = self.table;
        let failed = |source| delta_error(table, source);
        let mut batches = Vec::new();
        for file in &files {
            let bytes = self.bytes_of(file).await?;
            for rows in self.rows_in(file, bytes, None)? {
                batches.push(rows?);
            }
        }
        let rows = concat_batches(&rows_schema(table), &batches)
            .and_then(|rows| {
                batches.clear();
                by_month(table, &rows)
            })
            .map_err(|source| rows_error(table, source.into()))?;
        let mut writer = self.writer()?;
        for rows in &rows {
            writer.write(rows).await.map_err(failed)?;
            reached("compaction parquet");
        }
        let mut adds = writer.close().await.map_err(failed)?;
        reached("compaction written");
        for add in &mut adds {
            add.data_change = false;
        }
        let removes = files.into_iter().map(|file| {
            let mut remove = file.remove;
            remove.data_change = false;
            remove
        });
        let operation = DeltaOperation::Optimize {
            predicate: None,
            target_size: FILE_BYTES.cast_signed(),
        };
        self.commit_files(
            adds,
            removes.collect(),
            operation,
            CommitProperties::default(),
        )
        .await?;
        reached("compaction committed");
        Ok(())
    }

    /// Removes files that are no longer the table's for longer than `keep`, and files that never became the table's and are older
    /// than that; and what its log says of them.
    pub(crate) async fn vacuum(&mut self, keep: Duration) -> Result<(), LakeError> {
        let failed = |source| delta_error(self.table, source);
        let for_long = chrono::TimeDelta::from_std(keep).unwrap_or(chrono::TimeDelta::MAX);
        reached("before vacuum");
        let (delta, _) = self
            .delta
            .clone()
            .vacuum()
            .with_mode(VacuumMode::Full)
            .with_retention_period(for_long)
            .with_enforce_retention_duration(false)
            .await
            .map_err(failed)?;
        reached("after vacuum");
        self.delta = delta;
        self.make_durable(&[]).await?;
        self.forget_log(keep).await
    }
}
