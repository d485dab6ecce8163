//! SQL functions: H3 under its v4 names, the city's local time, and where a position is. One function a file.
//!
//! All are pure (`Immutable`), work on columns, give NULL for NULL, and refuse a value that is no cell by naming it.

mod arguments;
mod boundary_version;
mod bounded;
mod error;
mod h3_cell_area;
mod h3_cell_to_boundary_wkt;
mod h3_cell_to_children;
mod h3_cell_to_lat;
mod h3_cell_to_latlng;
mod h3_cell_to_lng;
mod h3_cell_to_parent;
mod h3_cell_to_string;
mod h3_get_resolution;
mod h3_grid_disk;
mod h3_grid_distance;
mod h3_is_valid_cell;
mod h3_latlng_to_cell;
mod h3_string_to_cell;
mod lists;
mod local;
mod local_bin;
mod locate;
mod nearest_road;
mod signature;

use std::sync::{Arc, LazyLock};

use citybrain_grid::City;
use datafusion::logical_expr::ScalarUDF;

pub use error::FunctionError;

/// The functions that are the same in every city.
pub(crate) fn h3() -> &'static [Arc<ScalarUDF>] {
    static FUNCTIONS: LazyLock<Vec<Arc<ScalarUDF>>> = LazyLock::new(|| {
        [
            h3_cell_area::function(),
            h3_cell_to_boundary_wkt::function(),
            h3_cell_to_children::function(),
            h3_cell_to_lat::function(),
            h3_cell_to_latlng::function(),
            h3_cell_to_lng::function(),
            h3_cell_to_parent::function(),
            h3_cell_to_string::function(),
            h3_get_resolution::function(),
            h3_grid_disk::function(),
            h3_grid_distance::function(),
            h3_is_valid_cell::function(),
            h3_latlng_to_cell::function(),
            h3_string_to_cell::function(),
        ]
        .map(Arc::new)
        .to_vec()
    });
    &FUNCTIONS
}

/// DataFusion's own functions, those that make much of little within bounds.
pub(crate) fn within_bounds(functions: &mut [Arc<ScalarUDF>]) {
    for function in functions {
        *function = bounded::bounded(Arc::clone(function));
    }
}

/// The functions that know the city: its time zone, its boundaries and its roads.
pub(crate) fn of_city(city: &Arc<City>) -> [Arc<ScalarUDF>; 5] {
    [
        boundary_version::function(city),
        local::function(city.time_zone),
        local_bin::function(city.time_zone),
        locate::function(Arc::clone(city)),
        nearest_road::function(Arc::clone(city)),
    ]
    .map(Arc::new)
}

/// `local_bin` for expressions that the engine makes.
pub(crate) fn local_bin(time_zone: chrono_tz::Tz) -> ScalarUDF {
    local_bin::function(time_zone)
}
