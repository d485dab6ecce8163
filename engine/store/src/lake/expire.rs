//! Retention: rows that are older than what is kept leave the table. Of observations their hours stay.
//!
//! Rows go in portions, each one commit. Of observations the hours of a portion are committed first, under its number, and then the
//! portion goes under the same number: ended in between, [`LakeTable::finish_expiry`] lets go what was counted already, and
//! nothing is counted twice.

use std::collections::HashSet;

use arrow_array::RecordBatch;
use deltalake::kernel::Transaction;
use deltalake::kernel::transaction::CommitProperties;
use deltalake::protocol::{DeltaOperation, SaveMode};

use super::change::Change;
use super::hourly::hours_of;
use super::{LakeTable, delta_error, rows_error};
use crate::abort::reached;
use crate::cutoffs::Cutoffs;
use crate::schema::MONTH;
use crate::{Expired, LakeError, Table};

/// Counts the portions that went; `observations_hourly` carries the same number.
const EXPIRY: &str = "citybrain-expiry";
/// A portion ends with the file that brings it to so many rows: they are in memory.
const PORTION_ROWS: usize = 1_000_000;

impl LakeTable {
    /// Takes out what is older than `cutoffs`. Rows in `superseded` are not counted into their hour: others replace them.
    pub(crate) async fn expire(
        &mut self,
        cutoffs: &Cutoffs,
        superseded: &HashSet<i64>,
    ) -> Result<Expired, LakeError> {
        let mut expired = Expired::default();
        loop {
            let portion = match self.portion(cutoffs).await {
                Err(LakeError::Unreadable { path, .. }) => {
                    self.quarantine(&path).await?;
                    continue;
                }
                portion => portion?,
            };
            if portion.removes.is_empty() {
                return Ok(expired);
            }
            let number = self.transaction(EXPIRY).await?.unwrap_or(0) + 1;
            if self.table == Table::Observations {
                expired.hours += self.keep_hours(&portion.taken, superseded, number).await?;
                reached("expiry hours");
            }
            expired.rows += portion
                .taken
                .iter()
                .map(RecordBatch::num_rows)
                .sum::<usize>();
            self.let_go(portion, number).await?;
            reached("expiry portion");
        }
    }

    /// Lets the portion go whose hours were committed when the work was ended.
    pub(crate) async fn finish_expiry(&mut self, cutoffs: &Cutoffs) -> Result<(), LakeError> {
        if self.table != Table::Observations {
            return Ok(());
        }
        let Some(hourly) = self.hourly(false).await? else {
            return Ok(());
        };
        let counted = hourly.transaction(EXPIRY).await?.unwrap_or(0);
        if counted > self.transaction(EXPIRY).await?.unwrap_or(0) {
            let portion = loop {
                match self.portion(cutoffs).await {
                    Err(LakeError::Unreadable { path, .. }) => self.quarantine(&path).await?,
                    portion => break portion?,
                }
            };
            tracing::info!(table = %self.table, counted, "expiry_finished");
            self.let_go(portion, counted).await?;
        }
        Ok(())
    }

    /// The hours that belong to this version of the table: not those of a portion that did not go yet.
    pub(crate) async fn hours(&self) -> Result<Option<Self>, LakeError> {
        let Some(mut hourly) = self.hourly(false).await? else {
            return Ok(None);
        };
        let gone = self.transaction(EXPIRY).await?.unwrap_or(0);
        while hourly.transaction(EXPIRY).await?.unwrap_or(0) > gone {
            let Some(before) = hourly.version().checked_sub(1) else {
                return Ok(None);
            };
            hourly.keep_to(Some(before)).await?;
        }
        Ok(Some(hourly))
    }

    /// The next files that hold rows older than `cutoffs`, written without them.
    async fn portion(&self, cutoffs: &Cutoffs) -> Result<Change, LakeError> {
        let mut portion = Change::default();
        let Some(last_month) = cutoffs.last_month() else {
            return Ok(portion);
        };
        let goes = |rows: &RecordBatch| Ok(cutoffs.mark(self.table, rows));
        let columns = ["source", self.table.time_column()];
        for file in self.files()? {
            if file.month <= last_month {
                self.take_out(&file, &columns, &goes, &mut portion).await?;
            }
            let taken: usize = portion.taken.iter().map(RecordBatch::num_rows).sum();
            if taken >= PORTION_ROWS {
                break;
            }
        }
        Ok(portion)
    }

    async fn keep_hours(
        &self,
        rows: &[RecordBatch],
        superseded: &HashSet<i64>,
        number: i64,
    ) -> Result<usize, LakeError> {
        let Some(mut hourly) = self.hourly(true).await? else {
            return Ok(0);
        };
        let hours =
            hours_of(rows, superseded).map_err(|source| rows_error(self.table, source.into()))?;
        let failed = |source| delta_error(self.table, source);
        let mut writer = hourly.writer()?;
        for hours in &hours {
            writer.write(hours).await.map_err(failed)?;
        }
        let adds = writer.close().await.map_err(failed)?;
        let operation = DeltaOperation::Write {
            mode: SaveMode::Append,
            partition_by: Some(vec![MONTH.to_owned()]),
            predicate: None,
        };
        hourly
            .commit_files(adds, vec![], operation, numbered(number))
            .await?;
        Ok(hours.iter().map(RecordBatch::num_rows).sum())
    }

    async fn let_go(&mut self, portion: Change, number: i64) -> Result<(), LakeError> {
        let operation = DeltaOperation::Delete { predicate: None };
        self.commit_files(portion.adds, portion.removes, operation, numbered(number))
            .await
    }
}

fn numbered(number: i64) -> CommitProperties {
    CommitProperties::default().with_application_transaction(Transaction::new(EXPIRY, number))
}
