//! What a sender is told about its body.

use axum::Json;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use citybrain_store::{Receipt, Refused};
use serde::Serialize;
use utoipa::ToSchema;

use crate::problem::{PROBLEM_JSON, Problem};

/// What became of a body. `accepted + updated + duplicate` and the rejected rows are all its rows.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Receipt)]
pub(crate) struct Answer {
    /// Every record of the body is in answers that have this sequence number or a larger one.
    seq: u64,
    /// New records.
    accepted: u64,
    /// Records that replace an earlier state of themselves.
    updated: u64,
    /// Records that were there already with the same content.
    duplicate: u64,
    /// Records that are older than what is kept of their table or source; they are not kept.
    #[serde(skip_serializing_if = "is_none")]
    expired: u64,
    /// Rows that are no record; they are kept with their reason and can be replayed.
    rejected: Vec<Rejected>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks for it")]
const fn is_none(count: &u64) -> bool {
    *count == 0
}

/// A row of a body that is no record.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Rejected {
    /// The row's position in the body, from 0.
    index: u64,
    /// The field that breaks the rule.
    field: String,
    /// The rule's name, for machines.
    rule: String,
    /// What the rule asks for.
    message: String,
}

/// A body of which no row is a record: problem details, and the receipt.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct RejectedBody {
    #[serde(flatten)]
    problem: Problem,
    #[serde(flatten)]
    receipt: Answer,
}

impl Answer {
    pub(super) fn new(receipt: &Receipt, rejected: Vec<Rejected>) -> Self {
        let Receipt {
            seq,
            accepted,
            updated,
            duplicate,
            expired,
            ..
        } = *receipt;
        Self {
            seq,
            accepted,
            updated,
            duplicate,
            expired,
            rejected,
        }
    }
}

impl From<&Refused> for Rejected {
    fn from(refused: &Refused) -> Self {
        let citybrain_ingest::Rejected {
            index,
            field,
            rule,
            message,
        } = refused.into();
        Self {
            index,
            field,
            rule,
            message,
        }
    }
}

/// The answer when no row was a record.
pub(super) fn all_rejected(receipt: Answer) -> Response {
    let status = StatusCode::UNPROCESSABLE_ENTITY;
    let problem = Problem::rejected(
        receipt
            .rejected
            .iter()
            .map(|row| (row.index, &*row.field, &*row.message)),
    );
    let body = RejectedBody { problem, receipt };
    (status, [(header::CONTENT_TYPE, PROBLEM_JSON)], Json(body)).into_response()
}
