//! The tile of a level's areas and their names.

use mvt::{Feature, GeomEncoder, GeomType, Tile};

use super::clip::Unit;
use super::geometry::{Role, Shape};
use super::world::{Snap, World, world};
use super::{BUFFER, EXTENT, TileCoord};
use crate::{Area, BBox, Level};

/// A level's shapes in the plane of web maps, worked out once.
#[derive(Debug)]
pub(crate) struct WorldAreas(Vec<WorldArea>);

#[derive(Debug)]
struct WorldArea {
    bbox: BBox,
    /// For each polygon its rings, open, the outer one first.
    polygons: Vec<Vec<Vec<World>>>,
}

impl WorldAreas {
    pub(crate) fn of(areas: &[Area]) -> Self {
        let ring = |line: &geo::LineString<f64>| {
            let open = line.0.split_last().map_or(&[][..], |(_, open)| open);
            open.iter().map(|c| world(c.x, c.y)).collect()
        };
        let shape = |area: &Area| WorldArea {
            bbox: BBox::of(&area.geometry),
            polygons: area
                .geometry
                .iter()
                .map(|p| {
                    std::iter::once(p.exterior())
                        .chain(p.interiors())
                        .map(ring)
                        .collect()
                })
                .collect(),
        };
        Self(areas.iter().map(shape).collect())
    }
}

/// The vector tile of a level's latest areas: layer `areas-LEVEL` with polygons, layer `labels` with a point for each area
/// whose label lies in the tile. Features have the properties `id`, `name`, `parent` (when there is one) and `name_LANGUAGE`
/// (for other languages). Empty when nothing lies in the tile.
pub fn areas(level: &Level, tile: TileCoord) -> Vec<u8> {
    let snap = Snap::new(tile);
    let buffered = tile.grown(f64::from(BUFFER) / f64::from(EXTENT));
    let mut answer = Tile::new(EXTENT);
    let mut shapes = answer.create_layer(&format!("areas-{}", level.level));
    let mut labels = answer.create_layer("labels");
    for (area, shape) in level.latest().iter().zip(&level.world_areas().0) {
        if !shape.bbox.touches(&buffered) {
            continue;
        }
        let mut polygons = Shape::new();
        for rings in &shape.polygons {
            let units =
                |ring: &Vec<World>| ring.iter().map(|&p| snap.unit(p)).collect::<Vec<Unit>>();
            let Some((outer, holes)) = rings.split_first() else {
                continue;
            };
            if polygons.add(units(outer), Role::Outer) {
                for hole in holes {
                    polygons.add(units(hole), Role::Hole);
                }
            }
        }
        if let Some(geometry) = polygons.encode() {
            shapes = described(shapes.into_feature(geometry), area).into_layer();
        }
        let (x, y) = snap.unit(world(area.label.x(), area.label.y()));
        let in_tile = 0..i64::from(EXTENT);
        if in_tile.contains(&x) && in_tile.contains(&y) {
            let unit = |v: i64| i32::try_from(v).expect("the label lies in the tile");
            let point = GeomEncoder::new(GeomType::Point)
                .point(unit(x), unit(y))
                .and_then(GeomEncoder::encode)
                .expect("whole numbers are valid values");
            labels = described(labels.into_feature(point), area).into_layer();
        }
    }
    for layer in [shapes, labels] {
        if layer.num_features() > 0 {
            answer
                .add_layer(layer)
                .expect("the layers have two names and one extent");
        }
    }
    answer.to_bytes().expect("writing to memory does not fail")
}

fn described(mut feature: Feature, area: &Area) -> Feature {
    feature.add_tag_string("id", &area.id);
    feature.add_tag_string("name", &area.name);
    if let Some(parent) = &area.parent {
        feature.add_tag_string("parent", parent);
    }
    for (language, name) in &area.names {
        feature.add_tag_string(&format!("name_{language}"), name);
    }
    feature
}
