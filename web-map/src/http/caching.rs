//! Answers that a browser may keep.

use axum::body::Bytes;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};

/// How long a browser keeps an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Keep {
    /// For good: the address names the content.
    Forever,
    /// As long as the server says that its tag is current.
    WhileCurrent,
}

impl Keep {
    const fn header(self) -> HeaderValue {
        match self {
            Self::Forever => HeaderValue::from_static("public, max-age=31536000, immutable"),
            Self::WhileCurrent => HeaderValue::from_static("no-cache"),
        }
    }
}

/// Content with a tag that changes when it does. The tag is weak: a compressed copy counts as the same.
pub(crate) struct Tagged {
    /// Text that names this content, without quotes.
    pub(crate) tag: String,
    pub(crate) keep: Keep,
    pub(crate) content_type: HeaderValue,
}

impl Tagged {
    /// Does the client have it already?
    pub(crate) fn is_current(&self, request: &HeaderMap) -> bool {
        is_current(request, &self.tag)
    }

    /// The answer to a client that has it already.
    pub(crate) fn not_modified(self) -> Response {
        self.headed(StatusCode::NOT_MODIFIED.into_response())
    }

    /// The whole answer.
    pub(crate) fn content(self, body: Bytes) -> Response {
        let content_type = [(header::CONTENT_TYPE, self.content_type.clone())];
        self.headed((content_type, body).into_response())
    }

    fn headed(self, mut response: Response) -> Response {
        let headers = response.headers_mut();
        if let Ok(tag) = HeaderValue::from_str(&format!("W/\"{}\"", self.tag)) {
            headers.insert(header::ETAG, tag);
        }
        headers.insert(header::CACHE_CONTROL, self.keep.header());
        response
    }
}

/// Does the request name this tag as one that the client has (RFC 9110, weak comparison)?
fn is_current(request: &HeaderMap, tag: &str) -> bool {
    request
        .get_all(header::IF_NONE_MATCH)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .map(str::trim)
        .any(|known| known == "*" || known.trim_start_matches("W/").trim_matches('"') == tag)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(known: &'static str) -> HeaderMap {
        HeaderMap::from_iter([(header::IF_NONE_MATCH, HeaderValue::from_static(known))])
    }

    #[test]
    fn a_client_has_what_it_names() {
        for known in ["W/\"v1\"", "\"v1\"", "\"v0\", W/\"v1\"", "*"] {
            assert!(is_current(&request(known), "v1"), "{known}");
        }
    }

    #[test]
    fn a_client_has_nothing_else() {
        for known in ["\"v2\"", "", "\"v10\""] {
            assert!(!is_current(&request(known), "v1"), "{known}");
        }
        assert!(!is_current(&HeaderMap::new(), "v1"));
    }
}
