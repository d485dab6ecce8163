//! Answers that are true now and not kept.

use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;

use crate::error::HttpError;

/// An answer as JSON; nobody keeps it, for the next record changes it.
///
/// # Errors
/// When the value has no form in JSON.
pub(crate) fn json(value: &impl Serialize) -> Result<Response, HttpError> {
    let text = serde_json::to_vec(value).map_err(HttpError::internal)?;
    let headers = [
        (
            header::CONTENT_TYPE,
            HeaderValue::from_static("application/json"),
        ),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
    ];
    Ok((headers, text).into_response())
}
