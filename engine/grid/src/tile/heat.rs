//! The tile of cells with a count each, for clients that draw what a tile says.

use h3o::{CellIndex, Resolution};
use mvt::Tile;

use super::cells::{cells_near, ring};
use super::geometry::{Role, Shape};
use super::world::Snap;
use super::{BUFFER, EXTENT, TileCoord};
use crate::City;

/// The cells of a resolution that touch both the city and the tile, and a few around it, in order: those whose counts a tile shows.
pub fn heat_cells(city: &City, resolution: Resolution, tile: TileCoord) -> Vec<CellIndex> {
    let buffered = tile.grown(f64::from(BUFFER) / f64::from(EXTENT));
    cells_near(city, resolution, buffered)
}

/// The vector tile of cells with their counts: layer `heat`, polygons with the properties `cell` (lower-case hex text) and `count`.
/// Cells that do not touch the tile are left out.
pub fn heat(counts: &[(CellIndex, u64)], tile: TileCoord) -> Vec<u8> {
    let snap = Snap::new(tile);
    let mut answer = Tile::new(EXTENT);
    let mut layer = answer.create_layer("heat");
    for (cell, count) in counts {
        let mut shape = Shape::new();
        shape.add(ring(*cell, snap), Role::Outer);
        if let Some(geometry) = shape.encode() {
            let mut feature = layer.into_feature(geometry);
            feature.add_tag_string("cell", &cell.to_string());
            feature.add_tag_uint("count", *count);
            layer = feature.into_layer();
        }
    }
    if layer.num_features() > 0 {
        answer.add_layer(layer).expect("one layer has one name");
    }
    answer.to_bytes().expect("writing to memory does not fail")
}
