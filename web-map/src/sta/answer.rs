//! Answers and errors in the form of the API.

use axum::body::Body;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use citybrain_query::QueryError;
use citybrain_query::odata::ODataError;
use serde_json::{Value, json};

use crate::error::HttpError;

/// An answer.
#[derive(Debug, Clone, Default)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) location: Option<String>,
    pub(crate) body: Option<Value>,
    /// A body that is no JSON, and its type.
    pub(crate) text: Option<(&'static str, String)>,
}

impl Reply {
    pub(crate) fn json(body: Value) -> Self {
        Self {
            status: 200,
            body: Some(body),
            ..Self::default()
        }
    }

    pub(crate) fn created(location: String, body: Option<Value>) -> Self {
        Self {
            status: 201,
            location: Some(location),
            body,
            text: None,
        }
    }

    pub(crate) fn text(kind: &'static str, text: String) -> Self {
        Self {
            status: 200,
            text: Some((kind, text)),
            ..Self::default()
        }
    }
}

impl IntoResponse for Reply {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::OK);
        let (kind, body) = match (self.text, self.body) {
            (Some((kind, text)), _) => (kind, Body::from(text)),
            (None, Some(body)) => ("application/json", Body::from(body.to_string())),
            (None, None) => ("application/json", Body::empty()),
        };
        let mut response = (status, body).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
        if status == StatusCode::TOO_MANY_REQUESTS {
            headers.insert(header::RETRY_AFTER, HeaderValue::from_static("1"));
        }
        if let Some(Ok(location)) = self.location.map(HeaderValue::try_from) {
            headers.insert(header::LOCATION, location);
        }
        response
    }
}

/// Why a request has no good answer: a status and a sentence. Clients of the API look for `code` and `message`, those of problem details
/// for `status` and `detail`: it has both.
#[derive(Debug, Clone, thiserror::Error)]
#[error("{message}")]
pub(crate) struct StaError {
    pub(crate) status: u16,
    pub(crate) message: String,
}

impl StaError {
    pub(crate) fn new(status: u16, message: impl Into<String>) -> Self {
        Self {
            status,
            message: message.into(),
        }
    }

    pub(crate) fn bad(message: impl Into<String>) -> Self {
        Self::new(400, message)
    }

    pub(crate) fn missing(what: impl std::fmt::Display) -> Self {
        Self::new(404, format!("there is no {what}"))
    }

    /// Our fault: the cause goes to the log.
    pub(crate) fn internal(cause: &(dyn std::error::Error + 'static)) -> Self {
        tracing::error!(cause = %crate::error::one_line(cause), "request_failed");
        Self::new(500, "the server failed; its log says why")
    }

    pub(crate) fn body(&self) -> Value {
        json!({
            "code": self.status,
            "type": "error",
            "message": self.message,
            "status": self.status,
            "detail": self.message,
        })
    }
}

/// What the gate says to a request.
impl From<HttpError> for StaError {
    fn from(error: HttpError) -> Self {
        Self::new(error.kind().0.as_u16(), error.to_string())
    }
}

impl From<StaError> for Reply {
    fn from(error: StaError) -> Self {
        Self {
            status: error.status,
            body: Some(error.body()),
            ..Self::default()
        }
    }
}

impl From<ODataError> for StaError {
    fn from(error: ODataError) -> Self {
        Self::bad(error.to_string())
    }
}

impl From<QueryError> for StaError {
    fn from(error: QueryError) -> Self {
        match error {
            QueryError::Timeout(_) | QueryError::Memory { .. } => Self::new(422, error.to_string()),
            QueryError::Parameter { .. } | QueryError::Invalid(_) => Self::bad(error.to_string()),
            error => Self::internal(&error),
        }
    }
}
