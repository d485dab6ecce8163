//! What is to be gone for good: complaints that were erased, and how far back records are kept.

use std::collections::HashSet;

use chrono::{DateTime, Utc};
use citybrain_model::Identity;
use rusqlite::params;
use serde_json::Value;

use super::Journal;
use super::waiting::key;
use crate::cutoffs::Cutoffs;
use crate::{JournalError, Table};

/// A complaint that is being erased.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Erasure {
    pub(crate) source: String,
    pub(crate) id: String,
    /// Its rows stay, without what tells of a person.
    pub(crate) mask: bool,
}

impl Erasure {
    /// The identity of the complaint.
    pub(crate) fn identity(&self) -> Identity {
        Identity::of(&self.source, &self.id)
    }
}

impl Journal {
    /// Writes down that a complaint is to be erased, and removes refused rows and waiting steps that tell of it; gives how many
    /// refused rows these were. Durable when it returns.
    pub(crate) fn begin_erasing(
        &mut self,
        erasure: &Erasure,
        at: DateTime<Utc>,
    ) -> Result<usize, JournalError> {
        let key = key(erasure.identity());
        let transaction = self.connection.transaction()?;
        transaction.execute(
            "INSERT OR REPLACE INTO erased (complaint, at, source, id, mask) VALUES (?1, ?2, ?3, ?4, ?5)",
            params![key, at.timestamp_micros(), erasure.source, erasure.id, erasure.mask],
        )?;
        transaction.execute("DELETE FROM waiting_steps WHERE complaint = ?1", [key])?;
        let telling: Vec<i64> = {
            let mut select =
                transaction.prepare("SELECT id, raw FROM rejected WHERE source = ?1")?;
            let mut rows = select.query([&erasure.source])?;
            let mut telling = Vec::new();
            while let Some(row) = rows.next()? {
                let raw = row.get_ref(1)?.as_str().map_err(rusqlite::Error::from)?;
                if names(raw, &erasure.id) {
                    telling.push(row.get(0)?);
                }
            }
            telling
        };
        for id in &telling {
            transaction.execute("DELETE FROM rejected WHERE id = ?1", [id])?;
        }
        transaction.commit()?;
        Ok(telling.len())
    }

    /// Every trace of the complaint is gone from the tables: its source and id go as well.
    pub(crate) fn finish_erasing(&mut self, complaint: Identity) -> Result<(), JournalError> {
        self.connection.execute(
            "UPDATE erased SET source = NULL, id = NULL WHERE complaint = ?1",
            [key(complaint)],
        )?;
        Ok(())
    }

    /// Writes the file anew without what was deleted, and empties the WAL. Somebody who reads at this moment keeps his view of
    /// it: then the WAL is emptied with a later checkpoint.
    pub(crate) fn forget_deleted(&mut self) -> Result<(), JournalError> {
        self.connection.execute_batch("VACUUM")?;
        let truncate = "PRAGMA wal_checkpoint(TRUNCATE)";
        self.connection.query_row(truncate, [], |_| Ok(()))?;
        Ok(())
    }

    /// The complaints that were erased.
    pub(crate) fn erased(&self) -> Result<HashSet<Identity>, JournalError> {
        let mut select = self.connection.prepare("SELECT complaint FROM erased")?;
        let complaints = select.query_map([], |row| {
            let key: [u8; 16] = row.get(0)?;
            Ok(Identity(u128::from_be_bytes(key)))
        })?;
        Ok(complaints.collect::<Result<_, _>>()?)
    }

    /// The erasures that were begun and not finished.
    pub(crate) fn erasing(&self) -> Result<Vec<Erasure>, JournalError> {
        let mut select = self
            .connection
            .prepare("SELECT source, id, mask FROM erased WHERE source IS NOT NULL")?;
        let erasures = select.query_map([], |row| {
            Ok(Erasure {
                source: row.get(0)?,
                id: row.get(1)?,
                mask: row.get(2)?,
            })
        })?;
        Ok(erasures.collect::<Result<_, _>>()?)
    }

    /// Moves cutoffs forward; durable when it returns.
    pub(crate) fn keep_cutoffs(
        &mut self,
        table: Table,
        cutoffs: &Cutoffs,
    ) -> Result<(), JournalError> {
        let transaction = self.connection.transaction()?;
        for (source, before) in cutoffs.iter() {
            transaction.execute(
                "INSERT INTO cutoffs (tbl, source, before) VALUES (?1, ?2, ?3) \
                 ON CONFLICT DO UPDATE SET before = max(before, excluded.before)",
                params![table.as_str(), source, before],
            )?;
        }
        Ok(transaction.commit()?)
    }

    /// How far back a table is kept.
    pub(crate) fn cutoffs(&self, table: Table) -> Result<Cutoffs, JournalError> {
        let mut select = self
            .connection
            .prepare("SELECT source, before FROM cutoffs WHERE tbl = ?1")?;
        let mut rows = select.query([table.as_str()])?;
        let mut cutoffs = Cutoffs::default();
        while let Some(row) = rows.next()? {
            let source: String = row.get(0)?;
            cutoffs.raise(&source, row.get(1)?);
        }
        Ok(cutoffs)
    }

    /// Forgets refused rows that came in before `before`; gives how many there were.
    pub(crate) fn expire_rejected(&mut self, before: DateTime<Utc>) -> Result<usize, JournalError> {
        Ok(self.connection.execute(
            "DELETE FROM rejected WHERE received_at < ?1",
            [before.timestamp_micros()],
        )?)
    }
}

/// Does a refused row name `id`, as one of its values?
fn names(raw: &str, id: &str) -> bool {
    match serde_json::from_str(raw) {
        Ok(value) => names_value(&value, id),
        Err(_) => raw
            .split(|c: char| !(c.is_alphanumeric() || c == '-' || c == '_'))
            .any(|word| word == id),
    }
}

fn names_value(value: &Value, id: &str) -> bool {
    match value {
        Value::String(text) => text == id,
        Value::Number(number) => number.to_string() == id,
        Value::Array(values) => values.iter().any(|value| names_value(value, id)),
        Value::Object(fields) => fields.values().any(|value| names_value(value, id)),
        Value::Null | Value::Bool(_) => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refused_row_names_an_id_only_as_a_whole_value() {
        for (raw, is) in [
            (r#"{"id": "7", "text": "x"}"#, true),
            (r#"{"id": 7}"#, true),
            (r#"{"id": "17", "text": "7 lamps"}"#, false),
            ("7,2024-01-01", true),
            ("17,2024", false),
        ] {
            assert_eq!(names(raw, "7"), is, "{raw}");
        }
    }
}
