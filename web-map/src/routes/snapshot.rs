//! `GET /v1/snapshot.png` and `GET /v1/bulletin`: the map as a picture, and a page to post.

use std::sync::Arc;

use axum::extract::State;
use axum::http::{HeaderName, HeaderValue, header};
use axum::response::{IntoResponse, Response};

use crate::error::HttpError;
use crate::http::filter::FilterParams;
use crate::http::params::Params;
use crate::pictures::{Bulletin, BulletinRequest, PictureRequest, facts};
use crate::problem::Problem;
use crate::schema;
use crate::state::AppState;

/// Says which renderer made the picture: `maplibre` or `tiny-skia`.
const RENDERER: HeaderName = HeaderName::from_static("x-citybrain-renderer");

/// The map as a picture (PNG): cells or areas coloured by value, borders, names, legend, scale bar, data cut and source.
///
/// `bbox` is what the picture shows; the other filters say which complaints count.
#[utoipa::path(
    get, path = "/v1/snapshot.png", tag = "pictures",
    params(
        FilterParams,
        ("size" = Option<String>, Query, description = "`1024` or `1200x800`, 64 to 4096 pixels; 1024x768 by default"),
        ("layer" = Option<String>, Query, description = "`cells` (by default) or `areas-LEVEL`"),
        ("resolution" = Option<u8>, Query, description = "H3 resolution of the cells; by default what suits the zoom"),
        ("measure" = Option<schema::MeasureWord>, Query, description = "What is measured; `count` by default"),
        ("property" = Option<String>, Query, description = "With `measure=mean`: the observed property"),
        ("breaks" = Option<String>, Query, description = "Lower bounds of the classes, one to seven rising numbers: `1,5,20`; from the values by default"),
        ("title" = Option<String>, Query, description = "The title, at most 200 characters"),
        ("lang" = Option<String>, Query, description = "`zh` or `en`; the city's main language by default"),
        ("caption" = Option<bool>, Query, description = "Title, legend, scale bar and source; true by default"),
        ("labels" = Option<bool>, Query, description = "Names of areas; true by default"),
        ("sensors" = Option<bool>, Query, description = "Sensors as dots; false by default"),
        ("renderer" = Option<String>, Query, description = "`auto` (by default), `maplibre` (the helper program or 503) or `tiny-skia`"),
    ),
    responses(
        (status = 200, body = Vec<u8>, content_type = "image/png", headers(("x-citybrain-renderer" = String, description = "`maplibre` or `tiny-skia`"))),
        (status = 400, body = Problem),
        (status = 429, body = Problem),
        (status = 503, body = Problem),
    ),
)]
pub(crate) async fn snapshot(
    State(state): State<Arc<AppState>>,
    params: Params,
) -> Result<Response, HttpError> {
    let request = PictureRequest::read(params, state.engine.city())?;
    let _place = state.pictures.place().await?;
    let facts = facts(&*state.engine.ask("snapshot").await, &request).await?;
    let painting = Arc::clone(&state);
    let paint = move || -> Result<_, HttpError> {
        let painted = painting
            .pictures
            .paint(painting.engine.city(), &facts, request.renderer)?;
        let png = painted.raster.png().map_err(HttpError::internal)?;
        Ok((png, painted.renderer))
    };
    let (png, renderer) = tokio::task::spawn_blocking(paint)
        .await
        .map_err(HttpError::internal)??;
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static("image/png")),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
        (RENDERER, HeaderValue::from_static(renderer.as_str())),
    ];
    Ok((headers, png).into_response())
}

/// A page about an area and a period, to post for its residents: picture, figures, topics, next expected windows. Counts below five are
/// not shown, and nothing is said of a single complaint.
#[utoipa::path(
    get, path = "/v1/bulletin", tag = "pictures",
    params(
        ("area" = Option<String>, Query, description = "`LEVEL:ID`; the whole city by default", example = "subdistrict:110101001"),
        ("period" = String, Query, description = "A month (2026-11), week (2026-W47), day (2026-11-23) or two days (2026-11-01..2026-11-15)"),
        ("lang" = Option<String>, Query, description = "`zh` or `en`; the city's main language by default"),
        ("format" = Option<String>, Query, description = "`html` (by default) or `pdf`"),
    ),
    responses(
        (status = 200, content((String = "text/html"), (Vec<u8> = "application/pdf"))),
        (status = 400, body = Problem),
        (status = 429, body = Problem),
    ),
)]
pub(crate) async fn bulletin(
    State(state): State<Arc<AppState>>,
    mut params: Params,
) -> Result<Response, HttpError> {
    let (area, period) = (params.text("area")?, params.text("period")?);
    let (lang, format) = (params.text("lang")?, params.text("format")?);
    params.finish()?;
    let city = state.engine.city();
    let request = BulletinRequest::read(
        area.as_deref().unwrap_or_default(),
        period.as_deref().unwrap_or_default(),
        lang.as_deref(),
        city,
    )?;
    let pdf = match format.as_deref() {
        None | Some("html") => false,
        Some("pdf") => true,
        Some(other) => {
            return Err(HttpError::parameter(
                "format",
                format!("\"{other}\" is not html or pdf"),
            ));
        }
    };
    let _place = state.pictures.place().await?;
    let bulletin = Bulletin::read(&*state.engine.ask("bulletin").await, &request).await?;
    let painting = Arc::clone(&state);
    let write = move || -> Result<(HeaderValue, Vec<u8>), HttpError> {
        let (city, pictures) = (painting.engine.city(), &painting.pictures);
        if pdf {
            let page = bulletin.page(city, pictures).pdf(bulletin.title());
            let bytes = page.map_err(HttpError::internal)?;
            Ok((HeaderValue::from_static("application/pdf"), bytes))
        } else {
            let html = bulletin.html(city, pictures).into_bytes();
            Ok((HeaderValue::from_static("text/html; charset=utf-8"), html))
        }
    };
    let (media_type, body) = tokio::task::spawn_blocking(write)
        .await
        .map_err(HttpError::internal)??;
    let headers = [
        (header::CONTENT_TYPE, media_type),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
    ];
    Ok((headers, body).into_response())
}
