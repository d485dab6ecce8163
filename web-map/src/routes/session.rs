//! `POST /v1/session`: a browser signs in with a key and gets a cookie that the page cannot read.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{Html, IntoResponse, Redirect, Response};
use chrono::TimeDelta;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::clock;
use crate::error::HttpError;
use crate::http::answer::json;
use crate::http::body;
use crate::http::gate::{COOKIE, Caller, is_own, session};
use crate::http::origin::is_secure;
use crate::problem::Problem;
use crate::state::AppState;

/// What a browser signs in with.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SignIn {
    /// The secret of a key.
    key: String,
}

/// Who is asking.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Session {
    /// Is a key asked for?
    keys: bool,
    /// `public`, `operator`, `planner`, `integrator` or `admin`; null for a request without a valid key. Without keys everybody
    /// is `admin`.
    #[schema(required)]
    role: Option<&'static str>,
    /// The key's name.
    #[schema(required)]
    name: Option<String>,
    /// What the audit trail calls the caller.
    actor: String,
    /// The feeds that the key may write; empty: every feed.
    feeds: Vec<String>,
}

/// Largest body, bytes.
const BYTES_MAX: usize = 4096;
const FORM: &str = "application/x-www-form-urlencoded";

/// The form: no script, so that it works whatever the page does.
pub(crate) async fn page() -> Html<&'static str> {
    Html(include_str!("session/signin.html"))
}

/// Sign in with a key: the answer sets a cookie for this browser.
///
/// A form (`application/x-www-form-urlencoded`) is sent on to the page.
#[utoipa::path(
    post, path = "/v1/session", operation_id = "sign_in", tag = "operation",
    request_body(content((SignIn = "application/json"), (SignIn = "application/x-www-form-urlencoded"))),
    responses((status = 204, description = "Signed in"), (status = 303, description = "Signed in by the form"), (status = 401, body = Problem)),
)]
pub(crate) async fn begin(
    State(state): State<Arc<AppState>>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, HttpError> {
    check_own(&headers)?;
    let kind = body::check_type(
        &headers,
        &["application/json", FORM],
        "application/json or application/x-www-form-urlencoded",
    )?;
    let bytes = body::read(body, BYTES_MAX).await?;
    let by_form = kind == FORM;
    let secret = if by_form {
        let text = String::from_utf8_lossy(&bytes);
        text.strip_prefix("key=").unwrap_or_default().to_owned()
    } else {
        let SignIn { key } = serde_json::from_slice(&bytes)
            .map_err(|error| HttpError::Body(format!("the body is no key: {error}")))?;
        key
    };
    let now = clock::now();
    state.gate.read_again(&state.control).await;
    let Some(key) = state.gate.find(secret.trim_matches(['+', ' ']), now) else {
        return if by_form {
            Ok((
                StatusCode::UNAUTHORIZED,
                Html(include_str!("session/signin.html").replace("hidden", "")),
            )
                .into_response())
        } else {
            Err(HttpError::Unauthorized(
                "the key is unknown, was revoked, or its time is over",
            ))
        };
    };
    let hours = state.config.session_hours;
    let control = state.control.clone();
    let session = tokio::task::spawn_blocking(move || {
        control.begin_session(&key, now + TimeDelta::hours(hours.into()), now)
    })
    .await
    .map_err(HttpError::internal)?
    .map_err(HttpError::internal)?;
    state.gate.read_again(&state.control).await;
    let seconds = u64::from(hours) * 3600;
    let cookie = cookie(
        session.reveal(),
        seconds,
        is_secure(&headers, &state.config),
    )?;
    let set = [(header::SET_COOKIE, cookie)];
    Ok(if by_form {
        (set, Redirect::to("/")).into_response()
    } else {
        (set, StatusCode::NO_CONTENT).into_response()
    })
}

/// Sign out: the browser's cookie opens nothing any longer.
#[utoipa::path(
    post, path = "/v1/session/end", operation_id = "sign_out", tag = "operation",
    responses((status = 204, description = "Signed out")),
)]
pub(crate) async fn end(
    State(state): State<Arc<AppState>>,
    headers: HeaderMap,
) -> Result<Response, HttpError> {
    check_own(&headers)?;
    if let Some(secret) = session(&headers).map(str::to_owned) {
        let control = state.control.clone();
        tokio::task::spawn_blocking(move || control.end_session(&secret))
            .await
            .map_err(HttpError::internal)?
            .map_err(HttpError::internal)?;
        state.gate.read_again(&state.control).await;
    }
    let set = [(
        header::SET_COOKIE,
        cookie("", 0, is_secure(&headers, &state.config))?,
    )];
    Ok((set, StatusCode::NO_CONTENT).into_response())
}

/// Who is asking, and what may they do.
#[utoipa::path(get, path = "/v1/session", operation_id = "session", tag = "operation", responses((status = 200, body = Session)))]
pub(crate) async fn who(
    State(state): State<Arc<AppState>>,
    caller: Caller,
) -> Result<Response, HttpError> {
    let keys = state.gate.has_keys();
    let key = caller.key.as_ref();
    json(&Session {
        keys,
        role: match key {
            Some(key) => Some(key.key.role.as_str()),
            None if keys => None,
            None => Some(caller.role().as_str()),
        },
        name: key.map(|key| key.key.name.clone()),
        actor: caller.actor(),
        feeds: caller.feeds().to_vec(),
    })
}

fn check_own(headers: &HeaderMap) -> Result<(), HttpError> {
    if is_own(&axum::http::Method::POST, headers) {
        return Ok(());
    }
    Err(HttpError::Forbidden(
        "a browser signs in and out on this server's own page only".to_owned(),
    ))
}

fn cookie(value: &str, seconds: u64, secure: bool) -> Result<HeaderValue, HttpError> {
    let secure = if secure { "; Secure" } else { "" };
    HeaderValue::from_str(&format!(
        "{COOKIE}={value}; Path=/; HttpOnly; SameSite=Strict; Max-Age={seconds}{secure}"
    ))
    .map_err(HttpError::internal)
}
