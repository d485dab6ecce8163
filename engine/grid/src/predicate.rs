//! The exact predicates on which placing rests.
//!
//! They are exact for all f64 coordinates whose differences do not underflow when multiplied (above 10⁻¹⁵⁰ degrees).

use std::cmp::Ordering;

use geo::{Coord, Line, LineString};
use robust::orient2d;

/// On which side of the line from `a` to `b` the point lies: greater is left, less is right, equal is on the line.
pub(crate) fn side(a: Coord<f64>, b: Coord<f64>, point: Coord<f64>) -> Ordering {
    let robust = |c: Coord<f64>| robust::Coord { x: c.x, y: c.y };
    orient2d(robust(a), robust(b), robust(point))
        .partial_cmp(&0.0)
        .unwrap_or(Ordering::Equal)
}

/// How two edges meet.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Meeting {
    /// Not at all.
    Apart,
    /// In one point that is an end of one of them.
    Touch(Coord<f64>),
    /// In one point inside both; the point is rounded.
    Cross(Coord<f64>),
    /// Along a stretch that starts here.
    Overlap(Coord<f64>),
}

/// How two edges meet; both have a length.
pub(crate) fn meeting(one: &Line<f64>, other: &Line<f64>) -> Meeting {
    let (a, b) = (one.start, one.end);
    let (c, d) = (other.start, other.end);
    let boxes_apart = a.x.max(b.x) < c.x.min(d.x)
        || c.x.max(d.x) < a.x.min(b.x)
        || a.y.max(b.y) < c.y.min(d.y)
        || c.y.max(d.y) < a.y.min(b.y);
    if boxes_apart {
        return Meeting::Apart;
    }
    let (c_side, d_side) = (side(a, b, c), side(a, b, d));
    if c_side == d_side && c_side != Ordering::Equal {
        return Meeting::Apart;
    }
    let (a_side, b_side) = (side(c, d, a), side(c, d, b));
    if a_side == b_side {
        return match a_side {
            Ordering::Equal => along(one, other),
            _ => Meeting::Apart,
        };
    }
    for (end, end_side) in [(c, c_side), (d, d_side), (a, a_side), (b, b_side)] {
        if end_side == Ordering::Equal {
            return Meeting::Touch(end);
        }
    }
    let cross = |u: Coord<f64>, v: Coord<f64>| u.x * v.y - u.y * v.x;
    let share = cross(c - a, d - c) / cross(b - a, d - c);
    Meeting::Cross(a + (b - a) * share.clamp(0.0, 1.0))
}

/// How two edges on one line meet, whose boxes touch.
fn along(one: &Line<f64>, other: &Line<f64>) -> Meeting {
    let steep = one.dx().abs() < one.dy().abs();
    let key = |p: &Coord<f64>| if steep { p.y } else { p.x };
    let sorted = |edge: &Line<f64>| {
        if key(&edge.start) <= key(&edge.end) {
            (edge.start, edge.end)
        } else {
            (edge.end, edge.start)
        }
    };
    let (first, second) = (sorted(one), sorted(other));
    let start = if key(&first.0) >= key(&second.0) {
        first.0
    } else {
        second.0
    };
    let end = if key(&first.1) <= key(&second.1) {
        first.1
    } else {
        second.1
    };
    match key(&start).partial_cmp(&key(&end)) {
        Some(Ordering::Less) => Meeting::Overlap(start),
        Some(Ordering::Equal) => Meeting::Touch(start),
        _ => Meeting::Apart,
    }
}

/// The edges of a ring, without those of no length.
pub(crate) fn edges(ring: &LineString<f64>) -> impl Iterator<Item = Line<f64>> {
    ring.lines().filter(|edge| edge.start != edge.end)
}

#[cfg(test)]
mod tests;
