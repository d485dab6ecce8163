//! The only list of routes.

use std::sync::Arc;

use axum::Router;
use axum::middleware::{from_fn, from_fn_with_state};
use axum::routing::get;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::compression::CompressionLayer;
use tower_http::compression::predicate::{DefaultPredicate, NotForContentType, Predicate};
use tower_http::decompression::RequestDecompressionLayer;
use utoipa::OpenApi;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::error::HttpError;
use crate::http::{boundaries, host, observe, panics, security};
use crate::page;
use crate::routes::{
    analyses, append, areas, breakdown, cells, city, complaint, complaints, docs, health, live,
    metrics, sensors, series, sql, tilejson, tiles,
};
use crate::schema;
use crate::state::AppState;

/// The server: all routes, within the layers that every request passes.
pub fn app(state: Arc<AppState>) -> Router {
    let (described, _) = described().split_for_parts();
    let hosts = state.hosts.clone();
    described
        .layer(from_fn_with_state(
            Arc::clone(&state),
            boundaries::set_header,
        ))
        .route("/docs", get(docs::page))
        .route("/docs/docs.js", get(docs::script))
        .route("/docs/docs.css", get(docs::style))
        .fallback(page::serve)
        .method_not_allowed_fallback(async || HttpError::Method)
        .with_state(state)
        .layer(CompressionLayer::new().compress_when(worth_packing()))
        .layer(CatchPanicLayer::custom(panics::answer))
        .layer(from_fn_with_state(hosts, host::check))
        .layer(from_fn(security::set_headers))
        .layer(from_fn(observe::observe))
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
        .routes(routes!(areas::areas))
        .routes(routes!(series::series))
        .routes(routes!(breakdown::breakdown))
        .routes(routes!(analyses::backtest))
        .routes(routes!(analyses::bursts))
        .routes(routes!(analyses::clusters))
        .routes(routes!(analyses::emerging_hotspots))
        .routes(routes!(analyses::forecast))
        .routes(routes!(analyses::hotspots))
        .routes(routes!(analyses::leading_sensors))
        .routes(routes!(analyses::periodic_issues))
        .routes(routes!(complaints::complaints))
        .routes(routes!(complaint::by_id))
        .routes(routes!(complaint::by_source_and_id))
        .routes(routes!(sensors::sensors))
        .merge(write)
        .routes(routes!(live::live))
        .routes(routes!(tilejson::tilejson))
        .routes(routes!(tiles::tile))
        .routes(routes!(health::healthz))
        .routes(routes!(health::readyz))
        .routes(routes!(metrics::metrics))
        .routes(routes!(docs::openapi))
}

#[derive(OpenApi)]
#[openapi(
    info(title = "citybrain", description = "A city's complaints and sensor feeds: placed exactly, kept durably, questioned continuously, shown live."),
    components(schemas(schema::AnalysisFormat, schema::CellsFormat)),
    tags(
        (name = "city", description = "The city"),
        (name = "questions", description = "Counts, rates and SQL"),
        (name = "analyses", description = "Hotspots, periods, bursts and clusters"),
        (name = "complaints", description = "Complaints one by one, and new ones"),
        (name = "sensors", description = "Sensors and observations"),
        (name = "live", description = "What changes, as it changes"),
        (name = "tiles", description = "The map"),
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
