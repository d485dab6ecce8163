//! `/v1/webhooks` and `/v1/deliveries`: who is told of alerts, and what was sent.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use citybrain_store::{Audit, Delivery, Webhook};
use citybrain_watch::Severity;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::alerts::blocking;
use crate::alerts::link_and_topic;
use crate::clock;
use crate::error::HttpError;
use crate::http::answer::json;
use crate::http::body;
use crate::http::gate::Caller;
use crate::http::params::Params;
use crate::http::segments::Segments;
use crate::problem::Problem;
use crate::schema;
use crate::state::AppState;

/// Webhooks by name.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct WebhookList {
    webhooks: Vec<WebhookShown>,
}

/// A webhook; its secret is not shown.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct WebhookShown {
    name: String,
    url: String,
    /// The least severity that is sent.
    severity: String,
    /// Only alerts of these rules; empty: all.
    rules: Vec<String>,
}

/// A webhook to be kept.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct WebhookBody {
    /// Where to: `http://`, `https://`, or `mqtt://LINK/TOPIC` with the `client_id` of a link of the settings.
    url: String,
    /// What messages are signed with, 16 characters or more; needed for `http` and `https`, not used for `mqtt`.
    secret: Option<String>,
    /// The least severity that is sent: `info`, `warning` (the default) or `critical`.
    #[serde(default)]
    #[schema(value_type = Option<schema::SeverityWord>)]
    severity: Severity,
    /// Only alerts of these rules; all by default.
    #[serde(default)]
    rules: Vec<String>,
}

/// What was sent or is to be sent, the newest first.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct DeliveryList {
    #[schema(value_type = Vec<schema::Delivery>)]
    deliveries: Vec<Delivery>,
}

const JSON: &str = "application/json";
const BODY_BYTES_MAX: usize = 64 << 10;
const SECRET_CHARS_MIN: usize = 16;
const TOPIC_BYTES_MAX: usize = 1024;

/// All webhooks.
#[utoipa::path(get, path = "/v1/webhooks", operation_id = "webhooks", tag = "alerts", responses((status = 200, body = WebhookList)))]
pub(crate) async fn list(
    State(state): State<Arc<AppState>>,
    params: Params,
) -> Result<Response, HttpError> {
    params.finish()?;
    let control = state.control.clone();
    let webhooks = blocking(move || control.webhooks()).await?;
    json(&WebhookList {
        webhooks: webhooks.into_iter().map(WebhookShown::from).collect(),
    })
}

/// Makes or changes a webhook: it is sent each step of each alert from now on, signed.
///
/// Each message is a POST of JSON (`step`, `at`, `actor`, `note`, `alert`) with the headers `citybrain-delivery` (its number: the same
/// message may come more than once), `citybrain-timestamp` (seconds since 1970) and `citybrain-signature` (`v1=` and the HMAC-SHA256
/// of `TIMESTAMP.BODY` with the secret, in hex). What is not answered with 2xx is sent again after growing pauses, 32 times.
/// To a broker each message is published at `QoS` 1 with its number in it (`delivery`), and again until the broker has acknowledged it.
#[utoipa::path(
    put, path = "/v1/webhooks/{name}", operation_id = "keep_webhook", tag = "alerts",
    params(("name" = String, Path, description = "Its name")),
    request_body = WebhookBody,
    responses((status = 200, body = WebhookShown), (status = 400, body = Problem), (status = 415, body = Problem)),
)]
pub(crate) async fn keep(
    State(state): State<Arc<AppState>>,
    Segments(name): Segments<String>,
    caller: Caller,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, HttpError> {
    body::check_type(&headers, &[JSON], JSON)?;
    let bytes = body::read(body, BODY_BYTES_MAX).await?;
    let asked: WebhookBody = serde_json::from_slice(&bytes)
        .map_err(|error| HttpError::Body(format!("the body is no webhook: {error}")))?;
    let secret = asked.secret.unwrap_or_default();
    match link_and_topic(&asked.url) {
        Some((link, topic)) => check_topic(&state, link, topic)?,
        None => check_address(&asked.url, &secret)?,
    }
    let webhook = Webhook {
        name,
        url: asked.url,
        secret,
        severity: asked.severity.as_str().to_owned(),
        rules: asked.rules,
    };
    let (control, kept) = (state.control.clone(), webhook.clone());
    let audit = audit(&caller, "webhook.change", &webhook.name);
    blocking(move || control.keep_webhook(&kept, &audit)).await?;
    json(&WebhookShown::from(webhook))
}

fn check_topic(state: &AppState, link: &str, topic: &str) -> Result<(), HttpError> {
    if state.alerts.broker(link).is_none() {
        return Err(HttpError::Body(format!(
            "url names the MQTT link \"{link}\", which the settings do not have"
        )));
    }
    if topic.is_empty() || topic.len() > TOPIC_BYTES_MAX || topic.contains(['+', '#', '\0']) {
        return Err(HttpError::Body(
            "url must name a topic without wildcards: mqtt://LINK/TOPIC".to_owned(),
        ));
    }
    Ok(())
}

fn check_address(url: &str, secret: &str) -> Result<(), HttpError> {
    let url = reqwest::Url::parse(url)
        .map_err(|error| HttpError::Body(format!("url is no address: {error}")))?;
    if !["http", "https"].contains(&url.scheme()) || !url.has_host() {
        return Err(HttpError::Body(
            "url must begin with http://, https:// or mqtt://".to_owned(),
        ));
    }
    if secret.chars().count() < SECRET_CHARS_MIN {
        return Err(HttpError::Body(format!(
            "secret must have {SECRET_CHARS_MIN} characters or more"
        )));
    }
    Ok(())
}

/// Takes a webhook away; what is still due to it is not sent.
#[utoipa::path(
    delete, path = "/v1/webhooks/{name}", operation_id = "remove_webhook", tag = "alerts",
    params(("name" = String, Path, description = "Its name")),
    responses((status = 200, body = WebhookList, description = "Those that are left"), (status = 404, body = Problem)),
)]
pub(crate) async fn remove(
    state: State<Arc<AppState>>,
    Segments(name): Segments<String>,
    caller: Caller,
    params: Params,
) -> Result<Response, HttpError> {
    let audit = audit(&caller, "webhook.remove", &name);
    let (control, gone) = (state.control.clone(), name.clone());
    if !blocking(move || control.remove_webhook(&gone, &audit)).await? {
        return Err(HttpError::NotFound(format!("webhook \"{name}\"")));
    }
    list(state, params).await
}

/// What was sent to webhooks or is to be sent, the newest first.
#[utoipa::path(
    get, path = "/v1/deliveries", tag = "alerts",
    params(
        ("state" = Option<schema::DeliveryStateWord>, Query, description = "Only in this state; `dead`: given up after 32 attempts"),
        ("limit" = Option<usize>, Query, description = "At most so many; 100 by default", minimum = 1, maximum = 1000),
    ),
    responses((status = 200, body = DeliveryList), (status = 400, body = Problem)),
)]
pub(crate) async fn deliveries(
    State(state): State<Arc<AppState>>,
    mut params: Params,
) -> Result<Response, HttpError> {
    const STATES: [&str; 3] = ["due", "done", "dead"];
    let limit = params.limit(100, 1000)?;
    let word = params.text("state")?;
    params.finish()?;
    if let Some(word) = &word
        && !STATES.contains(&word.as_str())
    {
        let message = format!("\"{word}\" is not one of {}", STATES.join(", "));
        return Err(HttpError::parameter("state", message));
    }
    let control = state.control.clone();
    let deliveries = blocking(move || control.deliveries(word.as_deref(), limit)).await?;
    json(&DeliveryList { deliveries })
}

/// Sends a message again, whatever became of it.
#[utoipa::path(
    post, path = "/v1/deliveries/{id}/resend", operation_id = "resend_delivery", tag = "alerts",
    params(("id" = i64, Path, description = "The message's number")),
    responses((status = 200, body = DeliveryList, description = "What is due now"), (status = 404, body = Problem)),
)]
pub(crate) async fn resend(
    State(state): State<Arc<AppState>>,
    Segments(id): Segments<i64>,
    caller: Caller,
    params: Params,
) -> Result<Response, HttpError> {
    params.finish()?;
    let audit = audit(&caller, "delivery.resend", &id.to_string());
    let control = state.control.clone();
    if !blocking(move || control.deliver_again(id, &audit)).await? {
        return Err(HttpError::NotFound(format!("delivery {id}")));
    }
    state.alerts.send_now();
    let control = state.control.clone();
    let deliveries = blocking(move || control.deliveries(Some("due"), 100)).await?;
    json(&DeliveryList { deliveries })
}

fn audit(caller: &Caller, action: &str, subject: &str) -> Audit {
    Audit {
        at: clock::now(),
        actor: caller.actor(),
        action: action.to_owned(),
        subject: subject.to_owned(),
        detail: "{}".to_owned(),
    }
}

impl From<Webhook> for WebhookShown {
    fn from(webhook: Webhook) -> Self {
        Self {
            name: webhook.name,
            url: webhook.url,
            severity: webhook.severity,
            rules: webhook.rules,
        }
    }
}
