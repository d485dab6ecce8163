//! Open rings: their area, what they hold, and polygons made of them.

use std::cmp::Ordering;

use geo::{Coord, Line, LineString, MultiPolygon, Polygon};

use crate::predicate::side;

/// Polygons from outer rings and holes; each hole belongs to the smallest outer ring around it.
pub(crate) fn polygons(
    outers: Vec<Vec<Coord<f64>>>,
    holes: Vec<Vec<Coord<f64>>>,
) -> MultiPolygon<f64> {
    let mut outers: Vec<_> = outers
        .into_iter()
        .map(|ring| (doubled_area(&ring), ring, Vec::new()))
        .filter(|(area, ..)| *area > 0.0)
        .collect();
    outers.sort_by(|a, b| a.0.total_cmp(&b.0));
    for hole in holes.into_iter().filter(|ring| ring.len() >= 3) {
        let around =
            |ring: &[Coord<f64>]| hole.iter().find_map(|point| in_ring(ring, *point)) == Some(true);
        let found = outers.iter().position(|(_, ring, _)| around(ring));
        let last = outers.len().checked_sub(1);
        if let Some(at) = found.or(last) {
            outers[at].2.push(LineString::new(hole));
        }
    }
    let polygon = |(_, ring, holes)| Polygon::new(LineString::new(ring), holes);
    MultiPolygon::new(outers.into_iter().map(polygon).collect())
}

/// Whether a point lies inside an open ring; none on its line.
fn in_ring(ring: &[Coord<f64>], point: Coord<f64>) -> Option<bool> {
    let ends = ring.iter().zip(ring.iter().cycle().skip(1));
    crossings_odd(ends.map(|(a, b)| Line::new(*a, *b)), point)
}

/// Whether the ray from a point to the east crosses an odd number of edges; none when the point lies on one. Exact.
pub(crate) fn crossings_odd(
    edges: impl Iterator<Item = Line<f64>>,
    point: Coord<f64>,
) -> Option<bool> {
    let mut odd = false;
    for edge in edges {
        let (low, high) = if edge.start.y <= edge.end.y {
            (edge.start, edge.end)
        } else {
            (edge.end, edge.start)
        };
        if point.y < low.y || point.y > high.y || point.x > low.x.max(high.x) {
            continue;
        }
        match side(low, high, point) {
            Ordering::Equal if point.x >= low.x.min(high.x) => return None,
            Ordering::Greater => odd ^= point.y < high.y,
            _ => {}
        }
    }
    Some(odd)
}

/// Twice the area of an open ring, square degrees; positive when counter-clockwise. Measured from its first point, for a ring
/// is small and far from 0 0.
pub(crate) fn doubled_area(ring: &[Coord<f64>]) -> f64 {
    let Some(first) = ring.first() else {
        return 0.0;
    };
    ring.windows(2)
        .map(|pair| cross(pair[0] - *first, pair[1] - *first))
        .sum()
}

/// The z component of the cross product.
pub(crate) fn cross(u: Coord<f64>, v: Coord<f64>) -> f64 {
    u.x * v.y - u.y * v.x
}
