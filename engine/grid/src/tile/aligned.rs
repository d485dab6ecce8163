//! The tile of a city's aligned cells.

use std::collections::BTreeMap;

use geo::{Coord, LineString, Rect};
use h3o::geom::{ContainmentMode, TilerBuilder};
use h3o::{CellIndex, Resolution};
use mvt::{Layer, Tile};

use super::cells::reach;
use super::geometry::{Role, Shape};
use super::world::{Snap, world};
use super::{BUFFER, EXTENT, TileCoord};
use crate::aligned::{Block, Outline, Region, smallest};
use crate::{Area, BBox, City, area_km2};

/// The smallest width at which a cell is drawn, pixels of a map whose tiles are [`TILE_PIXELS`] wide.
const WIDTH_MIN: f64 = 6.0;
/// Width of a tile on the screen, pixels.
const TILE_PIXELS: f64 = 512.0;

/// The first zoom at which a city's aligned cells are drawn: where the cells of its base resolution are 6 pixels wide, with 512
/// pixels to a tile.
pub fn aligned_zoom_min(city: &City) -> u8 {
    let bbox = city.bbox();
    let parallel = f64::midpoint(bbox.south, bbox.north).to_radians().cos();
    // From side to side a hexagon measures √3 of its edge. The world is as wide as its equator.
    let width = 3.0_f64.sqrt() * city.base_resolution.edge_length_rads();
    let share_of_world = width / (std::f64::consts::TAU * parallel);
    let wide_enough = |z: &u8| share_of_world * f64::from(*z).exp2() * TILE_PIXELS >= WIDTH_MIN;
    let mut zooms = 0..TileCoord::ZOOM_MAX;
    zooms.find(wide_enough).unwrap_or(TileCoord::ZOOM_MAX)
}

/// The vector tile of the aligned cells that touch the tile, by the latest boundaries at the base resolution: layer `aligned`,
/// polygons with the properties `cell` (lower-case hex text), `area` (the id in the smallest level), `area_km2` and `share` (of
/// the cell's area). Empty when there are none, and below [`aligned_zoom_min`].
///
/// At the first zoom thousands of cells fill a tile, each too small to be pointed at, and their properties would be three quarters of
/// its bytes: there all parts of an area are one feature, which has only the property `area`. The outlines are the same.
///
/// Only the cells near the tile are cut, each time anew; the parts are those of
/// [`AlignedGrid`](crate::aligned::AlignedGrid). Cost: some microseconds for each cell and some tens for each on a border; at the
/// first zoom some 7,000 cells fill a tile.
pub fn aligned(city: &City, tile: TileCoord) -> Vec<u8> {
    let mut answer = Tile::new(EXTENT);
    let mut layer = answer.create_layer("aligned");
    if tile.z() >= aligned_zoom_min(city) {
        let around = tile.grown(f64::from(BUFFER) / f64::from(EXTENT));
        let snap = Snap::new(tile);
        let level = smallest(city);
        let cells = near(city.base_resolution, city.bbox(), around);
        // A cell without an outline has no aligned cells either: no grid is made for a city there.
        let outlines: Vec<_> = cells
            .into_iter()
            .filter_map(|cell| Some((cell, Outline::of(cell).ok()?)))
            .filter(|(_, outline)| outline.bbox.touches(&around))
            .collect();
        let reached = outlines.iter().fold(BBox::EMPTY, |reached, (_, outline)| {
            reached.union(outline.bbox)
        });
        let block = Block::near(level, level.latest_version(), reached);
        if tile.z() > aligned_zoom_min(city) {
            for (cell, outline) in &outlines {
                for (area, region) in block.parts(*cell, outline) {
                    layer = with_part(layer, &snap, *cell, outline, block.area(area), &region);
                }
            }
        } else {
            let mut shapes: BTreeMap<u32, Shape> = BTreeMap::new();
            for (cell, outline) in &outlines {
                for (area, region) in block.parts(*cell, outline) {
                    let shape = shapes.entry(area).or_default();
                    draw(shape, &snap, outline, &region);
                }
            }
            for (area, shape) in shapes {
                if let Some(geometry) = shape.encode() {
                    let mut feature = layer.into_feature(geometry);
                    feature.add_tag_string("area", &block.area(area).id);
                    layer = feature.into_layer();
                }
            }
        }
    }
    if layer.num_features() > 0 {
        answer.add_layer(layer).expect("one layer has one name");
    }
    answer.to_bytes().expect("writing to memory does not fail")
}

fn with_part(
    layer: Layer,
    snap: &Snap,
    cell: CellIndex,
    outline: &Outline,
    area: &Area,
    region: &Region,
) -> Layer {
    let mut shape = Shape::new();
    draw(&mut shape, snap, outline, region);
    let Some(geometry) = shape.encode() else {
        return layer;
    };
    let km2 = match region {
        Region::Nothing => 0.0,
        Region::Whole => outline.km2(),
        Region::Part { shape, .. } => area_km2(shape),
    };
    let mut feature = layer.into_feature(geometry);
    feature.add_tag_string("cell", &cell.to_string());
    feature.add_tag_string("area", &area.id);
    feature.add_tag_double("area_km2", km2);
    feature.add_tag_double("share", km2 / outline.km2());
    feature.into_layer()
}

/// Adds the part of a cell to a feature's shape.
fn draw(to: &mut Shape, snap: &Snap, outline: &Outline, region: &Region) {
    let hexagon;
    let polygons = match region {
        Region::Nothing => return,
        Region::Whole => {
            hexagon = outline.polygon();
            &hexagon
        }
        Region::Part { shape, .. } => shape,
    };
    let units = |ring: &LineString<f64>| {
        let open = ring.0.split_last().map_or(&[][..], |(_, open)| open);
        open.iter().map(|c| snap.unit(world(c.x, c.y))).collect()
    };
    for polygon in polygons {
        if to.add(units(polygon.exterior()), Role::Outer) {
            for hole in polygon.interiors() {
                to.add(units(hole), Role::Hole);
            }
        }
    }
}

/// The cells that may touch both a rectangle and the city: all whose centre lies within two edge lengths of both.
fn near(resolution: Resolution, city: BBox, around: BBox) -> Vec<CellIndex> {
    let reach = reach(resolution, around);
    let (west, east) = (around.west.max(city.west), around.east.min(city.east));
    let (south, north) = (around.south.max(city.south), around.north.min(city.north));
    let (low, high) = (
        Coord {
            x: west - reach.x,
            y: south - reach.y,
        },
        Coord {
            x: east + reach.x,
            y: north + reach.y,
        },
    );
    if low.x >= high.x || low.y >= high.y {
        return Vec::new();
    }
    let mut tiler = TilerBuilder::new(resolution)
        .containment_mode(ContainmentMode::ContainsCentroid)
        .disable_transmeridian_heuristic()
        .build();
    // Refused are only rectangles around a pole or across ±180°, where there are no aligned cells.
    if tiler.add(Rect::new(low, high).to_polygon()).is_err() {
        return Vec::new();
    }
    let mut cells: Vec<_> = tiler.into_coverage().collect();
    cells.sort_unstable();
    cells.dedup();
    cells
}
