//! A change of a table: rows that come in and rows that go, in one atomic commit.
//!
//! Rows go by their `row_id`: a file that holds some is written again without them. Only files of their months whose range of row
//! ids meets theirs are read.

use std::collections::{BTreeMap, HashSet};

use arrow_array::cast::AsArray;
use arrow_array::types::Int64Type;
use arrow_array::{BooleanArray, RecordBatch};
use arrow_schema::ArrowError;
use arrow_select::filter::filter_record_batch;
use deltalake::Path as ObjectPath;
use deltalake::datafile::writer::DeltaWriter;
use deltalake::kernel::transaction::{CommitBuilder, CommitProperties};
use deltalake::kernel::{Action, Add, Remove};
use deltalake::logstore::object_store::{Error as ObjectStoreError, ObjectStoreExt};
use deltalake::protocol::{DeltaOperation, SaveMode};

use super::{LakeTable, LiveFile, at_position, delta_error, rows_error};
use crate::LakeError;
use crate::abort::reached;
use crate::schema::{MONTH, ROW_ID, ROW_NUMBER_BITS, with_types};

/// Where copies of damaged files are kept; Delta's readers look into no folder whose name begins so.
const QUARANTINE: &str = "_quarantine";

/// Says which rows of a batch are meant.
pub(super) type Mark<'a> = &'a (dyn Fn(&RecordBatch) -> Result<BooleanArray, ArrowError> + Sync);

/// Files that are written and not the table's yet.
#[derive(Debug, Default)]
pub(crate) struct Change {
    pub(super) adds: Vec<Add>,
    pub(super) removes: Vec<Remove>,
    /// The rows that go, as they are in the lake.
    pub(crate) taken: Vec<RecordBatch>,
}

impl LakeTable {
    /// Writes the files of a change: `rows` come in, the rows whose ids are in `gone` go. Nothing is the table's before
    /// [`LakeTable::commit`].
    pub(crate) async fn prepare(
        &self,
        rows: &[RecordBatch],
        gone: &HashSet<i64>,
    ) -> Result<Change, LakeError> {
        let failed = |source| delta_error(self.table, source);
        let mut change = Change::default();
        let mut writer = self.writer()?;
        for rows in rows {
            writer.write(rows).await.map_err(failed)?;
            reached("parquet");
        }
        change.adds = writer.close().await.map_err(failed)?;
        for (file, gone) in self.files_with(gone)? {
            let goes = |rows: &RecordBatch| {
                let goes = row_ids(rows).iter().map(|id| Some(gone.contains(id)));
                Ok(goes.collect())
            };
            self.take_out(&file, &[ROW_ID], &goes, &mut change).await?;
        }
        Ok(change)
    }

    /// Which rows of `ids` the table has.
    pub(crate) async fn which_of(&self, ids: &HashSet<i64>) -> Result<HashSet<i64>, LakeError> {
        let mut there = HashSet::new();
        for (file, ids) in self.files_with(ids)? {
            let bytes = self.bytes_of(&file).await?;
            for rows in self.rows_in(&file, bytes, Some(&[ROW_ID]))? {
                there.extend(row_ids(&rows?).iter().filter(|id| ids.contains(id)));
            }
        }
        Ok(there)
    }

    /// The files that may hold rows of `gone`, and which.
    pub(super) fn files_with(
        &self,
        gone: &HashSet<i64>,
    ) -> Result<Vec<(LiveFile, HashSet<i64>)>, LakeError> {
        if gone.is_empty() {
            return Ok(Vec::new());
        }
        let mut months: BTreeMap<i32, Vec<i64>> = BTreeMap::new();
        for &row_id in gone {
            let month = i32::try_from(row_id >> ROW_NUMBER_BITS).unwrap_or(i32::MAX);
            months.entry(month).or_default().push(row_id);
        }
        let of_file = |file: LiveFile| {
            let ids = months.get(&file.month)?.iter().copied();
            let [first, last] = file.row_ids.unwrap_or([i64::MIN, i64::MAX]);
            let ids: HashSet<i64> = ids.filter(|id| (first..=last).contains(id)).collect();
            (!ids.is_empty()).then_some((file, ids))
        };
        Ok(self.files()?.into_iter().filter_map(of_file).collect())
    }

    /// Writes a file again without the rows that `goes` marks by `columns`, if it holds any of them.
    pub(super) async fn take_out(
        &self,
        file: &LiveFile,
        columns: &[&str],
        goes: Mark<'_>,
        change: &mut Change,
    ) -> Result<(), LakeError> {
        let unmarked = |source: ArrowError| rows_error(self.table, source.into());
        let bytes = self.bytes_of(file).await?;
        let mut held = false;
        for rows in self.rows_in(file, bytes.clone(), Some(columns))? {
            let rows = with_types(self.table, &rows?).map_err(unmarked)?;
            held = held || goes(&rows).map_err(unmarked)?.true_count() > 0;
        }
        if !held {
            return Ok(());
        }
        let failed = |source| delta_error(self.table, source);
        let mut writer = self.writer()?;
        let mut kept = 0;
        for rows in self.rows_in(file, bytes, None)? {
            let rows = rows?;
            let goes = goes(&rows).map_err(unmarked)?;
            if goes.true_count() == 0 {
                kept += rows.num_rows();
                writer.write(&rows).await.map_err(failed)?;
                continue;
            }
            let split = |mask: &BooleanArray| filter_record_batch(&rows, mask).map_err(unmarked);
            change.taken.push(split(&goes)?);
            let stays = split(&goes.iter().map(|goes| goes.map(|goes| !goes)).collect())?;
            kept += stays.num_rows();
            writer.write(&stays).await.map_err(failed)?;
        }
        let adds = writer.close().await.map_err(failed)?;
        if kept > 0 {
            change.adds.extend(adds);
        }
        change.removes.push(file.remove.clone());
        Ok(())
    }

    /// Makes a change the table's, in one atomic commit that carries the journal position. When it returns the change is on
    /// disk; when it fails the table is as it was.
    pub(crate) async fn commit(&mut self, change: Change, position: u64) -> Result<(), LakeError> {
        let operation = if change.removes.is_empty() {
            DeltaOperation::Write {
                mode: SaveMode::Append,
                partition_by: Some(vec![MONTH.to_owned()]),
                predicate: None,
            }
        } else {
            DeltaOperation::Update { predicate: None }
        };
        let written: Vec<ObjectPath> = change
            .adds
            .iter()
            .map(|add| ObjectPath::from(add.path.as_str()))
            .collect();
        let committed = self
            .commit_files(
                change.adds,
                change.removes,
                operation,
                at_position(position),
            )
            .await;
        let Err(error) = committed else {
            return Ok(());
        };
        // The commit may have come through and only what follows it failed.
        let failed = |source| delta_error(self.table, source);
        self.delta.update_state().await.map_err(failed)?;
        if self.journal_position().await? < position {
            // A full disk is not to fill up with what was tried.
            for path in &written {
                self.delta.object_store().delete(path).await.ok();
            }
            return Err(error);
        }
        tracing::warn!(table = %self.table, position, %error, "after_commit_failed");
        self.make_durable(&[]).await
    }

    /// One atomic commit of files that come and files that go.
    pub(super) async fn commit_files(
        &mut self,
        adds: Vec<Add>,
        removes: Vec<Remove>,
        operation: DeltaOperation,
        properties: CommitProperties,
    ) -> Result<(), LakeError> {
        let failed = |source| delta_error(self.table, source);
        self.make_durable(&adds).await?;
        reached("before lake commit");
        let actions = removes
            .into_iter()
            .map(Action::Remove)
            .chain(adds.into_iter().map(Action::Add))
            .collect();
        let state = self.delta.snapshot().map_err(failed)?;
        let committed = CommitBuilder::from(properties)
            .with_actions(actions)
            .build(Some(state), self.delta.log_store(), operation)
            .await
            .map_err(failed)?;
        self.delta.state = Some(committed.snapshot());
        self.make_durable(&[]).await?;
        reached("after lake commit");
        Ok(())
    }

    /// Takes a file that cannot be read out of the table, so that the rest is served; a copy of it stays in the table's folder
    /// [`QUARANTINE`] for whoever can read more of it.
    pub(crate) async fn quarantine(&mut self, path: &str) -> Result<(), LakeError> {
        let failed = |source| delta_error(self.table, source);
        let Some(file) = self.files()?.into_iter().find(|file| file.path == path) else {
            return Ok(());
        };
        let name = path.replace('/', "-");
        let copy = ObjectPath::from(QUARANTINE).join(name);
        let store = self.delta.object_store();
        match store.copy(&ObjectPath::from(path), &copy).await {
            Ok(()) | Err(ObjectStoreError::NotFound { .. }) => {}
            Err(source) => return Err(failed(source.into())),
        }
        tracing::error!(table = %self.table, path, rows = file.rows, "lake_file_quarantined");
        let operation = DeltaOperation::Delete { predicate: None };
        self.quarantined = true;
        self.commit_files(
            vec![],
            vec![file.remove],
            operation,
            CommitProperties::default(),
        )
        .await
    }

    /// Reads every file and takes those out that cannot be read; gives how many.
    pub(crate) async fn put_damaged_aside(&mut self) -> Result<usize, LakeError> {
        let mut aside = 0;
        for file in self.files()? {
            let read = async {
                let bytes = self.bytes_of(&file).await?;
                self.rows_in(&file, bytes, None)?
                    .try_for_each(|rows| rows.map(|_| ()))
            };
            match read.await {
                Err(LakeError::Unreadable { path, .. }) => {
                    self.quarantine(&path).await?;
                    aside += 1;
                }
                read => read?,
            }
        }
        Ok(aside)
    }

    /// Was a file taken out of the table since this was asked last?
    pub(crate) const fn take_quarantined(&mut self) -> bool {
        std::mem::replace(&mut self.quarantined, false)
    }

    /// A writer of files in the table's folder.
    pub(super) fn writer(&self) -> Result<DeltaWriter, LakeError> {
        Ok(DeltaWriter::new(
            self.delta.object_store(),
            self.writer_config()?,
        ))
    }
}

pub(super) fn row_ids(rows: &RecordBatch) -> &[i64] {
    rows[ROW_ID].as_primitive::<Int64Type>().values()
}
