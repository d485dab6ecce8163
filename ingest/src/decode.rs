//! Rows become records, by the rules of a source profile.
//!
//! Each row is read in these steps:
//! 1. a cell's surrounding blanks go, null markers become "no value", the column's own rule is applied;
//! 2. cells become fields: one column, the first of several, several joined, mapped to other words;
//! 3. times become instants (a local time that exists twice is the earlier of the two; one that does not exist is moved forward by
//!    the gap), positions become WGS 84, default positions are marked as such;
//! 4. categories become a path from large to small, its last part the category;
//! 5. personal data are masked;
//! 6. the record's own rules are checked by `citybrain-model`;
//! 7. a complaint without a position is placed by the names in it ([`PlaceNames`]).
//!
//! A row that breaks a rule gives a [`Refused`] with the row as JSON text, masked, to be replayed; never an abort.

mod bound;
mod category;
mod cell;
mod complaint;
mod event;
mod given;
mod made;
mod melt;
mod notes;
mod observation;
mod place;
mod raw;
mod time;
mod unwanted;

use std::sync::Arc;

use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use citybrain_model::{Complaint, ComplaintEvent, Observation, Refusal};
use citybrain_store::{Batch, Refused};

use self::{bound::Bound, category::Categories, place::Places, time::Clockwork};
pub use self::{given::Given, notes::Notes, time::TimeForm};
pub(crate) use self::{observation::measured, raw::read as row_of_raw};
use crate::{
    place::PlaceNames,
    profile::{Field, Profile, RecordKind},
    rows::{BadRow, Chunk, Columns, FileProblem, Item, Row},
};

/// What is the same for all rows of an import or a body.
#[derive(Debug, Clone)]
pub struct Context {
    /// The records' source where a row names none; the profile's when not given.
    pub source: Option<String>,
    /// The city's zone, for profiles whose times are in it.
    pub city_zone: Tz,
    /// When this engine takes the rows in, UTC.
    pub received_at: DateTime<Utc>,
    /// The names that place complaints without a position; without them such complaints are not located.
    pub place_names: Option<Arc<PlaceNames>>,
}

/// What rows became. `read = batch.len() + refused.len()`.
#[derive(Debug, Clone)]
pub struct Decoded {
    /// The records, in the rows' order.
    pub batch: Batch,
    /// The rows that are none, in order.
    pub refused: Vec<Refused>,
    /// What was read in a way that the user may want to know of.
    pub notes: Notes,
}

impl Decoded {
    /// Nothing yet, for records of that kind.
    pub fn empty(record: RecordKind) -> Self {
        Self {
            batch: match record {
                RecordKind::Complaint => Batch::Complaints(Vec::new()),
                RecordKind::Event => Batch::Events(Vec::new()),
                RecordKind::Observation => Batch::Observations(Vec::new()),
            },
            refused: Vec::new(),
            notes: Notes::default(),
        }
    }

    /// Records read: those that were made and those that were refused. Values that a wide row lacks are no records.
    pub fn read(&self) -> u64 {
        (self.batch.len() + self.refused.len()) as u64
    }

    /// Appends what later rows became.
    pub fn extend(&mut self, later: Self) {
        match (&mut self.batch, later.batch) {
            (Batch::Complaints(rows), Batch::Complaints(more)) => rows.extend(more),
            (Batch::Events(rows), Batch::Events(more)) => rows.extend(more),
            (Batch::Observations(rows), Batch::Observations(more)) => rows.extend(more),
            // One profile makes one kind of records.
            (_, more) => debug_assert!(more.is_empty(), "two kinds of records in one import"),
        }
        self.refused.extend(later.refused);
        self.notes.extend(later.notes);
    }
}

/// Reads rows by a profile.
#[derive(Debug)]
pub struct Decoder {
    profile: Arc<Profile>,
    source: String,
    received_at: DateTime<Utc>,
    retained: bool,
    clockwork: Clockwork,
    places: Places,
    categories: Categories,
    place_names: Option<Arc<PlaceNames>>,
    /// The rules for the columns of the last chunk.
    bound: Option<(Arc<Columns>, Bound)>,
}

impl Decoder {
    /// A decoder for the rows of one import or body.
    pub fn new(profile: Arc<Profile>, context: &Context) -> Self {
        Self {
            source: context
                .source
                .clone()
                .unwrap_or_else(|| profile.source().to_owned()),
            received_at: context.received_at,
            retained: false,
            clockwork: Clockwork::new(&profile, context.city_zone),
            places: Places::new(&profile),
            categories: Categories::new(&profile.category),
            place_names: context
                .place_names
                .clone()
                .filter(|_| profile.place_by_name),
            bound: None,
            profile,
        }
    }

    /// Reads the rows of a chunk.
    ///
    /// # Errors
    /// [`FileProblem::Column`] when the file has a header and it lacks a column that every record needs.
    pub fn chunk(&mut self, chunk: &Chunk) -> Result<Decoded, FileProblem> {
        let mut decoded = Decoded::empty(self.profile.record);
        let bound = self.bind(&chunk.columns, &mut decoded.notes)?;
        for item in &chunk.items {
            match item {
                Item::Row(row) => self.row(&bound, &chunk.columns, row, &mut decoded),
                Item::Bad(bad) => decoded.refused.push(self.bad(&bound, &chunk.columns, bad)),
            }
        }
        self.bound = Some((Arc::clone(&chunk.columns), bound));
        Ok(decoded)
    }

    /// The rules for these columns: those of the chunk before, when it has the same.
    fn bind(&mut self, columns: &Arc<Columns>, notes: &mut Notes) -> Result<Bound, FileProblem> {
        match self.bound.take() {
            Some((bound_to, bound)) if Arc::ptr_eq(&bound_to, columns) => Ok(bound),
            _ => {
                let bound = Bound::new(&self.profile, columns)?;
                bound.note_unknown(columns, notes);
                Ok(bound)
            }
        }
    }

    /// The source of records that name none.
    pub(crate) fn source(&self) -> &str {
        &self.source
    }

    /// The rows to come are taken in at this instant. Were they `retained`, so that it says nothing of when they were true?
    pub(crate) const fn receive(&mut self, received_at: DateTime<Utc>, retained: bool) {
        self.received_at = received_at;
        self.retained = retained;
    }

    /// When the rows are taken in, UTC.
    pub(crate) const fn received_at(&self) -> DateTime<Utc> {
        self.received_at
    }

    /// The instant that a text means, by the profile's forms and zone.
    pub(crate) fn instant(
        &self,
        text: &str,
        field: Field,
        notes: &mut Notes,
    ) -> Result<DateTime<Utc>, Refusal> {
        self.clockwork.parse(text, field.as_str(), notes)
    }

    fn row(&mut self, bound: &Bound, columns: &Columns, row: &Row, decoded: &mut Decoded) {
        if let Some((refusal, keep_raw)) = unwanted::refusal(&self.profile.refuse, columns, row) {
            let raw = if keep_raw {
                raw::of_row(bound, columns, row)
            } else {
                raw::WITHHELD.to_owned()
            };
            let refused = self.refused(bound, columns, row.index, raw, refusal);
            decoded.refused.push(refused);
            return;
        }
        let notes = &mut decoded.notes;
        let refusal = match &mut decoded.batch {
            Batch::Complaints(records) => self
                .complaint_draft(bound, row, notes)
                .and_then(|draft| Complaint::try_new(draft, self.received_at))
                .map(|mut record| {
                    if let Some(names) = &self.place_names {
                        names.place(&mut record, notes);
                    }
                    records.push(record);
                }),
            Batch::Events(records) => self
                .event_draft(bound, row, notes)
                .and_then(|draft| ComplaintEvent::try_new(draft, self.received_at))
                .map(|record| records.push(record)),
            Batch::Observations(records) if !bound.melts => self
                .observation_draft(bound, row, notes)
                .and_then(|draft| Observation::try_new(draft, self.received_at))
                .map(|record| records.push(record)),
            Batch::Observations(records) => {
                let refused = &mut decoded.refused;
                self.melt(bound, row, notes, |melted| match melted {
                    Ok(record) => records.push(record),
                    Err((refusal, melt)) => {
                        let raw = raw::of_melted_row(bound, columns, row, melt);
                        refused.push(self.refused(bound, columns, row.index, raw, refusal));
                    }
                })
            }
        };
        if let Err(refusal) = refusal {
            let raw = raw::of_row(bound, columns, row);
            let refused = self.refused(bound, columns, row.index, raw, refusal);
            decoded.refused.push(refused);
        }
    }

    fn bad(&self, bound: &Bound, columns: &Columns, bad: &BadRow) -> Refused {
        let raw = raw::of_bad_row(bound, columns, bad);
        self.refused(bound, columns, bad.index, raw, bad.refusal.clone())
    }

    fn refused(
        &self,
        bound: &Bound,
        columns: &Columns,
        index: u64,
        raw: String,
        mut refusal: Refusal,
    ) -> Refused {
        if let Some(column) = bound.column_of(&refusal.field, columns) {
            refusal.field = column.to_owned().into();
        }
        Refused {
            source: self.source.clone(),
            profile: self.profile.name.clone(),
            index,
            raw: raw::bounded(raw),
            refusal,
            received_at: self.received_at,
        }
    }
}

#[cfg(test)]
mod tests;
