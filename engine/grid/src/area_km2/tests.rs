use approx::assert_relative_eq;
use geo::{GeodesicArea, LineString, Polygon};
use proptest::prelude::*;

use super::*;
use crate::real;

fn of(ring: Vec<(f64, f64)>) -> MultiPolygon<f64> {
    MultiPolygon::new(vec![Polygon::new(LineString::from(ring), Vec::new())])
}

#[test]
fn the_whole_earth_has_its_known_area() {
    let earth = of(vec![
        (-180.0, -90.0),
        (180.0, -90.0),
        (180.0, 90.0),
        (-180.0, 90.0),
    ]);
    // Edges that follow a meridian or a parallel need no rule: the closed form alone is tested. 510,065,621.724 km²
    // (Moritz, Geodetic Reference System 1980, for nearly the same ellipsoid: 510,065,622).
    assert_relative_eq!(area_km2(&earth), 510_065_621.7, max_relative = 1e-9);
}

/// Karney's geodesic area has geodesics for edges; over edges of some hundred metres both lines enclose the same.
#[test]
fn real_areas_are_those_of_geodesics() {
    for (file, id) in [real::LEVELS[3], real::LEVELS[1]] {
        let Some(areas) = real::boundaries(file, id) else {
            return;
        };
        for (id, boundary) in areas.iter().take(60) {
            let clean = crate::clean::cleaned(boundary, &[]);
            let geodesic = clean.geodesic_area_unsigned() / 1e6;
            assert_relative_eq!(
                area_km2(&clean),
                geodesic,
                max_relative = 1e-5,
                epsilon = 1e-6
            );
            assert!(geodesic > 0.0, "{id}");
        }
    }
}

proptest! {
    #[test]
    fn parts_add_up_to_the_whole(west in -180.0..170.0, south in -80.0..70.0, side in 0.001..0.5, cut in 0.0..1.0) {
        let (east, north, middle) = (west + side, south + side, south + side * cut);
        let whole = of(vec![(west, south), (east, south), (east, north), (west, north)]);
        let below = of(vec![(west, south), (east, south), (east, middle)]);
        let above = of(vec![(west, south), (east, middle), (east, north), (west, north)]);
        assert_relative_eq!(area_km2(&below) + area_km2(&above), area_km2(&whole), max_relative = 1e-9);
    }
}
