use geo::{Intersects, MultiPolygon, Polygon};
use h3o::geom::{ContainmentMode, TilerBuilder};
use proptest::prelude::*;

use super::*;
use crate::sample::{area, city, square};

/// A star around 116.4 39.9 with corners at these distances, and a hole in its middle.
fn star(distances: &[f64]) -> MultiPolygon<f64> {
    let ring = |scale: f64| {
        let corners = distances.iter().enumerate().map(|(at, distance)| {
            #[expect(clippy::cast_precision_loss, reason = "a few corners")]
            let (y, x) = (at as f64 / distances.len() as f64 * std::f64::consts::TAU).sin_cos();
            Coord {
                x: 116.4 + x * distance * scale,
                y: 39.9 + y * distance * scale,
            }
        });
        corners.collect()
    };
    MultiPolygon::new(vec![Polygon::new(ring(1.0), vec![ring(0.4)])])
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]

    /// h3o's own tiler, another algorithm, tests outlines of cells against the shape. The two may differ where a cell barely
    /// touches: an outline with straight edges in lon/lat is off the cell's by up to a ten-thousandth of it.
    #[test]
    fn a_cover_is_that_of_the_tiler(distances in prop::collection::vec(0.01..0.05, 5..12), resolution in 7_u8..10) {
        let resolution = Resolution::try_from(resolution).unwrap();
        let shape = star(&distances);
        let city = city(vec![area("a", shape.clone())]);
        let ours: HashSet<_> = cover(&city, resolution).iter().copied().collect();
        let mut tiler = TilerBuilder::new(resolution).containment_mode(ContainmentMode::Covers).build();
        tiler.add_batch(shape.clone()).unwrap();
        let tilers: HashSet<_> = tiler.into_coverage().collect();
        for cell in ours.symmetric_difference(&tilers) {
            let outline = MultiPolygon::from(*cell);
            let centre = LatLng::from(*cell);
            let scaled = |by: f64| {
                use geo::MapCoords;
                outline.map_coords(|c| Coord {
                    x: centre.lng() + (c.x - centre.lng()) * by,
                    y: centre.lat() + (c.y - centre.lat()) * by,
                })
            };
            prop_assert!(scaled(1.001).intersects(&shape) && !scaled(0.999).intersects(&shape), "{}", cell);
        }
    }

    #[test]
    fn the_cell_of_every_located_point_is_in_the_cover(
        distances in prop::collection::vec(0.01..0.05, 5..12),
        points in prop::collection::vec((116.35..116.45, 39.85..39.95), 200),
    ) {
        let city = city(vec![area("a", star(&distances))]);
        let (lon, lat): (Vec<_>, Vec<_>) = points.into_iter().unzip();
        let places = city.locate(&lon, &lat, None);
        let cover = cover(&city, city.base_resolution);
        for (cell, area) in places.cell.iter().zip(&places.areas[0]) {
            if *area != NOWHERE {
                prop_assert!(cover.binary_search(&CellIndex::try_from(*cell).unwrap()).is_ok());
            }
        }
    }
}

#[test]
fn a_city_smaller_than_a_cell_is_covered_by_one() {
    let city = city(vec![area("a", square(116.4, 39.9, 1e-4))]);
    assert_eq!(cover(&city, Resolution::Five).len(), 1);
    assert_eq!(
        cover(&city, Resolution::Five),
        cover(&city, Resolution::Five)
    );
}
