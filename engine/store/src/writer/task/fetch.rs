//! Rows of the lake that a batch changes: read beside the writer's work, so that other batches do not wait for them.

use std::sync::Arc;

use arrow_array::RecordBatch;
use tokio::task::JoinError;

use super::{Append, Message, WriterTask, answer};
use crate::fold::Rows;
use crate::{AppendError, IndexError, LakeError, Table, rows_schema};

impl WriterTask {
    /// The rows that a batch changes and that are neither in memory nor fetched.
    pub(super) fn missing(&mut self, append: &mut Append) -> Result<Vec<i64>, IndexError> {
        let mut changed = self.admitter.changed_by(&mut append.placed)?;
        let complaints = &self.tables[Table::Complaints.index()];
        let fetched = append.fetched.as_ref();
        changed.retain(|&row_id| {
            complaints.find(row_id).is_none()
                && fetched.is_none_or(|rows| !rows.contains(row_id))
                // What the lake did not have when it was asked went for good.
                && !append.asked.contains(&row_id)
        });
        append.asked.extend(&changed);
        Ok(changed)
    }

    /// Reads rows of the lake; their batches come back with them.
    pub(super) fn fetch(&mut self, batches: Vec<Append>, row_ids: Vec<i64>) {
        let lake = self.tables[Table::Complaints.index()].lake();
        self.fetching.spawn(async move {
            let rows = match lake {
                Some(lake) => lake.rows(row_ids).await,
                None => Ok(RecordBatch::new_empty(rows_schema(Table::Complaints))),
            };
            (batches, rows)
        });
    }

    /// Goes on with batches whose changed rows have been read.
    pub(super) fn fetched(
        &mut self,
        done: Result<(Vec<Append>, Result<RecordBatch, LakeError>), JoinError>,
    ) {
        // A task that panicked dropped its batches: their senders are told that the store is closed.
        let done = done.inspect_err(|error| tracing::error!(%error, "fetch_panicked"));
        let Ok((batches, read)) = done else {
            return;
        };
        match read {
            Ok(rows) => {
                let mut fetched = Rows::default();
                fetched.add(rows);
                let fetched = Arc::new(fetched);
                let mut messages = Vec::with_capacity(batches.len());
                for mut append in batches {
                    append.fetched = Some(Arc::clone(&fetched));
                    messages.push(Message::Append(append));
                }
                self.turn(&mut messages);
            }
            Err(error) => {
                tracing::error!(%error, "changed_rows_not_read");
                let error = Arc::new(error);
                for append in batches {
                    answer(append.reply, Err(AppendError::Lake(Arc::clone(&error))));
                }
            }
        }
    }
}
