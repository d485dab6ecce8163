//! What placing must answer: the plain test of a point against every edge of every area. Written apart from the index: its ray
//! goes north, not east, and it shares no code with the index.

use geo::{Coord, MultiPolygon};
use robust::orient2d;

/// The first boundary that holds the point.
pub(crate) fn first_holder(boundaries: &[MultiPolygon<f64>], point: Coord<f64>) -> Option<usize> {
    boundaries
        .iter()
        .position(|boundary| holds(boundary, point))
}

/// Whether the point is on an edge of any ring, or inside by the even-odd rule over all rings.
pub(crate) fn holds(boundary: &MultiPolygon<f64>, point: Coord<f64>) -> bool {
    let rings = boundary
        .iter()
        .flat_map(|p| std::iter::once(p.exterior()).chain(p.interiors()));
    let mut inside = false;
    for ring in rings {
        for ends in ring.0.windows(2) {
            let (a, b) = (ends[0], ends[1]);
            let turn = orient2d(at(a), at(b), at(point));
            let in_box = point.x >= a.x.min(b.x)
                && point.x <= a.x.max(b.x)
                && point.y >= a.y.min(b.y)
                && point.y <= a.y.max(b.y);
            if turn == 0.0 && in_box {
                return true;
            }
            if a.x <= point.x && point.x < b.x {
                // Eastward edge: the point is below it when it lies to the right.
                inside ^= turn < 0.0;
            } else if b.x <= point.x && point.x < a.x {
                inside ^= turn > 0.0;
            }
        }
    }
    inside
}

fn at(c: Coord<f64>) -> robust::Coord<f64> {
    robust::Coord { x: c.x, y: c.y }
}
