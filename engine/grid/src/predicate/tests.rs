use std::cmp::Ordering;

use geo::Coord;
use proptest::prelude::*;
use rstest::rstest;

use super::*;

fn at(x: f64, y: f64) -> Coord<f64> {
    Coord { x, y }
}

/// Coordinates are whole multiples of 2⁻⁴⁰ up to 180, so whole numbers decide the side exactly.
fn exact_side(a: (i64, i64), b: (i64, i64), p: (i64, i64)) -> Ordering {
    let part = |u: i64, v: i64| i128::from(u) - i128::from(v);
    let turn = part(b.0, a.0) * part(p.1, a.1) - part(b.1, a.1) * part(p.0, a.0);
    turn.cmp(&0)
}

fn whole() -> impl Strategy<Value = (i64, i64)> {
    let range = -(180_i64 << 40)..(180_i64 << 40);
    (range.clone(), range)
}

#[expect(clippy::cast_precision_loss, reason = "48 bits fit an f64")]
fn degrees(p: (i64, i64)) -> Coord<f64> {
    let unit = (-40_f64).exp2();
    at(p.0 as f64 * unit, p.1 as f64 * unit)
}

proptest! {
    #[test]
    fn the_side_is_that_of_whole_number_arithmetic(a in whole(), b in whole(), p in whole()) {
        prop_assert_eq!(side(degrees(a), degrees(b), degrees(p)), exact_side(a, b, p));
    }

    #[test]
    fn the_side_is_exact_a_hair_from_the_line(a in whole(), b in whole(), t in 0..=1024_i64, dx in -1..=1_i64, dy in -1..=1_i64) {
        let between = |a: i64, b: i64| a + (b / 2048 - a / 2048) * t;
        let p = (between(a.0, b.0) + dx, between(a.1, b.1) + dy);
        prop_assert_eq!(side(degrees(a), degrees(b), degrees(p)), exact_side(a, b, p));
    }
}

#[rstest]
#[case::cross([(0, 0), (2, 0)], [(1, -1), (1, 1)], Meeting::Cross(at(1.0, 0.0)))]
#[case::common_end([(0, 0), (2, 0)], [(0, 0), (0, 2)], Meeting::Touch(at(0.0, 0.0)))]
#[case::end_inside([(0, 0), (2, 0)], [(1, 0), (1, 1)], Meeting::Touch(at(1.0, 0.0)))]
#[case::along([(0, 0), (2, 0)], [(3, 0), (1, 0)], Meeting::Overlap(at(1.0, 0.0)))]
#[case::behind([(0, 0), (2, 0)], [(3, 0), (2, 0)], Meeting::Touch(at(2.0, 0.0)))]
#[case::far_behind([(0, 0), (2, 0)], [(4, 0), (3, 0)], Meeting::Apart)]
#[case::steep([(0, 0), (0, 2)], [(0, 1), (0, 3)], Meeting::Overlap(at(0.0, 1.0)))]
#[case::beside([(0, 0), (2, 0)], [(0, 1), (2, 1)], Meeting::Apart)]
#[case::short([(0, 0), (4, 4)], [(0, 1), (1, 2)], Meeting::Apart)]
fn edges_meet_in_four_ways(
    #[case] one: [(i32, i32); 2],
    #[case] other: [(i32, i32); 2],
    #[case] expected: Meeting,
) {
    let edge = |ends: [(i32, i32); 2]| {
        let [start, end] = ends.map(|(x, y)| at(x.into(), y.into()));
        Line { start, end }
    };
    assert_eq!(meeting(&edge(one), &edge(other)), expected);
}
