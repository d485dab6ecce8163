//! What goes in and what comes back.

use chrono::{DateTime, Utc};
use citybrain_model::{Complaint, ComplaintEvent, Observation, Refusal};
use serde::Serialize;

use crate::Table;

/// Records of one kind, appended together.
#[derive(Debug, Clone)]
pub enum Batch {
    /// Complaints: a known identity with other content updates the complaint.
    Complaints(Vec<Complaint>),
    /// Steps of complaints: a known identity is a duplicate.
    Events(Vec<ComplaintEvent>),
    /// Observations: a known identity with another content is a correction; the last one is read.
    Observations(Vec<Observation>),
}

impl Batch {
    /// Number of records.
    pub fn len(&self) -> usize {
        match self {
            Self::Complaints(rows) => rows.len(),
            Self::Events(rows) => rows.len(),
            Self::Observations(rows) => rows.len(),
        }
    }

    /// Are there no records?
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The feed of each record.
    pub fn sources(&self) -> Box<dyn Iterator<Item = &str> + '_> {
        match self {
            Self::Complaints(rows) => Box::new(rows.iter().map(|row| row.source.as_str())),
            Self::Events(rows) => Box::new(rows.iter().map(|row| row.source.as_str())),
            Self::Observations(rows) => Box::new(rows.iter().map(|row| row.source.as_str())),
        }
    }

    /// The table that the records go to.
    pub const fn table(&self) -> Table {
        match self {
            Self::Complaints(_) => Table::Complaints,
            Self::Events(_) => Table::ComplaintEvents,
            Self::Observations(_) => Table::Observations,
        }
    }
}

/// A row that was not taken, kept with its reason so that it can be replayed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refused {
    /// The feed.
    pub source: String,
    /// The source profile or body format that read the row: what a replay reads it with.
    pub profile: String,
    /// Position in its file or body, from 0.
    pub index: u64,
    /// The row as it was read (JSON text of its columns) or as it was sent.
    pub raw: String,
    /// Why.
    pub refusal: Refusal,
    /// When this engine saw it, UTC.
    pub received_at: DateTime<Utc>,
}

/// What became of one batch. `accepted + updated + duplicate + expired` is the number of its records, and
/// `accepted + updated = located + not_located + outside`; of the located, `area_only` have no cell.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct Receipt {
    /// The journal's sequence number of the batch; when every row was there already, that of the newest batch.
    pub seq: u64,
    /// New records.
    pub accepted: u64,
    /// Records that replace an earlier state of themselves.
    pub updated: u64,
    /// Records that were there already with the same content.
    pub duplicate: u64,
    /// Records that are older than what is kept of their table or source; they are not kept.
    pub expired: u64,
    /// Accepted or updated records in an area of the city's largest level.
    pub located: u64,
    /// Of the located: those that are known by their area alone, without a position and a cell.
    pub area_only: u64,
    /// Accepted or updated records that nothing places.
    pub not_located: u64,
    /// Accepted or updated records with a position outside the city.
    pub outside: u64,
}
