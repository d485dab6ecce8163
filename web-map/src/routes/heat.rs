//! `GET /tiles/heat/{z}/{x}/{y}`: cells with their counts, for clients that draw what a tile says (QGIS, plain `MapLibre`), and
//! `…/{y}.png`: the same, painted, for clients that take nothing but pictures.

use std::collections::HashMap;
use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue};
use axum::response::Response;
use citybrain_grid::tile::{self, TileCoord};
use citybrain_picture::Scale;
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
use crate::pictures::{breaks, heat_tile};
use crate::problem::Problem;
use crate::state::AppState;
use crate::tiles::cells_at;

/// A vector tile of cells with the complaints in them (Mapbox Vector Tile 2.1): layer `heat`, polygons with `cell` (hex text) and `count`.
///
/// Cells are of the resolution that suits the zoom, or of `resolution`; cells without complaints are left out, and so are those that do
/// not touch the city. The counts are those of this moment; the tag of a tile changes exactly when a count in it does, so a client that
/// asks with `If-None-Match` is answered 304 until then. The role `public` is told counts in steps, and of cells below the first step nothing.
///
/// With `.png` after the row the tile is a picture with transparent ground. Its classes are those of the whole city at that resolution,
/// so that tiles fit together, or `breaks`.
#[utoipa::path(
    get, path = "/tiles/heat/{z}/{x}/{y}", tag = "tiles",
    params(
        ("z" = u8, Path, description = "Zoom"),
        ("x" = u32, Path, description = "Column from the west"),
        ("y" = String, Path, description = "Row from the north: `775`, or `775.png` for a picture", example = "775"),
        ("resolution" = Option<u8>, Query, description = "H3 resolution, from 5 to the base resolution, at most two finer than suits the zoom", minimum = 5, maximum = 15),
        ("size" = Option<u32>, Query, description = "Of a picture: 256 (by default) or 512 pixels a side"),
        ("breaks" = Option<String>, Query, description = "Of a picture: lower bounds of the classes, one to seven rising numbers: `1,5,20`"),
        FilterParams,
    ),
    responses(
        (status = 200, content((Vec<u8> = "application/vnd.mapbox-vector-tile"), (Vec<u8> = "image/png"))),
        (status = 304, description = "The client has it already"),
        (status = 400, body = Problem),
        (status = 404, body = Problem),
        (status = 429, body = Problem, description = "Too many different filters are asked at the same time"),
    ),
)]
pub(crate) async fn heat(
    State(state): State<Arc<AppState>>,
    Segments((z, x, row)): Segments<(u8, u32, String)>,
    caller: Caller,
    headers: HeaderMap,
    mut params: Params,
) -> Result<Response, HttpError> {
    let (row, painted) = match row.strip_suffix(".png") {
        Some(row) => (row, true),
        None => (row.as_str(), false),
    };
    let y = row
        .parse()
        .map_err(|_error| HttpError::NotFound(format!("tile: \"{row}\" is not a row")))?;
    let tile = TileCoord::try_new(z, x, y)
        .map_err(|error| HttpError::NotFound(format!("tile: {error}")))?;
    let resolution = resolution(&state, &mut params, z)?;
    let painting = painted.then(|| Painting::read(&mut params)).transpose()?;
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
    let draw = move || -> Result<Response, HttpError> {
        let cells = tile::heat_cells(&city, resolution, tile);
        let told = |count: u64| Some(count / step * step).filter(|count| *count > 0);
        let (counts, painting) = view.look(|counts| {
            let all = counts.map(|counts| &counts.cells);
            let here: Vec<(CellIndex, u64)> = cells
                .into_iter()
                .filter_map(|cell| Some((cell, told(*all?.get(&cell.into())?)?)))
                .collect();
            let whole = all.into_iter().flat_map(HashMap::values);
            let painting =
                painting.map(|painting| painting.of(whole.filter_map(|count| told(*count))));
            (here, painting)
        });
        let tagged = Tagged {
            tag: tag(&counts, &city.boundary_version(), painting.as_ref()),
            keep: Keep::WhileCurrent,
            content_type: match &painting {
                Some(_) => HeaderValue::from_static("image/png"),
                None => HeaderValue::from_static("application/vnd.mapbox-vector-tile"),
            },
        };
        if tagged.is_current(&headers) {
            return Ok(tagged.not_modified());
        }
        let body = match painting {
            Some((size, scale)) => {
                heat_tile(tile, size, &counts, scale).map_err(HttpError::internal)?
            }
            None => tile::heat(&counts, tile),
        };
        Ok(tagged.content(Bytes::from(body)))
    };
    tokio::task::spawn_blocking(draw)
        .await
        .map_err(HttpError::internal)?
}

/// How a tile is painted: pixels a side, and the classes if they were asked for.
struct Painting {
    size: u32,
    scale: Option<Scale>,
}

impl Painting {
    fn read(params: &mut Params) -> Result<Self, HttpError> {
        let scale = breaks(params)?;
        match params.text("size")?.as_deref() {
            None | Some("256") => Ok(Self { size: 256, scale }),
            Some("512") => Ok(Self { size: 512, scale }),
            Some(other) => Err(HttpError::parameter(
                "size",
                format!("\"{other}\" is not 256 or 512 pixels"),
            )),
        }
    }

    /// Pixels a side, and the classes: by the counts of the whole city when no others were asked for.
    fn of(self, counts: impl Iterator<Item = u64>) -> (u32, Scale) {
        #[expect(
            clippy::cast_precision_loss,
            reason = "counts of a city are far below 2^52"
        )]
        let scale = self
            .scale
            .unwrap_or_else(|| Scale::geometric(counts.map(|count| count as f64)));
        (self.size, scale)
    }
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

/// Names what a tile shows: a hash of its cells and counts, and of how they are painted.
fn tag(counts: &[(CellIndex, u64)], boundaries: &str, painting: Option<&(u32, Scale)>) -> String {
    let mut hash = Xxh3::new();
    if let Some((size, scale)) = painting {
        hash.update(&size.to_le_bytes());
        for bound in scale.breaks() {
            hash.update(&bound.to_le_bytes());
        }
    }
    for (cell, count) in counts {
        hash.update(&u64::from(*cell).to_le_bytes());
        hash.update(&count.to_le_bytes());
    }
    format!("{boundaries}/heat/{:032x}", hash.digest128())
}
