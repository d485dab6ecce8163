//! A row as a step in a complaint's life.

use citybrain_model::{ComplaintEventDraft, Refusal};

use super::{Decoder, Notes, bound::Bound};
use crate::{mask, profile::Field, rows::Row};

impl Decoder {
    pub(super) fn event_draft(
        &self,
        bound: &Bound,
        row: &Row,
        notes: &mut Notes,
    ) -> Result<ComplaintEventDraft, Refusal> {
        let owned = |field| bound.owned(row, field);
        let reason = bound.text(row, Field::Reason)?;
        Ok(ComplaintEventDraft {
            source: Some(owned(Field::Source)?.unwrap_or_else(|| self.source.clone())),
            complaint: owned(Field::Complaint)?,
            event: owned(Field::Event)?,
            at: self.clockwork.instant(bound, row, Field::At, notes)?,
            actor: owned(Field::Actor)?,
            reason: reason.map(|reason| mask::masked(&reason).into_owned()),
            fields: self.changed_fields(bound, row)?,
        })
    }

    /// What the event changes: a JSON object, without a caller and with its texts masked.
    fn changed_fields(&self, bound: &Bound, row: &Row) -> Result<Option<String>, Refusal> {
        let Some(text) = bound.text(row, Field::Fields)? else {
            return Ok(None);
        };
        let Ok(serde_json::Value::Object(mut fields)) = serde_json::from_str(&text) else {
            let message = "the fields must be a JSON object";
            return Err(Refusal::new("fields", mask::masked(&text), "json", message));
        };
        for column in self
            .profile
            .personal
            .iter()
            .map(String::as_str)
            .chain(["caller"])
        {
            fields.shift_remove(column);
        }
        let mut fields = serde_json::Value::Object(fields);
        mask::mask_json(&mut fields);
        Ok(Some(fields.to_string()))
    }
}
