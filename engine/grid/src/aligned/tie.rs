//! The tie rule inside one cell: where areas overlap, the lowest has the ground.
//!
//! Real boundaries overlap and gape by metres here and there; a true partition does not. Where the parts of a cell share their
//! edges exactly, they are left as they are, vertex by vertex. Elsewhere lower areas are cut from higher ones by an overlay in
//! whole numbers of about 2⁻³⁰ of the cell (0.2 µm at resolution 10), whose vertices go back to those that they came from.

use std::collections::HashMap;

use geo::{
    Area, BooleanOps, BoundingRect, Coord, CoordsIter, Line, LineString, MapCoords, MultiPolygon,
};

use super::clip::Region;
use super::outline::Outline;

/// How far the overlay may move a vertex, as a share of the extent: 2⁻²⁹, its unit at most, of which rounding takes half.
const MOVED: f64 = 1.0 / 536_870_912.0;

/// An overlap below this share of the cell is rounding.
const NO_OVERLAP: f64 = 1e-10;

/// The regions without what lower areas have of them. They come in order of area, each without regard to the others.
pub(super) fn settled(cell: &Outline, mut regions: Vec<(u32, Region)>) -> Vec<(u32, Region)> {
    let some = regions
        .iter()
        .filter(|(_, region)| !matches!(region, Region::Nothing));
    if some.count() < 2 || is_partition(cell, &regions) {
        return regions;
    }
    let outline = cell.polygon();
    let whole = outline.unsigned_area();
    let mut taken: Vec<MultiPolygon<f64>> = Vec::new();
    for (_, region) in &mut regions {
        let mut shape = match region {
            Region::Nothing => continue,
            Region::Whole => outline.clone(),
            Region::Part { shape, .. } => shape.clone(),
        };
        let mut cut = false;
        for lower in &taken {
            if shape.intersection(lower).unsigned_area() > NO_OVERLAP * whole {
                let rest = shape.difference(lower);
                shape = snapped(&rest, &[&shape, lower, &outline]);
                cut = true;
            }
        }
        if cut {
            *region = fitted(&shape, &[]);
        }
        taken.push(shape);
    }
    // Where edges cross, rounding moves both the crossing and the edges.
    noded(&mut regions, 2.0 * MOVED * extent(&outline));
    regions
}

/// A region of this shape; its vertices become those of `sources` that they were.
pub(super) fn fitted(shape: &MultiPolygon<f64>, sources: &[&MultiPolygon<f64>]) -> Region {
    let shape = snapped(shape, sources);
    if shape.unsigned_area() > 0.0 {
        Region::Part {
            shape,
            inner: Vec::new(),
        }
    } else {
        Region::Nothing
    }
}

/// Whether the regions fill the cell and share every edge with one neighbour: then each ray through the cell leaves one region
/// where it enters the next, so as many regions hold each point, and their areas say that it is one.
fn is_partition(cell: &Outline, regions: &[(u32, Region)]) -> bool {
    let mut sum = 0.0;
    let mut edges: HashMap<[u64; 4], i32> = HashMap::new();
    for (_, region) in regions {
        match region {
            Region::Nothing => {}
            Region::Whole => return false,
            Region::Part { shape, inner } => {
                if inner.is_empty() {
                    return false;
                }
                sum += shape.unsigned_area();
                for line in inner {
                    let (key, way) = undirected(line);
                    *edges.entry(key).or_insert(0) += way;
                }
            }
        }
    }
    let whole = cell.polygon().unsigned_area();
    edges.values().all(|count| *count == 0) && (sum / whole - 1.0).abs() < 0.5
}

/// The edge's ends, lower first, and 1, or -1 when they are turned round.
fn undirected(line: &Line<f64>) -> ([u64; 4], i32) {
    let bits = |c: Coord<f64>| [c.x.to_bits(), c.y.to_bits()];
    let ([a, b], [c, d]) = (bits(line.start), bits(line.end));
    if [a, b] <= [c, d] {
        ([a, b, c, d], 1)
    } else {
        ([c, d, a, b], -1)
    }
}

fn extent(shape: &MultiPolygon<f64>) -> f64 {
    shape
        .bounding_rect()
        .map_or(0.0, |rect| rect.width().max(rect.height()))
}

/// The shape with each vertex put back on the vertex of a source from which the overlay moved it.
fn snapped(shape: &MultiPolygon<f64>, sources: &[&MultiPolygon<f64>]) -> MultiPolygon<f64> {
    let reach = MOVED
        * sources
            .iter()
            .map(|source| extent(source))
            .fold(0.0, f64::max);
    let vertices: Vec<_> = sources
        .iter()
        .flat_map(|source| source.coords_iter())
        .collect();
    shape.map_coords(|c| {
        let near = |v: &&Coord<f64>| (v.x - c.x).abs() <= reach && (v.y - c.y).abs() <= reach;
        vertices.iter().find(near).copied().unwrap_or(c)
    })
}

/// Gives each edge the vertices of other regions that lie on it, to within `reach` degrees, so that neighbours have the same
/// vertices along their border.
fn noded(regions: &mut [(u32, Region)], reach: f64) {
    let mut vertices: Vec<Coord<f64>> = Vec::new();
    for (_, region) in regions.iter() {
        if let Region::Part { shape, .. } = region {
            vertices.extend(shape.coords_iter());
        }
    }
    vertices.sort_by(|a, b| a.x.total_cmp(&b.x).then(a.y.total_cmp(&b.y)));
    vertices.dedup();
    for (_, region) in regions {
        if let Region::Part { shape, .. } = region {
            for polygon in shape.iter_mut() {
                polygon.exterior_mut(|ring| *ring = with_vertices(ring, &vertices, reach));
                polygon.interiors_mut(|rings| {
                    for ring in rings {
                        *ring = with_vertices(ring, &vertices, reach);
                    }
                });
            }
        }
    }
}

fn with_vertices(ring: &LineString<f64>, vertices: &[Coord<f64>], reach: f64) -> LineString<f64> {
    let mut points: Vec<Coord<f64>> = Vec::with_capacity(ring.0.len());
    for edge in ring.lines() {
        points.push(edge.start);
        let along = edge.delta();
        let length = along.x.hypot(along.y);
        if length <= reach {
            continue;
        }
        let mut on_it: Vec<(f64, Coord<f64>)> = vertices
            .iter()
            .filter_map(|&vertex| {
                let from = vertex - edge.start;
                let share = (from.x * along.x + from.y * along.y) / (length * length);
                let beside = (from.x * along.y - from.y * along.x).abs() / length;
                let inside = share * length > reach && (1.0 - share) * length > reach;
                (inside && beside <= reach).then_some((share, vertex))
            })
            .collect();
        on_it.sort_by(|a, b| a.0.total_cmp(&b.0));
        points.extend(on_it.into_iter().map(|(_, vertex)| vertex));
    }
    points.extend(ring.0.last());
    points.dedup();
    LineString::new(points)
}
