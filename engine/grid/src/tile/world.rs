//! The plane of web maps: Web Mercator with the world as the unit square, x from the west, y from the north.

use std::f64::consts::PI;

use super::{EXTENT, TileCoord};

/// A place in the unit square.
pub(super) type World = (f64, f64);

/// The place of a position in degrees. Latitudes beyond ±85.05° fall outside the square.
pub(super) fn world(lon: f64, lat: f64) -> World {
    let y = 0.5 - lat.to_radians().sin().atanh() / (2.0 * PI);
    (lon / 360.0 + 0.5, y)
}

pub(super) fn lon_of(x: f64) -> f64 {
    (x - 0.5) * 360.0
}

pub(super) fn lat_of(y: f64) -> f64 {
    ((0.5 - y) * 2.0 * PI).sinh().atan().to_degrees()
}

/// From the unit square to whole units of a tile.
#[derive(Debug, Clone, Copy)]
pub(super) struct Snap {
    /// Units of the zoom in the world.
    scale: f64,
    /// The tile's north-west corner in these units.
    origin: (i64, i64),
}

impl Snap {
    pub(super) fn new(tile: TileCoord) -> Self {
        let extent = i64::from(EXTENT);
        Self {
            scale: f64::from(EXTENT) * f64::from(tile.z()).exp2(),
            origin: (i64::from(tile.x()) * extent, i64::from(tile.y()) * extent),
        }
    }

    /// The unit that holds the place, counted from the tile's corner. Rounding goes before the shift to the tile, so that a
    /// place has the same unit in every tile of the zoom.
    #[expect(
        clippy::cast_possible_truncation,
        reason = "the world has 2^36 units at the deepest zoom"
    )]
    pub(super) fn unit(&self, place: World) -> (i64, i64) {
        let round = |v: f64| (v * self.scale).round() as i64;
        (
            round(place.0) - self.origin.0,
            round(place.1) - self.origin.1,
        )
    }
}
