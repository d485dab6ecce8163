//! `POST /v1/sql`: one question in SQL.

mod streamed;

use std::sync::Arc;

use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Response};
use citybrain_grid::City;
use citybrain_query::{Answer, Told};
use citybrain_store::Role;
use datafusion::arrow::datatypes::SchemaRef;
use serde::Deserialize;
use serde_json::Value;
use utoipa::ToSchema;

use crate::clock;
use crate::error::HttpError;
use crate::format::{Format, FormatError, write_json_rows};
use crate::http::body;
use crate::http::gate::Caller;
use crate::problem::Problem;
use crate::schema;
use crate::state::AppState;
use streamed::Parts;

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
    /// `json`, `csv`, `arrow`, `parquet`, `geojson` or `geoparquet`; by `Accept` unless said here.
    #[serde(default)]
    format: Option<String>,
}

/// An answer of up to this many rows is sent whole, a longer one as its rows come.
const WHOLE_ROWS: usize = 10_000;

/// Longest question, bytes.
const QUESTION_BYTES_MAX: usize = 1 << 20;

/// One question in SQL, read-only.
///
/// The answer is JSON, or by `Accept` CSV (`text/csv`), an Arrow stream (`application/vnd.apache.arrow.stream`), Parquet
/// (`application/vnd.apache.parquet`) or GeoJSON (`application/geo+json`), or what `format` says. JSON, CSV and Arrow of more than 10,000
/// rows are sent as the rows come. The header `x-citybrain-truncated` says whether rows are missing: `true`, `false`, or `unknown` for an
/// answer that is not at its end yet (then `truncated` at the end of the JSON says so). An answer that fails on the way is cut off, which
/// clients see as an error.
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
    caller: Caller,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, HttpError> {
    const JSON: &str = "application/json";
    body::check_packing(&headers)?;
    body::check_type(&headers, &[JSON], JSON)?;
    let body = body::read(body, QUESTION_BYTES_MAX.min(state.config.body_bytes_max)).await?;
    let question: SqlRequest = serde_json::from_slice(&body)
        .map_err(|error| HttpError::Body(format!("the body is no question: {error}")))?;
    let format = match &question.format {
        None => accepted(&headers),
        Some(word) => Format::named(word).ok_or_else(|| {
            HttpError::Body(format!(
                "format: \"{word}\" is not one of json, csv, arrow, parquet, geojson, geoparquet"
            ))
        })?,
    };
    let asking = state.engine.ask_sql(caller.role()).await;
    let asking = asking.telling(Told {
        audit: (caller.role() == Role::Admin).then(|| state.control.clone()),
        feed_states: state.feeds.states(clock::now()),
    });
    let mut rows = asking.sql_stream(&question.sql, &question.params).await?;
    let mut first = Vec::new();
    let mut held = 0;
    let parts = Parts::of(format, &rows.schema).map_err(HttpError::internal)?;
    while let Some(batch) = rows.next().await {
        let batch = batch?;
        held += batch.num_rows();
        first.push(batch);
        if held > WHOLE_ROWS && parts.is_some() {
            break;
        }
    }
    let kind = (header::CONTENT_TYPE, format.media_type());
    let fresh = (header::CACHE_CONTROL, "no-store");
    let truncated = |text: &'static str| ("x-citybrain-truncated", text);
    let (Some(end), _) = (rows.end().cloned(), &parts) else {
        let parts = parts.ok_or_else(|| HttpError::internal("a format without parts"))?;
        let body = streamed::body(parts, first, rows, asking);
        return Ok(([kind, fresh], [truncated("unknown")], body).into_response());
    };
    let answer = Answer {
        schema: Arc::clone(&rows.schema),
        batches: first,
        truncated: end.truncated,
        parameters: end.parameters,
    };
    // Writing many rows takes long enough to be in the way of others.
    let city = Arc::clone(state.engine.city());
    let text = tokio::task::spawn_blocking(move || written(format, &answer, &city))
        .await
        .map_err(HttpError::internal)?
        .map_err(HttpError::internal)?;
    let truncated = truncated(if end.truncated { "true" } else { "false" });
    Ok(([kind, fresh], [truncated], text).into_response())
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
            let known = [
                Format::Json,
                Format::Csv,
                Format::Arrow,
                Format::Parquet,
                Format::Geojson,
            ];
            known
                .into_iter()
                .find(|format| format.media_type().split(';').next() == Some(kind))
        })
        .unwrap_or(Format::Json)
}

fn written(format: Format, answer: &Answer, city: &City) -> Result<Vec<u8>, FormatError> {
    let mut out = Vec::new();
    if format != Format::Json {
        format.write(answer, city, &mut out)?;
        return Ok(out);
    }
    out.append(&mut json_head(&answer.schema)?);
    write_json_rows(answer, &mut out)?;
    out.extend_from_slice(
        format!(",\"truncated\":{},\"parameters\":", answer.truncated).as_bytes(),
    );
    serde_json::to_writer(&mut out, &answer.parameters).map_err(std::io::Error::from)?;
    out.push(b'}');
    Ok(out)
}

/// The columns, up to where the rows begin.
fn json_head(columns: &SchemaRef) -> Result<Vec<u8>, FormatError> {
    let columns: Vec<_> = columns
        .fields()
        .iter()
        .map(|field| schema::SqlColumn {
            name: field.name().clone(),
            data_type: field.data_type().to_string(),
        })
        .collect();
    let mut out = b"{\"schema\":".to_vec();
    serde_json::to_writer(&mut out, &columns).map_err(std::io::Error::from)?;
    out.extend_from_slice(b",\"rows\":");
    Ok(out)
}
