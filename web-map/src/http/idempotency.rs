//! `Idempotency-Key`: a request that is sent again is answered as it was the first time.
//!
//! Records are counted once anyway, by their identity; this is for senders that want the same receipt again, and for records
//! whose identity the server makes (requests of Open311, entities of SensorThings). An answer is kept for a day, for each key apart. The
//! same name with another request is refused; so is a request whose first sending is not answered yet.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, PoisonError};

use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::{HeaderName, HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use citybrain_store::KeptAnswer;
use sha2::{Digest, Sha256};

use super::body;
use super::gate::Caller;
use crate::clock;
use crate::error::HttpError;
use crate::state::AppState;

const NAME: &str = "idempotency-key";
/// Longest name, bytes.
const NAME_BYTES_MAX: usize = 255;
/// Largest answer that is kept, bytes. The receipt of a larger one names thousands of refused rows.
const ANSWER_BYTES_MAX: usize = 1 << 20;

/// Requests with a name that are being answered, by caller and name; held for a look-up.
#[derive(Debug, Default)]
pub(crate) struct Answering(Mutex<HashSet<(String, String)>>);

impl Answering {
    fn begin(&self, caller: &str, name: &str) -> Option<Turn<'_>> {
        let key = (caller.to_owned(), name.to_owned());
        let mut names = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        names.insert(key.clone()).then(|| Turn { of: self, key })
    }
}

/// Ends when the request is answered, or given up.
struct Turn<'a> {
    of: &'a Answering,
    key: (String, String),
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        let mut names = self.of.0.lock().unwrap_or_else(PoisonError::into_inner);
        names.remove(&self.key);
    }
}

/// Answers a request with a name once, and from then on as it was answered.
pub(crate) async fn answer_once(
    State(state): State<Arc<AppState>>,
    request: Request,
    next: Next,
) -> Response {
    if request.method() != Method::POST
        || !request.headers().contains_key(NAME)
        || !takes_records(request.uri().path())
    {
        return next.run(request).await;
    }
    answered(&state, request, next)
        .await
        .unwrap_or_else(IntoResponse::into_response)
}

/// Does the route keep what is sent to it?
fn takes_records(path: &str) -> bool {
    matches!(
        path,
        "/v1/complaints" | "/v1/complaint-events" | "/v1/observations"
    ) || path.starts_with("/open311/")
        || path.starts_with("/sta/")
}

async fn answered(
    state: &Arc<AppState>,
    request: Request,
    next: Next,
) -> Result<Response, HttpError> {
    let name = request.headers().get(NAME).map(HeaderValue::as_bytes);
    let name = name.and_then(|name| std::str::from_utf8(name).ok());
    let name = name.filter(|name| {
        !name.is_empty()
            && name.len() <= NAME_BYTES_MAX
            && name
                .bytes()
                .all(|byte| byte.is_ascii_graphic() || byte == b' ')
    });
    let name = name.map(str::to_owned).ok_or_else(|| {
        HttpError::Body(format!(
            "Idempotency-Key has 1 to {NAME_BYTES_MAX} printable characters of ASCII"
        ))
    })?;
    let caller = request
        .extensions()
        .get::<Caller>()
        .cloned()
        .unwrap_or_default();
    let whose = caller
        .key
        .as_ref()
        .map_or_else(String::new, |key| key.id.to_string());
    let Some(_turn) = state.answering.begin(&whose, &name) else {
        return Err(HttpError::Conflict(
            "a request with this Idempotency-Key is being answered; send it again after that"
                .to_owned(),
        ));
    };
    let (parts, body) = request.into_parts();
    let bytes = body::read(body, caller.body_bytes(&state.config)).await?;
    let mut hash = Sha256::new();
    for part in [
        parts.uri.to_string().as_bytes(),
        parts
            .headers
            .get(header::CONTENT_TYPE)
            .map_or(&[][..], HeaderValue::as_bytes),
        parts
            .headers
            .get(header::CONTENT_ENCODING)
            .map_or(&[][..], HeaderValue::as_bytes),
        &bytes,
    ] {
        hash.update((part.len() as u64).to_le_bytes());
        hash.update(part);
    }
    let asked = hash.finalize().to_vec();

    let (control, of, named) = (state.control.clone(), whose.clone(), name.clone());
    let kept = tokio::task::spawn_blocking(move || control.kept_answer(&of, &named, clock::now()));
    let kept = kept
        .await
        .map_err(HttpError::internal)?
        .map_err(HttpError::internal)?;
    if let Some(kept) = kept {
        return if kept.request == asked {
            Ok(again(kept))
        } else {
            Err(HttpError::Reused)
        };
    }
    let response = next
        .run(Request::from_parts(parts, Body::from(bytes)))
        .await;
    if !is_final(response.status()) {
        return Ok(response);
    }
    let (head, body) = response.into_parts();
    let Ok(bytes) = axum::body::to_bytes(body, usize::MAX).await else {
        return Err(HttpError::internal("an answer broke off"));
    };
    if bytes.len() <= ANSWER_BYTES_MAX {
        let kept = [header::CONTENT_TYPE, header::LOCATION];
        let headers = kept.iter().filter_map(|name| {
            let value = head.headers.get(name)?.to_str().ok()?;
            Some((name.to_string(), value.to_owned()))
        });
        let answer = KeptAnswer {
            request: asked,
            status: head.status.as_u16(),
            headers: headers.collect(),
            body: bytes.to_vec(),
        };
        let control = state.control.clone();
        let keep = move || control.keep_answer(&whose, &name, &answer, clock::now());
        // The records are there; that the same receipt cannot be given again is no reason to take it back.
        match tokio::task::spawn_blocking(keep).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => tracing::warn!(%error, "answer_not_kept"),
            Err(error) => tracing::warn!(%error, "answer_not_kept"),
        }
    }
    Ok(Response::from_parts(head, Body::from(bytes)))
}

/// Would the same request be answered the same for ever?
fn is_final(status: StatusCode) -> bool {
    status.is_success() || status == StatusCode::UNPROCESSABLE_ENTITY
}

fn again(kept: KeptAnswer) -> Response {
    let status = StatusCode::from_u16(kept.status).unwrap_or(StatusCode::OK);
    let mut response = (status, kept.body).into_response();
    let headers = response.headers_mut();
    headers.remove(header::CONTENT_TYPE);
    for (name, value) in kept.headers {
        if let (Ok(name), Ok(value)) = (HeaderName::try_from(name), HeaderValue::try_from(value)) {
            headers.insert(name, value);
        }
    }
    headers.insert("idempotent-replayed", HeaderValue::from_static("true"));
    response
}
