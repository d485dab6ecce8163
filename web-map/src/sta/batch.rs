//! From a request to its answer, one by one or many at once.

use std::collections::BTreeMap;

use citybrain_model::EntityKind;
use futures::future::BoxFuture;
use serde_json::{Value, json};

use super::data_array::create_observations;
use super::path::steps;
use super::read::Reader;
use super::{Reply, StaError, write};
use crate::http::gate::Caller;
use crate::state::AppState;

/// Most requests of a batch.
const REQUESTS_MAX: usize = 1_000;

/// Answers a request: `target` is the path behind `/sta/v1.1/` with its query string, `base` the address of `/sta/v1.1`.
pub(crate) async fn dispatch(
    state: &AppState,
    caller: &Caller,
    base: &str,
    method: &str,
    target: &str,
    body: Option<Value>,
) -> Reply {
    answer(state, caller, base, method, target, body)
        .await
        .unwrap_or_else(Reply::from)
}

fn answer<'a>(
    state: &'a AppState,
    caller: &'a Caller,
    base: &'a str,
    method: &'a str,
    target: &'a str,
    body: Option<Value>,
) -> BoxFuture<'a, Result<Reply, StaError>> {
    Box::pin(async move {
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        let path = path.trim_matches('/');
        let body_of =
            |body: Option<Value>| body.ok_or_else(|| StaError::bad("the body must be JSON"));
        match (method, path) {
            ("GET", "") => return Ok(Reply::json(landing(base))),
            ("POST", "CreateObservations") => {
                let mut view = state.sta.view(state, caller).await?;
                return create_observations(state, &mut view, base, &body_of(body)?).await;
            }
            ("POST", "$batch") => return batch(state, caller, base, &body_of(body)?).await,
            _ => {}
        }
        let steps = steps(path)?;
        let view = state.sta.view(state, caller).await?;
        match method {
            "GET" => {
                let view = state.sta.seen(view);
                let asking = state.engine.ask("sensorthings").await;
                let reader = Reader {
                    state,
                    view: &view,
                    base,
                    session: &asking,
                };
                reader.get(&steps, query).await
            }
            "POST" => Box::pin(write::post(state, view, base, &steps, body_of(body)?)).await,
            "PATCH" => {
                Box::pin(write::patch(
                    state,
                    view,
                    base,
                    &steps,
                    body_of(body)?,
                    false,
                ))
                .await
            }
            "PUT" => {
                Box::pin(write::patch(
                    state,
                    view,
                    base,
                    &steps,
                    body_of(body)?,
                    true,
                ))
                .await
            }
            "DELETE" => write::delete(state, view, base, &steps).await,
            _ => Err(StaError::new(405, "the service does not know this method")),
        }
    })
}

/// Requests one after another; `$ID` in an address or as an id stands for what the request of that id made.
async fn batch(
    state: &AppState,
    caller: &Caller,
    base: &str,
    body: &Value,
) -> Result<Reply, StaError> {
    let requests = body["requests"]
        .as_array()
        .ok_or_else(|| StaError::bad("a batch must have \"requests\", an array"))?;
    if requests.len() > REQUESTS_MAX {
        return Err(StaError::new(
            413,
            format!("more than {REQUESTS_MAX} requests"),
        ));
    }
    let mut made: BTreeMap<String, (String, Value)> = BTreeMap::new();
    let mut responses = Vec::with_capacity(requests.len());
    for request in requests {
        let id = request["id"]
            .as_str()
            .map_or_else(|| request["id"].to_string(), str::to_owned);
        let reply = if request.get("atomicityGroup").is_some() {
            StaError::new(501, "a batch is not done as one: leave atomicityGroup out, or post nested entities, which are").into()
        } else {
            let method = request["method"]
                .as_str()
                .unwrap_or("GET")
                .to_ascii_uppercase();
            let url = request["url"].as_str().unwrap_or_default();
            let url = local(base, url);
            let url = match url.strip_prefix('$') {
                Some(rest) if rest != "batch" => {
                    let (name, rest) = rest
                        .split_once('/')
                        .map_or((rest, ""), |(name, rest)| (name, rest));
                    made.get(name)
                        .map_or_else(|| url.to_owned(), |(path, _)| format!("{path}/{rest}"))
                }
                _ => url.to_owned(),
            };
            let body = request.get("body").map(|body| filled(body, &made));
            dispatch(state, caller, base, &method, &url, body).await
        };
        if let (Some(location), Some(body)) = (&reply.location, &reply.body) {
            let path = location
                .strip_prefix(base)
                .unwrap_or(location)
                .trim_start_matches('/');
            made.insert(id.clone(), (path.to_owned(), body["@iot.id"].clone()));
        }
        let mut response = json!({"id": id, "status": reply.status});
        if let Some(location) = reply.location {
            response["headers"] = json!({ "location": location });
        }
        if let Some(body) = reply
            .body
            .or_else(|| reply.text.map(|(_, text)| text.into()))
        {
            response["body"] = body;
        }
        responses.push(response);
    }
    Ok(Reply::json(json!({ "responses": responses })))
}

/// An address within a batch as it stands behind the base: it may be whole, begin at the root or at the API.
pub(super) fn local<'u>(base: &str, url: &'u str) -> &'u str {
    let url = url
        .strip_prefix(base)
        .unwrap_or(url)
        .trim_start_matches('/');
    url.strip_prefix("sta/v1.1/")
        .or_else(|| url.strip_prefix("v1.1/"))
        .unwrap_or(url)
}

fn filled(body: &Value, made: &BTreeMap<String, (String, Value)>) -> Value {
    match body {
        Value::String(text) => text
            .strip_prefix('$')
            .and_then(|name| made.get(name))
            .map_or_else(|| body.clone(), |(_, id)| id.clone()),
        Value::Array(items) => items.iter().map(|item| filled(item, made)).collect(),
        Value::Object(object) => object
            .iter()
            .map(|(name, value)| (name.clone(), filled(value, made)))
            .collect(),
        plain => plain.clone(),
    }
}

/// The landing page: what there is and what is conformed to.
fn landing(base: &str) -> Value {
    const CONFORMANCE: [&str; 8] = [
        "http://www.opengis.net/spec/iot_sensing/1.1/req/datamodel",
        "http://www.opengis.net/spec/iot_sensing/1.1/req/resource-path/resource-path-to-entities",
        "http://www.opengis.net/spec/iot_sensing/1.1/req/request-data",
        "http://www.opengis.net/spec/iot_sensing/1.1/req/create-update-delete/create-entity",
        "http://www.opengis.net/spec/iot_sensing/1.1/req/create-update-delete/deep-insert",
        "http://www.opengis.net/spec/iot_sensing/1.1/req/create-update-delete/update-entity",
        "http://www.opengis.net/spec/iot_sensing/1.1/req/create-update-delete/delete-entity",
        "http://www.opengis.net/spec/iot_sensing/1.1/req/data-array/data-array",
    ];
    let sets: Vec<Value> = EntityKind::ALL
        .iter()
        .map(|kind| json!({"name": kind.set(), "url": format!("{base}/{}", kind.set())}))
        .collect();
    json!({"value": sets, "serverSettings": {"conformance": CONFORMANCE}})
}
