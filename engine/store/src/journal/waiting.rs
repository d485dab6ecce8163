//! Steps that came in before their complaint: kept until it comes.

use std::collections::HashSet;

use citybrain_model::{EventKind, Identity, Step};
use rusqlite::{Transaction, params};

use super::Journal;
use crate::JournalError;

/// What a group of batches changes in the steps that wait.
#[derive(Debug, Default)]
pub(crate) struct StepChanges {
    /// Steps whose complaint is not there, with their fields as they came.
    pub(crate) wait: Vec<(Identity, i64, EventKind, Option<String>)>,
    /// Complaints that came in: their steps wait no longer.
    pub(crate) came: Vec<Identity>,
}

impl StepChanges {
    pub(crate) const fn is_empty(&self) -> bool {
        self.wait.is_empty() && self.came.is_empty()
    }

    pub(super) fn write(&self, transaction: &Transaction<'_>) -> Result<(), JournalError> {
        for (complaint, at, event, fields) in &self.wait {
            transaction
                .prepare_cached("INSERT OR REPLACE INTO waiting_steps (complaint, at, event, fields) VALUES (?1, ?2, ?3, ?4)")?
                .execute(params![key(*complaint), at, event.as_str(), fields])?;
        }
        for complaint in &self.came {
            transaction
                .prepare_cached("DELETE FROM waiting_steps WHERE complaint = ?1")?
                .execute([key(*complaint)])?;
        }
        Ok(())
    }
}

impl Journal {
    /// The complaints that steps wait for.
    pub(crate) fn waited_for(&self) -> Result<HashSet<Identity>, JournalError> {
        let mut select = self
            .connection
            .prepare("SELECT DISTINCT complaint FROM waiting_steps")?;
        let complaints = select.query_map([], |row| {
            let key: [u8; 16] = row.get(0)?;
            Ok(Identity(u128::from_be_bytes(key)))
        })?;
        Ok(complaints.collect::<Result<_, _>>()?)
    }

    /// The steps that wait for a complaint.
    pub(crate) fn steps_waiting_for(&self, complaint: Identity) -> Result<Vec<Step>, JournalError> {
        let mut select = self
            .connection
            .prepare_cached("SELECT at, event, fields FROM waiting_steps WHERE complaint = ?1")?;
        let steps = select.query_map([key(complaint)], |row| {
            let word: String = row.get(1)?;
            let fields: Option<String> = row.get(2)?;
            let at: i64 = row.get(0)?;
            let kind = EventKind::ALL
                .into_iter()
                .find(|kind| kind.as_str() == word);
            Ok(kind.map(|kind| Step::new(at, kind, fields.as_deref())))
        })?;
        let steps: Vec<Option<Step>> = steps.collect::<Result<_, _>>()?;
        Ok(steps.into_iter().flatten().collect())
    }
}

pub(super) fn key(complaint: Identity) -> [u8; 16] {
    complaint.0.to_be_bytes()
}
