//! How far feeds that the server fetches itself have come: instants, and files that were read.

use chrono::{DateTime, Utc};
use rusqlite::{OptionalExtension, params};

use super::{Control, ControlError};

/// A file of a watched folder. Two files are one when folder, name, size and content are equal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FetchedFile {
    /// The folder's name in the settings.
    pub folder: String,
    /// The file's name.
    pub name: String,
    /// Its size in bytes.
    pub size: u64,
    /// A hash of its content.
    pub content: String,
}

/// What became of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fetched {
    /// Its number, growing with time; 0 before it is kept.
    pub id: i64,
    /// Which file.
    pub file: FetchedFile,
    /// When it was read, UTC.
    pub at: DateTime<Utc>,
    /// The source of its records.
    pub source: String,
    /// Why it was not read, or not to its end.
    pub error: Option<String>,
    /// The import's summary, as JSON.
    pub summary: String,
}

impl Control {
    /// Up to when a feed was fetched; `None` when it never was.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn fetched_until(&self, feed: &str) -> Result<Option<DateTime<Utc>>, ControlError> {
        let until = self.read(|connection| {
            connection
                .prepare_cached("SELECT until FROM fetched_until WHERE feed = ?1")?
                .query_row([feed], |row| row.get(0))
                .optional()
        })?;
        Ok(until.and_then(DateTime::from_timestamp_micros))
    }

    /// Writes down up to when a feed was fetched; on disk when this returns.
    ///
    /// # Errors
    /// When the disk says no.
    pub fn fetch_until(&self, feed: &str, until: DateTime<Utc>) -> Result<(), ControlError> {
        self.write(|transaction| {
            transaction
                .prepare_cached(
                    "INSERT INTO fetched_until (feed, until) VALUES (?1, ?2) ON CONFLICT (feed) DO UPDATE SET until = excluded.until",
                )?
                .execute(params![feed, until.timestamp_micros()])
                .map(|_rows| ())
        })
    }

    /// Was this file read?
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn is_fetched(&self, file: &FetchedFile) -> Result<bool, ControlError> {
        self.read(|connection| {
            connection
                .prepare_cached(
                    "SELECT 1 FROM fetched_file WHERE folder = ?1 AND name = ?2 AND size = ?3 AND content = ?4",
                )?
                .exists(params![file.folder, file.name, size(file), file.content])
        })
    }

    /// Writes down what became of a file; on disk when this returns. What was written before of the same file stays.
    ///
    /// # Errors
    /// When the disk says no.
    pub fn keep_fetched(&self, fetched: &Fetched) -> Result<(), ControlError> {
        let file = &fetched.file;
        self.write(|transaction| {
            transaction
                .prepare_cached(
                    "INSERT OR IGNORE INTO fetched_file (folder, name, size, content, at, source, error, summary) \
                     VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
                )?
                .execute(params![
                    file.folder,
                    file.name,
                    size(file),
                    file.content,
                    fetched.at.timestamp_micros(),
                    fetched.source,
                    fetched.error,
                    fetched.summary,
                ])
                .map(|_rows| ())
        })
    }

    /// Files that were read before number `before` (none: up to now), newest first, at most `limit`.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn fetched(&self, before: Option<i64>, limit: usize) -> Result<Vec<Fetched>, ControlError> {
        self.read(|connection| {
            connection
                .prepare_cached(
                    "SELECT id, folder, name, size, content, at, source, error, summary FROM fetched_file \
                     WHERE id < ?1 ORDER BY id DESC LIMIT ?2",
                )?
                .query_map(
                    params![
                        before.unwrap_or(i64::MAX),
                        i64::try_from(limit).unwrap_or(i64::MAX)
                    ],
                    |row| {
                        let size: i64 = row.get(3)?;
                        Ok(Fetched {
                            id: row.get(0)?,
                            file: FetchedFile {
                                folder: row.get(1)?,
                                name: row.get(2)?,
                                size: u64::try_from(size).unwrap_or_default(),
                                content: row.get(4)?,
                            },
                            at: DateTime::from_timestamp_micros(row.get(5)?).unwrap_or_default(),
                            source: row.get(6)?,
                            error: row.get(7)?,
                            summary: row.get(8)?,
                        })
                    },
                )?
                .collect()
        })
    }
}

fn size(file: &FetchedFile) -> i64 {
    i64::try_from(file.size).unwrap_or(i64::MAX)
}
