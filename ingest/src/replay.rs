//! Refused rows are read again, by a profile that may have learned since.

use std::{collections::HashMap, sync::Arc};

use citybrain_model::Refusal;
use citybrain_store::{AppendError, Receipt, Refused};

use crate::{
    decode::{Context, Decoded, Decoder, row_of_raw},
    import::{BATCH_ROWS, Sink, Summary},
    message::{Message, MessageReader, message_of_raw},
    profile::Profile,
    rows::{Chunk, Item, Row},
};

/// What became of refused rows that were read again.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Replayed {
    /// Counts over the replayed rows; those that are still refused are `rejected` and have not been kept a second time.
    pub summary: Summary,
    /// For each row, in order: the reason why it is still refused, or `None` when it is a record now and can be forgotten.
    pub refusals: Vec<Option<Refusal>>,
}

/// Reads refused rows of one profile again and appends those that are records now. A row that had no columns to begin with (a
/// ragged row, a line that is no JSON) stays refused for its first reason.
///
/// # Errors
/// When the store stops taking batches; what was appended before stays, and is a duplicate when it is sent again.
pub fn replay(
    sink: &mut dyn Sink,
    rows: &[Refused],
    profile: &Arc<Profile>,
    context: &Context,
) -> Result<Replayed, AppendError> {
    let mut replayed = Replayed::default();
    let mut readers = HashMap::new();
    let mut messages = HashMap::new();
    for rows in rows.chunks(usize::try_from(BATCH_ROWS).unwrap_or(usize::MAX)) {
        let mut batch = Decoded::empty(profile.record);
        for row in rows {
            let reader = readers.entry(row.source.as_str()).or_insert_with(|| {
                let source = Some(row.source.clone());
                Decoder::new(
                    Arc::clone(profile),
                    &Context {
                        source,
                        ..context.clone()
                    },
                )
            });
            let message = message_of_raw(&row.raw).filter(|_| !profile.topic.is_empty());
            let decoded = match message {
                Some((topic, payload)) => {
                    let source = row.source.clone();
                    let reader = messages.entry(row.source.as_str()).or_insert_with(|| {
                        let source = Some(source);
                        let context = Context {
                            source,
                            ..context.clone()
                        };
                        MessageReader::new(profile, &context)
                    });
                    let message = Message {
                        topic: &topic,
                        payload: &payload,
                        retained: false,
                    };
                    reader.read(message, row.received_at)
                }
                None => again(row, profile, reader),
            };
            let refusal = decoded
                .refused
                .first()
                .map(|refused| refused.refusal.clone());
            replayed.refusals.push(refusal);
            batch.extend(decoded);
        }
        let reasons = Summary::reasons_of(&batch.refused);
        let receipt = if batch.batch.is_empty() {
            Receipt::default()
        } else {
            sink.append(batch.batch, Vec::new())?
        };
        replayed.summary.count(&receipt, reasons);
        replayed.summary.notes.extend(batch.notes);
    }
    Ok(replayed)
}

/// What one row becomes now.
fn again(row: &Refused, profile: &Profile, reader: &mut Decoder) -> Decoded {
    let still_refused = || Decoded {
        refused: vec![row.clone()],
        ..Decoded::empty(profile.record)
    };
    let Some((columns, cells)) = row_of_raw(&row.raw, &profile.shape()) else {
        return still_refused();
    };
    let chunk = Chunk {
        columns: Arc::new(columns),
        items: vec![Item::Row(Row {
            index: row.index,
            line: 0,
            cells,
        })],
    };
    let decoded = reader.chunk(&chunk);
    // A row of which nothing is a record any more, because the profile now takes its value for none, stays as well.
    decoded
        .ok()
        .filter(|decoded| decoded.read() > 0)
        .unwrap_or_else(still_refused)
}

#[cfg(test)]
mod tests;
