//! The tile of a city's H3 cells.

use geo::{Coord, Rect};
use h3o::geom::{ContainmentMode, TilerBuilder};
use h3o::{CellIndex, LatLng, Resolution};
use mvt::Tile;

use super::geometry::{Role, Shape};
use super::world::{Snap, world};
use super::{BUFFER, EXTENT, TileCoord};
use crate::{BBox, City, cover};

/// The vector tile of the cells of a resolution that touch both the city and the tile: layer `cells`, polygons with the
/// property `cell` (lower-case hex text). Empty when there are none.
///
/// The number of cells grows sevenfold with each resolution: the caller bounds the resolution by the zoom.
pub fn cells(city: &City, resolution: Resolution, tile: TileCoord) -> Vec<u8> {
    let snap = Snap::new(tile);
    let buffered = tile.grown(f64::from(BUFFER) / f64::from(EXTENT));
    let mut answer = Tile::new(EXTENT);
    let mut layer = answer.create_layer("cells");
    for cell in cells_near(city, resolution, buffered) {
        let mut shape = Shape::new();
        shape.add(ring(cell, snap), Role::Outer);
        if let Some(geometry) = shape.encode() {
            let mut feature = layer.into_feature(geometry);
            feature.add_tag_string("cell", &cell.to_string());
            layer = feature.into_layer();
        }
    }
    if layer.num_features() > 0 {
        answer.add_layer(layer).expect("one layer has one name");
    }
    answer.to_bytes().expect("writing to memory does not fail")
}

/// A cell's corners in units of the tile.
pub(super) fn ring(cell: CellIndex, snap: Snap) -> Vec<(i64, i64)> {
    cell.boundary()
        .iter()
        .map(|corner| snap.unit(world(corner.lng(), corner.lat())))
        .collect()
}

/// The cells of the city's cover whose centre lies in the rectangle or within two edge lengths of it: all that touch it, and
/// some more, which clipping removes.
pub(super) fn cells_near(city: &City, resolution: Resolution, rectangle: BBox) -> Vec<CellIndex> {
    let (reach, city_box) = (reach(resolution, rectangle), city.bbox());
    let near = BBox {
        west: (rectangle.west - reach.x).max(city_box.west - reach.x),
        south: (rectangle.south - reach.y).max(city_box.south - reach.y),
        east: (rectangle.east + reach.x).min(city_box.east + reach.x),
        north: (rectangle.north + reach.y).min(city_box.north + reach.y),
    };
    if near.west >= near.east || near.south >= near.north {
        return Vec::new();
    }
    let cover = cover(city, resolution);
    let corner = |lon: f64, lat: f64| Coord { x: lon, y: lat };
    let near_rect = Rect::new(corner(near.west, near.south), corner(near.east, near.north));
    let mut tiler = TilerBuilder::new(resolution)
        .containment_mode(ContainmentMode::ContainsCentroid)
        .disable_transmeridian_heuristic()
        .build();
    let refused = tiler.add(near_rect.to_polygon()).is_err();
    if refused || tiler.coverage_size_hint() >= cover.len() {
        let is_near = |cell: &&CellIndex| {
            let centre = LatLng::from(**cell);
            near.holds(centre.lng(), centre.lat())
        };
        return cover.iter().filter(is_near).copied().collect();
    }
    let mut cells: Vec<_> = tiler
        .into_coverage()
        .filter(|cell| cover.binary_search(cell).is_ok())
        .collect();
    cells.sort_unstable();
    cells.dedup();
    cells
}

/// Two edge lengths of a cell in degrees of longitude and latitude; a cell's corners are nearer to its centre than that.
pub(super) fn reach(resolution: Resolution, rectangle: BBox) -> Coord<f64> {
    let lat = 2.0 * resolution.edge_length_rads().to_degrees();
    let furthest = rectangle.south.abs().max(rectangle.north.abs()).min(85.0);
    Coord {
        x: lat / furthest.to_radians().cos(),
        y: lat,
    }
}
