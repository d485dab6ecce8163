use std::collections::BTreeSet;

use geo::{Area as _, CoordsIter, Distance as _, Euclidean, LineString, LinesIter, Polygon, wkt};
use proptest::prelude::*;
use rstest::rstest;

use super::*;
use crate::faults::ring_faults;
use crate::oracle;
use crate::predicate::{Meeting, meeting};

/// Nearer to an edge than this, the rounding of a crossing may matter.
const BESIDE: f64 = 1e-12;

fn boundary(rings: &[Vec<(f64, f64)>]) -> MultiPolygon<f64> {
    let polygon = |ring: &Vec<(f64, f64)>| Polygon::new(LineString::from(ring.clone()), vec![]);
    MultiPolygon::new(rings.iter().map(polygon).collect())
}

fn bits(c: Coord<f64>) -> (u64, u64) {
    ((c.x + 0.0).to_bits(), (c.y + 0.0).to_bits())
}

/// The edges without their direction.
fn edge_set(boundary: &MultiPolygon<f64>) -> BTreeSet<[(u64, u64); 2]> {
    let edge = |line: Line<f64>| {
        let (a, b) = (bits(line.start), bits(line.end));
        if a <= b { [a, b] } else { [b, a] }
    };
    boundary.lines_iter().map(edge).collect()
}

/// That the repaired boundary's edges meet only in their ends, holds the same points, and has no vertex but those given and crossings.
fn check(given: &MultiPolygon<f64>, points: impl Iterator<Item = Coord<f64>>) {
    let clean = repaired(given);
    let clean_edges: Vec<_> = clean.lines_iter().collect();
    for (at, one) in clean_edges.iter().enumerate() {
        for other in &clean_edges[..at] {
            let is_end =
                |at| (one.start == at || one.end == at) && (other.start == at || other.end == at);
            let fine = match meeting(one, other) {
                Meeting::Apart => true,
                Meeting::Touch(at) => is_end(at),
                Meeting::Cross(_) | Meeting::Overlap(_) => false,
            };
            assert!(fine, "{one:?} and {other:?}");
        }
    }
    for polygon in &clean {
        assert!(polygon.signed_area() > 0.0, "{clean:?}");
    }
    let vertices: BTreeSet<_> = given.coords_iter().map(bits).collect();
    let edges: Vec<_> = given.lines_iter().collect();
    // A crossing lies on two edges; where they are nearly parallel, nobody can say where.
    let crosses = |vertex: Coord<f64>| {
        let near = |line: &&Line<f64>| Euclidean.distance(*line, &geo::Point(vertex)) < BESIDE;
        edges.iter().filter(near).count() >= 2
    };
    for vertex in clean.coords_iter() {
        assert!(
            vertices.contains(&bits(vertex)) || crosses(vertex),
            "{vertex:?}"
        );
    }
    for point in points {
        let beside = |line: &Line<f64>| Euclidean.distance(line, &geo::Point(point)) < BESIDE;
        if !edges.iter().any(beside) {
            assert_eq!(
                oracle::holds(&clean, point),
                oracle::holds(given, point),
                "{point:?}"
            );
        }
    }
}

fn coarse() -> impl Strategy<Value = f64> + Clone {
    (-8_i32..8).prop_map(|n| f64::from(n) / 4.0)
}

/// Coordinates on the lattice, a float beside it, and anywhere.
fn place() -> impl Strategy<Value = f64> + Clone {
    prop_oneof![
        coarse(),
        coarse().prop_map(|v| (v + 3.0).next_up() - 3.0),
        -2.1..2.1,
    ]
}

fn rings(
    coordinate: impl Strategy<Value = f64> + Clone,
) -> impl Strategy<Value = Vec<Vec<(f64, f64)>>> {
    let ring = prop::collection::vec((coordinate.clone(), coordinate), 3..9);
    prop::collection::vec(ring, 1..5)
}

proptest! {
    #[test]
    fn any_rings_on_a_lattice_become_a_clean_boundary_that_holds_the_same(
        rings in rings(coarse()),
        points in prop::collection::vec((-2.2..2.2, -2.2..2.2), 50),
    ) {
        check(&boundary(&rings), points.into_iter().map(Coord::from));
    }

    #[test]
    fn any_rings_anywhere_become_a_clean_boundary_that_holds_the_same(
        rings in rings(place()),
        points in prop::collection::vec((-2.2..2.2, -2.2..2.2), 50),
    ) {
        check(&boundary(&rings), points.into_iter().map(Coord::from));
    }

    /// Whatever its rings are made of, a boundary that is clean has no other edges afterwards.
    #[test]
    fn what_is_clean_keeps_every_edge(rings in rings(place())) {
        let clean = repaired(&boundary(&rings));
        prop_assert_eq!(edge_set(&repaired(&clean)), edge_set(&clean));
    }

    /// Two areas that have the same two crossing edges have the same crossing, wherever the edges stand in their rings.
    #[test]
    fn a_crossing_is_rounded_alike_in_every_area(
        ends in prop::collection::vec((116.0..117.0, 39.0..40.0), 4),
        far in (118.0..119.0, 39.0..40.0),
    ) {
        let [a, b, c, d] = ends[..] else { return Ok(()); };
        let one = cut::cut(&boundary(&[vec![a, b, far], vec![c, d, far]]));
        let other = cut::cut(&boundary(&[vec![d, c, (110.0, 30.0)], vec![(110.0, 30.0), b, a]]));
        let Meeting::Cross(at) = meeting(&Line::new(Coord::from(a), Coord::from(b)), &Line::new(Coord::from(c), Coord::from(d))) else {
            return Ok(());
        };
        let near = |edges: &[Line<f64>]| {
            let ends = edges.iter().flat_map(|edge| [edge.start, edge.end]);
            ends.filter(|end| Euclidean.distance(&geo::Point(*end), &geo::Point(at)) < BESIDE).map(bits).collect::<BTreeSet<_>>()
        };
        prop_assert_eq!(near(&one), near(&other));
    }
}

#[rstest]
#[case::bow_tie(wkt!(MULTIPOLYGON(((0. 0.,2. 2.,2. 0.,0. 2.,0. 0.)))), 2, 0, 2.0)]
#[case::ring_that_touches_itself(wkt!(MULTIPOLYGON(((0. 0.,4. 0.,4. 4.,2. 0.,0. 4.,0. 0.)))), 2, 0, 8.0)]
#[case::hole_drawn_in_one_go(wkt!(MULTIPOLYGON(((0. 0.,6. 0.,6. 6.,0. 6.,0. 0.,2. 1.,4. 1.,4. 4.,2. 1.,0. 0.)))), 1, 1, 33.0)]
#[case::spike(wkt!(MULTIPOLYGON(((0. 0.,4. 0.,4. 4.,2. 4.,2. 6.,2. 4.,0. 4.,0. 0.)))), 1, 0, 16.0)]
#[case::ring_twice(wkt!(MULTIPOLYGON(((0. 0.,1. 0.,1. 1.,0. 0.)),((0. 0.,1. 0.,1. 1.,0. 0.)))), 0, 0, 0.0)]
#[case::parts_side_by_side(wkt!(MULTIPOLYGON(((0. 0.,1. 0.,1. 1.,0. 1.,0. 0.)),((1. 0.,2. 0.,2. 1.,1. 1.,1. 0.)))), 1, 0, 2.0)]
#[case::part_in_a_part(wkt!(MULTIPOLYGON(((0. 0.,9. 0.,9. 9.,0. 9.,0. 0.)),((1. 1.,8. 1.,8. 8.,1. 8.,1. 1.)),((2. 2.,3. 2.,3. 3.,2. 3.,2. 2.)))), 2, 1, 33.0)]
#[case::hole_over_the_edge(wkt!(MULTIPOLYGON(((0. 0.,4. 0.,4. 4.,0. 4.,0. 0.),(3. 1.,6. 1.,6. 2.,3. 2.,3. 1.)))), 2, 0, 17.0)]
fn broken_rings_are_read_by_the_even_odd_rule(
    #[case] given: MultiPolygon<f64>,
    #[case] parts: usize,
    #[case] holes: usize,
    #[case] area: f64,
) {
    let clean = repaired(&given);
    let found: usize = clean.iter().map(|part| part.interiors().len()).sum();
    assert_eq!((clean.0.len(), found), (parts, holes), "{clean:?}");
    assert!((clean.unsigned_area() - area).abs() < 1e-12, "{clean:?}");
}

#[rstest]
fn real_boundaries_keep_their_vertices(#[values(0, 1, 2, 3, 4, 5, 6, 7, 8)] level: usize) {
    let (file, id) = crate::real::LEVELS[level];
    let Some(areas) = crate::real::boundaries(file, id) else {
        return;
    };
    for (id, given) in areas {
        let faults = ring_faults(&given);
        if faults.is_empty() {
            continue;
        }
        let clean = repaired(&given);
        assert_eq!(ring_faults(&clean), [], "{id}");
        let vertices: BTreeSet<_> = given.coords_iter().map(bits).collect();
        let new: BTreeSet<_> = clean
            .coords_iter()
            .map(bits)
            .filter(|vertex| !vertices.contains(vertex))
            .collect();
        println!(
            "{file} {id}: {} faults, {} crossings",
            faults.len(),
            new.len()
        );
        // At most one new vertex for each place where edges cross.
        assert!(new.len() <= faults.len(), "{id}: {new:?}");
    }
}
