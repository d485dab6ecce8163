//! The journal: the durable log of accepted rows, and beside it what was refused.
//!
//! SQLite in WAL mode with `synchronous = FULL`: when a transaction is committed it is on disk. One row of `journal` is the
//! accepted rows of one table in one group commit, as an Arrow IPC stream.

mod gone;
mod progress;
mod repair;
mod waiting;

use std::path::Path;
use std::time::Duration;

use arrow_array::RecordBatch;
use arrow_ipc::reader::StreamReader;
use arrow_ipc::writer::{IpcWriteOptions, StreamWriter};
use arrow_schema::ArrowError;
use rusqlite::{Connection, ErrorCode, OpenFlags, OptionalExtension, params};
use xxhash_rust::xxh3::xxh3_64;

use crate::abort::reached;
use crate::schema::in_todays_columns;
use crate::{JournalError, Refused, Table};

pub(crate) use gone::Erasure;
pub(crate) use progress::FileDone;
pub(crate) use waiting::StepChanges;

/// The journal's file, open.
#[derive(Debug)]
pub(crate) struct Journal {
    connection: Connection,
}

/// A refused row as it is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RejectedRow {
    /// Its number, growing with arrival.
    pub id: i64,
    /// The row, its reason and where it came from.
    pub refused: Refused,
}

impl Journal {
    /// Opens the journal for writing and makes it when it is not there.
    pub(crate) fn open(path: &Path) -> Result<Self, JournalError> {
        let connection = Connection::open(path)?;
        // Of a new file: an entry is a few large pages instead of many small ones.
        connection.pragma_update(None, "page_size", PAGE_BYTES)?;
        connection.pragma_update(None, "journal_mode", "WAL")?;
        connection.pragma_update(None, "synchronous", "FULL")?;
        connection.busy_timeout(BUSY)?;
        connection.pragma_update(None, "wal_autocheckpoint", CHECKPOINT_PAGES)?;
        connection.execute_batch(include_str!("journal.sql"))?;
        // Written by a version that did not know these.
        for (table, column, how) in [
            ("journal", "sum", "INTEGER"),
            ("erased", "mask", "INTEGER NOT NULL DEFAULT 0"),
        ] {
            let there = "SELECT count(*) FROM pragma_table_info(?1) WHERE name = ?2";
            if connection.query_row(there, [table, column], |row| row.get::<_, i64>(0))? == 0 {
                connection
                    .execute_batch(&format!("ALTER TABLE {table} ADD COLUMN {column} {how}"))?;
            }
        }
        Ok(Self { connection })
    }

    /// Opens the journal for reading, also while another process writes to it. Everything read through it is of one moment.
    pub(crate) fn open_read_only(path: &Path) -> Result<Self, JournalError> {
        match Self::read_at(path) {
            // SQLite wants to write a file beside it. Where nobody can, nobody changes it either.
            Err(JournalError::Sqlite(error)) if cannot_write(&error) && !has_wal(path) => {
                let path = std::path::absolute(path).unwrap_or_else(|_same| path.to_owned());
                match url::Url::from_file_path(&path) {
                    Ok(url) => Self::read_at(Path::new(&format!("{url}?immutable=1"))),
                    Err(()) => Err(error.into()),
                }
            }
            opened => opened,
        }
    }

    fn read_at(path: &Path) -> Result<Self, JournalError> {
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY
            | OpenFlags::SQLITE_OPEN_NO_MUTEX
            | OpenFlags::SQLITE_OPEN_URI;
        let connection = Connection::open_with_flags(path, flags)?;
        connection.busy_timeout(BUSY)?;
        connection.execute_batch("BEGIN")?;
        connection.query_row("SELECT count(*) FROM sqlite_schema", [], |_| Ok(()))?;
        Ok(Self { connection })
    }

    /// Writes the accepted rows of each table and the refused rows in one transaction; durable when it returns.
    ///
    /// # Errors
    /// Nothing of the group is kept when the disk is full or the directory cannot be written.
    pub(crate) fn commit(
        &mut self,
        accepted: &[(Table, RecordBatch)],
        refused: &[Refused],
        steps: &StepChanges,
    ) -> Result<Vec<u64>, JournalError> {
        let encoded = accepted
            .iter()
            .map(|(table, rows)| Ok((*table, encode(rows)?)))
            .collect::<Result<Vec<_>, JournalError>>()?;
        let transaction = self.connection.transaction()?;
        let mut seqs = Vec::with_capacity(encoded.len());
        {
            let mut insert = transaction
                .prepare_cached("INSERT INTO journal (tbl, ipc, sum) VALUES (?1, ?2, ?3)")?;
            for (table, ipc) in &encoded {
                insert.execute(params![table.as_str(), ipc, sum_of(ipc)])?;
                seqs.push(transaction.last_insert_rowid().cast_unsigned());
            }
            let mut insert = transaction.prepare_cached(include_str!("insert_rejected.sql"))?;
            for row in refused {
                insert.execute(params![
                    row.received_at.timestamp_micros(),
                    row.source,
                    row.profile,
                    row.index.cast_signed(),
                    row.refusal.field,
                    row.refusal.value,
                    row.refusal.rule,
                    row.refusal.message,
                    row.raw,
                ])?;
            }
        }
        steps.write(&transaction)?;
        reached("before journal commit");
        transaction.commit()?;
        reached("after journal commit");
        Ok(seqs)
    }

    /// The newest sequence number ever given, 0 when none was.
    pub(crate) fn last_seq(&self) -> Result<u64, JournalError> {
        let seq: Option<i64> = self
            .connection
            .query_row(
                "SELECT seq FROM sqlite_sequence WHERE name = 'journal'",
                [],
                |row| row.get(0),
            )
            .optional()?;
        Ok(seq.unwrap_or(0).cast_unsigned())
    }

    /// The accepted rows of `table` after `seq`, in order: one batch for each group commit.
    ///
    /// # Errors
    /// [`JournalError::Damaged`] names the first entry that is not as it was written.
    pub(crate) fn after(&self, table: Table, seq: u64) -> Result<Vec<RecordBatch>, JournalError> {
        let mut select = self.connection.prepare(
            "SELECT seq, ipc, sum FROM journal WHERE tbl = ?1 AND seq > ?2 ORDER BY seq",
        )?;
        let mut rows = select.query(params![table.as_str(), seq.cast_signed()])?;
        let mut entries = Vec::new();
        while let Some(row) = rows.next()? {
            let seq: i64 = row.get(0)?;
            let ipc = row.get_ref(1)?.as_blob().map_err(rusqlite::Error::from)?;
            let decoded = decode(ipc, row.get(2)?).and_then(|rows| {
                rows.iter()
                    .map(|rows| in_todays_columns(table, rows))
                    .collect::<Result<Vec<_>, _>>()
            });
            entries.extend(decoded.map_err(|source| JournalError::Damaged {
                seq: seq.cast_unsigned(),
                table: table.to_string(),
                source,
            })?);
        }
        Ok(entries)
    }

    /// Forgets the entries of `table` up to `seq`: they are in the lake.
    pub(crate) fn trim(&mut self, table: Table, seq: u64) -> Result<(), JournalError> {
        self.connection.execute(
            "DELETE FROM journal WHERE tbl = ?1 AND seq <= ?2",
            params![table.as_str(), seq.cast_signed()],
        )?;
        Ok(())
    }

    /// Refused rows after number `after`, at most `limit`, in order of arrival.
    pub(crate) fn rejected(
        &self,
        after: i64,
        limit: usize,
    ) -> Result<Vec<RejectedRow>, JournalError> {
        let mut select = self
            .connection
            .prepare(include_str!("select_rejected.sql"))?;
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        let rows = select.query_map(params![after, limit], rejected_row)?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// Forgets refused rows by number; rows that are not there are no error.
    pub(crate) fn forget_rejected(&mut self, ids: &[i64]) -> Result<(), JournalError> {
        let transaction = self.connection.transaction()?;
        for id in ids {
            transaction
                .prepare_cached("DELETE FROM rejected WHERE id = ?1")?
                .execute([id])?;
        }
        Ok(transaction.commit()?)
    }
}

fn cannot_write(error: &rusqlite::Error) -> bool {
    matches!(
        error.sqlite_error_code(),
        Some(ErrorCode::CannotOpen | ErrorCode::ReadOnly)
    )
}

/// Are there entries beside the file?
fn has_wal(path: &Path) -> bool {
    let mut wal = path.as_os_str().to_owned();
    wal.push("-wal");
    std::fs::metadata(wal).is_ok_and(|wal| wal.len() > 0)
}

const PAGE_BYTES: u32 = 16_384;
/// The WAL is copied into the file when it has so many pages (16 MiB).
const CHECKPOINT_PAGES: u32 = 1_024;
/// How long a statement waits for another process's lock on the file.
const BUSY: Duration = Duration::from_secs(10);

fn encode(rows: &RecordBatch) -> Result<Vec<u8>, JournalError> {
    // Alignment 8 instead of 64: single records come in small batches, and padding would be most of them.
    let options = IpcWriteOptions::try_new(8, false, arrow_ipc::MetadataVersion::V5)?;
    let mut writer = StreamWriter::try_new_with_options(Vec::new(), rows.schema_ref(), options)?;
    writer.write(rows)?;
    Ok(writer.into_inner()?)
}

/// The rows of an entry. `sum` is none in entries of a version that did not know sums.
fn decode(ipc: &[u8], sum: Option<i64>) -> Result<Vec<RecordBatch>, ArrowError> {
    if sum.is_some_and(|sum| sum != sum_of(ipc)) {
        let reason = "its sum is wrong".to_owned();
        return Err(ArrowError::IpcError(reason));
    }
    StreamReader::try_new(ipc, None)?.collect()
}

fn sum_of(ipc: &[u8]) -> i64 {
    xxh3_64(ipc).cast_signed()
}

fn rejected_row(row: &rusqlite::Row<'_>) -> rusqlite::Result<RejectedRow> {
    let micros: i64 = row.get("received_at")?;
    let index: i64 = row.get("row_index")?;
    let refusal = citybrain_model::Refusal {
        field: row.get::<_, String>("field")?.into(),
        value: row.get("value")?,
        rule: row.get::<_, String>("rule")?.into(),
        message: row.get("message")?,
    };
    let refused = Refused {
        source: row.get("source")?,
        profile: row.get("profile")?,
        index: index.cast_unsigned(),
        raw: row.get("raw")?,
        refusal,
        received_at: chrono::DateTime::from_timestamp_micros(micros).unwrap_or_default(),
    };
    Ok(RejectedRow {
        id: row.get("id")?,
        refused,
    })
}
