use geo::wkt;
use rstest::rstest;

use super::*;
use crate::real;

fn rules(boundary: &MultiPolygon<f64>) -> Vec<RingRule> {
    let mut rules: Vec<_> = ring_faults(boundary)
        .iter()
        .map(|fault| fault.rule)
        .collect();
    rules.sort();
    rules.dedup();
    rules
}

#[test]
fn valid_boundaries_have_no_fault() {
    let valid = [
        wkt!(MULTIPOLYGON(((0. 0.,4. 0.,4. 4.,0. 4.,0. 0.)))),
        // A hole that touches the outer ring in a point, and one that touches the other hole.
        wkt!(MULTIPOLYGON(((0. 0.,9. 0.,9. 9.,0. 9.,0. 0.),(0. 2.,2. 1.,3. 2.,2. 3.,0. 2.),(3. 2.,4. 1.,5. 2.,4. 3.,3. 2.)))),
        // Two parts that touch in a corner, and an island in a hole.
        wkt!(MULTIPOLYGON(((0. 0.,1. 0.,1. 1.,0. 1.,0. 0.)),((1. 1.,2. 1.,2. 2.,1. 2.,1. 1.)))),
        wkt!(MULTIPOLYGON(((0. 0.,9. 0.,9. 9.,0. 9.,0. 0.),(1. 1.,8. 1.,8. 8.,1. 8.,1. 1.)),((2. 2.,7. 2.,7. 7.,2. 7.,2. 2.)))),
        // A hole whose every vertex lies on the outer ring's edges.
        wkt!(MULTIPOLYGON(((0. 0.,4. 0.,4. 4.,0. 4.,0. 0.),(2. 0.,4. 2.,2. 4.,0. 2.,2. 0.)))),
    ];
    for boundary in valid {
        assert_eq!(rules(&boundary), [], "{boundary:?}");
    }
}

#[rstest]
#[case::bow_tie(wkt!(MULTIPOLYGON(((0. 0.,2. 2.,2. 0.,0. 2.,0. 0.)))), RingRule::Crossing)]
#[case::spike(wkt!(MULTIPOLYGON(((0. 0.,4. 0.,4. 4.,2. 4.,2. 6.,2. 4.,0. 4.,0. 0.)))), RingRule::Overlap)]
#[case::eight(wkt!(MULTIPOLYGON(((0. 0.,2. 2.,4. 0.,4. 4.,2. 2.,0. 4.,0. 0.)))), RingRule::SelfTouch)]
#[case::line(wkt!(MULTIPOLYGON(((0. 0.,1. 0.,0. 0.)))), RingRule::TooFewPoints)]
#[case::hole_outside(wkt!(MULTIPOLYGON(((0. 0.,1. 0.,1. 1.,0. 1.,0. 0.),(2. 2.,3. 2.,3. 3.,2. 2.)))), RingRule::HoleOutside)]
#[case::hole_in_hole(wkt!(MULTIPOLYGON(((0. 0.,9. 0.,9. 9.,0. 9.,0. 0.),(1. 1.,8. 1.,8. 8.,1. 8.,1. 1.),(2. 2.,3. 2.,3. 3.,2. 2.)))), RingRule::HoleOutside)]
#[case::part_in_part(wkt!(MULTIPOLYGON(((0. 0.,9. 0.,9. 9.,0. 9.,0. 0.)),((1. 1.,2. 1.,2. 2.,1. 1.)))), RingRule::Nested)]
#[case::parts_cross(wkt!(MULTIPOLYGON(((0. 0.,2. 0.,2. 2.,0. 2.,0. 0.)),((1. 1.,3. 1.,3. 3.,1. 3.,1. 1.)))), RingRule::Crossing)]
#[case::parts_share_an_edge(wkt!(MULTIPOLYGON(((0. 0.,1. 0.,1. 1.,0. 1.,0. 0.)),((1. 0.,2. 0.,2. 1.,1. 1.,1. 0.)))), RingRule::Overlap)]
#[case::parts_cross_through_vertices(wkt!(MULTIPOLYGON(((0. 0.,2. 0.,4. 0.,4. 4.,0. 4.,0. 0.)),((2. 0.,3. 2.,2. 3.,1. -1.,2. 0.)))), RingRule::Crossing)]
fn each_broken_rule_is_named(#[case] boundary: MultiPolygon<f64>, #[case] rule: RingRule) {
    assert!(rules(&boundary).contains(&rule), "{:?}", rules(&boundary));
}

#[test]
fn a_fault_says_where() {
    let faults = ring_faults(
        &wkt!(MULTIPOLYGON(((9. 9.,10. 9.,10. 10.,9. 9.)),((0. 0.,2. 2.,2. 0.,0. 2.,0. 0.)))),
    );
    assert_eq!(faults.len(), 1);
    assert_eq!((faults[0].polygon, faults[0].ring), (1, 0));
    assert_eq!((faults[0].lon, faults[0].lat), (1.0, 1.0));
}

#[test]
fn a_boundary_that_is_all_faults_is_given_up_soon() {
    // A comb whose every tooth crosses every other edge of the way back.
    let zigzag = |y: f64| (0..2000).map(move |at| (f64::from(at) / 1000.0, y + f64::from(at % 2)));
    let ring = zigzag(0.0).chain(zigzag(0.5)).collect();
    let boundary = MultiPolygon::new(vec![geo::Polygon::new(ring, Vec::new())]);
    assert_eq!(ring_faults(&boundary).len(), RingFault::LISTED_MAX);
}

/// The counts are those of GEOS 3.14 (shapely `is_valid`) for each level of `real::LEVELS`.
#[test]
fn as_many_real_boundaries_are_invalid_as_geos_says() {
    for ((file, id), invalid) in real::LEVELS.into_iter().zip([1, 0, 1, 0, 13, 0, 2, 3, 2]) {
        let Some(areas) = real::boundaries(file, id) else {
            return;
        };
        let found = areas
            .iter()
            .filter(|(_, boundary)| !ring_faults(boundary).is_empty());
        assert_eq!(found.count(), invalid, "{file}");
    }
}
