//! `POST /v1/complaints`, `/v1/complaint-events` and `/v1/observations`: records come in.

mod answer;

use std::sync::{Arc, LazyLock};
use std::time::Instant;

use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, header};
use axum::response::Response;
use citybrain_ingest::{
    Context, Decoded, Format, Profile, cloud_events, decode_binary_cloud_event, decode_body,
    decode_cloud_events,
};

use crate::error::HttpError;
use crate::http::answer::json;
use crate::http::body;
use crate::http::escapes::unescaped;
use crate::http::gate::Caller;
use crate::http::params::Params;
use crate::problem::Problem;
use crate::state::AppState;
use crate::{clock, metrics, schema};

use self::answer::{Answer, Rejected, RejectedBody, all_rejected};

/// New complaints, or new states of known ones.
///
/// Answered when the records are durable and queryable. The same body may be sent again: no record is counted twice. JSON object
/// or array, NDJSON, CSV or Arrow IPC stream, or `CloudEvents` 1.0 (structured, batched or binary); `Content-Encoding` gzip or zstd.
#[utoipa::path(
    post, path = "/v1/complaints", operation_id = "append_complaints", tag = "complaints",
    request_body(content(
        (Vec<schema::ComplaintBody> = "application/json"),
        (schema::ComplaintBody = "application/x-ndjson"),
        (String = "text/csv"),
        (Vec<u8> = "application/vnd.apache.arrow.stream"),
        (serde_json::Value = "application/cloudevents+json"),
        (Vec<serde_json::Value> = "application/cloudevents-batch+json"),
    )),
    params(("Idempotency-Key" = Option<String>, Header, description = "The same request under this name is answered the same for a day")),
    responses(
        (status = 200, body = Answer),
        (status = 400, body = Problem, description = "The body is not what its type says"),
        (status = 403, body = Problem, description = "The key may not write this feed"),
        (status = 413, body = Problem),
        (status = 415, body = Problem),
        (status = 409, body = Problem, description = "The same request is being answered"),
        (status = 422, body = RejectedBody, description = "No row is a record, or the Idempotency-Key belongs to another request"),
        (status = 429, body = Problem, description = "Send again after the pause in Retry-After"),
        (status = 503, body = Problem),
    ),
)]
pub(crate) async fn complaints(
    State(state): State<Arc<AppState>>,
    caller: Caller,
    headers: HeaderMap,
    params: Params,
    body: Body,
) -> Result<Response, HttpError> {
    static PROFILE: LazyLock<Arc<Profile>> = LazyLock::new(|| shipped("http"));
    append(
        &state,
        &caller,
        &headers,
        params,
        body,
        "complaints",
        &PROFILE,
    )
    .await
}

/// New steps of complaints.
///
/// Answered when the records are durable and queryable. The same body may be sent again: no record is counted twice. JSON object
/// or array, NDJSON, CSV or Arrow IPC stream, or `CloudEvents` 1.0 (structured, batched or binary); `Content-Encoding` gzip or zstd.
#[utoipa::path(
    post, path = "/v1/complaint-events", operation_id = "append_complaint_events", tag = "complaints",
    request_body(content(
        (Vec<schema::ComplaintEventBody> = "application/json"),
        (schema::ComplaintEventBody = "application/x-ndjson"),
        (String = "text/csv"),
        (Vec<u8> = "application/vnd.apache.arrow.stream"),
        (serde_json::Value = "application/cloudevents+json"),
        (Vec<serde_json::Value> = "application/cloudevents-batch+json"),
    )),
    params(("Idempotency-Key" = Option<String>, Header, description = "The same request under this name is answered the same for a day")),
    responses(
        (status = 200, body = Answer),
        (status = 400, body = Problem, description = "The body is not what its type says"),
        (status = 403, body = Problem, description = "The key may not write this feed"),
        (status = 413, body = Problem),
        (status = 415, body = Problem),
        (status = 409, body = Problem, description = "The same request is being answered"),
        (status = 422, body = RejectedBody, description = "No row is a record, or the Idempotency-Key belongs to another request"),
        (status = 429, body = Problem, description = "Send again after the pause in Retry-After"),
        (status = 503, body = Problem),
    ),
)]
pub(crate) async fn complaint_events(
    State(state): State<Arc<AppState>>,
    caller: Caller,
    headers: HeaderMap,
    params: Params,
    body: Body,
) -> Result<Response, HttpError> {
    static PROFILE: LazyLock<Arc<Profile>> = LazyLock::new(|| shipped("http-events"));
    append(
        &state,
        &caller,
        &headers,
        params,
        body,
        "complaint_events",
        &PROFILE,
    )
    .await
}

/// New observations of sensors.
///
/// Answered when the records are durable and queryable. The same body may be sent again: no record is counted twice. JSON object
/// or array, NDJSON, CSV or Arrow IPC stream, or `CloudEvents` 1.0 (structured, batched or binary); `Content-Encoding` gzip or zstd.
#[utoipa::path(
    post, path = "/v1/observations", operation_id = "append_observations", tag = "sensors",
    request_body(content(
        (Vec<schema::ObservationBody> = "application/json"),
        (schema::ObservationBody = "application/x-ndjson"),
        (String = "text/csv"),
        (Vec<u8> = "application/vnd.apache.arrow.stream"),
        (serde_json::Value = "application/cloudevents+json"),
        (Vec<serde_json::Value> = "application/cloudevents-batch+json"),
    )),
    params(("Idempotency-Key" = Option<String>, Header, description = "The same request under this name is answered the same for a day")),
    responses(
        (status = 200, body = Answer),
        (status = 400, body = Problem, description = "The body is not what its type says"),
        (status = 403, body = Problem, description = "The key may not write this feed"),
        (status = 413, body = Problem),
        (status = 415, body = Problem),
        (status = 409, body = Problem, description = "The same request is being answered"),
        (status = 422, body = RejectedBody, description = "No row is a record, or the Idempotency-Key belongs to another request"),
        (status = 429, body = Problem, description = "Send again after the pause in Retry-After"),
        (status = 503, body = Problem),
    ),
)]
pub(crate) async fn observations(
    State(state): State<Arc<AppState>>,
    caller: Caller,
    headers: HeaderMap,
    params: Params,
    body: Body,
) -> Result<Response, HttpError> {
    static PROFILE: LazyLock<Arc<Profile>> = LazyLock::new(|| shipped("http-observations"));
    append(
        &state,
        &caller,
        &headers,
        params,
        body,
        "observations",
        &PROFILE,
    )
    .await
}

fn shipped(profile: &str) -> Arc<Profile> {
    Profile::load(profile).expect("the profile is part of the program")
}

/// Bodies up to this size are decoded on the request's own task, larger ones on a thread for blocking work.
const SMALL_BYTES: usize = 32 << 10;

/// One body's way: format, bytes, records, journal, receipt.
async fn append(
    state: &AppState,
    caller: &Caller,
    headers: &HeaderMap,
    params: Params,
    body: Body,
    table: &'static str,
    profile: &Arc<Profile>,
) -> Result<Response, HttpError> {
    params.finish()?;
    body::check_packing(headers)?;
    let form = form(headers)?;
    let bytes = body::read(body, caller.body_bytes(&state.config)).await?;
    let context = Context {
        source: caller.feeds().first().cloned(),
        city_zone: state.engine.city().time_zone,
        received_at: clock::now(),
        place_names: Some(Arc::clone(&state.place_names)),
    };
    let decoded = decode(bytes, form, profile, context).await?;

    if let Some(source) = decoded
        .batch
        .sources()
        .find(|source| !caller.may_feed(source))
    {
        return Err(HttpError::Forbidden(format!(
            "the key may not write the feed \"{source}\"; nothing of the body was kept"
        )));
    }
    let rejected: Vec<Rejected> = decoded.refused.iter().map(Rejected::from).collect();
    let none_accepted = decoded.batch.is_empty() && !rejected.is_empty();
    let start = Instant::now();
    let receipt = state
        .engine
        .writer()
        .append(decoded.batch, decoded.refused)
        .await?;
    metrics::appended(table, &receipt, rejected.len(), start.elapsed());
    let receipt = Answer::new(&receipt, rejected);
    if none_accepted {
        Ok(all_rejected(receipt))
    } else {
        json(&receipt)
    }
}

/// What a body is.
enum Form {
    /// Rows.
    Rows(Format),
    /// One event with its data, or a batch of such.
    Events { batched: bool },
    /// The data of an event whose attributes are headers.
    Data(Vec<(String, String)>),
}

fn form(headers: &HeaderMap) -> Result<Form, HttpError> {
    const WANTED: &str = "application/json, application/x-ndjson, text/csv, application/vnd.apache.arrow.stream or \
                          application/cloudevents+json";
    let kind = headers
        .get(header::CONTENT_TYPE)
        .map(|value| String::from_utf8_lossy(value.as_bytes()));
    let kind = kind.as_deref().and_then(|kind| kind.split(';').next());
    let kind = kind.unwrap_or_default().trim().to_ascii_lowercase();
    match kind.as_str() {
        cloud_events::STRUCTURED => return Ok(Form::Events { batched: false }),
        cloud_events::BATCHED => return Ok(Form::Events { batched: true }),
        _ => {}
    }
    if headers.contains_key("ce-specversion") || headers.contains_key("ce-id") {
        if kind.is_empty() || kind == "application/json" || kind.ends_with("+json") {
            return Ok(Form::Data(attributes(headers)));
        }
        return Err(HttpError::MediaType {
            found: format!("Content-Type {kind} of an event"),
            wanted: "application/json",
        });
    }
    let found = headers
        .get(header::CONTENT_TYPE)
        .map(|value| String::from_utf8_lossy(value.as_bytes()));
    let format = found.as_deref().and_then(Format::of_content_type);
    format.map(Form::Rows).ok_or_else(|| HttpError::MediaType {
        found: found.map_or_else(
            || "a body without Content-Type".to_owned(),
            |found| format!("Content-Type {found}"),
        ),
        wanted: WANTED,
    })
}

/// The attributes of an event in binary mode: headers that begin with `ce-`, where what is no ASCII is escaped.
fn attributes(headers: &HeaderMap) -> Vec<(String, String)> {
    let all = headers.iter().filter_map(|(name, value)| {
        let name = name.as_str().strip_prefix("ce-")?;
        let value = String::from_utf8_lossy(value.as_bytes());
        Some((name.to_owned(), unescaped(&value)))
    });
    all.collect()
}

async fn decode(
    bytes: Vec<u8>,
    form: Form,
    profile: &Arc<Profile>,
    context: Context,
) -> Result<Decoded, HttpError> {
    let profile = Arc::clone(profile);
    let small = bytes.len() <= SMALL_BYTES;
    let decode = move || match form {
        Form::Rows(format) => decode_body(&bytes, format, &profile, &context),
        Form::Events { batched } => decode_cloud_events(&bytes, batched, &profile, &context),
        Form::Data(attributes) => decode_binary_cloud_event(attributes, &bytes, &profile, &context),
    };
    let decoded = if small {
        decode()
    } else {
        tokio::task::spawn_blocking(decode)
            .await
            .map_err(HttpError::internal)?
    };
    decoded.map_err(|error| HttpError::Body(error.to_string()))
}
