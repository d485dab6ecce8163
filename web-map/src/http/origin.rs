//! How the client sees this server, for answers that hold whole addresses.

use axum::http::{HeaderMap, HeaderName, header};

use crate::config::Config;

/// `https://HOST[:PORT]` as the client wrote it: over TLS of this server, or of a proxy before it.
pub(crate) fn origin(headers: &HeaderMap, config: &Config) -> String {
    let text = |name: HeaderName| headers.get(name).and_then(|value| value.to_str().ok());
    let scheme = if is_secure(headers, config) {
        "https"
    } else {
        "http"
    };
    let host = text(header::HOST).map_or_else(|| config.listen.to_string(), str::to_owned);
    format!("{scheme}://{host}")
}

/// Does the client speak TLS, with this server or with a proxy before it?
pub(crate) fn is_secure(headers: &HeaderMap, config: &Config) -> bool {
    config.tls_cert.is_some()
        || headers
            .get("x-forwarded-proto")
            .is_some_and(|scheme| scheme == "https")
}
