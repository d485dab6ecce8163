//! `GET /open311/v2/requests.json`, `/open311/v2/requests/{id}.json` and `/open311/v2/tokens/{token}.json`.

use std::collections::HashSet;
use std::sync::Arc;

use axum::extract::{Path, State};
use axum::http::{HeaderMap, Uri};
use axum::response::Response;
use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};
use chrono_tz::Tz;
use citybrain_query::{ComplaintRow, ServiceRequestsWanted};
use serde_json::{Value, json};

use super::answer::{Open311Error, answered};
use super::{check_jurisdiction, form, named, services, value};
use crate::clock;
use crate::http::params::Params;
use crate::state::AppState;

/// The longest span of time that one question may ask for.
const SPAN: TimeDelta = TimeDelta::days(90);
/// Most requests of one answer.
const ROWS_MAX: usize = 1000;

/// Requests, newest first: those of the last 90 days, at most 1,000, unless ids or dates are given.
#[utoipa::path(
    get, path = "/open311/v2/requests.json", tag = "open311",
    params(
        ("service_request_id" = Option<String>, Query, description = "Ids, separated by commas; nothing else counts then"),
        ("service_code" = Option<String>, Query, description = "Codes, separated by commas"),
        ("start_date" = Option<String>, Query, description = "From this instant, with an offset: 2026-11-01T00:00:00Z"),
        ("end_date" = Option<String>, Query, description = "Up to this instant; at most 90 days after start_date"),
        ("status" = Option<String>, Query, description = "open, closed, or both separated by a comma"),
        ("page" = Option<usize>, Query, description = "From 1"),
        ("page_size" = Option<usize>, Query, description = "Up to 1000"),
        ("jurisdiction_id" = Option<String>, Query, description = "The city; this server's own"),
    ),
    responses(
        (status = 200, description = "Requests; `.xml` for XML", body = serde_json::Value),
        (status = 400, description = "A parameter cannot be used", body = serde_json::Value),
    ),
)]
pub(crate) async fn requests(
    State(state): State<Arc<AppState>>,
    headers: HeaderMap,
    uri: Uri,
    params: Params,
) -> Response {
    let form = form(&uri, &headers);
    let answer = async {
        let parameters = params.rest();
        check_jurisdiction(&state, &parameters)?;
        let wanted = wanted(&state, &parameters, clock::now()).await?;
        Ok(form.answer("service_requests", &found(&state, &wanted).await?))
    };
    answered(form, answer.await)
}

/// One request.
#[utoipa::path(
    get, path = "/open311/v2/requests/{service_request_id}", tag = "open311",
    params(
        ("service_request_id" = String, Path, description = "The id with `.json` or `.xml`"),
        ("jurisdiction_id" = Option<String>, Query, description = "The city; this server's own"),
    ),
    responses(
        (status = 200, description = "A list of the one request", body = serde_json::Value),
        (status = 404, description = "There is no such request", body = serde_json::Value),
    ),
)]
pub(crate) async fn request(
    State(state): State<Arc<AppState>>,
    Path(id): Path<String>,
    headers: HeaderMap,
    params: Params,
) -> Response {
    let (id, form) = named(&id, &headers);
    let answer = async {
        check_jurisdiction(&state, &params.rest())?;
        let one = one(&state, &id).await?;
        Ok(form.answer("service_requests", &one))
    };
    answered(form, answer.await)
}

/// The id of the request that was answered with a token. Ids are given at once here, so a token is the id itself.
#[utoipa::path(
    get, path = "/open311/v2/tokens/{token}", tag = "open311",
    params(("token" = String, Path, description = "The token with `.json` or `.xml`")),
    responses(
        (status = 200, description = "A list of the one id with its token", body = serde_json::Value),
        (status = 404, description = "There is no such token", body = serde_json::Value),
    ),
)]
pub(crate) async fn token(
    State(state): State<Arc<AppState>>,
    Path(token): Path<String>,
    headers: HeaderMap,
    params: Params,
) -> Response {
    let (token, form) = named(&token, &headers);
    let answer = async {
        check_jurisdiction(&state, &params.rest())?;
        let one = one(&state, &token).await?;
        let id = one[0]["service_request_id"].clone();
        let ids = json!([{ "service_request_id": id, "token": token }]);
        Ok(form.answer("service_requests", &ids))
    };
    answered(form, answer.await)
}

async fn one(state: &AppState, id: &str) -> Result<Value, Open311Error> {
    let wanted = ServiceRequestsWanted {
        ids: vec![id_of(id)],
        limit: ROWS_MAX,
        ..ServiceRequestsWanted::default()
    };
    let found = found(state, &wanted).await?;
    match found.as_array().map_or(0, Vec::len) {
        0 => Err(Open311Error::not_found(format!(
            "service_request_id {id} was not found"
        ))),
        1 => Ok(found),
        _ => Err(Open311Error::bad(format!(
            "several sources have the id {id}: name one, as in source:{id}"
        ))),
    }
}

/// What a question asks for.
async fn wanted(
    state: &AppState,
    parameters: &[(String, String)],
    now: DateTime<Utc>,
) -> Result<ServiceRequestsWanted, Open311Error> {
    let number = |name: &str, default: usize, max: usize| match value(parameters, name) {
        None => Ok(default),
        Some(text) => match text.parse() {
            Ok(number) if (1..=max).contains(&number) => Ok(number),
            _ => Err(Open311Error::bad(format!(
                "{name} {text} is not between 1 and {max}"
            ))),
        },
    };
    let limit = number("page_size", ROWS_MAX, ROWS_MAX)?;
    let offset = (number("page", 1, 1_000_000)? - 1) * limit;
    if let Some(ids) = value(parameters, "service_request_id") {
        let ids: Vec<_> = ids
            .split(',')
            .map(str::trim)
            .filter(|id| !id.is_empty())
            .collect();
        if ids.len() > ROWS_MAX {
            return Err(Open311Error::bad(format!("more than {ROWS_MAX} ids")));
        }
        return Ok(ServiceRequestsWanted {
            ids: ids.into_iter().map(id_of).collect(),
            limit,
            offset,
            ..ServiceRequestsWanted::default()
        });
    }
    let services = match value(parameters, "service_code") {
        None => Vec::new(),
        Some(codes) => service_codes(state, codes).await?,
    };
    let (from, until) = window(
        date(parameters, "start_date")?,
        date(parameters, "end_date")?,
        now,
    )?;
    Ok(ServiceRequestsWanted {
        ids: Vec::new(),
        services,
        closed: closed(parameters)?,
        from: Some(from),
        until: Some(until),
        limit,
        offset,
    })
}

/// Codes between commas; a code that holds one itself is found as a whole.
async fn service_codes(state: &AppState, codes: &str) -> Result<Vec<String>, Open311Error> {
    let known = services::known(state).await?;
    if known
        .iter()
        .any(|service| services::is_coded(service, codes))
    {
        return Ok(vec![codes.to_owned()]);
    }
    let codes: Vec<String> = codes
        .split(',')
        .map(|code| code.trim().to_owned())
        .collect();
    if codes.len() > ROWS_MAX {
        return Err(Open311Error::bad(format!("more than {ROWS_MAX} codes")));
    }
    Ok(codes)
}

fn closed(parameters: &[(String, String)]) -> Result<Option<bool>, Open311Error> {
    let Some(status) = value(parameters, "status") else {
        return Ok(None);
    };
    let mut wanted = HashSet::new();
    for word in status.split(',') {
        wanted.insert(match word.trim() {
            "open" => false,
            "closed" => true,
            word => {
                return Err(Open311Error::bad(format!(
                    "status {word} is neither open nor closed"
                )));
            }
        });
    }
    Ok(match wanted.len() {
        1 => wanted.into_iter().next(),
        _ => None,
    })
}

/// An instant with an offset. A plus sign that was sent as it is comes as a blank.
fn date(
    parameters: &[(String, String)],
    name: &str,
) -> Result<Option<DateTime<Utc>>, Open311Error> {
    let Some(text) = value(parameters, name) else {
        return Ok(None);
    };
    match DateTime::parse_from_rfc3339(&text.replace(' ', "+")) {
        Ok(instant) => Ok(Some(instant.to_utc())),
        Err(_) => Err(Open311Error::bad(format!(
            "{name} {text} is no instant with an offset, as 2026-11-01T00:00:00Z"
        ))),
    }
}

/// From and until: 90 days, where a date is missing.
fn window(
    start: Option<DateTime<Utc>>,
    end: Option<DateTime<Utc>>,
    now: DateTime<Utc>,
) -> Result<(DateTime<Utc>, DateTime<Utc>), Open311Error> {
    match (start, end) {
        (None, None) => Ok((now - SPAN, now)),
        (Some(start), None) => Ok((start, (start + SPAN).min(now.max(start)))),
        (None, Some(end)) => Ok((end - SPAN, end)),
        (Some(start), Some(end)) if end < start => {
            Err(Open311Error::bad("end_date is before start_date"))
        }
        (Some(start), Some(end)) if end - start > SPAN => Err(Open311Error::bad(
            "start_date and end_date may not span more than 90 days",
        )),
        (Some(start), Some(end)) => Ok((start, end)),
    }
}

/// `id`, or `source:id` where several sources have it.
fn id_of(text: &str) -> (Option<String>, String) {
    match text.split_once(':') {
        Some((source, id)) if !source.is_empty() && !id.is_empty() => {
            (Some(source.to_owned()), id.to_owned())
        }
        _ => (None, text.to_owned()),
    }
}

async fn found(state: &AppState, wanted: &ServiceRequestsWanted) -> Result<Value, Open311Error> {
    let session = state.engine.ask("open311_requests").await;
    let mut found = session.service_requests(wanted).await?;
    // An id may itself hold a colon.
    if found.is_empty() && wanted.ids.iter().any(|(source, _)| source.is_some()) {
        let ids = wanted.ids.iter().map(|(source, id)| match source {
            Some(source) => (None, format!("{source}:{id}")),
            None => (None, id.clone()),
        });
        let wanted = ServiceRequestsWanted {
            ids: ids.collect(),
            ..wanted.clone()
        };
        found = session.service_requests(&wanted).await?;
    }
    let ids: Vec<String> = found.iter().map(|row| row.id.clone()).collect();
    let shared = session.shared_ids(&ids).await?;
    let zone = state.engine.city().time_zone;
    let requests = found.iter().map(|row| shown(row, &shared, zone));
    Ok(requests.collect::<Vec<_>>().into())
}

/// A complaint as a service request, without what was said.
fn shown(row: &ComplaintRow, shared: &HashSet<String>, zone: Tz) -> Value {
    let instant = |instant: DateTime<Utc>| {
        let local = instant.with_timezone(&zone);
        local.to_rfc3339_opts(SecondsFormat::Secs, false)
    };
    let id = if shared.contains(&row.id) {
        format!("{}:{}", row.source, row.id)
    } else {
        row.id.clone()
    };
    let is_closed = row.closed_at.is_some()
        || row
            .status
            .as_deref()
            .is_some_and(|status| status.eq_ignore_ascii_case("closed"));
    let updated = [Some(row.requested_at), row.dispatched_at, row.closed_at];
    json!({
        "service_request_id": id,
        "status": if is_closed { "closed" } else { "open" },
        "status_notes": row.status,
        "service_name": row.category,
        "service_code": row.category_path,
        "description": null,
        "agency_responsible": row.agency,
        "service_notice": null,
        "requested_datetime": instant(row.requested_at),
        "updated_datetime": updated.into_iter().flatten().max().map(instant),
        "expected_datetime": row.due_at.map(instant),
        "address": row.address,
        "address_id": null,
        "zipcode": null,
        "lat": row.lat,
        "long": row.lon,
        "media_url": null,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    #[test]
    fn the_window_is_ninety_days_where_a_date_is_missing() {
        let now = at("2026-11-29T00:00:00Z");
        let (from, until) = window(None, None, now).unwrap();
        assert_eq!((from, until), (at("2026-08-31T00:00:00Z"), now));
        let start = at("2026-01-01T00:00:00Z");
        assert_eq!(
            window(Some(start), None, now).unwrap().1,
            at("2026-04-01T00:00:00Z")
        );
        let late = at("2026-11-01T00:00:00Z");
        assert_eq!(window(Some(late), None, now).unwrap(), (late, now));
        assert_eq!(window(None, Some(late), now).unwrap().1, late);
        assert!(window(Some(start), Some(late), now).is_err());
        assert!(window(Some(late), Some(start), now).is_err());
    }

    #[test]
    fn dates_need_an_offset_and_survive_a_plus_sign() {
        let parameters = |text: &str| vec![("start_date".to_owned(), text.to_owned())];
        let read = |text: &str| date(&parameters(text), "start_date");
        assert_eq!(
            read("2026-11-01T08:00:00 08:00").unwrap(),
            Some(at("2026-11-01T00:00:00Z"))
        );
        assert!(read("2026-11-01").is_err());
        assert_eq!(read(" ").unwrap(), None);
    }

    #[test]
    fn an_id_may_name_its_source() {
        assert_eq!(id_of("nyc:7"), (Some("nyc".to_owned()), "7".to_owned()));
        assert_eq!(id_of("7"), (None, "7".to_owned()));
        assert_eq!(id_of(":7"), (None, ":7".to_owned()));
    }
}
