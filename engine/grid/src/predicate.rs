//! The exact predicates on which placing rests.
//!
//! They are exact for all f64 coordinates whose differences do not underflow when multiplied (above 10⁻¹⁵⁰ degrees).

use std::cmp::Ordering;

use geo::Coord;
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

/// How the edges `a`–`b` and `c`–`d` meet; both have a length.
pub(crate) fn meeting(a: Coord<f64>, b: Coord<f64>, c: Coord<f64>, d: Coord<f64>) -> Meeting {
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
            Ordering::Equal => along(a, b, c, d),
            _ => Meeting::Apart,
        };
    }
    for (end, end_side) in [(c, c_side), (d, d_side), (a, a_side), (b, b_side)] {
        if end_side == Ordering::Equal {
            return Meeting::Touch(end);
        }
    }
    let t = (c - a).x * (d - c).y - (c - a).y * (d - c).x;
    let t = t / ((b - a).x * (d - c).y - (b - a).y * (d - c).x);
    Meeting::Cross(a + (b - a) * t.clamp(0.0, 1.0))
}

/// How two edges on one line meet, whose boxes touch.
fn along(a: Coord<f64>, b: Coord<f64>, c: Coord<f64>, d: Coord<f64>) -> Meeting {
    let key = |p: &Coord<f64>| if a.x == b.x { p.y } else { p.x };
    let sorted = |p: Coord<f64>, q: Coord<f64>| if key(&p) <= key(&q) { (p, q) } else { (q, p) };
    let ((a, b), (c, d)) = (sorted(a, b), sorted(c, d));
    let start = if key(&a) >= key(&c) { a } else { c };
    let end = if key(&b) <= key(&d) { b } else { d };
    match key(&start).total_cmp(&key(&end)) {
        Ordering::Less => Meeting::Overlap(start),
        Ordering::Equal => Meeting::Touch(start),
        Ordering::Greater => Meeting::Apart,
    }
}

/// The edges of a ring, without those of no length.
pub(crate) fn edges(ring: &geo::LineString<f64>) -> impl Iterator<Item = geo::Line<f64>> {
    ring.lines().filter(|edge| edge.start != edge.end)
}

#[cfg(test)]
mod tests;
