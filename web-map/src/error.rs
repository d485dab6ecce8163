//! What went wrong with a request, told as problem details (RFC 9457).

use std::borrow::Cow;
use std::time::Duration;

use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use citybrain_store::AppendError;

use crate::problem::{PROBLEM_JSON, Problem};
use crate::tiles::UnknownLayer;

/// Why a request has no good answer. The client gets problem details; a cause that is ours goes to the log, once.
#[derive(Debug, thiserror::Error)]
pub(crate) enum HttpError {
    /// A parameter of the address is unknown, missing or cannot be read.
    #[error("parameter {name}: {message}")]
    Parameter {
        name: Cow<'static, str>,
        message: String,
    },
    /// The body is no such thing as its media type says.
    #[error("{0}")]
    Body(String),
    /// The body is of a media type, or packed in a way, that the route does not read.
    #[error("{found} is not read here; send {wanted}")]
    MediaType { found: String, wanted: &'static str },
    /// The body, unpacked, is larger than the server takes.
    #[error("the body is larger than {limit} bytes; send it in parts")]
    TooLarge { limit: usize },
    /// The body does not come.
    #[error("nothing of the body came for half a minute")]
    Slow,
    /// The name of an answer that is kept belongs to another request.
    #[error("the Idempotency-Key was sent with another request before")]
    Reused,
    /// There is no such thing.
    #[error("there is no {0}")]
    NotFound(String),
    /// The request shows no key, or one that is not valid.
    #[error("{0}")]
    Unauthorized(&'static str),
    /// The key is valid and its role or its feeds do not reach as far.
    #[error("{0}")]
    Forbidden(String),
    /// The route exists, the method does not.
    #[error("the route does not answer this method")]
    Method,
    /// The host name of the request is not one of this server's.
    #[error("this server does not answer for the host {0}; name it in the setting `hosts`")]
    Host(String),
    /// It does not fit how things stand.
    #[error("{0}")]
    Conflict(String),
    /// The query is wrong in itself.
    #[error("{0}")]
    Query(String),
    /// The query went beyond its time or memory.
    #[error("{0}")]
    Limit(String),
    /// Come back after a pause.
    #[error("{message}")]
    Busy {
        message: String,
        retry_after: Duration,
    },
    /// The server cannot do it now: it is closing, or the disk fails.
    #[error("{0}")]
    Unavailable(String),
    /// Our fault.
    #[error("the server failed; its log says why")]
    Internal(#[source] Box<dyn std::error::Error + Send + Sync>),
}

impl HttpError {
    pub(crate) fn parameter(
        name: impl Into<Cow<'static, str>>,
        message: impl Into<String>,
    ) -> Self {
        Self::Parameter {
            name: name.into(),
            message: message.into(),
        }
    }

    pub(crate) fn unknown_parameter(name: String) -> Self {
        Self::parameter(name, "is not a parameter of this route")
    }

    pub(crate) fn internal(cause: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self::Internal(cause.into())
    }

    /// Status, name for machines, and title of the kind of error.
    pub(crate) const fn kind(&self) -> (StatusCode, &'static str, &'static str) {
        match self {
            Self::Parameter { .. } => (
                StatusCode::BAD_REQUEST,
                "parameter",
                "A parameter cannot be used",
            ),
            Self::Body(_) => (StatusCode::BAD_REQUEST, "body", "The body cannot be read"),
            Self::Query(_) => (
                StatusCode::BAD_REQUEST,
                "query",
                "The query cannot be answered",
            ),
            Self::NotFound(_) => (StatusCode::NOT_FOUND, "not-found", "Not found"),
            Self::Conflict(_) => (
                StatusCode::CONFLICT,
                "conflict",
                "It does not fit how things stand",
            ),
            Self::Unauthorized(_) => (
                StatusCode::UNAUTHORIZED,
                "unauthorized",
                "A key is asked for",
            ),
            Self::Forbidden(_) => (
                StatusCode::FORBIDDEN,
                "forbidden",
                "The key does not reach as far",
            ),
            Self::Method => (
                StatusCode::METHOD_NOT_ALLOWED,
                "method",
                "Method not allowed",
            ),
            Self::TooLarge { .. } => (
                StatusCode::PAYLOAD_TOO_LARGE,
                "too-large",
                "The body is too large",
            ),
            Self::MediaType { .. } => (
                StatusCode::UNSUPPORTED_MEDIA_TYPE,
                "media-type",
                "The body's format is not read here",
            ),
            Self::Slow => (
                StatusCode::REQUEST_TIMEOUT,
                "slow",
                "The body does not come",
            ),
            Self::Reused => (
                StatusCode::UNPROCESSABLE_ENTITY,
                "idempotency-key",
                "The Idempotency-Key belongs to another request",
            ),
            Self::Host(_) => (
                StatusCode::MISDIRECTED_REQUEST,
                "host",
                "Not a name of this server",
            ),
            Self::Limit(_) => (
                StatusCode::UNPROCESSABLE_ENTITY,
                "query-limit",
                "The query went beyond a limit",
            ),
            Self::Busy { .. } => (StatusCode::TOO_MANY_REQUESTS, "busy", "Too much at once"),
            Self::Unavailable(_) => (
                StatusCode::SERVICE_UNAVAILABLE,
                "unavailable",
                "Not available now",
            ),
            Self::Internal(_) => (
                StatusCode::INTERNAL_SERVER_ERROR,
                "internal",
                "The server failed",
            ),
        }
    }
}

impl IntoResponse for HttpError {
    fn into_response(self) -> Response {
        if let Self::Internal(cause) = &self {
            tracing::error!(cause = %one_line(cause.as_ref()), "request_failed");
        }
        let mut response = (self.kind().0, Json(Problem::from(&self))).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, PROBLEM_JSON);
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        if let Self::Unauthorized(_) = self {
            headers.insert(
                header::WWW_AUTHENTICATE,
                HeaderValue::from_static("Bearer realm=\"citybrain\""),
            );
        }
        if let Self::Busy { retry_after, .. } = self {
            headers.insert(
                header::RETRY_AFTER,
                HeaderValue::from(retry_after.as_secs().max(1)),
            );
        }
        response
    }
}

impl From<AppendError> for HttpError {
    fn from(error: AppendError) -> Self {
        match error {
            AppendError::Full { retry_after, .. } => Self::Busy {
                message: error.to_string(),
                retry_after,
            },
            _ => Self::Unavailable(error.to_string()),
        }
    }
}

impl From<UnknownLayer> for HttpError {
    fn from(error: UnknownLayer) -> Self {
        Self::NotFound(error.to_string())
    }
}

/// An error and its causes on one line, for the log and for the terminal.
pub(crate) fn one_line(error: &(dyn std::error::Error + 'static)) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let said = error.to_string();
        // Some errors repeat their cause in their own text.
        if !text.contains(&said) {
            text.push_str(": ");
            text.push_str(&said);
        }
        cause = error.source();
    }
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
