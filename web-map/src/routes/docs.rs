//! `GET /openapi.json` and `GET /docs`: the API described, for programs and for people.

use std::sync::LazyLock;

use axum::body::Bytes;
use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::{IntoResponse, Response};

use crate::app;
use crate::http::caching::{Keep, Tagged};

/// The OpenAPI 3.1 document of this API.
#[utoipa::path(get, path = "/openapi.json", tag = "operation", responses((status = 200, body = Object)))]
pub(crate) async fn openapi(headers: HeaderMap) -> Response {
    static DOCUMENT: LazyLock<Bytes> = LazyLock::new(|| {
        Bytes::from(
            serde_json::to_vec(&app::openapi()).expect("the document is made of texts and numbers"),
        )
    });
    let tagged = Tagged {
        tag: format!(
            "{}-{:x}",
            env!("CARGO_PKG_VERSION"),
            xxhash_rust::xxh3::xxh3_64(&DOCUMENT)
        ),
        keep: Keep::WhileCurrent,
        content_type: HeaderValue::from_static("application/json"),
    };
    if tagged.is_current(&headers) {
        tagged.not_modified()
    } else {
        tagged.content(DOCUMENT.clone())
    }
}

/// The API's document as a page; it loads nothing from elsewhere.
pub(crate) async fn page() -> Response {
    file("text/html; charset=utf-8", include_str!("docs/docs.html"))
}

/// The page's script.
pub(crate) async fn script() -> Response {
    file(
        "text/javascript; charset=utf-8",
        include_str!("docs/docs.js"),
    )
}

/// The page's looks.
pub(crate) async fn style() -> Response {
    file("text/css; charset=utf-8", include_str!("docs/docs.css"))
}

fn file(content_type: &'static str, text: &'static str) -> Response {
    (
        [
            (header::CONTENT_TYPE, content_type),
            (header::CACHE_CONTROL, "no-cache"),
        ],
        text,
    )
        .into_response()
}
