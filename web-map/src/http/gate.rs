//! The gate that every request passes: whose key is it, may its role do this, has it asked too often.
//!
//! On loopback with no key ever made everything is open. From the first key on a request shows one: `Authorization: Bearer`, or
//! the cookie of a browser that signed in; or as the password of `Authorization: Basic`, or as Open311's `api_key`. A key that was made, changed or revoked by a command counts within about a second.

mod api_key;
mod pace;

use std::convert::Infallible;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use axum::extract::{FromRequestParts, MatchedPath, Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, Method, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Redirect, Response};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use chrono::{DateTime, Utc};
use citybrain_store::{Control, Key, KeyRing, Role};

use super::access::Access;
use super::{public, words};
use crate::clock;
use crate::config::Config;
use crate::error::HttpError;
use crate::routes::open311;
use crate::sta::{Reply, StaError};
use crate::state::AppState;

use self::pace::Paces;

/// The cookie that holds a browser's session.
pub(crate) const COOKIE: &str = "citybrain_session";

/// What the gate knows: the keys, and how often each was used.
#[derive(Debug)]
pub(crate) struct Gate {
    /// Replaced as a whole; `None` when the keys could not be read at the start: then nobody passes.
    ring: RwLock<Option<Arc<KeyRing>>>,
    /// When it was read: ms since 1970.
    read_at: AtomicI64,
    /// Held for a look-up.
    paces: Mutex<Paces>,
}

/// The keys are read again when they are older than this.
const AGE_MS: i64 = 1_000;

impl Gate {
    /// The gate with the keys as they are now.
    pub(crate) fn new(control: &Control, config: &Config) -> Self {
        let ring = control
            .key_ring()
            .inspect_err(|error| tracing::error!(%error, "keys_not_read"));
        Self {
            ring: RwLock::new(ring.ok().map(Arc::new)),
            read_at: AtomicI64::new(clock::now().timestamp_millis()),
            paces: Mutex::new(Paces::new(
                config.key_requests_per_second,
                config.public_requests_per_second,
            )),
        }
    }

    /// The keys, read again when they are old. Keys that cannot be read now stay as they were.
    async fn ring(&self, control: &Control, now: DateTime<Utc>) -> Option<Arc<KeyRing>> {
        let (now, read_at) = (now.timestamp_millis(), self.read_at.load(Ordering::Acquire));
        let mine = now - read_at >= AGE_MS
            && self
                .read_at
                .compare_exchange(read_at, now, Ordering::AcqRel, Ordering::Acquire)
                .is_ok();
        if mine {
            self.read_again(control).await;
        }
        self.ring
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// Reads the keys again.
    pub(crate) async fn read_again(&self, control: &Control) {
        let control = control.clone();
        match tokio::task::spawn_blocking(move || control.key_ring()).await {
            Ok(Ok(ring)) => {
                *self.ring.write().unwrap_or_else(PoisonError::into_inner) = Some(Arc::new(ring));
            }
            Ok(Err(error)) => tracing::error!(%error, "keys_not_read"),
            Err(error) => tracing::error!(%error, "keys_not_read"),
        }
    }

    /// Is a key asked for?
    pub(crate) fn has_keys(&self) -> bool {
        let ring = self.ring.read().unwrap_or_else(PoisonError::into_inner);
        ring.as_ref().is_none_or(|ring| ring.has_keys())
    }

    /// The key that a secret proves.
    pub(crate) fn find(&self, secret: &str, now: DateTime<Utc>) -> Option<Arc<Key>> {
        let ring = self.ring.read().unwrap_or_else(PoisonError::into_inner);
        ring.as_ref()?.find(secret, now).cloned()
    }
}

/// Who makes a request.
#[derive(Debug, Clone, Default)]
pub(crate) struct Caller {
    /// The key; none where none is asked for.
    pub(crate) key: Option<Arc<Key>>,
}

impl Caller {
    /// What the caller is to the city; without keys everybody is everything.
    pub(crate) fn role(&self) -> Role {
        self.key.as_ref().map_or(Role::Admin, |key| key.key.role)
    }

    /// What the audit trail calls the caller.
    pub(crate) fn actor(&self) -> String {
        self.key
            .as_ref()
            .map_or_else(|| "loopback".to_owned(), |key| key.actor())
    }

    /// The feeds that the caller is held to; none: every feed.
    pub(crate) fn feeds(&self) -> &[String] {
        self.key.as_ref().map_or(&[], |key| &key.key.feeds)
    }

    /// Does `source` belong to the caller's feeds?
    pub(crate) fn may_feed(&self, source: &str) -> bool {
        let feeds = self.feeds();
        feeds.is_empty() || feeds.iter().any(|feed| feed == source)
    }

    /// The largest body that the caller may send.
    pub(crate) fn body_bytes(&self, config: &Config) -> usize {
        let own = self.key.as_ref().and_then(|key| key.key.body_bytes);
        own.and_then(|bytes| usize::try_from(bytes).ok())
            .map_or(config.body_bytes_max, |bytes| {
                bytes.min(config.body_bytes_max)
            })
    }
}

impl<S: Sync> FromRequestParts<S> for Caller {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        Ok(parts.extensions.get::<Self>().cloned().unwrap_or_default())
    }
}

/// Lets a request through, or says why not.
pub(crate) async fn check(
    State(state): State<Arc<AppState>>,
    mut request: Request,
    next: Next,
) -> Response {
    let now = clock::now();
    let Some(ring) = state.gate.ring(&state.control, now).await else {
        return HttpError::Unavailable("the keys cannot be read".to_owned()).into_response();
    };
    if !ring.has_keys() {
        return next.run(request).await;
    }
    let (request_back, api_key) = match api_key::of(request).await {
        Ok(read) => read,
        Err(error) => return error.into_response(),
    };
    request = request_back;
    match admit(&state, &ring, &request, api_key.as_deref(), now) {
        Ok(Passed::As(caller)) => {
            let (role, path) = (caller.role(), request.uri().path());
            let (is_api, is_words) = (is_api(path), path.starts_with("/v1/complaints"));
            request.extensions_mut().insert(caller);
            match role {
                Role::Public if is_api => {
                    public::answer(request, next, state.config.public_count_min).await
                }
                Role::Operator if is_words => words::answer_without(request, next).await,
                _ => next.run(request).await,
            }
        }
        Ok(Passed::Page) => next.run(request).await,
        Ok(Passed::SignIn) => Redirect::to("/signin").into_response(),
        Err(error) => refuse(&request, error),
    }
}

/// A refusal in the form that the client of the path reads.
pub(crate) fn refuse(request: &Request, error: HttpError) -> Response {
    let path = request.uri().path();
    if path.starts_with("/open311/") {
        open311::refused(request.uri(), request.headers(), error)
    } else if path.starts_with("/sta/") && !matches!(error, HttpError::Unauthorized(_)) {
        Reply::from(StaError::from(error)).into_response()
    } else {
        error.into_response()
    }
}

enum Passed {
    As(Caller),
    /// The page's own files, which hold nothing of the city.
    Page,
    /// A browser that has to sign in first.
    SignIn,
}

fn admit(
    state: &AppState,
    ring: &KeyRing,
    request: &Request,
    api_key: Option<&str>,
    now: DateTime<Utc>,
) -> Result<Passed, HttpError> {
    let path = request.uri().path();
    let password = basic(request.headers());
    let shown = bearer(request.headers())
        .or(password.as_deref())
        .or(api_key)
        .map(|secret| (secret, false));
    let shown = shown.or_else(|| session(request.headers()).map(|secret| (secret, true)));
    let key = shown.and_then(|(secret, _)| ring.find(secret, now));
    if !is_api(path) && path != "/metrics" {
        return Ok(match key {
            Some(key) => Passed::As(Caller {
                key: Some(Arc::clone(key)),
            }),
            None if matches!(path, "/" | "/wall") => Passed::SignIn,
            None => Passed::Page,
        });
    }
    let route = request
        .extensions()
        .get::<MatchedPath>()
        .map_or(path, MatchedPath::as_str);
    let access = Access::of(request.method(), route);
    let Some(key) = key else {
        return match (access, shown) {
            (Access::Open, _) => Ok(Passed::Page),
            (_, None) => Err(HttpError::Unauthorized(
                "send a key: Authorization: Bearer SECRET",
            )),
            (_, Some(_)) => Err(HttpError::Unauthorized(
                "the key is unknown, was revoked, or its time is over",
            )),
        };
    };
    let role = key.key.role;
    if !access.allows(role) {
        return Err(HttpError::Forbidden(format!(
            "the role {} may not do this",
            role.as_str()
        )));
    }
    let by_cookie = shown.is_some_and(|(_, cookie)| cookie);
    if by_cookie && !is_own(request.method(), request.headers()) {
        return Err(HttpError::Forbidden(
            "a signed-in browser changes things from this server's own page only".to_owned(),
        ));
    }
    let wait = state
        .gate
        .paces
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .take(key, now);
    match wait {
        None => Ok(Passed::As(Caller {
            key: Some(Arc::clone(key)),
        })),
        Some(retry_after) => Err(HttpError::Busy {
            message: "the key was used too often".to_owned(),
            retry_after,
        }),
    }
}

/// Is the path one of the API, and not of the page, its files or its documents?
fn is_api(path: &str) -> bool {
    const API: [&str; 4] = ["/v1/", "/tiles/", "/sta/", "/open311/"];
    API.iter().any(|begin| path.starts_with(begin)) || matches!(path, "/sta" | "/open311")
}

/// The secret of `Authorization: Bearer`.
fn bearer(headers: &HeaderMap) -> Option<&str> {
    let (scheme, secret) = headers
        .get(header::AUTHORIZATION)?
        .to_str()
        .ok()?
        .split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| secret.trim())
}

/// The password of `Authorization: Basic`, for clients that know no other way; the name before it says nothing.
fn basic(headers: &HeaderMap) -> Option<String> {
    let (scheme, pair) = headers
        .get(header::AUTHORIZATION)?
        .to_str()
        .ok()?
        .split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    let pair = String::from_utf8(BASE64_STANDARD.decode(pair.trim()).ok()?).ok()?;
    let (_, password) = pair.split_once(':')?;
    Some(password.to_owned())
}

/// The secret of the session's cookie.
pub(crate) fn session(headers: &HeaderMap) -> Option<&str> {
    headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(';'))
        .find_map(|pair| pair.trim().strip_prefix(COOKIE)?.strip_prefix('='))
}

/// Does a request that a browser sent with its cookie come from our own page? The cookie is not sent from foreign sites
/// (`SameSite=Strict`); this also holds other ports and subdomains off.
pub(crate) fn is_own(method: &Method, headers: &HeaderMap) -> bool {
    if matches!(*method, Method::GET | Method::HEAD | Method::OPTIONS) {
        return true;
    }
    if let Some(site) = headers.get("sec-fetch-site") {
        return site == "same-origin";
    }
    let text = |name| {
        headers
            .get(name)
            .and_then(|value: &axum::http::HeaderValue| value.to_str().ok())
    };
    match (text(header::ORIGIN), text(header::HOST)) {
        (Some(origin), Some(host)) => origin
            .split_once("://")
            .is_some_and(|(_, named)| named.eq_ignore_ascii_case(host)),
        // Neither header: no browser of today.
        (None, _) => true,
        (Some(_), None) => false,
    }
}
