//! A handler that panics is answered as our fault; the server goes on.

use std::any::Any;

use axum::response::{IntoResponse, Response};

use crate::error::HttpError;

#[expect(clippy::needless_pass_by_value, reason = "the layer hands it over")]
/// The answer after a panic. The panic's text goes to the log.
pub(crate) fn answer(panic: Box<dyn Any + Send + 'static>) -> Response {
    let text = panic
        .downcast_ref::<String>()
        .map(String::as_str)
        .or_else(|| panic.downcast_ref::<&str>().copied());
    HttpError::internal(format!("panic in a handler: {}", text.unwrap_or("no text")))
        .into_response()
}
