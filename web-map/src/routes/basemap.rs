//! `GET /basemap.pmtiles`: the streets, by ranges of bytes.

use std::sync::Arc;

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};

use crate::error::HttpError;
use crate::state::AppState;

/// Most bytes of one answer: a longer range is answered in part, as RFC 9110 allows. A tile has some hundred kilobytes.
const BYTES_MAX: u64 = 8 << 20;

/// A part of the basemap. A request names one range of bytes; the whole file, which may be larger than memory, is never answered.
pub(crate) async fn basemap(
    State(state): State<Arc<AppState>>,
    headers: HeaderMap,
) -> Result<Response, HttpError> {
    let Some(basemap) = state.basemap.clone() else {
        return Err(HttpError::NotFound("basemap".to_owned()));
    };
    let bytes = basemap.bytes;
    let tag = format!("\"{}\"", basemap.tag);
    let asked = headers
        .get(header::RANGE)
        .and_then(|range| range.to_str().ok())
        .and_then(|range| wanted(range, bytes));
    let Some((first, last)) = asked else {
        let told = [(header::CONTENT_RANGE, format!("bytes */{bytes}"))];
        return Ok((StatusCode::RANGE_NOT_SATISFIABLE, told).into_response());
    };
    let read = tokio::task::spawn_blocking(move || basemap.read(first, last));
    let part = read
        .await
        .map_err(HttpError::internal)?
        .map_err(HttpError::internal)?;
    let told = [
        (header::CONTENT_TYPE, "application/vnd.pmtiles".to_owned()),
        (header::ACCEPT_RANGES, "bytes".to_owned()),
        (
            header::CONTENT_RANGE,
            format!("bytes {first}-{last}/{bytes}"),
        ),
        (header::ETAG, tag),
        (header::CACHE_CONTROL, "no-cache".to_owned()),
    ];
    Ok((StatusCode::PARTIAL_CONTENT, told, part).into_response())
}

/// The first and the last byte that a header asks for, both inside a file of `bytes`; none where it asks for no such part, or for several.
fn wanted(range: &str, bytes: u64) -> Option<(u64, u64)> {
    let (first, last) = range.strip_prefix("bytes=")?.split_once('-')?;
    let end = bytes.checked_sub(1)?;
    let (first, last) = match (first.trim(), last.trim()) {
        ("", length) => {
            let length: u64 = length.parse().ok()?;
            (
                bytes.saturating_sub(length),
                if length == 0 { return None } else { end },
            )
        }
        (first, "") => (first.parse().ok()?, end),
        (first, last) => {
            let (first, last): (u64, u64) = (first.parse().ok()?, last.parse().ok()?);
            if last < first {
                return None;
            }
            (first, last.min(end))
        }
    };
    (first <= end).then(|| (first, last.min(first + BYTES_MAX - 1)))
}

#[cfg(test)]
mod tests {
    use super::wanted;

    #[test]
    fn a_range_lies_inside_the_file() {
        assert_eq!(wanted("bytes=0-9", 100), Some((0, 9)));
        assert_eq!(wanted("bytes=90-200", 100), Some((90, 99)));
        assert_eq!(wanted("bytes=90-", 100), Some((90, 99)));
        assert_eq!(wanted("bytes=-5", 100), Some((95, 99)));
        assert_eq!(wanted("bytes=0-", 1 << 40), Some((0, (8 << 20) - 1)));
    }

    #[test]
    fn what_is_no_range_of_the_file_is_none() {
        for range in [
            "bytes=100-",
            "bytes=9-3",
            "bytes=-0",
            "bytes=0-1,4-5",
            "bytes=a-b",
            "lines=0-1",
            "bytes=-",
        ] {
            assert_eq!(wanted(range, 100), None, "{range}");
        }
        assert_eq!(wanted("bytes=0-", 0), None);
    }
}
