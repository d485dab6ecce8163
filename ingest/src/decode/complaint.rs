//! A row as a complaint.

use citybrain_model::{ComplaintDraft, LocationQuality, Refusal};

use super::{Decoder, Notes, bound::Bound};
use crate::{mask, profile::Field, rows::Row};

impl Decoder {
    pub(super) fn complaint_draft(
        &mut self,
        bound: &Bound,
        row: &Row,
        notes: &mut Notes,
    ) -> Result<ComplaintDraft, Refusal> {
        let owned = |field| bound.owned(row, field);
        let placed = self.places.of_row(bound, row, notes)?;
        let marked = bound.text(row, Field::LocationQuality)?;
        let category = bound.text(row, Field::Category)?;
        let path = bound.text(row, Field::CategoryPath)?;
        let (category, category_path) = self.categories.of(category.as_deref(), path.as_deref());
        let mut time = |field| self.clockwork.instant(bound, row, field, notes);
        let text = bound.text(row, Field::Text)?;
        Ok(ComplaintDraft {
            source: Some(owned(Field::Source)?.unwrap_or_else(|| self.source.clone())),
            id: owned(Field::Id)?,
            channel: owned(Field::Channel)?,
            kind: owned(Field::Kind)?,
            category,
            category_path,
            requested_at: time(Field::RequestedAt)?,
            dispatched_at: time(Field::DispatchedAt)?,
            due_at: time(Field::DueAt)?,
            closed_at: time(Field::ClosedAt)?,
            status: owned(Field::Status)?,
            urgency: owned(Field::Urgency)?,
            agency: owned(Field::Agency)?,
            lon: placed.lon,
            lat: placed.lat,
            default_location: placed.is_default
                || marked.as_deref() == Some(LocationQuality::Default.as_str()),
            address: bound
                .text(row, Field::Address)?
                .map(|text| mask::masked(&text).into_owned()),
            declared: [
                owned(Field::District)?,
                owned(Field::Subdistrict)?,
                owned(Field::Community)?,
            ],
            contacted: bound.truth(row, Field::Contacted)?,
            resolved: owned(Field::Resolved)?,
            satisfaction: owned(Field::Satisfaction)?,
            repeat_of: owned(Field::RepeatOf)?,
            tags: bound.list(row, Field::Tags)?,
            text: text.map(|text| mask::masked(&text).into_owned()),
        })
    }
}
