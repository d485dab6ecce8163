//! `GET /v1/city`: what a client needs to know before it asks anything.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use chrono::{DateTime, Utc};
use citybrain_grid::tile::aligned_zoom_min;
use serde::Serialize;
use utoipa::ToSchema;

use crate::basemap;
use crate::clock;
use crate::error::HttpError;
use crate::http::answer::json;
use crate::http::params::Params;
use crate::state::AppState;

/// The city, its levels and the time that its complaints span.
#[utoipa::path(get, path = "/v1/city", tag = "city", responses((status = 200, body = City)))]
pub(crate) async fn city(
    State(state): State<Arc<AppState>>,
    params: Params,
) -> Result<Response, HttpError> {
    params.finish()?;
    let asking = state.engine.ask("range").await;
    let range = asking.city_range().await?;
    let city = state.engine.city();
    let bbox = city.bbox();
    json(&City {
        name: city.name.clone(),
        time_zone: city.time_zone.name(),
        base_resolution: city.base_resolution.into(),
        languages: city.languages.clone(),
        bbox: [bbox.west, bbox.south, bbox.east, bbox.north],
        boundary_version: city.boundary_version(),
        levels: city.levels.iter().map(CityLevel::from).collect(),
        aligned: Aligned {
            zoom_min: aligned_zoom_min(city),
            tiles: "/tiles/aligned",
        },
        seq: asking.snapshot().seq,
        complaints: range.complaints,
        assessment_month_day: city.assessment_month_day,
        basemap: state.basemap.is_some().then_some(basemap::PATH),
        range: range
            .from
            .zip(range.to)
            .map(|(from, to)| Range { from, to }),
        server_time: clock::now(),
        version: env!("CARGO_PKG_VERSION"),
    })
}

/// The city.
#[derive(Debug, Serialize, ToSchema)]
struct City {
    /// Its name.
    name: String,
    /// The zone of its local time (IANA).
    time_zone: &'static str,
    /// The H3 resolution at which every complaint is counted.
    base_resolution: u8,
    /// Its languages, the main one first.
    languages: Vec<String>,
    /// West, south, east, north in WGS 84 degrees.
    #[schema(min_items = 4, max_items = 4)]
    bbox: [f64; 4],
    /// Names the boundaries in use; tiles may be kept as long as it stays the same.
    boundary_version: String,
    /// Its levels, from large to small.
    levels: Vec<CityLevel>,
    /// The parts of cells that lie in one area of the smallest level.
    aligned: Aligned,
    /// Every record up to this sequence number is in the answers.
    seq: u64,
    /// Complaints in all.
    complaints: u64,
    /// The day on which a month of assessment begins, from 1 to 28; 1 is the calendar's month.
    assessment_month_day: u32,
    /// Where the streets are, a `PMTiles` file that is read by ranges; null without one.
    #[schema(required)]
    basemap: Option<&'static str>,
    /// From the first to the last complaint; null while there is none.
    #[schema(required)]
    range: Option<Range>,
    /// The server's clock.
    server_time: DateTime<Utc>,
    /// The server's version.
    version: &'static str,
}

/// A level of areas.
#[derive(Debug, Serialize, ToSchema)]
struct CityLevel {
    /// `district`, `subdistrict`, `community` or `grid`.
    level: &'static str,
    /// The city's own word for it, by language.
    names: BTreeMap<String, String>,
    /// Number of areas.
    areas: usize,
    /// Where its tiles are.
    tiles: String,
}

/// Where the aligned cells are.
#[derive(Debug, Serialize, ToSchema)]
struct Aligned {
    /// The first zoom at which their tiles show any.
    zoom_min: u8,
    /// Where their tiles are.
    tiles: &'static str,
}

/// A span of time, both ends included.
#[derive(Debug, Serialize, ToSchema)]
struct Range {
    /// `requested_at` of the first complaint.
    from: DateTime<Utc>,
    /// `requested_at` of the last complaint.
    to: DateTime<Utc>,
}

impl From<&citybrain_grid::Level> for CityLevel {
    fn from(level: &citybrain_grid::Level) -> Self {
        Self {
            level: level.level.as_str(),
            names: level.names.clone(),
            areas: level.latest().len(),
            tiles: format!("/tiles/areas-{}", level.level),
        }
    }
}
