//! `DELETE /v1/complaints/{source}/{id}`: a complaint goes for good.

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use citybrain_store::{Erased, RemoveError};
use serde::Serialize;
use utoipa::ToSchema;

use crate::erasure::How;
use crate::error::HttpError;
use crate::http::answer::json;
use crate::http::gate::Caller;
use crate::http::params::Params;
use crate::http::segments::Segments;
use crate::problem::Problem;
use crate::state::AppState;
use crate::{clock, erasure};

/// What was erased, or masked.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ErasedComplaint {
    /// 1, or 0 when there was none.
    complaints: usize,
    /// Its steps.
    steps: usize,
    /// Refused rows that named it.
    rejected: usize,
    /// Files of earlier versions have it for so long; until then it can be read by whoever can read the files.
    gone_from_files_after_seconds: u64,
}

/// Erases a complaint, its steps and the refused rows that name it; or masks it.
///
/// Masked rows stay in all counts, without address, text, tags, actors and reasons, and with a position of about 110 m. When it answers, no query sees them and the journal does not have them; files of the lake that were replaced go after the time
/// told. The same record is not taken in again. Backups are not touched.
#[utoipa::path(
    delete, path = "/v1/complaints/{source}/{id}", operation_id = "erase_complaint", tag = "complaints",
    params(
        ("source" = String, Path, description = "The source that the id belongs to"),
        ("id" = String, Path, description = "The complaint's id within the source"),
        ("mask" = Option<bool>, Query, description = "`true`: keep the rows, without what tells of a person"),
    ),
    responses((status = 200, body = ErasedComplaint), (status = 403, body = Problem), (status = 503, body = Problem)),
)]
pub(crate) async fn erase(
    State(state): State<Arc<AppState>>,
    caller: Caller,
    Segments((source, id)): Segments<(String, String)>,
    mut params: Params,
) -> Result<Response, HttpError> {
    let how = match params.parsed("mask")? {
        Some(true) => How::Mask,
        _ => How::Erase,
    };
    params.finish()?;
    let (writer, control) = (state.engine.writer(), &state.control);
    let erased = erasure::erase(
        how,
        writer,
        control,
        &source,
        &id,
        &caller.actor(),
        clock::now(),
    )
    .await;
    let Erased {
        complaints,
        steps,
        rejected,
    } = erased.map_err(unavailable)?;
    json(&ErasedComplaint {
        complaints,
        steps,
        rejected,
        // Looked for as often as it is kept.
        gone_from_files_after_seconds: 2 * state.config.keep_replaced_seconds,
    })
}

fn unavailable(error: RemoveError) -> HttpError {
    match error {
        RemoveError::Busy(_) => HttpError::Conflict(error.to_string()),
        error => HttpError::Unavailable(error.to_string()),
    }
}
