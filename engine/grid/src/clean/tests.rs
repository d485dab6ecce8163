use geo::{Area as _, Coord, CoordsIter, Distance as _, Euclidean};
use proptest::prelude::*;

use super::*;
use crate::faults::ring_faults;
use crate::oracle;

proptest! {
    /// Away from edges, where rounding cannot matter, the clean boundary holds the same points.
    #[test]
    fn a_clean_boundary_holds_what_the_even_odd_rule_holds(
        rings in prop::collection::vec(prop::collection::vec((-8_i32..8, -8_i32..8), 3..9), 1..4),
        points in prop::collection::vec((-9.0..9.0, -9.0..9.0), 50),
    ) {
        let ring = |points: &Vec<(i32, i32)>| points.iter().map(|&(x, y)| (f64::from(x), f64::from(y))).collect();
        let polygon = |points| geo::Polygon::new(ring(points), Vec::new());
        let boundary = MultiPolygon::new(rings.iter().map(polygon).collect());
        let clean = cleaned(&boundary, &ring_faults(&boundary));
        for polygon in &clean {
            prop_assert!(polygon.exterior().coords_count() == 0 || polygon.signed_area() > 0.0);
        }
        for (x, y) in points {
            let point = Coord { x, y };
            let near = geo::LinesIter::lines_iter(&boundary).any(|line| Euclidean.distance(&line, &geo::Point(point)) < 1e-12);
            if !near {
                prop_assert_eq!(oracle::holds(&clean, point), oracle::holds(&boundary, point), "{:?}", point);
            }
        }
    }
}

#[test]
fn a_valid_boundary_keeps_every_vertex() {
    let boundary = MultiPolygon::new(vec![
        geo::wkt!(POLYGON((0.1_f64 0.1,0.1 0.7,0.9 0.3,0.1 0.1))),
    ]);
    let mut given: Vec<_> = boundary
        .coords_iter()
        .map(|c| (c.x.to_bits(), c.y.to_bits()))
        .collect();
    let clean = cleaned(&boundary, &[]);
    let mut kept: Vec<_> = clean
        .coords_iter()
        .map(|c| (c.x.to_bits(), c.y.to_bits()))
        .collect();
    given.sort_unstable();
    kept.sort_unstable();
    assert_eq!(given, kept);
}
