use geo::{Distance, Geodesic, LineString, Point};
use proptest::prelude::*;

use super::*;

fn road(name: &str, lines: &[&[(f64, f64)]]) -> RoadParts {
    let lines = lines.iter().map(|line| LineString::from(line.to_vec()));
    RoadParts {
        name: name.to_owned(),
        course: MultiLineString::new(lines.collect()),
    }
}

fn roads(lines: &[Vec<(f64, f64)>]) -> Roads {
    let parts = lines.iter().map(|line| road("r", &[line]));
    Roads::try_new(parts.collect()).unwrap()
}

/// The geodesic distance of a point from a line that is straight in longitude and latitude, by golden sections.
fn geodesic(line: &[(f64, f64)], lon: f64, lat: f64) -> f64 {
    let metres = |x: f64, y: f64| Geodesic.distance(Point::new(lon, lat), Point::new(x, y));
    line.windows(2)
        .map(|ends| {
            let ((ax, ay), (bx, by)) = (ends[0], ends[1]);
            let at = |t: f64| metres(ax + t * (bx - ax), ay + t * (by - ay));
            let (mut low, mut high) = (0.0, 1.0);
            let golden = 0.618_033_988_749_894_9;
            for _ in 0..60 {
                let (a, b) = (high - golden * (high - low), low + golden * (high - low));
                if at(a) < at(b) { high = b } else { low = a }
            }
            at(f64::midpoint(low, high)).min(at(0.0)).min(at(1.0))
        })
        .fold(f64::INFINITY, f64::min)
}

/// The bound of the documentation.
fn error_bound(distance: f64, lat: f64) -> f64 {
    distance * (0.002 + distance / 6_371_000.0 * lat.to_radians().tan().abs()) + 1e-6
}

fn line() -> impl Strategy<Value = Vec<(f64, f64)>> {
    prop::collection::vec((-0.1_f64..0.1, -0.1_f64..0.1), 2..6)
}

proptest! {
    #[test]
    fn the_nearest_road_is_that_of_brute_force_geodesics(
        lines in prop::collection::vec(line(), 1..12), lat in -70.0_f64..70.0, lon in -170.0_f64..170.0,
    ) {
        let lines: Vec<Vec<_>> = lines.into_iter()
            .map(|line| line.into_iter().map(|(x, y)| (lon + x, lat + y)).collect()).collect();
        let truth: Vec<f64> = lines.iter().map(|line| geodesic(line, lon, lat)).collect();
        let nearest = truth.iter().copied().fold(f64::INFINITY, f64::min);
        let (found, metres) = roads(&lines).nearest_road(lon, lat).unwrap();
        prop_assert!((metres - truth[found]).abs() <= error_bound(truth[found], lat), "{metres} {}", truth[found]);
        prop_assert!(truth[found] - nearest <= 2.0 * error_bound(truth[found], lat), "{found}: {truth:?}");
    }

    #[test]
    fn the_search_of_the_tree_is_that_of_all_segments(
        lines in prop::collection::vec(prop::collection::vec((-3.0_f64..3.0, -60.0_f64..60.0), 2..4), 1..40),
        lon in -4.0_f64..4.0, lat in -70.0_f64..70.0,
    ) {
        let roads = roads(&lines);
        let metres = Metres::at(lat);
        let point = Coord { x: lon, y: lat };
        let all = roads.tree.iter().map(|s| (distance(s, point, metres.east, metres.north), s.road as usize));
        let nearest = all.min_by(|a, b| a.partial_cmp(b).unwrap()).unwrap();
        prop_assert_eq!(roads.nearest_road(lon, lat), Some((nearest.1, nearest.0)));
    }
}

#[test]
fn of_roads_that_meet_the_first_is_nearest() {
    let crossing = (116.4, 39.9);
    let lines = [
        vec![crossing, (116.5, 39.95)],
        vec![(116.5, 39.8), crossing],
        vec![crossing, (116.45, 40.0)],
    ];
    let found = roads(&lines).nearest_road(116.39, 39.9).unwrap();
    assert_eq!(found.0, 0);
}

#[test]
fn parts_of_a_road_are_one_road() {
    let parts = vec![
        road(
            "Ring",
            &[&[(0.0, 0.0), (0.0, 1.0)], &[(1.0, 0.0), (1.0, 1.0)]],
        ),
        road("Hub", &[&[(0.5, 0.5)]]),
    ];
    let roads = Roads::try_new(parts).unwrap();
    let name = |lon, lat| {
        roads
            .nearest_road(lon, lat)
            .and_then(|(at, _)| roads.name(at))
    };
    assert_eq!(
        (name(0.9, 0.5), name(0.6, 0.5)),
        (Some("Ring"), Some("Hub"))
    );
}

#[test]
fn what_is_no_place_has_no_road() {
    let none = Roads::try_new(vec![road("empty", &[])]).unwrap();
    assert_eq!(none.nearest_road(0.0, 0.0), None);
    let one = roads(&[vec![(0.0, 0.0), (1.0, 0.0)]]);
    assert_eq!(
        (one.nearest_road(f64::NAN, 0.0), one.nearest_road(0.0, 91.0)),
        (None, None)
    );
    assert_eq!(one.nearest_road(0.5, 0.0), Some((0, 0.0)));
    let bad = Roads::try_new(vec![road("bad", &[&[(0.0, f64::NAN)]])]);
    assert!(matches!(bad, Err(RoadError::Coordinate { .. })));
}
