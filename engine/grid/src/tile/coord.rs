//! Which tile.

use super::world::{lat_of, lon_of};
use crate::BBox;

/// A tile of the web map pyramid: zoom, column from the west, row from the north.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct TileCoord {
    z: u8,
    x: u32,
    y: u32,
}

/// A tile that the pyramid does not have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "there is no tile {z}/{x}/{y}: zoom goes to {}, column and row to 2^zoom - 1",
    TileCoord::ZOOM_MAX
)]
pub struct NoSuchTile {
    /// Zoom.
    pub z: u8,
    /// Column.
    pub x: u32,
    /// Row.
    pub y: u32,
}

impl TileCoord {
    /// Deepest zoom.
    pub const ZOOM_MAX: u8 = 24;

    /// A tile by zoom, column and row.
    ///
    /// # Errors
    /// [`NoSuchTile`] when the zoom is too deep, or the column or row is not below 2^zoom.
    pub fn try_new(z: u8, x: u32, y: u32) -> Result<Self, NoSuchTile> {
        if z > Self::ZOOM_MAX || x >> z != 0 || y >> z != 0 {
            return Err(NoSuchTile { z, x, y });
        }
        Ok(Self { z, x, y })
    }

    /// Zoom: 0 is the whole world in one tile.
    pub const fn z(self) -> u8 {
        self.z
    }

    /// Column from the west.
    pub const fn x(self) -> u32 {
        self.x
    }

    /// Row from the north.
    pub const fn y(self) -> u32 {
        self.y
    }

    /// The tile's rectangle, without its buffer.
    pub fn bounds(self) -> BBox {
        self.grown(0.0)
    }

    /// The tile's rectangle grown on each side by a share of its width.
    pub(super) fn grown(self, share: f64) -> BBox {
        let width = (-f64::from(self.z)).exp2();
        let at = |tile: u32, offset: f64| (f64::from(tile) + offset) * width;
        BBox {
            west: lon_of(at(self.x, -share)),
            south: lat_of(at(self.y, 1.0 + share)),
            east: lon_of(at(self.x, 1.0 + share)),
            north: lat_of(at(self.y, -share)),
        }
    }
}
