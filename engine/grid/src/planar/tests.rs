use geo::{Coord, LineString, MultiPolygon, Polygon};
use proptest::prelude::*;
use rstest::rstest;

use super::*;
use crate::random::Random;
use crate::{BBox, oracle, real};

fn index(boundaries: &[MultiPolygon<f64>]) -> PlanarIndex {
    PlanarIndex::try_new(boundaries.iter()).unwrap()
}

fn polygon(rings: &[Vec<(f64, f64)>]) -> Polygon<f64> {
    let ring = |points: &Vec<(f64, f64)>| LineString::from(points.clone());
    Polygon::new(ring(&rings[0]), rings[1..].iter().map(ring).collect())
}

fn square(west: f64, south: f64, side: f64) -> MultiPolygon<f64> {
    let (east, north) = (west + side, south + side);
    let ring = vec![(west, south), (east, south), (east, north), (west, north)];
    MultiPolygon::new(vec![polygon(&[ring])])
}

/// The vertices, points on edges, and their neighbours one or two floats away.
fn telling_points(boundaries: &[MultiPolygon<f64>]) -> Vec<Coord<f64>> {
    let mut points = Vec::new();
    for line in boundaries.iter().flat_map(geo::LinesIter::lines_iter) {
        for point in [
            line.start,
            (line.start + line.end) / 2.0,
            line.start * 0.75 + line.end * 0.25,
        ] {
            let near = |v: f64| [v, next_up(v), next_down(v), next_up(next_up(v))];
            for x in near(point.x) {
                points.extend(near(point.y).map(|y| Coord { x, y }));
            }
        }
    }
    points
}

/// The next float, but never one so small that products of differences underflow, where the predicate is not exact.
fn next_up(v: f64) -> f64 {
    if v.abs() < 1e-100 {
        1e-100
    } else {
        v.next_up()
    }
}

fn next_down(v: f64) -> f64 {
    -next_up(-v)
}

fn assert_as_oracle(
    boundaries: &[MultiPolygon<f64>],
    points: impl IntoIterator<Item = Coord<f64>>,
) {
    assert_index_as(boundaries, points, |point| {
        oracle::first_holder(boundaries, point)
    });
}

/// Checks points one by one and all together.
fn assert_index_as(
    boundaries: &[MultiPolygon<f64>],
    points: impl IntoIterator<Item = Coord<f64>>,
    first_holder: impl Fn(Coord<f64>) -> Option<usize>,
) {
    let index = index(boundaries);
    let points: Vec<_> = points.into_iter().collect();
    let (lon, lat): (Vec<_>, Vec<_>) = points.iter().map(Coord::x_y).unzip();
    let mut found = vec![0; points.len()];
    index.fill(&lon, &lat, &mut found);
    for (point, found) in points.into_iter().zip(found) {
        let expected = first_holder(point).map_or(NOWHERE, |at| u32::try_from(at).unwrap());
        let one = index.locate(point.x, point.y);
        assert_eq!((one, found), (expected, expected), "at {point:?}");
    }
}

#[test]
fn a_square_holds_its_inside_its_edges_and_its_corners() {
    let index = index(&[square(1.0, 1.0, 1.0)]);
    for (x, y) in [
        (1.5, 1.5),
        (1.0, 1.0),
        (2.0, 2.0),
        (1.0, 2.0),
        (2.0, 1.0),
        (1.3, 1.0),
        (2.0, 1.7),
    ] {
        assert_eq!(index.locate(x, y), 0, "{x} {y}");
    }
    for (x, y) in [
        (1.5, 2.0_f64.next_up()),
        (1.0_f64.next_down(), 1.5),
        (0.5, 1.0),
        (2.5, 2.0),
    ] {
        assert_eq!(index.locate(x, y), NOWHERE, "{x} {y}");
    }
}

#[test]
fn what_is_no_number_is_nowhere() {
    let index = index(&[square(-180.0, -90.0, 360.0)]);
    for value in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
        assert_eq!(index.locate(value, 0.0), NOWHERE);
        assert_eq!(index.locate(0.0, value), NOWHERE);
    }
    for (x, y) in [(0.0, -0.0), (-0.0, 0.0), (-180.0, -90.0), (180.0, 90.0)] {
        assert_eq!(index.locate(x, y), 0);
    }
}

#[test]
fn on_a_shared_border_and_where_areas_overlap_the_first_area_wins() {
    let areas = [
        square(0.0, 0.0, 1.0),
        square(1.0, 0.0, 1.0),
        square(0.5, 0.5, 1.0),
    ];
    let index = index(&areas);
    assert_eq!(index.locate(1.0, 0.25), 0);
    assert_eq!(index.locate(0.75, 0.75), 0);
    assert_eq!(index.locate(1.25, 0.75), 1);
    assert_eq!(index.locate(1.25, 1.25), 2);
}

#[test]
fn a_hole_belongs_to_its_enclave_and_its_border_to_the_first() {
    let ring = |a: f64, b: f64| vec![(a, a), (b, a), (b, b), (a, b)];
    let outer = MultiPolygon::new(vec![polygon(&[ring(0.0, 3.0), ring(1.0, 2.0)])]);
    let enclave = MultiPolygon::new(vec![polygon(&[ring(1.0, 2.0)])]);
    let index = index(&[outer, enclave]);
    assert_eq!(index.locate(1.5, 1.5), 1);
    assert_eq!(index.locate(1.0, 1.5), 0);
    assert_eq!(index.locate(0.5, 1.5), 0);
}

#[test]
fn more_areas_than_a_group_can_hold_meet_in_one_point() {
    let fan: Vec<_> = (0..100)
        .map(|at| {
            let ray = |at: f64| (at * std::f64::consts::TAU / 100.0).sin_cos();
            let (a, b) = (ray(f64::from(at)), ray(f64::from(at) + 1.0));
            MultiPolygon::new(vec![polygon(&[vec![(0.0, 0.0), a, b]])])
        })
        .collect();
    let points = telling_points(&fan);
    assert_as_oracle(&fan, points);
}

/// Coordinates on a coarse lattice, many of them on borders of bins, so that vertices, edges and points often coincide.
fn lattice() -> impl Strategy<Value = f64> + Clone {
    (-8_i32..=8).prop_map(|n| f64::from(n) / 4.0)
}

/// Coordinates on the lattice, near it, and anywhere.
fn place() -> impl Strategy<Value = f64> + Clone {
    prop_oneof![
        lattice(),
        lattice().prop_map(next_up),
        lattice().prop_map(next_down),
        lattice().prop_map(|v| v + 0.125),
        -2.1..2.1,
    ]
}

fn ring(coordinate: impl Strategy<Value = f64> + Clone) -> impl Strategy<Value = Vec<(f64, f64)>> {
    prop::collection::vec((coordinate.clone(), coordinate), 3..9)
}

/// Features of any rings: crossing, touching, doubled, degenerate, some overlapping others.
fn soup(
    coordinate: impl Strategy<Value = f64> + Clone,
) -> impl Strategy<Value = Vec<MultiPolygon<f64>>> {
    let polygons = prop::collection::vec(ring(coordinate), 1..4).prop_map(|rings| polygon(&rings));
    let feature = prop::collection::vec(polygons, 1..4).prop_map(MultiPolygon::new);
    prop::collection::vec(feature, 1..6)
}

/// A partition of a square into quadrangles with common crooked corners, given to areas at random: areas of several parts, with
/// holes, enclaves, slivers, and with borders that run along meridians and parallels.
fn partition() -> impl Strategy<Value = Vec<MultiPolygon<f64>>> {
    const SIDE: usize = 6;
    let shift = prop_oneof![Just(0.0), Just(0.25), -0.4..0.4, Just(0.499_999_999)];
    let corners = prop::collection::vec((shift.clone(), shift), (SIDE + 1) * (SIDE + 1));
    let owners = prop::collection::vec(0_usize..7, SIDE * SIDE);
    (corners, owners).prop_map(|(corners, owners)| {
        let corner = |column: usize, row: usize| {
            let (dx, dy) = corners[row * (SIDE + 1) + column];
            let inner = |at: usize| (0..SIDE).contains(&at.wrapping_sub(1));
            let (dx, dy) = if inner(column) && inner(row) {
                (dx, dy)
            } else {
                (0.0, 0.0)
            };
            #[expect(clippy::cast_precision_loss, reason = "small numbers")]
            (
                116.0 + (column as f64 + dx) / 8.0,
                39.0 + (row as f64 + dy) / 8.0,
            )
        };
        let mut areas = vec![MultiPolygon::new(Vec::new()); 7];
        for row in 0..SIDE {
            for column in 0..SIDE {
                let (c, r) = (column, row);
                let ring = vec![
                    corner(c, r),
                    corner(c + 1, r),
                    corner(c + 1, r + 1),
                    corner(c, r + 1),
                ];
                areas[owners[row * SIDE + column]].0.push(polygon(&[ring]));
            }
        }
        areas
    })
}

proptest! {
    #[test]
    fn any_rings_on_a_lattice_place_as_the_oracle(
        areas in soup(lattice()),
        points in prop::collection::vec((place(), place()), 200),
    ) {
        assert_as_oracle(&areas, points.into_iter().map(Coord::from));
    }

    #[test]
    fn any_rings_anywhere_place_as_the_oracle(
        areas in soup(place()),
        points in prop::collection::vec((place(), place()), 100),
    ) {
        let near = telling_points(&areas);
        assert_as_oracle(&areas, points.into_iter().map(Coord::from).chain(near));
    }

    #[test]
    fn partitions_place_as_the_oracle(
        areas in partition(),
        points in prop::collection::vec((115.9..116.9, 38.9..39.9), 100),
        start in 0_usize..11,
    ) {
        let near = telling_points(&areas).into_iter().skip(start).step_by(11);
        assert_as_oracle(&areas, points.into_iter().map(Coord::from).chain(near));
    }
}

/// The levels of the sample city, which is part of the repository.
const SAMPLE: [(&str, &str); 3] = [
    (
        concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/../../data/sample-city/areas/district.geojson.gz"
        ),
        "code",
    ),
    (
        concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/../../data/sample-city/areas/subdistrict.geojson.gz"
        ),
        "code",
    ),
    (
        concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/../../data/sample-city/areas/community.geojson.gz"
        ),
        "code",
    ),
];

/// 6,000 points for each level, or as many as the environment says: anywhere in the rectangle, vertices, level with vertices,
/// a float beside them, on edges, and within 10⁻⁹ degrees of edges; then, where there are more points than vertices, all of
/// them.
#[rstest]
fn cities_place_as_the_oracle(#[values(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11)] level: usize) {
    let (file, id) = *real::LEVELS.iter().chain(&SAMPLE).nth(level).unwrap();
    let Some(areas) = real::boundaries(file, id) else {
        return;
    };
    let count = std::env::var("CITYBRAIN_TEST_POINTS").map_or(6000, |count| count.parse().unwrap());
    let boundaries: Vec<_> = areas.into_iter().map(|(_, boundary)| boundary).collect();
    let boxes: Vec<_> = boundaries.iter().map(BBox::of).collect();
    let all = boxes.iter().fold(BBox::EMPTY, |all, bbox| all.union(*bbox));
    let edges: Vec<_> = boundaries
        .iter()
        .flat_map(geo::LinesIter::lines_iter)
        .collect();
    let mut random = Random::new(20_261_123);
    let mut points: Vec<_> = (0..count)
        .map(|round| {
            let edge = edges[random.below(edges.len())];
            let (a, b) = (edge.start, edge.end);
            let on = a + (b - a) * random.share();
            match round % 6 {
                0 => a,
                1 => Coord {
                    x: a.x,
                    y: edges[random.below(edges.len())].start.y,
                },
                2 => Coord {
                    x: a.x.next_up(),
                    y: a.y,
                },
                3 => on,
                4 => Coord {
                    x: on.x + 2e-9 * (random.share() - 0.5),
                    y: on.y + 2e-9 * (random.share() - 0.5),
                },
                _ => Coord {
                    x: all.west + (all.east - all.west) * random.share(),
                    y: all.south + (all.north - all.south) * random.share(),
                },
            }
        })
        .collect();
    if count > edges.len() {
        points.extend(edges.iter().map(|edge| edge.start));
    }
    assert_index_as(&boundaries, points, |point| {
        (0..boundaries.len())
            .find(|&at| boxes[at].holds(point.x, point.y) && oracle::holds(&boundaries[at], point))
    });
}
