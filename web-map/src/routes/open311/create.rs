//! `POST /open311/v2/requests.json`: a new request.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, LazyLock};

use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, Uri};
use axum::response::Response;
use chrono::{DateTime, SecondsFormat, Utc};
use citybrain_ingest::{Context, Format, Profile, decode_body};
use serde_json::{Map, Value, json};

use super::answer::{Open311Error, answered};
use super::{check_jurisdiction, form, services, value};
use crate::error::HttpError;
use crate::http::body;
use crate::http::gate::Caller;
use crate::http::params::Params;
use crate::state::AppState;
use crate::{clock, metrics};

/// The source of requests that are made here.
const SOURCE: &str = "open311";
/// Largest form, in bytes.
const FORM_BYTES_MAX: usize = 1 << 20;

/// A new request.
///
/// A form or a JSON object with `service_code` and a place: `lat` and `long`, or `address_string`, or `address_id`. What tells who
/// sends it (`email`, `first_name`, `last_name`, `phone`, `device_id`, `account_id`) is not kept.
#[utoipa::path(
    post, path = "/open311/v2/requests.json", tag = "open311",
    request_body(content(
        (String = "application/x-www-form-urlencoded"),
        (serde_json::Value = "application/json"),
    )),
    responses(
        (status = 200, description = "A list of the one id; `.xml` for XML", body = serde_json::Value),
        (status = 400, description = "A field is missing or cannot be used", body = serde_json::Value),
        (status = 404, description = "There is no such service or city", body = serde_json::Value),
    ),
)]
pub(crate) async fn create(
    State(state): State<Arc<AppState>>,
    caller: Caller,
    headers: HeaderMap,
    uri: Uri,
    params: Params,
    body: Body,
) -> Response {
    let form = form(&uri, &headers);
    let answer = async {
        let mut fields = params.rest();
        fields.extend(read(&headers, body).await?);
        check_jurisdiction(&state, &fields)?;
        let id = append(&state, &caller, &fields, clock::now()).await?;
        let created =
            json!([{ "service_request_id": id, "service_notice": null, "account_id": null }]);
        Ok(form.answer("service_requests", &created))
    };
    answered(form, answer.await)
}

/// The fields of a form or of a JSON object.
async fn read(headers: &HeaderMap, body: Body) -> Result<Vec<(String, String)>, Open311Error> {
    const FORM: &str = "application/x-www-form-urlencoded";
    const JSON: &str = "application/json";
    body::check_packing(headers)?;
    let kind = body::check_type(
        headers,
        &[FORM, JSON],
        "a form (application/x-www-form-urlencoded) or application/json",
    )?;
    let bytes = body::read(body, FORM_BYTES_MAX).await?;
    if kind == FORM {
        let pairs = url::form_urlencoded::parse(&bytes);
        return Ok(pairs
            .map(|(name, value)| (name.into_owned(), value.into_owned()))
            .collect());
    }
    let object: Map<String, Value> = serde_json::from_slice(&bytes)
        .map_err(|error| Open311Error::bad(format!("the body is no JSON object: {error}")))?;
    let mut fields = Vec::with_capacity(object.len());
    for (name, value) in object {
        match value {
            Value::Null => {}
            Value::String(text) => fields.push((name, text)),
            Value::Object(inner) => {
                let inner = inner.into_iter();
                fields
                    .extend(inner.map(|(code, value)| (format!("{name}[{code}]"), plain(&value))));
            }
            other => fields.push((name, plain(&other))),
        }
    }
    Ok(fields)
}

fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Array(values) => values.iter().map(plain).collect::<Vec<_>>().join(", "),
        other => other.to_string(),
    }
}

/// Keeps the request; its id when it is durable.
async fn append(
    state: &AppState,
    caller: &Caller,
    fields: &[(String, String)],
    now: DateTime<Utc>,
) -> Result<String, Open311Error> {
    static PROFILE: LazyLock<Arc<Profile>> =
        LazyLock::new(|| Profile::load("http").expect("the profile is part of the program"));
    let code = value(fields, "service_code")
        .ok_or_else(|| Open311Error::bad("service_code is required"))?;
    let category = service_of(state, code).await?;
    let long = value(fields, "long").or_else(|| value(fields, "lon"));
    let position = match (long, value(fields, "lat")) {
        (Some(long), Some(lat)) => Some((number("long", long)?, number("lat", lat)?)),
        (None, None) => None,
        _ => return Err(Open311Error::bad("lat and long go together")),
    };
    let address = value(fields, "address_string").or_else(|| value(fields, "address_id"));
    if position.is_none() && address.is_none() {
        return Err(Open311Error::bad(
            "a place is required: lat and long, address_string or address_id",
        ));
    }
    let source = source_of(caller);
    let id = new_id(now);
    let row = json!({
        "id": id,
        "requested_at": now.to_rfc3339_opts(SecondsFormat::Micros, true),
        "category": category,
        "channel": "open311",
        "status": "open",
        "lon": position.map(|(lon, _)| lon),
        "lat": position.map(|(_, lat)| lat),
        "address": address,
        "text": description(fields),
    });
    let context = Context {
        source: Some(source.to_owned()),
        city_zone: state.engine.city().time_zone,
        received_at: now,
        place_names: Some(Arc::clone(&state.place_names)),
    };
    let bytes = row.to_string().into_bytes();
    let decoded = decode_body(&bytes, Format::Json, &PROFILE, &context)
        .map_err(|error| Open311Error::bad(error.to_string()))?;
    if let Some(refused) = decoded.refused.first() {
        let refusal = &refused.refusal;
        let field = match refusal.field.as_ref() {
            "lon" => "long",
            "text" => "description",
            "address" => "address_string",
            field => field,
        };
        return Err(Open311Error::bad(format!("{field}: {}", refusal.message)));
    }
    let appended = state.engine.writer().append(decoded.batch, Vec::new());
    let receipt = appended.await.map_err(HttpError::from)?;
    metrics::records("complaints", &receipt, 0);
    Ok(id)
}

/// The feed of a caller's requests: the door's own, or the first of those that the key is held to.
fn source_of(caller: &Caller) -> &str {
    match caller.feeds().first() {
        Some(feed) if !caller.may_feed(SOURCE) => feed,
        _ => SOURCE,
    }
}

/// The category of a service code. A server that knows no category yet takes any.
async fn service_of(state: &AppState, code: &str) -> Result<String, Open311Error> {
    let known = services::known(state).await?;
    let found = known
        .iter()
        .find(|service| services::is_coded(service, code));
    match found {
        Some(service) => Ok(service.category_path.clone()),
        None if known.is_empty() => Ok(code.to_owned()),
        None => Err(Open311Error::not_found(format!(
            "service_code {code} was not found"
        ))),
    }
}

fn number(name: &str, text: &str) -> Result<f64, Open311Error> {
    let number = text.parse::<f64>().ok().filter(|number| number.is_finite());
    number.ok_or_else(|| Open311Error::bad(format!("{name} {text} is no number")))
}

/// What was said, and the attributes of the service below it.
fn description(fields: &[(String, String)]) -> Option<String> {
    let mut lines: Vec<String> = Vec::new();
    lines.extend(value(fields, "description").map(str::to_owned));
    for (name, value) in fields {
        let code = name
            .strip_prefix("attribute[")
            .and_then(|rest| rest.trim_end_matches("[]").strip_suffix(']'));
        if let Some(code) = code
            && !value.trim().is_empty()
        {
            lines.push(format!("{code}: {value}"));
        }
    }
    (!lines.is_empty()).then(|| lines.join("\n"))
}

/// An id that no other request of this server has: only one process writes to a state directory, and its clock goes on.
fn new_id(now: DateTime<Utc>) -> String {
    static COUNT: AtomicU64 = AtomicU64::new(0);
    let count = COUNT.fetch_add(1, Ordering::Relaxed) % 0x1_0000;
    format!("{:x}{count:04x}", now.timestamp_micros())
}
