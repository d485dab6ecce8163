//! Map tiles: which layers there are, and a memory for ready tiles.

mod cache;
mod layer;

pub(crate) use cache::TileCache;
pub(crate) use layer::{Layer, UnknownLayer, cells_at, find_cells};
