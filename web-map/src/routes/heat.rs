//! `GET /tiles/heat/{z}/{x}/{y}`: cells with their counts, for clients that draw what a tile says (QGIS, plain `MapLibre`).

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue};
use axum::response::Response;
use citybrain_grid::tile::{self, TileCoord};
use citybrain_store::Role;
use h3o::{CellIndex, Resolution};
use xxhash_rust::xxh3::Xxh3;

use crate::error::HttpError;
use crate::http::caching::{Keep, Tagged};
use crate::http::filter::FilterParams;
use crate::http::gate::Caller;
use crate::http::params::Params;
use crate::http::segments::Segments;
use crate::live::Ask;
use crate::problem::Problem;
use crate::state::AppState;
use crate::tiles::cells_at;

/// A vector tile of cells with the complaints in them (Mapbox Vector Tile 2.1): layer `heat`, polygons with `cell` (hex text) and `count`.
///
/// Cells are of the resolution that suits the zoom, or of `resolution`; cells without complaints are left out, and so are those that do
/// not touch the city. The counts are those of this moment; the tag of a tile changes exactly when a count in it does, so a client that
/// asks with `If-None-Match` is answered 304 until then. The role `public` is told counts in steps, and of cells below the first step nothing.
#[utoipa::path(
    get, path = "/tiles/heat/{z}/{x}/{y}", tag = "tiles",
    params(
        ("z" = u8, Path, description = "Zoom"),
        ("x" = u32, Path, description = "Column from the west"),
        ("y" = u32, Path, description = "Row from the north"),
        ("resolution" = Option<u8>, Query, description = "H3 resolution, from 5 to the base resolution, at most two finer than suits the zoom", minimum = 5, maximum = 15),
        FilterParams,
    ),
    responses(
        (status = 200, body = Vec<u8>, content_type = "application/vnd.mapbox-vector-tile"),
        (status = 304, description = "The client has it already"),
        (status = 400, body = Problem),
        (status = 404, body = Problem),
        (status = 429, body = Problem, description = "Too many different filters are asked at the same time"),
    ),
)]
pub(crate) async fn heat(
    State(state): State<Arc<AppState>>,
    Segments((z, x, y)): Segments<(u8, u32, u32)>,
    caller: Caller,
    headers: HeaderMap,
    mut params: Params,
) -> Result<Response, HttpError> {
    let tile = TileCoord::try_new(z, x, y)
        .map_err(|error| HttpError::NotFound(format!("tile: {error}")))?;
    let resolution = resolution(&state, &mut params, z)?;
    let filter = state.filter(params)?;
    let city = Arc::clone(state.engine.city());
    let step = match caller.role() {
        Role::Public => state.config.public_count_min.max(1),
        _ => 1,
    };
    let level = city.largest().level;
    let view = state
        .live
        .view_for_a_look(Ask::counts(filter, resolution, level))?;
    view.ready()
        .await
        .map_err(|error| HttpError::from(&*error))?;

    // Finding cells and drawing them takes milliseconds of computing.
    let draw = move || {
        let cells = tile::heat_cells(&city, resolution, tile);
        let counts: Vec<(CellIndex, u64)> = view.look(|counts| {
            let count = |cell: CellIndex| {
                let count = counts?.cells.get(&cell.into())?;
                Some(count / step * step).filter(|count| *count > 0)
            };
            cells
                .into_iter()
                .filter_map(|cell| Some((cell, count(cell)?)))
                .collect()
        });
        let tagged = Tagged {
            tag: tag(&counts, &city.boundary_version()),
            keep: Keep::WhileCurrent,
            content_type: HeaderValue::from_static("application/vnd.mapbox-vector-tile"),
        };
        if tagged.is_current(&headers) {
            return tagged.not_modified();
        }
        tagged.content(Bytes::from(tile::heat(&counts, tile)))
    };
    tokio::task::spawn_blocking(draw)
        .await
        .map_err(HttpError::internal)
}

/// How much finer than by its zoom the cells of a tile may be: each step is seven times as many.
const FINER_MAX: u8 = 2;

fn resolution(state: &AppState, params: &mut Params, zoom: u8) -> Result<Resolution, HttpError> {
    let suits = cells_at(zoom).min(state.engine.city().base_resolution);
    let Some(number) = params.text("resolution")? else {
        return Ok(suits);
    };
    let finest = (u8::from(suits) + FINER_MAX).min(state.engine.city().base_resolution.into());
    number
        .parse::<u8>()
        .ok()
        .filter(|number| (5..=finest).contains(number))
        .and_then(|number| Resolution::try_from(number).ok())
        .ok_or_else(|| {
            let message = format!("\"{number}\" is not between 5 and {finest} at zoom {zoom}");
            HttpError::parameter("resolution", message)
        })
}

/// Names what a tile shows: a hash of its cells and counts.
fn tag(counts: &[(CellIndex, u64)], boundaries: &str) -> String {
    let mut hash = Xxh3::new();
    for (cell, count) in counts {
        hash.update(&u64::from(*cell).to_le_bytes());
        hash.update(&count.to_le_bytes());
    }
    format!("{boundaries}/heat/{:032x}", hash.digest128())
}
