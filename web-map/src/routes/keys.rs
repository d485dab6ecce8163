//! `/v1/keys`: who may do what.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use chrono::{DateTime, Utc};
use citybrain_store::{Key, NewKey, Role};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::alerts::blocking;
use crate::clock;
use crate::error::HttpError;
use crate::http::answer::json;
use crate::http::body;
use crate::http::gate::Caller;
use crate::http::params::Params;
use crate::http::segments::Segments;
use crate::problem::Problem;
use crate::state::AppState;

/// All keys, also those that ended.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct KeyList {
    keys: Vec<KeyShown>,
}

/// A key without its secret.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct KeyShown {
    /// Its number.
    id: i64,
    /// Its name for people.
    name: String,
    /// `public`, `operator`, `planner`, `integrator` or `admin`.
    role: &'static str,
    /// The feeds that it may write; empty: every feed.
    feeds: Vec<String>,
    created_at: DateTime<Utc>,
    #[schema(required)]
    expires_at: Option<DateTime<Utc>>,
    #[schema(required)]
    revoked_at: Option<DateTime<Utc>>,
    /// Does it open anything now?
    valid: bool,
}

/// A key that was made just now.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct KeyMade {
    key: KeyShown,
    /// What is sent with requests; it is told now and never again.
    secret: String,
}

/// A key to be made.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct KeyBody {
    /// `public`, `operator`, `planner`, `integrator` or `admin`.
    role: String,
    /// A name for people; the role by default.
    name: Option<String>,
    /// The feeds that it may write; every feed by default.
    #[serde(default)]
    feeds: Vec<String>,
    /// When it ends; never by default.
    expires_at: Option<DateTime<Utc>>,
    /// Requests a second on average; the server's setting by default.
    requests_per_second: Option<u32>,
    /// Largest body, bytes; the server's setting by default.
    body_bytes: Option<u64>,
}

const JSON: &str = "application/json";
const BODY_BYTES_MAX: usize = 64 << 10;
const NAME_CHARS_MAX: usize = 200;

/// All keys, without their secrets.
#[utoipa::path(
    get, path = "/v1/keys", operation_id = "keys", tag = "operation",
    responses((status = 200, body = KeyList), (status = 403, body = Problem)),
)]
pub(crate) async fn list(
    State(state): State<Arc<AppState>>,
    params: Params,
) -> Result<Response, HttpError> {
    params.finish()?;
    let now = clock::now();
    let control = state.control.clone();
    let keys = blocking(move || control.keys()).await?;
    json(&KeyList {
        keys: keys.iter().map(|key| KeyShown::of(key, now)).collect(),
    })
}

/// Makes a key; its secret is in this answer and nowhere else.
///
/// From the first key on every request shows one, so the first is an `admin`'s: with another nobody could make more over this route.
#[utoipa::path(
    post, path = "/v1/keys", operation_id = "make_key", tag = "operation",
    request_body = KeyBody,
    responses((status = 200, body = KeyMade), (status = 400, body = Problem), (status = 409, body = Problem)),
)]
pub(crate) async fn make(
    State(state): State<Arc<AppState>>,
    caller: Caller,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, HttpError> {
    body::check_type(&headers, &[JSON], JSON)?;
    let bytes = body::read(body, BODY_BYTES_MAX).await?;
    let asked: KeyBody = serde_json::from_slice(&bytes)
        .map_err(|error| HttpError::Body(format!("the body is no key: {error}")))?;
    let now = clock::now();
    let new = asked.checked(now)?;
    if !state.gate.has_keys() && new.role != Role::Admin {
        return Err(HttpError::Conflict(
            "the first key must have the role admin: from then on only it can make others"
                .to_owned(),
        ));
    }
    let (control, actor) = (state.control.clone(), caller.actor());
    let (key, secret) = blocking(move || control.create_key(&new, &actor, now)).await?;
    state.gate.read_again(&state.control).await;
    json(&KeyMade {
        key: KeyShown::of(&key, now),
        secret: secret.reveal().to_owned(),
    })
}

/// Takes a key back, at once and for good.
#[utoipa::path(
    delete, path = "/v1/keys/{id}", operation_id = "revoke_key", tag = "operation",
    params(("id" = i64, Path, description = "The key's number")),
    responses((status = 200, body = KeyList, description = "The keys as they are now"), (status = 404, body = Problem)),
)]
pub(crate) async fn revoke(
    state: State<Arc<AppState>>,
    Segments(id): Segments<String>,
    caller: Caller,
    params: Params,
) -> Result<Response, HttpError> {
    let unknown = || HttpError::NotFound(format!("key {id}"));
    let number: i64 = id.parse().map_err(|_error| unknown())?;
    let (control, actor) = (state.control.clone(), caller.actor());
    if !blocking(move || control.revoke_key(number, &actor, clock::now())).await? {
        return Err(unknown());
    }
    state.gate.read_again(&state.control).await;
    list(state, params).await
}

impl KeyBody {
    fn checked(self, now: DateTime<Utc>) -> Result<NewKey, HttpError> {
        let wrong = |text: String| Err(HttpError::Body(text));
        let role: Role = match self.role.parse() {
            Ok(role) => role,
            Err(error) => return wrong(format!("role: {error}")),
        };
        let name = self.name.unwrap_or_else(|| role.as_str().to_owned());
        if name.trim().is_empty() || name.chars().count() > NAME_CHARS_MAX {
            return wrong(format!("name must have 1 to {NAME_CHARS_MAX} characters"));
        }
        if self.feeds.iter().any(|feed| feed.trim().is_empty()) {
            return wrong("feeds must not hold an empty name".to_owned());
        }
        if self.expires_at.is_some_and(|end| end <= now) {
            return wrong("expires_at lies in the past".to_owned());
        }
        if self.requests_per_second == Some(0) {
            return wrong("requests_per_second must be 1 or more".to_owned());
        }
        Ok(NewKey {
            name,
            role,
            feeds: self.feeds,
            requests_per_second: self.requests_per_second,
            body_bytes: self.body_bytes,
            expires_at: self.expires_at,
        })
    }
}

impl KeyShown {
    fn of(key: &Key, now: DateTime<Utc>) -> Self {
        Self {
            id: key.id,
            name: key.key.name.clone(),
            role: key.key.role.as_str(),
            feeds: key.key.feeds.clone(),
            created_at: key.created_at,
            expires_at: key.key.expires_at,
            revoked_at: key.revoked_at,
            valid: key.is_valid(now),
        }
    }
}
