//! `GET /tiles/{layer}.json`: where a layer's tiles are and what they hold.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use citybrain_grid::City;
use tilejson::{Bounds, TileJSON, VectorLayer, tilejson};

use crate::error::HttpError;
use crate::http::answer::json;
use crate::http::origin::origin;
use crate::http::params::Params;
use crate::http::segments::Segments;
use crate::problem::Problem;
use crate::state::AppState;
use crate::tiles::{Layer, UnknownLayer};

/// The deepest zoom at which areas gain detail.
const AREAS_ZOOM_MAX: u8 = 14;
/// The deepest zoom at which cells gain detail.
const CELLS_ZOOM_MAX: u8 = 16;

/// A layer's TileJSON 3: `/tiles/areas-district.json`, `/tiles/cells-9.json`, `/tiles/cells.json`, `/tiles/aligned.json`, `/tiles/heat.json`.
#[utoipa::path(
    get, path = "/tiles/{file}", tag = "tiles",
    params(("file" = String, Path, description = "The layer's name and `.json`")),
    responses((status = 200, body = Object), (status = 404, body = Problem)),
)]
pub(crate) async fn tilejson(
    State(state): State<Arc<AppState>>,
    Segments(file): Segments<String>,
    headers: HeaderMap,
    params: Params,
) -> Result<Response, HttpError> {
    params.finish()?;
    let city = state.engine.city();
    let Some(name) = file.strip_suffix(".json") else {
        return Err(UnknownLayer(file).into());
    };
    if name == "heat" {
        return json(&heat(city, &origin(&headers, &state.config)));
    }
    let layer = Layer::parse(name, city)?;

    let (vector_layers, zoom_max) = match layer {
        Layer::Areas(_) => {
            let polygons = described(
                name,
                &[
                    ("id", "The area's id"),
                    ("name", "Its name"),
                    ("parent", "The id of the area that it lies in"),
                ],
            );
            let labels = described("labels", &[("id", "The area's id"), ("name", "Its name")]);
            (vec![polygons, labels], AREAS_ZOOM_MAX)
        }
        Layer::Cells(_) | Layer::CellsByZoom => (
            vec![described("cells", &[("cell", "The H3 cell as hex text")])],
            CELLS_ZOOM_MAX,
        ),
        Layer::Aligned => {
            let parts = described(
                "aligned",
                &[
                    ("cell", "The H3 cell as hex text; not at the first zoom"),
                    ("area", "The id of the area of the smallest level"),
                    (
                        "area_km2",
                        "Surface of the part, km²; not at the first zoom",
                    ),
                    (
                        "share",
                        "The part's share of its cell, 0 to 1; not at the first zoom",
                    ),
                ],
            );
            (vec![parts], CELLS_ZOOM_MAX)
        }
    };
    let address = format!(
        "{}/tiles/{name}/{{z}}/{{x}}/{{y}}?v={}",
        origin(&headers, &state.config),
        city.boundary_version()
    );
    let bbox = city.bbox();
    let document: TileJSON = tilejson! {
        tiles: vec![address],
        name: format!("{} of {}", layer.name(), city.name),
        version: city.boundary_version(),
        vector_layers: vector_layers,
        bounds: Bounds::new(bbox.west, bbox.south, bbox.east, bbox.north),
        minzoom: layer.zoom_min(city),
        maxzoom: zoom_max,
    };
    json(&document)
}

/// The layer with values: it is asked for anew, since its counts change.
fn heat(city: &City, origin: &str) -> TileJSON {
    const ABOUT: &str = "Complaints by H3 cell; narrow them with from, to, category, channel, status, area as in /v1/cells";
    let layer = described(
        "heat",
        &[
            ("cell", "The H3 cell as hex text"),
            ("count", "Complaints in it"),
        ],
    );
    let bbox = city.bbox();
    tilejson! {
        tiles: vec![format!("{}/tiles/heat/{{z}}/{{x}}/{{y}}", origin)],
        name: format!("Complaints of {}", city.name),
        description: ABOUT.to_owned(),
        vector_layers: vec![layer],
        bounds: Bounds::new(bbox.west, bbox.south, bbox.east, bbox.north),
        minzoom: 0,
        maxzoom: CELLS_ZOOM_MAX,
    }
}

fn described(id: &str, fields: &[(&str, &str)]) -> VectorLayer {
    let fields = fields
        .iter()
        .map(|(name, about)| ((*name).to_owned(), (*about).to_owned()));
    VectorLayer::new(id.to_owned(), fields.collect::<BTreeMap<_, _>>())
}
