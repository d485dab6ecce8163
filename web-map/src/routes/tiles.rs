//! `GET /tiles/{layer}/{z}/{x}/{y}`: vector tiles.

use std::sync::Arc;

use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue};
use axum::response::Response;
use citybrain_grid::tile::TileCoord;

use crate::error::HttpError;
use crate::http::caching::{Keep, Tagged};
use crate::http::params::Params;
use crate::http::segments::Segments;
use crate::problem::Problem;
use crate::state::AppState;
use crate::tiles::Layer;

/// A vector tile (Mapbox Vector Tile 2.1).
///
/// `areas-LEVEL` has the layers `areas-LEVEL` (polygons with `id`, `name`, `parent`) and `labels` (points with `id`, `name`);
/// `cells-RESOLUTION` and `cells` have the layer `cells` (polygons with `cell`, hex text). Outside of the city a tile is empty.
#[utoipa::path(
    get, path = "/tiles/{layer}/{z}/{x}/{y}", tag = "tiles",
    params(
        ("layer" = String, Path, description = "`areas-LEVEL`, `cells-RESOLUTION`, or `cells`: the resolution that suits the zoom"),
        ("z" = u8, Path, description = "Zoom"),
        ("x" = u32, Path, description = "Column from the west"),
        ("y" = u32, Path, description = "Row from the north"),
        ("v" = Option<String>, Query, description = "The boundary version: with the current one the tile may be kept for good"),
    ),
    responses(
        (status = 200, body = Vec<u8>, content_type = "application/vnd.mapbox-vector-tile"),
        (status = 304, description = "The client has it already"),
        (status = 400, body = Problem),
        (status = 404, body = Problem),
    ),
)]
pub(crate) async fn tile(
    State(state): State<Arc<AppState>>,
    Segments((layer, z, x, y)): Segments<(String, u8, u32, u32)>,
    headers: HeaderMap,
    mut params: Params,
) -> Result<Response, HttpError> {
    let version = params.text("v")?;
    params.finish()?;
    let city = state.engine.city();
    let tile = TileCoord::try_new(z, x, y)
        .map_err(|error| HttpError::NotFound(format!("tile: {error}")))?;
    let layer = Layer::parse(&layer, city)?;
    let layer = layer.at_zoom(z, city).ok_or_else(|| {
        HttpError::parameter(
            "z",
            format!(
                "{} begins at zoom {}: further out a tile would hold too many cells",
                layer.name(),
                layer.zoom_min(city)
            ),
        )
    })?;

    let current = city.boundary_version();
    let tagged = Tagged {
        tag: format!("{current}/{}/{z}/{x}/{y}", layer.name()),
        keep: if version.is_some_and(|version| version == current) {
            Keep::Forever
        } else {
            Keep::WhileCurrent
        },
        content_type: HeaderValue::from_static("application/vnd.mapbox-vector-tile"),
    };
    if tagged.is_current(&headers) {
        return Ok(tagged.not_modified());
    }
    let key = (layer, tile);
    let body = if let Some(body) = state.tiles.ready(&key) {
        body
    } else {
        let state = Arc::clone(&state);
        let make = move || {
            let city = state.engine.city();
            state.tiles.tile(key, || layer.tile(city, tile))
        };
        tokio::task::spawn_blocking(make)
            .await
            .map_err(HttpError::internal)?
    };
    Ok(tagged.content(body))
}
