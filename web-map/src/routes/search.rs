//! `GET /v1/search`: what a few letters may mean.

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use citybrain_grid::City;
use citybrain_query::{FoundAddress, FoundComplaint, FoundSensor, QueryError};
use serde::Serialize;
use utoipa::ToSchema;

use crate::error::HttpError;
use crate::http::answer::json;
use crate::http::params::Params;
use crate::problem::Problem;
use crate::schema;
use crate::state::AppState;

/// What was found, each kind by itself.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Search {
    /// Areas of the latest boundaries whose name holds the words, from large to small.
    areas: Vec<FoundArea>,
    /// Addresses that hold the words, those that most complaints name first.
    #[schema(value_type = Vec<schema::FoundAddress>)]
    addresses: Vec<FoundAddress>,
    /// False when the addresses could not be searched to the end within the limits of a query: then none is told.
    addresses_complete: bool,
    /// Complaints whose id begins so.
    #[schema(value_type = Vec<schema::FoundComplaint>)]
    complaints: Vec<FoundComplaint>,
    /// Sensors whose name holds the words.
    #[schema(value_type = Vec<schema::FoundSensor>)]
    sensors: Vec<FoundSensor>,
}

/// An area that is found by its name or id.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct FoundArea {
    /// `district`, `subdistrict`, `community` or `grid`.
    level: &'static str,
    id: String,
    /// The name in the city's own language.
    name: String,
    /// Longitude of a point inside, WGS 84 degrees.
    lon: f64,
    /// Latitude of a point inside, WGS 84 degrees.
    lat: f64,
    /// Surface, km².
    area_km2: f64,
}

/// Longest words that are looked for, characters.
const WORDS_MAX: usize = 200;

/// Areas, addresses, complaint ids and sensors that a few letters may mean.
#[utoipa::path(
    get, path = "/v1/search", tag = "questions",
    params(
        ("q" = String, Query, description = "What is looked for: a part of a name or an address, or the beginning of a complaint's id; 1 to 200 characters"),
        ("limit" = Option<u32>, Query, description = "Of each kind, from 1 to 50; 8 by default"),
    ),
    responses((status = 200, body = Search), (status = 400, body = Problem)),
)]
pub(crate) async fn search(
    State(state): State<Arc<AppState>>,
    mut params: Params,
) -> Result<Response, HttpError> {
    let limit = params.limit(8, 50)?;
    let words = params.text("q")?.unwrap_or_default();
    params.finish()?;
    let words = words.trim();
    if words.is_empty() || words.chars().count() > WORDS_MAX {
        let message = format!("must have 1 to {WORDS_MAX} characters");
        return Err(HttpError::parameter("q", message));
    }
    let asking = state.engine.ask("search").await;
    let complaints = asking.search_complaints(words, limit).await?;
    let sensors = asking.search_sensors(words, limit).await?;
    // There are as many addresses as complaints: what was found otherwise is told all the same.
    let (addresses, addresses_complete) = match asking.search_addresses(words, limit).await {
        Ok(found) => (found, true),
        Err(QueryError::Timeout(_) | QueryError::Memory { .. }) => (Vec::new(), false),
        Err(error) => return Err(error.into()),
    };
    json(&Search {
        areas: areas(state.engine.city(), words, limit),
        addresses,
        addresses_complete,
        complaints,
        sensors,
    })
}

fn areas(city: &City, words: &str, limit: usize) -> Vec<FoundArea> {
    let wanted = words.to_lowercase();
    let is_named = |name: &str| name.to_lowercase().contains(&wanted);
    city.levels
        .iter()
        .flat_map(|level| level.latest().iter().map(|area| (level.level, area)))
        .filter(|(_, area)| {
            is_named(&area.name)
                || area.names.values().any(|name| is_named(name))
                || area.id.to_lowercase() == wanted
        })
        .take(limit)
        .map(|(level, area)| FoundArea {
            level: level.as_str(),
            id: area.id.clone(),
            name: area.name.clone(),
            lon: area.label.x(),
            lat: area.label.y(),
            area_km2: area.area_km2,
        })
        .collect()
}
