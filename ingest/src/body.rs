//! Bodies of the HTTP API become records.
//!
//! A body is a small file whose columns are the fields' own names: the profiles `http`, `http-events` and `http-observations` (or
//! a feed's own) read it, and a refused row is kept and replayed like one of a file. A member that the profile does not know is
//! left out and named in the notes, not refused. Numbers may be texts. Times need an offset unless the profile names a zone.

mod observations;

use std::{ops::ControlFlow, sync::Arc};

use citybrain_store::Refused;
use serde::Serialize;

use crate::{
    decode::{Context, Decoded, Decoder},
    profile::Profile,
    rows::{Chunk, FileProblem, Format, read_bytes},
};

/// Most rows of one body.
pub const BODY_ROWS_MAX: usize = 100_000;

/// A body of which nothing could be read: one line.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BodyError {
    /// Its format is none that bodies have.
    #[error("a body cannot be {}: send JSON, NDJSON, CSV or an Arrow IPC stream", format.as_str())]
    Format {
        /// The format.
        format: Format,
    },
    /// It is not what its content type says.
    #[error("the body: {0}")]
    Form(#[from] FileProblem),
    /// The envelope of an event, or its data, is no JSON.
    #[error("the event: {0}")]
    Json(#[source] serde_json::Error),
    /// The body is no event, or no list of them.
    #[error("the body must be one event, a JSON object, or a batch, a JSON array of such")]
    Envelope,
    /// It has too many rows.
    #[error("the body has more than {BODY_ROWS_MAX} rows; send it in parts")]
    TooManyRows,
}

/// Why one row of a body was refused, as it is answered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Rejected {
    /// The row's position in the body, from 0.
    pub index: u64,
    /// The field that breaks the rule.
    pub field: String,
    /// The rule's name.
    pub rule: String,
    /// What the rule asks for.
    pub message: String,
}

impl From<&Refused> for Rejected {
    fn from(refused: &Refused) -> Self {
        Self {
            index: refused.index,
            field: refused.refusal.field.clone().into_owned(),
            rule: refused.refusal.rule.clone().into_owned(),
            message: refused.refusal.message.clone(),
        }
    }
}

/// Reads an unpacked body: records, and the rows that are none. A JSON object is one row, an array one for each element; nesting is
/// limited to 128 levels. One row that is wrong refuses itself alone; a body that is not in its format is an error as a whole,
/// except for NDJSON, where a line that is no JSON refuses itself.
///
/// # Errors
/// A [`BodyError`] when nothing of the body can be read.
pub fn decode_body(
    bytes: &[u8],
    format: Format,
    profile: &Arc<Profile>,
    context: &Context,
) -> Result<Decoded, BodyError> {
    if matches!(format, Format::Parquet | Format::Xlsx) {
        return Err(BodyError::Format { format });
    }
    if let Some(decoded) = observations::decode(bytes, format, profile, context) {
        return Ok(decoded);
    }
    let mut decoder = Decoder::new(Arc::clone(profile), context);
    let mut all = Decoded::empty(profile.record);
    let mut failed = None;
    let mut rows = 0;
    read_bytes(bytes, format, &profile.shape(), &mut |chunk: Chunk| {
        rows += chunk.items.len();
        if rows > BODY_ROWS_MAX {
            failed = Some(BodyError::TooManyRows);
            return ControlFlow::Break(());
        }
        match decoder.chunk(&chunk) {
            Ok(more) => all.extend(more),
            Err(problem) => {
                failed = Some(BodyError::Form(problem));
                return ControlFlow::Break(());
            }
        }
        ControlFlow::Continue(())
    })?;
    match failed {
        None => Ok(all),
        Some(error) => Err(error),
    }
}

#[cfg(test)]
mod tests;
