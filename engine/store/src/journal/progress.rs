//! How far a replacement of the boundaries is: which files of the lake are placed anew.

use rusqlite::params;

use super::Journal;
use crate::{JournalError, Table};

/// A file of the lake that is placed anew, as it is written down.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct FileDone {
    /// The file with the old places.
    pub(crate) path: String,
    /// The files with the new ones, as JSON.
    pub(crate) adds: String,
    /// What moved where, as JSON.
    pub(crate) changes: String,
}

impl Journal {
    /// The files of `table` that are done, by name.
    pub(crate) fn files_done(&self, table: Table) -> Result<Vec<FileDone>, JournalError> {
        let mut select = self
            .connection
            .prepare("SELECT path, adds, changes FROM placed_anew WHERE tbl = ?1 ORDER BY path")?;
        let done = select.query_map([table.as_str()], |row| {
            Ok(FileDone {
                path: row.get(0)?,
                adds: row.get(1)?,
                changes: row.get(2)?,
            })
        })?;
        Ok(done.collect::<Result<_, _>>()?)
    }

    /// Writes down that a file is done; durable when it returns.
    pub(crate) fn file_is_done(
        &mut self,
        table: Table,
        done: &FileDone,
    ) -> Result<(), JournalError> {
        self.connection.execute(
            "INSERT OR REPLACE INTO placed_anew (tbl, path, adds, changes) VALUES (?1, ?2, ?3, ?4)",
            params![table.as_str(), done.path, done.adds, done.changes],
        )?;
        Ok(())
    }

    /// Forgets a file that is done: it is no longer the table's.
    pub(crate) fn forget_file_done(
        &mut self,
        table: Table,
        path: &str,
    ) -> Result<(), JournalError> {
        self.connection.execute(
            "DELETE FROM placed_anew WHERE tbl = ?1 AND path = ?2",
            params![table.as_str(), path],
        )?;
        Ok(())
    }

    /// Forgets all files that are done.
    pub(crate) fn forget_files_done(&mut self) -> Result<(), JournalError> {
        self.connection.execute("DELETE FROM placed_anew", [])?;
        Ok(())
    }
}
