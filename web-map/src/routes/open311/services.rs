//! `GET /open311/v2/services.json` and `/open311/v2/services/{code}.json`: what can be asked for.

use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::extract::{Path, State};
use axum::http::{HeaderMap, Uri};
use axum::response::Response;
use citybrain_query::ServiceRow;
use serde_json::{Value, json};

use super::answer::{Open311Error, answered};
use super::{check_jurisdiction, form, named};
use crate::http::params::Params;
use crate::state::AppState;

/// How long a list of services is given again without asking.
const FRESH: Duration = Duration::from_secs(30);

/// The services: one for each category that complaints have.
#[utoipa::path(
    get, path = "/open311/v2/services.json", tag = "open311",
    params(("jurisdiction_id" = Option<String>, Query, description = "The city; this server's own")),
    responses((status = 200, description = "Services; `.xml` for XML", body = serde_json::Value)),
)]
pub(crate) async fn services(
    State(state): State<Arc<AppState>>,
    headers: HeaderMap,
    uri: Uri,
    params: Params,
) -> Response {
    let form = form(&uri, &headers);
    let answer = async {
        check_jurisdiction(&state, &params.rest())?;
        let services = known(&state).await?;
        let services: Vec<Value> = services.iter().map(service).collect();
        Ok(form.answer("services", &services.into()))
    };
    answered(form, answer.await)
}

/// The definition of one service.
#[utoipa::path(
    get, path = "/open311/v2/services/{service_code}", tag = "open311",
    params(
        ("service_code" = String, Path, description = "The code with `.json` or `.xml`"),
        ("jurisdiction_id" = Option<String>, Query, description = "The city; this server's own"),
    ),
    responses(
        (status = 200, description = "The service's attributes", body = serde_json::Value),
        (status = 404, description = "There is no such service", body = serde_json::Value),
    ),
)]
pub(crate) async fn service_definition(
    State(state): State<Arc<AppState>>,
    Path(code): Path<String>,
    headers: HeaderMap,
    params: Params,
) -> Response {
    let (code, form) = named(&code, &headers);
    let answer = async {
        check_jurisdiction(&state, &params.rest())?;
        let services = known(&state).await?;
        let found = services.iter().find(|service| is_coded(service, &code));
        let Some(service) = found else {
            return Err(Open311Error::not_found(format!(
                "service_code {code} was not found"
            )));
        };
        let definition = json!({ "service_code": service.category_path, "attributes": [] });
        Ok(form.answer("service_definition", &definition))
    };
    answered(form, answer.await)
}

/// Does a code mean this service: its path, or its category alone?
pub(super) fn is_coded(service: &ServiceRow, code: &str) -> bool {
    service.category_path == code || service.category == code
}

/// The services, asked for anew now and then.
pub(super) async fn known(state: &AppState) -> Result<Arc<[ServiceRow]>, Open311Error> {
    let kept = state.open311_services();
    if let Some((at, services)) = kept
        && at.elapsed() < FRESH
    {
        return Ok(services);
    }
    let services: Arc<[ServiceRow]> = state
        .engine
        .ask("open311_services")
        .await
        .services()
        .await?
        .into();
    // An empty list is asked for again at once: the first complaint may come any moment.
    if !services.is_empty() {
        state.keep_open311_services((Instant::now(), Arc::clone(&services)));
    }
    Ok(services)
}

fn service(service: &ServiceRow) -> Value {
    let keywords = service.category_path.replace("->", ",");
    json!({
        "service_code": service.category_path,
        "service_name": service.category,
        "description": service.category_path.replace("->", " / "),
        "metadata": false,
        "type": "realtime",
        "keywords": keywords,
        "group": service.top_category,
    })
}
