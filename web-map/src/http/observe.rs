//! Counts and traces requests. What is noted is the route's pattern: an address may hold a person's words or a complaint's id.

use std::time::Instant;

use axum::extract::{MatchedPath, Request};
use axum::middleware::Next;
use axum::response::Response;

use crate::metrics;

/// Counts a request by route and status and measures the time to its answer's head.
pub(crate) async fn observe(request: Request, next: Next) -> Response {
    let route = request
        .extensions()
        .get::<MatchedPath>()
        .map_or("page", MatchedPath::as_str)
        .to_owned();
    let method = request.method().clone();
    let start = Instant::now();
    let response = next.run(request).await;
    let (status, elapsed) = (response.status(), start.elapsed());
    metrics::request(method.as_str(), &route, status.as_u16(), elapsed);
    tracing::debug!(%method, route, status = status.as_u16(), seconds = elapsed.as_secs_f64(), "request");
    response
}
