//! Random areas, some cells wide.

use geo::{Coord, LineString, MultiPolygon, Polygon};
use proptest::prelude::*;

/// South-west corner and side of the square that a partition fills, degrees.
pub(super) const WEST: f64 = 116.3;
pub(super) const SOUTH: f64 = 39.8;
pub(super) const SIDE: f64 = 0.046_875;

/// A partition of a square into quadrangles with common crooked corners, given to so many areas at random: areas of several
/// parts, with holes, enclaves and slivers, and with borders along meridians and parallels. With none, each quadrangle is an area.
pub(super) fn partition(areas: Option<usize>) -> impl Strategy<Value = Vec<MultiPolygon<f64>>> {
    const COUNT: usize = 6;
    let shift = prop_oneof![Just(0.0), -0.4..0.4, Just(0.499_999_999)];
    let corners = prop::collection::vec((shift.clone(), shift), (COUNT + 1) * (COUNT + 1));
    let owners = prop::collection::vec(0..areas.unwrap_or(1), COUNT * COUNT);
    (corners, owners).prop_map(move |(corners, owners)| {
        let corner = |column: usize, row: usize| {
            let (dx, dy) = corners[row * (COUNT + 1) + column];
            let inner = |at: usize| (1..COUNT).contains(&at);
            let (dx, dy) = if inner(column) && inner(row) {
                (dx, dy)
            } else {
                (0.0, 0.0)
            };
            #[expect(clippy::cast_precision_loss, reason = "small numbers")]
            (
                WEST + (column as f64 + dx) * (SIDE / COUNT as f64),
                SOUTH + (row as f64 + dy) * (SIDE / COUNT as f64),
            )
        };
        let mut shapes = vec![MultiPolygon::new(Vec::new()); COUNT * COUNT];
        for row in 0..COUNT {
            for column in 0..COUNT {
                let (c, r) = (column, row);
                let ring = vec![
                    corner(c, r),
                    corner(c + 1, r),
                    corner(c + 1, r + 1),
                    corner(c, r + 1),
                ];
                let polygon = Polygon::new(LineString::from(ring), Vec::new());
                let at = row * COUNT + column;
                let owner = if areas.is_some() { owners[at] } else { at };
                shapes[owner].0.push(polygon);
            }
        }
        shapes
    })
}

/// Stars that overlap each other, half of them with a star cut out.
pub(super) fn stars() -> impl Strategy<Value = Vec<MultiPolygon<f64>>> {
    let star = (
        (WEST..WEST + SIDE, SOUTH..SOUTH + SIDE),
        prop::collection::vec(0.002..0.02, 4..12),
        any::<bool>(),
    );
    let shape = star.prop_map(|((x, y), distances, hole)| {
        let ring = |scale: f64| {
            let corners = distances.iter().enumerate().map(|(at, distance)| {
                #[expect(clippy::cast_precision_loss, reason = "a few corners")]
                let (sin, cos) =
                    (at as f64 / distances.len() as f64 * std::f64::consts::TAU).sin_cos();
                Coord {
                    x: x + cos * distance * scale,
                    y: y + sin * distance * scale,
                }
            });
            corners.collect::<LineString<f64>>()
        };
        let holes = if hole { vec![ring(0.5)] } else { Vec::new() };
        MultiPolygon::new(vec![Polygon::new(ring(1.0), holes)])
    });
    prop::collection::vec(shape, 2..7)
}
