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

/// A square sea with islands, many to a cell of the coarser resolutions: each belongs to one of some areas, so that an area has
/// parts all over the square and several in one cell; some have a lake, which belongs to the sea or to yet another area. Edges
/// run along meridians and parallels, or slant.
pub(super) fn islands() -> impl Strategy<Value = Vec<MultiPolygon<f64>>> {
    const COUNT: usize = 9;
    const OWNERS: usize = 5;
    let slant = prop_oneof![Just(0.0), -0.2..0.2];
    let island = (0_usize..4, 1..OWNERS, 0.05..0.25, slant);
    prop::collection::vec(island, COUNT * COUNT).prop_map(|islands| {
        #[expect(clippy::cast_precision_loss, reason = "small numbers")]
        let step = SIDE / COUNT as f64;
        let ring = |at: usize, reach: f64, slant: f64| {
            #[expect(clippy::cast_precision_loss, reason = "small numbers")]
            let (x, y) = (
                WEST + ((at % COUNT) as f64 + 0.5) * step,
                SOUTH + ((at / COUNT) as f64 + 0.5) * step,
            );
            let corner = |dx: f64, dy: f64| (x + dx * step, y + dy * step);
            let lean = reach * slant;
            LineString::from(vec![
                corner(-reach, -reach),
                corner(reach, lean - reach),
                corner(reach + lean, reach),
                corner(-reach, reach),
            ])
        };
        let mut areas = vec![MultiPolygon::new(Vec::new()); OWNERS + 1];
        let mut shores = Vec::new();
        for (at, (form, owner, size, slant)) in islands.into_iter().enumerate() {
            if form == 0 {
                continue;
            }
            let (shore, lake) = (
                ring(at, 2.0 * size - 0.05, slant),
                ring(at, size / 2.0, slant),
            );
            let lakes = if form == 1 {
                Vec::new()
            } else {
                vec![lake.clone()]
            };
            areas[owner].0.push(Polygon::new(shore.clone(), lakes));
            shores.push(shore);
            if form > 1 {
                let holder = if form == 2 { 0 } else { OWNERS };
                areas[holder].0.push(Polygon::new(lake, Vec::new()));
            }
        }
        let (east, north) = (WEST + SIDE, SOUTH + SIDE);
        let square = vec![(WEST, SOUTH), (east, SOUTH), (east, north), (WEST, north)];
        areas[0]
            .0
            .push(Polygon::new(LineString::from(square), shores));
        areas
    })
}

/// A partition whose common borders are drawn twice: each quadrangle has vertices of its own along its edges, rounded, so that
/// neighbours gape and overlap by some floats.
pub(super) fn twice_drawn() -> impl Strategy<Value = Vec<MultiPolygon<f64>>> {
    let cuts = prop::collection::vec(0.1..0.9, 36);
    (partition(None), cuts).prop_map(|(shapes, cuts)| {
        let drawn = shapes.into_iter().zip(cuts).map(|(shape, cut): (_, f64)| {
            let polygons = shape.0.into_iter().map(|polygon| {
                let edges = polygon.exterior().lines();
                let corners = edges.flat_map(|edge| [edge.start, edge.start + edge.delta() * cut]);
                Polygon::new(corners.collect(), Vec::new())
            });
            MultiPolygon::new(polygons.collect())
        });
        drawn.collect()
    })
}
