//! The file that keeps counts: SQLite, made anew when it cannot be used.

use std::path::Path;
use std::time::Duration;

use rusqlite::{Connection, OptionalExtension, params};

use super::dictionary::{Dictionary, Sizes};
use super::entries::Entries;

/// The form of what is kept; another form is made anew.
const VERSION: i64 = 1;

#[derive(Debug)]
pub(super) struct Database {
    connection: Connection,
    /// What of the dictionary is in the file.
    saved: Sizes,
}

impl Database {
    /// Opens the file and reads the dictionary; `zone` is the city's: days of another zone are other days.
    pub(super) fn open(path: &Path, zone: &str) -> rusqlite::Result<(Self, Dictionary)> {
        match Self::try_open(path, zone) {
            Ok(open) => Ok(open),
            Err(error) => {
                // It holds nothing that is not in the lake.
                tracing::warn!(%error, "rollups_made_anew");
                remove(path);
                Self::try_open(path, zone)
            }
        }
    }

    fn try_open(path: &Path, zone: &str) -> rusqlite::Result<(Self, Dictionary)> {
        let connection = Connection::open(path)?;
        connection.busy_timeout(Duration::from_secs(10))?;
        connection.pragma_update(None, "journal_mode", "WAL")?;
        // What is lost when the power goes is counted again.
        connection.pragma_update(None, "synchronous", "NORMAL")?;
        let version: i64 = connection.query_row("PRAGMA user_version", [], |row| row.get(0))?;
        if version != VERSION {
            connection.execute_batch(
                "DROP TABLE IF EXISTS texts; DROP TABLE IF EXISTS places; DROP TABLE IF EXISTS kinds;
                 DROP TABLE IF EXISTS files; DROP TABLE IF EXISTS zone;",
            )?;
            connection.pragma_update(None, "user_version", VERSION)?;
        }
        connection.execute_batch(include_str!("rollups.sql"))?;
        connection
            .execute_batch("CREATE TABLE IF NOT EXISTS zone (name TEXT PRIMARY KEY) STRICT")?;
        let known: Option<String> = connection
            .query_row("SELECT name FROM zone", [], |row| row.get(0))
            .optional()?;
        if known.as_deref() != Some(zone) {
            connection.execute_batch("DELETE FROM files; DELETE FROM zone")?;
            connection.execute("INSERT INTO zone (name) VALUES (?1)", [zone])?;
        }
        let names = read_dictionary(&connection)?;
        let saved = names.sizes();
        Ok((Self { connection, saved }, names))
    }

    /// The counts of a file, if they are kept and whole.
    pub(super) fn entries(&self, path: &str) -> rusqlite::Result<Option<Entries>> {
        let bytes: Option<Vec<u8>> = self
            .connection
            .prepare_cached("SELECT entries FROM files WHERE path = ?1")?
            .query_row([path], |row| row.get(0))
            .optional()?;
        Ok(bytes.and_then(|bytes| Entries::from_bytes(&bytes)))
    }

    /// The files whose counts are kept.
    pub(super) fn paths(&self) -> rusqlite::Result<Vec<String>> {
        let mut select = self.connection.prepare("SELECT path FROM files")?;
        select.query_map([], |row| row.get(0))?.collect()
    }

    /// Keeps the counts of a file, with what is new in the dictionary.
    pub(super) fn keep(
        &mut self,
        path: &str,
        entries: &Entries,
        names: &Dictionary,
    ) -> rusqlite::Result<()> {
        let transaction = self.connection.transaction()?;
        let (texts, places, kinds) = names.after(self.saved);
        let ids = |from: usize| (from..).map(|id| i64::try_from(id).unwrap_or(i64::MAX));
        for (id, text) in ids(self.saved.texts).zip(texts) {
            transaction
                .prepare_cached("INSERT INTO texts (id, text) VALUES (?1, ?2)")?
                .execute(params![id, text])?;
        }
        for (id, (cell, [district, subdistrict, community, grid])) in
            ids(self.saved.places).zip(places)
        {
            transaction
                .prepare_cached("INSERT INTO places (id, cell, district, subdistrict, community, area_grid) VALUES (?1, ?2, ?3, ?4, ?5, ?6)")?
                .execute(params![id, cell.cast_signed(), district, subdistrict, community, grid])?;
        }
        for (id, [category, path, channel, status]) in ids(self.saved.kinds).zip(kinds) {
            transaction
                .prepare_cached("INSERT INTO kinds (id, category, category_path, channel, status) VALUES (?1, ?2, ?3, ?4, ?5)")?
                .execute(params![id, category, path, channel, status])?;
        }
        transaction
            .prepare_cached("INSERT OR REPLACE INTO files (path, entries) VALUES (?1, ?2)")?
            .execute(params![path, entries.to_bytes()])?;
        transaction.commit()?;
        self.saved = names.sizes();
        Ok(())
    }

    /// Forgets the counts of a file.
    pub(super) fn forget(&self, path: &str) -> rusqlite::Result<()> {
        self.connection
            .prepare_cached("DELETE FROM files WHERE path = ?1")?
            .execute([path])
            .map(|_rows| ())
    }
}

fn read_dictionary(connection: &Connection) -> rusqlite::Result<Dictionary> {
    let mut names = Dictionary::default();
    let mut texts = connection.prepare("SELECT text FROM texts ORDER BY id")?;
    let mut rows = texts.query([])?;
    while let Some(row) = rows.next()? {
        names.text(row.get_ref(0)?.as_str().map_err(rusqlite::Error::from)?);
    }
    let mut places = connection.prepare(
        "SELECT cell, district, subdistrict, community, area_grid FROM places ORDER BY id",
    )?;
    let mut rows = places.query([])?;
    while let Some(row) = rows.next()? {
        let cell: i64 = row.get(0)?;
        let areas = [row.get(1)?, row.get(2)?, row.get(3)?, row.get(4)?];
        names.place((cell.cast_unsigned(), areas));
    }
    let mut kinds = connection
        .prepare("SELECT category, category_path, channel, status FROM kinds ORDER BY id")?;
    let mut rows = kinds.query([])?;
    while let Some(row) = rows.next()? {
        names.kind([row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?]);
    }
    Ok(names)
}

fn remove(path: &Path) {
    for suffix in ["", "-wal", "-shm"] {
        let mut name = path.as_os_str().to_owned();
        name.push(suffix);
        // What is not there need not be removed.
        std::fs::remove_file(name).ok();
    }
}
