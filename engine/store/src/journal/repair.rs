//! A damaged journal: what can be read is kept, what cannot is named and put aside.

use std::fs;
use std::path::{Path, PathBuf};

use rusqlite::{Connection, ErrorCode, OptionalExtension, params};

use super::{Journal, decode};
use crate::JournalError;

impl Journal {
    /// Opens the journal for writing as [`Journal::open`] does, and puts right what is damaged: an entry that is not as it was
    /// written goes to the table `damaged`; when SQLite cannot read the file, every entry that it can still give is
    /// copied to a new one, and the old one stays beside it under a name that says so. Each loss is told in the log.
    ///
    /// True when something was damaged: records may be missing then, and the index of identities must not be relied on.
    pub(crate) fn open_repaired(path: &Path) -> Result<(Self, bool), JournalError> {
        let whole = Self::open(path).and_then(|mut journal| {
            let damaged = journal.put_damaged_aside()?;
            Ok((journal, damaged))
        });
        match whole {
            Err(JournalError::Sqlite(error)) if is_damage(&error) => {
                tracing::error!(path = %path.display(), %error, "journal_damaged");
                let mut journal = salvage(path)?;
                journal.put_damaged_aside()?;
                Ok((journal, true))
            }
            other => other,
        }
    }

    fn put_damaged_aside(&mut self) -> Result<bool, JournalError> {
        let mut damaged = Vec::new();
        {
            let mut select = self
                .connection
                .prepare("SELECT seq, ipc, sum, tbl FROM journal ORDER BY seq")?;
            let mut rows = select.query([])?;
            while let Some(row) = rows.next()? {
                let ipc = row.get_ref(1)?.as_blob().map_err(rusqlite::Error::from)?;
                if let Err(reason) = decode(ipc, row.get(2)?) {
                    let seq: i64 = row.get(0)?;
                    let table: String = row.get(3)?;
                    tracing::error!(seq, %table, %reason, "journal_entry_damaged");
                    damaged.push((seq, reason.to_string()));
                }
            }
        }
        let transaction = self.connection.transaction()?;
        for (seq, reason) in &damaged {
            transaction.execute(
                "INSERT OR REPLACE INTO damaged (seq, tbl, ipc, reason) \
                 SELECT seq, tbl, ipc, ?2 FROM journal WHERE seq = ?1",
                params![seq, reason],
            )?;
            transaction.execute("DELETE FROM journal WHERE seq = ?1", [seq])?;
        }
        transaction.commit()?;
        Ok(!damaged.is_empty())
    }
}

fn is_damage(error: &rusqlite::Error) -> bool {
    matches!(
        error.sqlite_error_code(),
        Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase)
    )
}

/// Most sequence numbers that are asked for one by one.
const TRIES: i64 = 10_000_000;

/// A new journal with every entry, refused row and sequence number that the damaged one still gives.
fn salvage(path: &Path) -> Result<Journal, JournalError> {
    let aside = set_aside(path)?;
    let journal = Journal::open(path)?;
    let old = Connection::open(&aside)?;
    let number = |sql: &str| -> Option<i64> {
        old.query_row(sql, [], |row| row.get(0))
            .optional()
            .ok()
            .flatten()
    };
    let ends = [
        number("SELECT seq FROM sqlite_sequence WHERE name = 'journal'"),
        number("SELECT max(seq) FROM journal"),
    ];
    let last = ends.into_iter().flatten().max().unwrap_or(0);
    let first = number("SELECT min(seq) FROM journal").unwrap_or(1);
    let mut kept = 0;
    for seq in first.max(last - TRIES)..=last {
        let entry = old.query_row(
            "SELECT tbl, ipc, sum FROM journal WHERE seq = ?1",
            [seq],
            |row| {
                let entry: (String, Vec<u8>, Option<i64>) = (row.get(0)?, row.get(1)?, row.get(2)?);
                Ok(entry)
            },
        );
        match entry {
            Ok((table, ipc, sum)) => {
                journal.connection.execute(
                    "INSERT INTO journal (seq, tbl, ipc, sum) VALUES (?1, ?2, ?3, ?4)",
                    params![seq, table, ipc, sum],
                )?;
                kept += 1;
            }
            // Trimmed, or never given.
            Err(rusqlite::Error::QueryReturnedNoRows) => {}
            Err(error) => tracing::error!(seq, %error, "journal_entry_lost"),
        }
    }
    // Numbers go on after the last one that was given, so that the lake's positions keep their meaning.
    journal.connection.execute(
        "INSERT INTO sqlite_sequence (name, seq) SELECT 'journal', ?1 \
         WHERE NOT EXISTS (SELECT 1 FROM sqlite_sequence WHERE name = 'journal')",
        [last],
    )?;
    journal.connection.execute(
        "UPDATE sqlite_sequence SET seq = max(seq, ?1) WHERE name = 'journal'",
        [last],
    )?;
    drop(old);
    copy_others(&journal, &aside);
    tracing::error!(kept, aside = %aside.display(), "journal_salvaged");
    Ok(journal)
}

/// Copies refused rows, what waits, what is erased and the progress of a replacement, as far as they can be read.
fn copy_others(journal: &Journal, aside: &Path) {
    let attached = journal
        .connection
        .execute("ATTACH ?1 AS old", [aside.to_string_lossy()]);
    if let Err(error) = attached {
        tracing::error!(%error, "journal_rejected_lost");
        return;
    }
    for table in [
        "rejected",
        "placed_anew",
        "damaged",
        "waiting_steps",
        "erased",
        "cutoffs",
    ] {
        let copy = format!("INSERT OR IGNORE INTO main.{table} SELECT * FROM old.{table}");
        if let Err(error) = journal.connection.execute_batch(&copy) {
            tracing::error!(table, %error, "journal_table_lost");
        }
    }
    journal.connection.execute_batch("DETACH old").ok();
}

/// Moves the journal with its WAL out of the way: `journal.db.damaged-1`, `-2` …
fn set_aside(path: &Path) -> Result<PathBuf, JournalError> {
    let named = |number: u32, end: &str| {
        let mut name = path.as_os_str().to_owned();
        name.push(format!(".damaged-{number}{end}"));
        PathBuf::from(name)
    };
    let mut number = 1;
    while named(number, "").exists() {
        number += 1;
    }
    for end in ["-wal", "-shm", ""] {
        let mut from = path.as_os_str().to_owned();
        from.push(end);
        let from = PathBuf::from(from);
        if from.exists() {
            fs::rename(&from, named(number, end))
                .map_err(|source| JournalError::Aside { path: from, source })?;
        }
    }
    Ok(named(number, ""))
}

#[cfg(test)]
mod tests;
