//! The only list of routes.

use std::sync::Arc;

use axum::Router;
use axum::middleware::{from_fn, from_fn_with_state};
use axum::routing::{any, get, post};
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::compression::CompressionLayer;
use tower_http::compression::predicate::{DefaultPredicate, NotForContentType, Predicate};
use tower_http::decompression::RequestDecompressionLayer;
use utoipa::OpenApi;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::basemap;
use crate::error::HttpError;
use crate::http::{boundaries, drain, gate, host, idempotency, intake, observe, panics, security};
use crate::page;
use crate::routes::{
    alerts, aligned, analyses, append, areas, audit, breakdown, cells, city, complaint, complaints,
    docs, erase, feeds, freshness, health, heat, imports, keys, live, metrics, open311, rejected,
    rules, search, sensors, series, session, snapshot, sql, sta, tilejson, tiles, webhooks,
};
use crate::schema;
use crate::state::AppState;

/// The server: all routes, within the layers that every request passes.
pub fn app(state: Arc<AppState>) -> Router {
    let (described, _) = described().split_for_parts();
    let hosts = state.hosts.clone();
    let (gated, taken, answering) = (Arc::clone(&state), Arc::clone(&state), Arc::clone(&state));
    described
        .merge(sensorthings())
        .layer(from_fn_with_state(
            Arc::clone(&state),
            boundaries::set_header,
        ))
        .route(basemap::PATH, get(crate::routes::basemap::basemap))
        .route("/signin", get(session::page))
        .route("/docs", get(docs::page))
        .route("/docs/docs.js", get(docs::script))
        .route("/docs/docs.css", get(docs::style))
        .fallback(page::serve)
        .method_not_allowed_fallback(async || HttpError::Method)
        .with_state(state)
        .layer(from_fn_with_state(answering, idempotency::answer_once))
        .layer(from_fn_with_state(taken, intake::admit))
        .layer(from_fn_with_state(gated, gate::check))
        .layer(from_fn(drain::drain))
        .layer(CompressionLayer::new().compress_when(worth_packing()))
        .layer(CatchPanicLayer::custom(panics::answer))
        .layer(from_fn_with_state(hosts, host::check))
        .layer(from_fn(security::set_headers))
        .layer(from_fn(observe::observe))
}

/// The SensorThings API has a description of its own: its landing page.
fn sensorthings() -> Router<Arc<AppState>> {
    Router::new()
        .route("/sta/v1.1", any(sta::any))
        .route("/sta/v1.1/", any(sta::any))
        .route("/sta/v1.1/{*path}", any(sta::any))
        .layer(
            RequestDecompressionLayer::new()
                .gzip(true)
                .zstd(true)
                .pass_through_unaccepted(true),
        )
}

/// The OpenAPI 3.1 document of all routes but the page's own.
pub fn openapi() -> utoipa::openapi::OpenApi {
    described().into_openapi()
}

fn described() -> OpenApiRouter<Arc<AppState>> {
    let write = OpenApiRouter::new()
        .routes(routes!(append::complaints))
        .routes(routes!(append::complaint_events))
        .routes(routes!(append::observations))
        .routes(routes!(sql::sql))
        .routes(routes!(open311::create))
        .route("/open311/v2/requests.xml", post(open311::create))
        .route("/open311/v2/requests", post(open311::create))
        .layer(
            // What it cannot unpack goes on as it is: the routes say what they read.
            RequestDecompressionLayer::new()
                .gzip(true)
                .zstd(true)
                .pass_through_unaccepted(true),
        );
    OpenApiRouter::with_openapi(Document::openapi())
        .routes(routes!(city::city))
        .routes(routes!(cells::cells))
        .routes(routes!(aligned::aligned))
        .routes(routes!(areas::areas))
        .routes(routes!(series::series))
        .routes(routes!(breakdown::breakdown))
        .routes(routes!(analyses::backtest))
        .routes(routes!(analyses::bursts))
        .routes(routes!(analyses::clusters))
        .routes(routes!(analyses::emerging_hotspots))
        .routes(routes!(analyses::forecast))
        .routes(routes!(analyses::global_moran))
        .routes(routes!(analyses::hotspots))
        .routes(routes!(analyses::leading_sensors))
        .routes(routes!(analyses::local_moran))
        .routes(routes!(analyses::periodic_issues))
        .routes(routes!(complaints::complaints))
        .routes(routes!(complaint::by_id))
        .routes(routes!(complaint::by_source_and_id))
        .routes(routes!(erase::erase))
        .routes(routes!(search::search))
        .routes(routes!(sensors::sensors))
        .routes(routes!(sensors::observations))
        .merge(write)
        .routes(routes!(open311::discovery))
        .routes(routes!(open311::services))
        .routes(routes!(open311::service_definition))
        .routes(routes!(open311::requests))
        .routes(routes!(open311::request))
        .routes(routes!(open311::token))
        .route("/open311/v2/discovery.xml", get(open311::discovery))
        .route("/open311/v2/discovery", get(open311::discovery))
        .route("/open311/v2/services.xml", get(open311::services))
        .route("/open311/v2/services", get(open311::services))
        .route("/open311/v2/requests.xml", get(open311::requests))
        .route("/open311/v2/requests", get(open311::requests))
        .routes(routes!(imports::imports))
        .routes(routes!(feeds::list))
        .routes(routes!(feeds::one))
        .routes(routes!(rejected::list))
        .routes(routes!(rejected::one))
        .routes(routes!(rejected::replay))
        .routes(routes!(live::live))
        .routes(routes!(freshness::freshness))
        .routes(routes!(rules::list))
        .routes(routes!(rules::one, rules::keep, rules::remove))
        .routes(routes!(rules::test))
        .routes(routes!(alerts::list))
        .routes(routes!(alerts::one))
        .routes(routes!(alerts::acknowledge))
        .routes(routes!(alerts::escalate))
        .routes(routes!(alerts::resolve))
        .routes(routes!(webhooks::list))
        .routes(routes!(webhooks::keep, webhooks::remove))
        .routes(routes!(webhooks::deliveries))
        .routes(routes!(webhooks::resend))
        .routes(routes!(snapshot::snapshot))
        .routes(routes!(snapshot::bulletin))
        .routes(routes!(tilejson::tilejson))
        .routes(routes!(heat::heat))
        .routes(routes!(tiles::tile))
        .routes(routes!(health::healthz))
        .routes(routes!(health::readyz))
        .routes(routes!(metrics::metrics))
        .routes(routes!(docs::openapi))
        .routes(routes!(session::who, session::begin))
        .routes(routes!(session::end))
        .routes(routes!(audit::audit))
        .routes(routes!(keys::list, keys::make))
        .routes(routes!(keys::revoke))
}

#[derive(OpenApi)]
#[openapi(
    info(title = "citybrain", description = "A city's complaints and sensor feeds: placed exactly, kept durably, questioned continuously, shown live."),
    components(schemas(schema::AlertStateWord, schema::AnalysisFormat, schema::CellsFormat, schema::DeliveryStateWord, schema::LiveMeasureWord)),
    tags(
        (name = "city", description = "The city"),
        (name = "questions", description = "Counts, rates and SQL"),
        (name = "analyses", description = "Hotspots, periods, bursts and clusters"),
        (name = "complaints", description = "Complaints one by one, and new ones"),
        (name = "sensors", description = "Sensors and observations"),
        (name = "open311", description = "Open311 GeoReport v2, in JSON and XML"),
        (name = "live", description = "What changes, as it changes"),
        (name = "alerts", description = "Standing rules, what they tell, and who is told"),
        (name = "tiles", description = "The map"),
        (name = "pictures", description = "The map as a picture, and a page to post"),
        (name = "operation", description = "The server itself"),
    )
)]
struct Document;

/// Fonts and the like are packed already.
fn worth_packing() -> impl Predicate {
    DefaultPredicate::new().and(NotForContentType::const_new("font/"))
}

#[cfg(test)]
pub(crate) mod tests;
