//! The map as one vector tile and a style: for a renderer that reads these.
//!
//! Each colour is a source layer and a style layer of its own, since such a renderer may know no expressions. The square tile
//! holds the picture in its upper left.

use citybrain_grid::tile::{EXTENT, Role, Shape as Rings};
use mvt::{GeomData, GeomEncoder, GeomType, Tile};
use serde_json::{Value, json};
use tiny_skia::{Path, PathSegment};

use crate::Map;
use crate::map::OUTSIDE;

/// A tile with its style.
#[derive(Debug, Clone)]
pub struct MapTile {
    /// The sides of the square that the tile is to fill, pixels.
    pub size: u32,
    /// The style: MapLibre's, with `index` for the order of the layers.
    pub style: Value,
    /// The names of the tile's layers, from bottom to top.
    pub layers: Vec<String>,
    /// The tile (MVT).
    pub bytes: Vec<u8>,
}

impl Map<'_> {
    /// Everything but names as a vector tile.
    pub fn tile(&self) -> MapTile {
        let size = self.frame.width.max(self.frame.height);
        let scale = f64::from(EXTENT) / f64::from(size);
        let mut tile = Tile::new(EXTENT);
        let (mut layers, mut styles) = (Vec::new(), Vec::new());
        let whole = Rings::default();
        let extent = i64::from(EXTENT);
        let all = [vec![
            (-9, -9),
            (extent + 9, -9),
            (extent + 9, extent + 9),
            (-9, extent + 9),
        ]];
        let mut add = |geometry: Option<GeomData>, colour: String, line: bool| {
            let Some(geometry) = geometry else {
                return;
            };
            let name = format!("layer-{}", layers.len());
            let layer = tile.create_layer(&name).into_feature(geometry).into_layer();
            tile.add_layer(layer)
                .expect("each layer has a name of its own and the tile's extent");
            let (kind, paint) = if line {
                ("line", json!({ "line-color": colour }))
            } else {
                ("fill", json!({ "fill-color": colour }))
            };
            styles.push(json!({
                "index": layers.len() + 1, "id": name, "source_layer": name, "type": kind, "paint": paint,
            }));
            layers.push(name);
        };
        add(with_rings(whole, all).encode(), OUTSIDE.hex(), false);
        for layer in self.layers() {
            let rings = rings(&layer.path, scale);
            // A line layer fills polygons: a border is a line there, not the rim of one.
            let geometry = match layer.stroke {
                Some(_) => lines(rings),
                None => with_rings(Rings::default(), rings).encode(),
            };
            add(geometry, layer.colour.hex(), layer.stroke.is_some());
        }
        let style = json!({
            "version": 8, "name": "map", "metadata": {}, "sources": {}, "layers": styles, "center": [0.0, 0.0], "zoom": 0.0, "pitch": 0.0,
        });
        MapTile {
            size,
            style,
            layers,
            bytes: tile.to_bytes().expect("writing to memory does not fail"),
        }
    }
}

/// Each ring as a closed line.
fn lines(rings: Vec<Vec<(i64, i64)>>) -> Option<GeomData> {
    let mut encoder = GeomEncoder::<i32>::new(GeomType::Linestring);
    let mut last = None;
    for mut ring in rings {
        ring.dedup();
        if ring.len() < 2 {
            continue;
        }
        // The encoder takes a line that begins where the last one ended for its continuation.
        if ring.first().copied() == last {
            ring.rotate_left(1);
        }
        let first = ring.first().copied();
        ring.extend(first);
        last = first;
        for (x, y) in ring {
            encoder
                .add_point(i32::try_from(x).ok()?, i32::try_from(y).ok()?)
                .ok()?;
        }
        encoder.complete_geom().ok()?;
    }
    last?;
    encoder.encode().ok()
}

/// A ring that turns the other way round than the first is a hole in the polygon before: boundaries and dots turn differently.
fn with_rings(mut shape: Rings, rings: impl IntoIterator<Item = Vec<(i64, i64)>>) -> Rings {
    let (mut outer, mut turn) = (false, 0);
    for ring in rings {
        let area = doubled_area(&ring).signum();
        if turn == 0 {
            turn = area;
        }
        if area == turn {
            outer = shape.add(ring, Role::Outer);
        } else if outer {
            shape.add(ring, Role::Hole);
        }
    }
    shape
}

/// Twice the area: positive for a ring that runs clockwise on the screen.
fn doubled_area(ring: &[(i64, i64)]) -> i64 {
    let next = ring.iter().cycle().skip(1);
    ring.iter()
        .zip(next)
        .map(|(from, to)| from.0 * to.1 - to.0 * from.1)
        .sum()
}

/// The rings of a path in tile units, curves as a few straight pieces.
fn rings(path: &Path, scale: f64) -> Vec<Vec<(i64, i64)>> {
    let unit = |at: tiny_skia::Point| {
        #[expect(
            clippy::cast_possible_truncation,
            reason = "pixels are clamped to 1e5 and scaled by at most 64"
        )]
        let round = |value: f32| (f64::from(value) * scale).round() as i64;
        (round(at.x), round(at.y))
    };
    let mut rings: Vec<Vec<(i64, i64)>> = Vec::new();
    let mut from = tiny_skia::Point::zero();
    for segment in path.segments() {
        match segment {
            PathSegment::MoveTo(at) => {
                rings.push(vec![unit(at)]);
                from = at;
            }
            // The end of a cubic curve will do: boundaries and dots have none.
            PathSegment::LineTo(at) | PathSegment::CubicTo(_, _, at) => {
                if let Some(ring) = rings.last_mut() {
                    ring.push(unit(at));
                }
                from = at;
            }
            PathSegment::QuadTo(control, at) => {
                if let Some(ring) = rings.last_mut() {
                    let middle = tiny_skia::Point::from_xy(
                        0.25 * from.x + 0.5 * control.x + 0.25 * at.x,
                        0.25 * from.y + 0.5 * control.y + 0.25 * at.y,
                    );
                    ring.extend([unit(middle), unit(at)]);
                }
                from = at;
            }
            PathSegment::Close => {}
        }
    }
    rings
}
