//! `POST /v1/sql`: one question in SQL.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Response};
use citybrain_query::Answer;
use serde::Deserialize;
use serde_json::Value;
use utoipa::ToSchema;

use crate::error::HttpError;
use crate::format::{Format, FormatError, write_json_rows};
use crate::http::body;
use crate::problem::Problem;
use crate::schema;
use crate::state::AppState;

/// A question in SQL.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SqlRequest {
    /// One query that only reads.
    #[schema(
        example = "SELECT category, count(*) AS n FROM complaints GROUP BY category ORDER BY n DESC"
    )]
    sql: String,
    /// What `$1`, `$2` … stand for: null, true and false, numbers and texts.
    #[serde(default)]
    params: Vec<Value>,
}

/// Longest question, bytes.
const QUESTION_BYTES_MAX: usize = 1 << 20;

/// One question in SQL, read-only.
///
/// The answer is JSON, or CSV (`text/csv`), an Arrow stream (`application/vnd.apache.arrow.stream`) or Parquet
/// (`application/vnd.apache.parquet`) by `Accept`; there, the header `x-citybrain-truncated` says whether rows are missing.
#[utoipa::path(
    post, path = "/v1/sql", tag = "questions",
    request_body = SqlRequest,
    responses(
        (status = 200, body = schema::SqlAnswer),
        (status = 400, body = Problem),
        (status = 422, body = Problem, description = "The query went beyond its time or memory"),
    ),
)]
pub(crate) async fn sql(
    State(state): State<Arc<AppState>>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, HttpError> {
    const JSON: &str = "application/json";
    body::check_packing(&headers)?;
    body::check_type(&headers, &[JSON], JSON)?;
    let body = body::read(body, QUESTION_BYTES_MAX.min(state.config.body_bytes_max)).await?;
    let question: SqlRequest = serde_json::from_slice(&body)
        .map_err(|error| HttpError::Body(format!("the body is no question: {error}")))?;
    let format = accepted(&headers);
    let answer = state
        .engine
        .ask_sql()
        .await
        .sql(&question.sql, &question.params)
        .await?;
    // Writing many rows takes long enough to be in the way of others.
    let (text, truncated) = tokio::task::spawn_blocking(move || {
        written(format, &answer).map(|text| (text, answer.truncated))
    })
    .await
    .map_err(HttpError::internal)?
    .map_err(HttpError::internal)?;
    let headers = [
        (header::CONTENT_TYPE, format.media_type()),
        (header::CACHE_CONTROL, "no-store"),
    ];
    Ok((
        headers,
        [("x-citybrain-truncated", truncated.to_string())],
        text,
    )
        .into_response())
}

/// The format that the client names first among those that there are; JSON when it names none of them.
fn accepted(headers: &HeaderMap) -> Format {
    let wanted = headers
        .get(header::ACCEPT)
        .and_then(|accept| accept.to_str().ok())
        .unwrap_or_default();
    wanted
        .split(',')
        .map(|kind| kind.split(';').next().unwrap_or_default().trim())
        .find_map(|kind| {
            [Format::Json, Format::Csv, Format::Arrow, Format::Parquet]
                .into_iter()
                .find(|format| format.media_type().split(';').next() == Some(kind))
        })
        .unwrap_or(Format::Json)
}

fn written(format: Format, answer: &Answer) -> Result<Vec<u8>, FormatError> {
    let mut out = Vec::new();
    if format != Format::Json {
        format.write(answer, &mut out)?;
        return Ok(out);
    }
    let columns: Vec<_> = answer
        .schema
        .fields()
        .iter()
        .map(|field| schema::SqlColumn {
            name: field.name().clone(),
            data_type: field.data_type().to_string(),
        })
        .collect();
    out.extend_from_slice(b"{\"schema\":");
    serde_json::to_writer(&mut out, &columns).map_err(std::io::Error::from)?;
    out.extend_from_slice(b",\"rows\":");
    write_json_rows(answer, &mut out)?;
    out.extend_from_slice(
        format!(",\"truncated\":{},\"parameters\":", answer.truncated).as_bytes(),
    );
    serde_json::to_writer(&mut out, &answer.parameters).map_err(std::io::Error::from)?;
    out.push(b'}');
    Ok(out)
}
