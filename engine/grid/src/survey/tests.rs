use approx::assert_relative_eq;
use citybrain_model::AreaLevel;

use super::*;
use crate::City;
use crate::Parents;
use crate::sample::{area, city, four_districts, level, parts, square, version};

fn km2(shape: &MultiPolygon<f64>) -> f64 {
    area_km2(shape)
}

#[test]
fn an_overlap_is_measured_and_placed() {
    let city = city(vec![
        area("a", square(0.0, 0.0, 1.0)),
        area("b", square(0.9, 0.5, 1.0)),
        area("c", square(-1.0, 0.0, 1.0)),
    ]);
    let found = overlaps(city.largest().latest());
    assert_eq!(found.len(), 1);
    let (first, second, shared) = &found[0];
    assert_eq!((*first, *second, shared.pieces), (0, 1, 1));
    let rectangle = crate::sample::polygon(vec![(0.9, 0.5), (1.0, 0.5), (1.0, 1.0), (0.9, 1.0)]);
    assert_relative_eq!(shared.area_m2, km2(&rectangle) * 1e6, max_relative = 1e-6);
    assert!((0.9..=1.0).contains(&shared.at.x()) && (0.5..=1.0).contains(&shared.at.y()));
}

#[test]
fn areas_that_share_borders_neither_overlap_nor_gape() {
    let city = City::try_new(parts(four_districts())).unwrap();
    for level in &city.levels {
        assert_eq!(overlaps(level.latest()), []);
        assert_eq!(gaps(level.latest()), []);
    }
    for half in city.levels[1].latest() {
        let parent = city.levels[0]
            .area(half.parent.as_deref().unwrap())
            .unwrap();
        assert_eq!(outside(half, parent), None);
    }
    for district in city.levels[0].latest() {
        let halves = city.levels[1].latest().iter();
        let halves = halves.filter(|half| half.parent.as_ref() == Some(&district.id));
        assert_eq!(uncovered(district, halves), None);
    }
}

#[test]
fn an_enclosed_gap_is_found() {
    let frame =
        geo::wkt!(MULTIPOLYGON(((0. 0.,3. 0.,3. 3.,0. 3.,0. 0.),(1. 1.,2. 1.,2. 2.,1. 2.,1. 1.))));
    let half = crate::sample::polygon(vec![(1.0, 1.0), (2.0, 1.0), (2.0, 1.5), (1.0, 1.5)]);
    let city = city(vec![area("frame", frame), area("half", half)]);
    let found = gaps(city.largest().latest());
    assert_eq!(found.len(), 1);
    let rest = crate::sample::polygon(vec![(1.0, 1.5), (2.0, 1.5), (2.0, 2.0), (1.0, 2.0)]);
    assert_relative_eq!(found[0].area_m2, km2(&rest) * 1e6, max_relative = 1e-6);
    assert!((1.5..2.0).contains(&found[0].at.y()));
    assert_relative_eq!(km2(&found[0].shape), km2(&rest), max_relative = 1e-6);
}

#[test]
fn the_areas_around_a_gap_are_found() {
    let frame =
        geo::wkt!(MULTIPOLYGON(((0. 0.,3. 0.,3. 3.,0. 3.,0. 0.),(1. 1.,2. 1.,2. 2.,1. 2.,1. 1.))));
    let half = crate::sample::polygon(vec![(1.0, 1.0), (2.0, 1.0), (2.0, 1.5), (1.0, 1.5)]);
    let city = city(vec![
        area("frame", frame),
        area("half", half),
        area("inside the gap but apart", square(1.4, 1.7, 0.1)),
        area("elsewhere", square(5.0, 5.0, 1.0)),
    ]);
    let areas = city.largest().latest();
    let gaps = gaps(areas);
    assert_eq!(gaps.len(), 1);
    let ids: Vec<_> = neighbours(&gaps[0], areas)
        .into_iter()
        .map(|at| areas[at].id.as_str())
        .collect();
    assert_eq!(ids, ["frame", "half"]);
}

#[test]
fn the_even_odd_reading_of_invalid_rings_is_told() {
    // A ring that touches itself in a point and turns back: a bay, and no ground changes.
    let bay = reading(
        &geo::wkt!(MULTIPOLYGON(((0. 0.,4. 0.,4. 4.,2. 4.,3. 2.,1. 2.,2. 4.,0. 4.,0. 0.)))),
    );
    assert_eq!(bay.parts, 1);
    assert_eq!((bay.left_out, bay.taken_in), (None, None));
    // The same with the bay walked the other way, so that the ring goes around it twice.
    let twice_around = reading(
        &geo::wkt!(MULTIPOLYGON(((0. 0.,4. 0.,4. 4.,2. 4.,1. 2.,3. 2.,2. 4.,0. 4.,0. 0.)))),
    );
    let triangle = crate::sample::polygon(vec![(1.0, 2.0), (3.0, 2.0), (2.0, 4.0)]);
    let left_out = twice_around.left_out.unwrap();
    assert_relative_eq!(left_out.area_m2, km2(&triangle) * 1e6, max_relative = 1e-6);
    // A bow tie is two parts.
    let tie = reading(&geo::wkt!(MULTIPOLYGON(((0. 0.,2. 2.,2. 0.,0. 2.,0. 0.)))));
    assert_eq!((tie.parts, tie.left_out), (2, None));
    // Two parts that overlap: what both have is left out.
    let twice = reading(
        &geo::wkt!(MULTIPOLYGON(((0. 0.,2. 0.,2. 2.,0. 2.,0. 0.)),((1. 1.,3. 1.,3. 3.,1. 3.,1. 1.)))),
    );
    let shared = square(1.0, 1.0, 1.0);
    let left_out = twice.left_out.unwrap();
    assert_relative_eq!(left_out.area_m2, km2(&shared) * 1e6, max_relative = 1e-6);
    // A hole outside its ring counts as a part.
    let hole = reading(
        &geo::wkt!(MULTIPOLYGON(((0. 0.,1. 0.,1. 1.,0. 1.,0. 0.),(2. 0.,3. 0.,3. 1.,2. 1.,2. 0.)))),
    );
    let outside = square(2.0, 0.0, 1.0);
    assert_relative_eq!(
        hole.taken_in.unwrap().area_m2,
        km2(&outside) * 1e6,
        max_relative = 1e-6
    );
}

#[test]
fn what_lies_outside_a_parent_and_what_no_child_has_is_measured() {
    let districts = vec![area("d", square(0.0, 0.0, 1.0))];
    let streets = vec![
        area("s", square(0.25, 0.5, 1.0)),
        area("t", square(0.25, 0.75, 0.5)),
    ];
    let city = City::try_new(parts(vec![
        level(AreaLevel::District, vec![version(districts, Parents::City)]),
        level(AreaLevel::Community, vec![version(streets, Parents::City)]),
    ]))
    .unwrap();
    let (district, streets) = (&city.levels[0].areas[0], &city.levels[1].areas);
    let out = outside(&streets[0], district).unwrap();
    let inside = crate::sample::polygon(vec![(0.25, 0.5), (1.0, 0.5), (1.0, 1.0), (0.25, 1.0)]);
    assert_relative_eq!(
        out.area_m2,
        (streets[0].area_km2 - km2(&inside)) * 1e6,
        max_relative = 1e-6
    );
    // The two children overlap in the parent; their common ground counts once.
    let rest = uncovered(district, streets.iter()).unwrap();
    assert_relative_eq!(
        rest.area_m2,
        (district.area_km2 - km2(&inside)) * 1e6,
        max_relative = 1e-6
    );
}
