//! The page: files embedded in the binary, or a notice when it was built without them.

use std::borrow::Cow;

use axum::body::Bytes;
use axum::http::{HeaderMap, HeaderValue, Uri};
use axum::response::{IntoResponse, Response};
use rust_embed::{EmbeddedFile, RustEmbed};

use crate::error::HttpError;
use crate::http::caching::{Keep, Tagged};

#[derive(RustEmbed)]
#[folder = "ui/dist"]
#[allow_missing = true]
struct Dist;

/// What is served when the binary was built without the page.
const NOTICE: &str = include_str!("page/notice.html");

/// The folder whose file names hold a hash of the content.
const HASHED: &str = "assets/";

/// The slices of the page's font (WOFF2), in no order; none when the binary was built without the page.
pub(crate) fn font_slices() -> Vec<Cow<'static, [u8]>> {
    Dist::iter()
        .filter(|path| path.ends_with(".woff2"))
        .filter_map(|path| Some(Dist::get(&path)?.data))
        .collect()
}

/// Everything that is no API: `/` and `/wall` are the page, other paths its files.
pub(crate) async fn serve(uri: Uri, headers: HeaderMap) -> Response {
    let path = uri.path().trim_start_matches('/');
    let path = match path {
        "" | "wall" => "index.html",
        path => path,
    };
    match Dist::get(path) {
        Some(file) => answer(path, file, &headers),
        None if path == "index.html" => axum::response::Html(NOTICE).into_response(),
        None => HttpError::NotFound("such page or file".to_owned()).into_response(),
    }
}

fn answer(path: &str, file: EmbeddedFile, headers: &HeaderMap) -> Response {
    let content_type = match path.rsplit('.').next() {
        // Glyph ranges and vector tiles: no registry of media types knows them.
        Some("pbf") => HeaderValue::from_static("application/x-protobuf"),
        _ => HeaderValue::from_str(file.metadata.mimetype())
            .unwrap_or(HeaderValue::from_static("application/octet-stream")),
    };
    let tagged = Tagged {
        tag: hex(file.metadata.sha256_hash()),
        keep: if path.starts_with(HASHED) {
            Keep::Forever
        } else {
            Keep::WhileCurrent
        },
        content_type: with_charset(content_type),
    };
    if tagged.is_current(headers) {
        return tagged.not_modified();
    }
    tagged.content(match file.data {
        Cow::Borrowed(bytes) => Bytes::from_static(bytes),
        Cow::Owned(bytes) => Bytes::from(bytes),
    })
}

/// The first half of a hash as text.
fn hex(hash: [u8; 32]) -> String {
    let [first, second] = [0, 8].map(|at| {
        let bytes = hash[at..at + 8].try_into().expect("eight bytes");
        u64::from_be_bytes(bytes)
    });
    format!("{first:016x}{second:016x}")
}

/// Our texts are UTF-8.
fn with_charset(content_type: HeaderValue) -> HeaderValue {
    match content_type.to_str() {
        Ok(text) if text.starts_with("text/") && !text.contains("charset") => {
            HeaderValue::from_str(&format!("{text}; charset=utf-8")).unwrap_or(content_type)
        }
        _ => content_type,
    }
}
