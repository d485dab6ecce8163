use h3o::CellIndex;
use rstest::rstest;

use super::*;
use crate::random::Random;

/// Points for each resolution and place: 60,000, or as many as the environment says.
fn points() -> usize {
    std::env::var("CITYBRAIN_TEST_POINTS").map_or(60_000, |count| count.parse().unwrap())
}

fn resolutions() -> impl Iterator<Item = Resolution> {
    Resolution::range(Resolution::Zero, Resolution::Fifteen)
}

/// Checks points (lon, lat) against the library.
fn assert_as_the_library(points: &[(f64, f64)], resolution: Resolution) {
    let (lon, lat): (Vec<f64>, Vec<f64>) = points.iter().copied().unzip();
    for ((lon, lat), cell) in points.iter().zip(h3_cells(&lon, &lat, resolution)) {
        let expected = u64::from(LatLng::new(*lat, *lon).unwrap().to_cell(resolution));
        assert_eq!(cell, expected, "{lon:?} {lat:?} {cell:x} {expected:x}");
    }
}

/// Checks many random points, made and dropped piece by piece.
fn assert_random(mut point: impl FnMut() -> (f64, f64), count: usize, resolution: Resolution) {
    const PIECE: usize = 10_000;
    for done in (0..count).step_by(PIECE) {
        let piece: Vec<_> = (0..PIECE.min(count - done)).map(|_| point()).collect();
        assert_as_the_library(&piece, resolution);
    }
}

fn degrees(position: LatLng) -> (f64, f64) {
    (position.lng(), position.lat())
}

/// The point, if it had crossed a pole or the 180th meridian, on the earth again.
fn on_earth((lon, lat): (f64, f64)) -> (f64, f64) {
    (lon.clamp(-180.0, 180.0), lat.clamp(-90.0, 90.0))
}

/// Somewhere around a point, at a distance of any order of magnitude down to 10⁻¹⁴ degrees.
fn around(random: &mut Random, (lon, lat): (f64, f64), farthest: f64) -> (f64, f64) {
    let distance = farthest * 10_f64.powf(-14.0 * random.share());
    let (north, east) = (random.share() * std::f64::consts::TAU).sin_cos();
    let east = east / lat.to_radians().cos().max(0.01);
    on_earth((lon + distance * east, lat + distance * north))
}

#[rstest]
fn random_points_on_the_sphere_have_the_cells_of_the_library(
    #[values(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15)] resolution: u8,
) {
    let resolution = Resolution::try_from(resolution).unwrap();
    let mut random = Random::new(u64::from(u8::from(resolution)));
    let point = || {
        let lat = (2.0 * random.share() - 1.0).asin().to_degrees();
        (360.0 * random.share() - 180.0, lat)
    };
    assert_random(point, points(), resolution);
}

/// Beijing, New York, Chicago, Boston, Mexico City; Dalian and Tromsø in base cells that are pentagons; Nairobi, Quito and a
/// part of the Pacific with the 180th meridian on its border.
#[rstest]
fn random_points_in_cities_have_the_cells_of_the_library(
    #[values(
        (115.4, 39.4, 117.5, 41.1), (-74.3, 40.4, -73.6, 41.0), (-88.0, 41.6, -87.5, 42.1), (-71.2, 42.2, -70.9, 42.4),
        (-99.4, 19.0, -98.9, 19.7), (120.9, 38.6, 123.6, 40.2), (18.5, 69.4, 19.6, 69.9), (36.6, -1.5, 37.2, -1.1),
        (-78.7, -0.4, -78.3, 0.1), (179.0, -1.0, 180.0, 1.0)
    )]
    city: (f64, f64, f64, f64),
) {
    let (west, south, east, north) = city;
    for resolution in [7, 9, 10, 12, 15] {
        let mut random = Random::new(resolution);
        let point = || {
            (
                west + (east - west) * random.share(),
                south + (north - south) * random.share(),
            )
        };
        let resolution = Resolution::try_from(u8::try_from(resolution).unwrap()).unwrap();
        assert_random(point, points() / 4, resolution);
    }
}

#[test]
fn points_within_a_hair_of_cell_borders_have_the_cells_of_the_library() {
    let mut random = Random::new(1);
    for resolution in resolutions() {
        let mut near = Vec::new();
        while near.len() < points() / 4 {
            let lat = (2.0 * random.share() - 1.0).asin().to_degrees();
            let inside = LatLng::new(lat, 360.0 * random.share() - 180.0).unwrap();
            let border = inside.to_cell(resolution).boundary();
            let corners: Vec<_> = border.iter().copied().map(degrees).collect();
            for (at, &a) in corners.iter().enumerate() {
                let b = corners[(at + 1) % corners.len()];
                if (a.0 - b.0).abs() > 90.0 {
                    continue;
                }
                // A straight line in degrees is off the border inside the edge, so walk from both ends of it.
                let share = [0.0, 0.5, 1e-9 * random.share(), random.share()][random.below(4)];
                let on = (a.0 + share * (b.0 - a.0), a.1 + share * (b.1 - a.1));
                near.push(on_earth(on));
                for _ in 0..4 {
                    let by = [1e-12, 1e-13, 1e-14][random.below(3)];
                    let shift = |v: f64, way: usize| v + by * [-1.0, 0.0, 1.0][way];
                    near.push(on_earth((
                        shift(on.0, random.below(3)),
                        shift(on.1, random.below(3)),
                    )));
                }
            }
        }
        assert_as_the_library(&near, resolution);
    }
}

/// Bisects between two neighbouring cells until the floats end, so that the points lie on the library's own border.
#[test]
fn points_on_either_side_of_the_last_bit_of_a_border_have_the_cells_of_the_library() {
    let mut random = Random::new(2);
    for resolution in resolutions() {
        let mut near = Vec::new();
        while near.len() < points() / 10 {
            let lat = (2.0 * random.share() - 1.0).asin().to_degrees();
            let inside = LatLng::new(lat, 360.0 * random.share() - 180.0).unwrap();
            let cell = inside.to_cell(resolution);
            let Some(neighbour) = cell.grid_disk::<Vec<_>>(1).into_iter().find(|c| *c != cell)
            else {
                continue;
            };
            let (mut a, mut b) = (
                degrees(LatLng::from(cell)),
                degrees(LatLng::from(neighbour)),
            );
            for _ in 0..64 {
                let middle = (f64::midpoint(a.0, b.0), f64::midpoint(a.1, b.1));
                if LatLng::new(middle.1, middle.0).unwrap().to_cell(resolution) == cell {
                    a = middle;
                } else {
                    b = middle;
                }
            }
            for at in [a, b] {
                near.extend([at, (at.0.next_up(), at.1), (at.0, at.1.next_down())].map(on_earth));
            }
        }
        assert_as_the_library(&near, resolution);
    }
}

#[test]
fn points_around_pentagons_and_faces_have_the_cells_of_the_library() {
    let mut random = Random::new(3);
    let pentagons: Vec<_> = CellIndex::base_cells()
        .filter(|cell| cell.is_pentagon())
        .collect();
    for resolution in resolutions() {
        let mut near = Vec::new();
        for pentagon in &pentagons {
            let corner = degrees(LatLng::from(*pentagon));
            near.push(corner);
            near.extend((0..points() / 60).map(|_| around(&mut random, corner, 12.0)));
            let border = pentagon.center_child(resolution).unwrap().boundary();
            for corner in border.iter().copied().map(degrees) {
                near.extend((0..points() / 600).map(|_| around(&mut random, corner, 0.01)));
            }
        }
        // Midpoints of cells that lie on the edges between faces, and of those on their centres.
        for cell in CellIndex::base_cells().flat_map(|cell| cell.children(Resolution::Two)) {
            if cell.icosahedron_faces().len() > 1 {
                let centre = degrees(LatLng::from(cell));
                near.extend((0..points() / 3000).map(|_| around(&mut random, centre, 1.0)));
            }
        }
        for face in &EARTH.faces {
            let (lng, lat) = face.centre_degrees();
            near.extend((0..points() / 100).map(|_| around(&mut random, (lng, lat), 1.0)));
        }
        assert_as_the_library(&near, resolution);
    }
}

#[test]
fn the_ends_of_the_earth_have_the_cells_of_the_library() {
    let lons = [
        -180.0,
        -179.999_999_999_999,
        -90.0,
        -0.0,
        0.0,
        1e-300,
        45.0,
        90.0,
        135.0,
        180.0,
    ];
    let lats = [
        -90.0,
        -89.999_999_999_999,
        -45.0,
        -0.0,
        0.0,
        1e-300,
        45.0,
        89.999_999_999_999,
        90.0,
    ];
    let points: Vec<_> = lons
        .iter()
        .flat_map(|&lon| lats.map(|lat| (lon, lat)))
        .collect();
    for resolution in resolutions() {
        assert_as_the_library(&points, resolution);
    }
}

#[rstest]
#[case(f64::NAN, 0.0)]
#[case(0.0, f64::NAN)]
#[case(f64::INFINITY, 0.0)]
#[case(0.0, f64::NEG_INFINITY)]
#[case(180.0_f64.next_up(), 0.0)]
#[case(0.0, 90.0_f64.next_up())]
#[case(-540.0, 10.0)]
#[case(1e300, 1e300)]
fn what_is_no_position_has_no_cell_and_changes_no_other(#[case] lon: f64, #[case] lat: f64) {
    for place in 0..3 {
        let (mut lons, mut lats) = ([116.4; 3], [39.9; 3]);
        (lons[place], lats[place]) = (lon, lat);
        let mut expected =
            [u64::from(LatLng::new(39.9, 116.4).unwrap().to_cell(Resolution::Ten)); 3];
        expected[place] = 0;
        assert_eq!(h3_cells(&lons, &lats, Resolution::Ten), expected);
    }
}

#[test]
fn the_lattice_is_that_of_the_library() {
    let scale = Scale::of(Resolution::Four);
    let mut farthest = 0_f64;
    for cell in CellIndex::base_cells().flat_map(|cell| cell.children(Resolution::Four)) {
        let (lon, lat) = degrees(LatLng::from(cell));
        // The library takes latitudes from an arc sine, which says little at the poles.
        if lat.abs() > 75.0 {
            continue;
        }
        let direction = direction(lon, lat);
        let place = EARTH.faces[nearest(&EARTH.faces, direction)].project(direction);
        let hexagon = scale.round(place);
        let off = |place: f64, near: f64| (place - near / 49.0).abs();
        farthest = farthest
            .max(off(place.i, hexagon.i))
            .max(off(place.j, hexagon.j));
    }
    println!("farthest centre from the lattice: {farthest:e} hexagons of resolution 0");
    assert!(farthest < 1e-13);
}

#[test]
fn the_library_is_asked_for_few_points() {
    for resolution in resolutions() {
        let hexagons = Hexagons::new(resolution);
        let mut random = Random::new(4);
        let asked = (0..points()).filter(|_| {
            let lat = (2.0 * random.share() - 1.0).asin().to_degrees();
            hexagons
                .known(360.0 * random.share() - 180.0, lat)
                .is_none()
        });
        let asked = asked.count();
        println!("resolution {resolution}: asked for {asked} of {}", points());
        assert!(asked * 200 < points());
    }
}
