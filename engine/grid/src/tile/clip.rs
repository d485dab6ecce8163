//! Cutting a ring to a tile with its buffer.

use super::{BUFFER, EXTENT};

/// A place in units of a tile: x to the east, y to the south.
pub(super) type Unit = (i64, i64);

const LOW: i64 = -(BUFFER as i64);
const HIGH: i64 = EXTENT as i64 + BUFFER as i64;

/// The part of a ring in the buffered tile, by Sutherland and Hodgman (Reentrant polygon clipping, 1974), one side after the
/// other. A cut's place depends only on the edge, not on the ring's direction, so neighbours are cut alike. Rings are open: the
/// last point is not the first. Where a ring leaves the tile and comes back, its parts stay joined along the buffer's border.
pub(super) fn clipped(ring: Vec<Unit>) -> Vec<Unit> {
    let inside = |p: &Unit| (LOW..=HIGH).contains(&p.0) && (LOW..=HIGH).contains(&p.1);
    if ring.iter().all(inside) {
        return ring;
    }
    let ring = cut(&ring, |p| p.0 - LOW, |a, b| (LOW, crossing(a, b, LOW)));
    let ring = cut(&ring, |p| HIGH - p.0, |a, b| (HIGH, crossing(a, b, HIGH)));
    let turned = |p: Unit| (p.1, p.0);
    let ring = cut(
        &ring,
        |p| p.1 - LOW,
        |a, b| (crossing(turned(a), turned(b), LOW), LOW),
    );
    cut(
        &ring,
        |p| HIGH - p.1,
        |a, b| (crossing(turned(a), turned(b), HIGH), HIGH),
    )
}

/// The part of a ring where `depth` is not negative.
fn cut(ring: &[Unit], depth: impl Fn(Unit) -> i64, at: impl Fn(Unit, Unit) -> Unit) -> Vec<Unit> {
    let mut kept = Vec::with_capacity(ring.len() + 4);
    let Some(&last) = ring.last() else {
        return kept;
    };
    let mut before = last;
    for &point in ring {
        if (depth(before) < 0) != (depth(point) < 0) {
            kept.push(at(before, point));
        }
        if depth(point) >= 0 {
            kept.push(point);
        }
        before = point;
    }
    kept
}

/// Where the edge between two points is at the line x = `line`, rounded.
fn crossing(a: Unit, b: Unit, line: i64) -> i64 {
    let (a, b) = if a <= b { (a, b) } else { (b, a) };
    let (dx, dy) = (i128::from(b.0 - a.0), i128::from(b.1 - a.1));
    let doubled = 2 * dy * i128::from(line - a.0) + dx;
    let step = doubled.div_euclid(2 * dx);
    a.1 + i64::try_from(step).expect("the crossing lies between the ends")
}
