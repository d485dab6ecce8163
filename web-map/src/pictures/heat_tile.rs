//! A heat tile as a picture with transparent ground, for clients that take nothing but pictures.

use citybrain_grid::tile::TileCoord;
use citybrain_picture::{Frame, Map, PaintError, Raster, Scale};
use h3o::CellIndex;

/// Paints the cells of a tile by their counts: `size` pixels a side, PNG, transparent where there is nothing. All tiles of one map need
/// the same `scale`.
///
/// # Errors
/// When the pixels do not make a PNG.
pub(crate) fn heat_tile(
    tile: TileCoord,
    size: u32,
    counts: &[(CellIndex, u64)],
    scale: Scale,
) -> Result<Vec<u8>, PaintError> {
    #[expect(
        clippy::cast_precision_loss,
        reason = "counts of a city are far below 2^52"
    )]
    let cells = counts.iter().map(|(cell, count)| (*cell, *count as f64));
    let map = Map {
        frame: Frame::tile(tile.z(), tile.x(), tile.y(), size),
        ground: Vec::new(),
        scale,
        cells: cells.collect(),
        areas: Vec::new(),
        borders: Vec::new(),
        dots: Vec::new(),
        labels: Vec::new(),
    };
    Raster::of(&map.values_only())?.png()
}
