//! Problem details (RFC 9457): how everything that goes wrong is told to a client.

use axum::http::{HeaderValue, StatusCode};
use serde::Serialize;
use utoipa::ToSchema;

use crate::error::HttpError;

/// Problem details (RFC 9457).
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct Problem {
    /// A name for machines that stays the same: `urn:citybrain:problem:NAME`.
    #[serde(rename = "type")]
    pub(crate) kind: String,
    /// The kind of problem in a few words.
    pub(crate) title: String,
    /// The HTTP status.
    pub(crate) status: u16,
    /// What is wrong with this request.
    pub(crate) detail: String,
    /// Which fields or parameters are wrong, when it is about some.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) errors: Vec<FieldProblem>,
}

/// One wrong field or parameter.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct FieldProblem {
    /// The field or parameter.
    pub(crate) field: String,
    /// What is wrong with it.
    pub(crate) message: String,
}

impl From<&HttpError> for Problem {
    fn from(error: &HttpError) -> Self {
        let errors = match error {
            HttpError::Parameter { name, message } => {
                vec![FieldProblem {
                    field: name.to_string(),
                    message: message.clone(),
                }]
            }
            _ => Vec::new(),
        };
        let (status, name, title) = error.kind();
        Self {
            kind: format!("urn:citybrain:problem:{name}"),
            title: title.to_owned(),
            status: status.as_u16(),
            detail: error.to_string(),
            errors,
        }
    }
}

impl Problem {
    /// A body of which no row is a record, by the rows' positions, fields and messages.
    pub(crate) fn rejected<'a>(rows: impl Iterator<Item = (u64, &'a str, &'a str)>) -> Self {
        Self {
            kind: "urn:citybrain:problem:rejected".to_owned(),
            title: "No row is a record".to_owned(),
            status: StatusCode::UNPROCESSABLE_ENTITY.as_u16(),
            detail: "every row breaks a rule; they are kept and can be replayed".to_owned(),
            errors: rows
                .map(|(index, field, message)| FieldProblem {
                    field: format!("{index}.{field}"),
                    message: message.to_owned(),
                })
                .collect(),
        }
    }
}

/// The media type of problem details.
pub(crate) const PROBLEM_JSON: HeaderValue = HeaderValue::from_static("application/problem+json");
