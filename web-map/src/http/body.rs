//! Bodies of requests: unpacked, and no larger than the server takes.

use std::time::Duration;

use axum::body::{Body, HttpBody};
use axum::http::{HeaderMap, header};
use futures::StreamExt;
use tokio::time::timeout;

use crate::error::{HttpError, one_line};

/// How long the next piece of a body may take.
const PATIENCE: Duration = Duration::from_secs(30);

/// How a body may be packed.
const PACKINGS: [&str; 3] = ["gzip", "zstd", "identity"];

/// Refuses a body that is packed in a way that nothing here unpacks.
///
/// # Errors
/// [`HttpError::MediaType`].
pub(crate) fn check_packing(headers: &HeaderMap) -> Result<(), HttpError> {
    let Some(packing) = headers.get(header::CONTENT_ENCODING) else {
        return Ok(());
    };
    let packing = String::from_utf8_lossy(packing.as_bytes());
    if PACKINGS
        .iter()
        .any(|known| packing.trim().eq_ignore_ascii_case(known))
    {
        return Ok(());
    }
    Err(HttpError::MediaType {
        found: format!("Content-Encoding {packing}"),
        wanted: "gzip, zstd or none",
    })
}

/// The media type of a body, without parameters, in lower case; it must be one of `known`. `wanted` says which, for people.
///
/// A web page can send a body of another type to us without asking; one of these it cannot.
///
/// # Errors
/// [`HttpError::MediaType`].
pub(crate) fn check_type(
    headers: &HeaderMap,
    known: &[&str],
    wanted: &'static str,
) -> Result<String, HttpError> {
    let found = headers
        .get(header::CONTENT_TYPE)
        .map(|value| String::from_utf8_lossy(value.as_bytes()));
    let Some(found) = found else {
        return Err(HttpError::MediaType {
            found: "a body without Content-Type".to_owned(),
            wanted,
        });
    };
    let kind = found
        .split(';')
        .next()
        .unwrap_or_default()
        .trim()
        .to_ascii_lowercase();
    if known.contains(&kind.as_str()) {
        return Ok(kind);
    }
    Err(HttpError::MediaType {
        found: format!("Content-Type {kind}"),
        wanted,
    })
}

/// Reads a whole body, already unpacked by the layer around the route, up to `limit` bytes.
///
/// # Errors
/// [`HttpError::TooLarge`] beyond the limit, [`HttpError::Body`] when the body breaks off or cannot be unpacked, [`HttpError::Slow`] when
/// nothing of it comes for half a minute.
pub(crate) async fn read(body: Body, limit: usize) -> Result<Vec<u8>, HttpError> {
    if body.size_hint().lower() > limit as u64 {
        return Err(HttpError::TooLarge { limit });
    }
    let mut chunks = body.into_data_stream();
    let mut bytes = Vec::new();
    while let Some(chunk) = timeout(PATIENCE, chunks.next())
        .await
        .map_err(|_elapsed| HttpError::Slow)?
    {
        let chunk = chunk.map_err(|error| {
            HttpError::Body(format!("the body cannot be read: {}", one_line(&error)))
        })?;
        if bytes.len() + chunk.len() > limit {
            return Err(HttpError::TooLarge { limit });
        }
        bytes.extend_from_slice(&chunk);
    }
    Ok(bytes)
}
