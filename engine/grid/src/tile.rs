//! A city's areas, cells and aligned cells as vector tiles (Mapbox Vector Tile 2.1, extent 4096, buffer 64).
//!
//! Each vertex is rounded once to the whole units of its zoom, wherever it is used, so shared borders stay shared, between
//! neighbours and between tiles: nothing gapes and nothing overlaps.

mod aligned;
mod areas;
mod cells;
mod clip;
mod coord;
#[cfg(test)]
mod decode;
mod geometry;
mod heat;
mod world;

pub use aligned::{aligned, aligned_zoom_min};
pub(crate) use areas::WorldAreas;
pub use areas::areas;
pub use cells::cells;
pub use coord::{NoSuchTile, TileCoord};
pub use geometry::{Role, Shape};
pub use heat::{heat, heat_cells};

/// Width and height of a tile in its own units.
pub const EXTENT: u32 = 4096;
/// How far shapes reach beyond the tile's edge, in its units.
pub const BUFFER: u32 = 64;

#[cfg(test)]
mod tests;
