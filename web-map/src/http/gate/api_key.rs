//! The key as clients of Open311 send it: `api_key`, in the address or in the form.

use axum::body::Body;
use axum::extract::Request;
use axum::http::{Method, header};

use crate::error::HttpError;
use crate::http::body;

/// Largest form that is looked into, bytes; a larger one is refused by its route as well.
const FORM_BYTES_MAX: usize = 1 << 20;

/// The `api_key` of a request to Open311, and the request as it was.
pub(super) async fn of(request: Request) -> Result<(Request, Option<String>), HttpError> {
    if !request.uri().path().starts_with("/open311/") {
        return Ok((request, None));
    }
    let in_address = request
        .uri()
        .query()
        .and_then(|query| find(query.as_bytes()));
    let headers = request.headers();
    let is_form = request.method() == Method::POST
        && !headers.contains_key(header::CONTENT_ENCODING)
        && headers.get(header::CONTENT_TYPE).is_some_and(|kind| {
            kind.as_bytes()
                .starts_with(b"application/x-www-form-urlencoded")
        });
    if in_address.is_some() || !is_form {
        return Ok((request, in_address));
    }
    let (parts, body) = request.into_parts();
    let form = body::read(body, FORM_BYTES_MAX).await?;
    let named = find(&form);
    Ok((Request::from_parts(parts, Body::from(form)), named))
}

fn find(pairs: &[u8]) -> Option<String> {
    let mut pairs = url::form_urlencoded::parse(pairs);
    let (_, key) = pairs.find(|(name, _)| name == "api_key")?;
    Some(key.into_owned()).filter(|key| !key.is_empty())
}
