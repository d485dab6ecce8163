//! Answers in JSON and XML.

use std::fmt::Write as _;

use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use citybrain_query::QueryError;
use serde_json::{Value, json};

use crate::error::HttpError;

/// The format of an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    Json,
    Xml,
}

impl Form {
    /// The format that an address ends in, and what is before it.
    pub(super) fn of_ending(address: &str) -> Option<(&str, Self)> {
        let json = address.strip_suffix(".json").map(|name| (name, Self::Json));
        json.or_else(|| address.strip_suffix(".xml").map(|name| (name, Self::Xml)))
    }

    /// XML when a client asks for it and not for JSON before.
    pub(super) fn of_accept(headers: &HeaderMap) -> Self {
        let accept = headers
            .get(header::ACCEPT)
            .and_then(|value| value.to_str().ok());
        let accept = accept.unwrap_or_default();
        match (accept.find("xml"), accept.find("json")) {
            (Some(xml), Some(json)) if xml < json => Self::Xml,
            // A browser asks for XHTML and XML besides HTML.
            (Some(_), None) if !accept.contains("html") => Self::Xml,
            _ => Self::Json,
        }
    }

    /// An answer; `root` is the name of the XML document.
    pub(super) fn answer(self, root: &str, value: &Value) -> Response {
        self.answer_with(StatusCode::OK, root, value)
    }

    fn answer_with(self, status: StatusCode, root: &str, value: &Value) -> Response {
        let (content_type, body) = match self {
            Self::Json => ("application/json; charset=utf-8", value.to_string()),
            Self::Xml => ("text/xml; charset=utf-8", document(root, value)),
        };
        let content_type = HeaderValue::from_static(content_type);
        (status, [(header::CONTENT_TYPE, content_type)], body).into_response()
    }
}

/// Why a request has no good answer: a number and a sentence, as GeoReport v2 asks for.
#[derive(Debug)]
pub(super) struct Open311Error {
    code: u16,
    description: String,
    retry_after: Option<u64>,
}

impl Open311Error {
    fn new(code: u16, description: impl Into<String>) -> Self {
        Self {
            code,
            description: description.into(),
            retry_after: None,
        }
    }

    pub(super) fn bad(description: impl Into<String>) -> Self {
        Self::new(400, description)
    }

    pub(super) fn not_found(description: impl Into<String>) -> Self {
        Self::new(404, description)
    }

    /// The answer in the format that was asked for.
    pub(super) fn answer(self, form: Form) -> Response {
        let status = StatusCode::from_u16(self.code).unwrap_or(StatusCode::BAD_REQUEST);
        let errors = json!([{ "code": self.code, "description": self.description }]);
        let mut response = form.answer_with(status, "errors", &errors);
        if let Some(seconds) = self.retry_after {
            let headers = response.headers_mut();
            headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        response
    }
}

impl From<HttpError> for Open311Error {
    fn from(error: HttpError) -> Self {
        let retry_after = match &error {
            HttpError::Busy { retry_after, .. } => Some(retry_after.as_secs().max(1)),
            _ => None,
        };
        if let HttpError::Internal(cause) = &error {
            tracing::error!(cause = %crate::error::one_line(cause.as_ref()), "request_failed");
        }
        Self {
            code: error.kind().0.as_u16(),
            description: error.to_string(),
            retry_after,
        }
    }
}

impl From<QueryError> for Open311Error {
    fn from(error: QueryError) -> Self {
        HttpError::from(error).into()
    }
}

/// `Ok` and `Err` in one format.
pub(super) fn answered(form: Form, answer: Result<Response, Open311Error>) -> Response {
    answer.unwrap_or_else(|error| error.answer(form))
}

fn document(root: &str, value: &Value) -> String {
    let mut out = "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n".to_owned();
    element(&mut out, root, value);
    out
}

/// The name of an element of a list.
fn one_of(list: &str) -> &str {
    match list {
        "service_requests" => "request",
        list => list.strip_suffix('s').unwrap_or("item"),
    }
}

fn element(out: &mut String, name: &str, value: &Value) {
    if value.is_null() {
        let _written = write!(out, "<{name}/>");
        return;
    }
    let _written = write!(out, "<{name}>");
    match value {
        Value::Null => {}
        Value::Array(elements) => {
            for each in elements {
                element(out, one_of(name), each);
            }
        }
        Value::Object(members) => {
            for (name, value) in members {
                element(out, name, value);
            }
        }
        Value::String(text) => escape(out, text),
        Value::Bool(_) | Value::Number(_) => out.push_str(&value.to_string()),
    }
    let _written = write!(out, "</{name}>");
}

fn escape(out: &mut String, text: &str) {
    for c in text.chars() {
        match c {
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '&' => out.push_str("&amp;"),
            '"' => out.push_str("&quot;"),
            // No document of XML 1.0 may hold these.
            '\u{fffe}' | '\u{ffff}' => {}
            c if c.is_control() && !matches!(c, '\t' | '\n' | '\r') && c < ' ' => {}
            c => out.push(c),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_is_an_element_for_each_of_its_members() {
        let value = json!([{ "code": 404, "description": "a < b & \u{1}c", "none": null }]);
        assert_eq!(
            document("errors", &value),
            "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<errors><error><code>404</code>\
             <description>a &lt; b &amp; c</description><none/></error></errors>"
        );
        assert_eq!(one_of("service_requests"), "request");
    }

    #[test]
    fn the_format_is_the_ending_or_what_the_client_prefers() {
        assert_eq!(
            Form::of_ending("services.xml"),
            Some(("services", Form::Xml))
        );
        assert_eq!(Form::of_ending("a.b.json"), Some(("a.b", Form::Json)));
        assert_eq!(Form::of_ending("services"), None);
        let accepted = |accept: &'static str| {
            let mut headers = HeaderMap::new();
            headers.insert(header::ACCEPT, HeaderValue::from_static(accept));
            Form::of_accept(&headers)
        };
        assert_eq!(accepted("text/xml"), Form::Xml);
        assert_eq!(accepted("application/json, text/xml"), Form::Json);
        assert_eq!(
            accepted("text/html,application/xhtml+xml,application/xml"),
            Form::Json
        );
        assert_eq!(Form::of_accept(&HeaderMap::new()), Form::Json);
    }
}
