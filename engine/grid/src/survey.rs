//! How the areas of one boundary version lie beside each other and in larger areas.
//!
//! Shapes are overlaid in whole numbers of about 2⁻³⁰ of their extent (0.2 mm for a city), so edges that should coincide may
//! part by that much: pieces below [`SMALLEST_M2`] are left out.

use geo::bool_ops::{FillRule, unary_union};
use geo::{BooleanOps, MultiPolygon, Point, Polygon};

use crate::label::label_point;
use crate::{Area, area_km2};

/// The smallest piece of ground that is reported, m².
pub const SMALLEST_M2: f64 = 1.0;

/// Pieces of ground.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Ground {
    /// How many pieces of at least [`SMALLEST_M2`].
    pub pieces: usize,
    /// Their area together, m².
    pub area_m2: f64,
    /// A point inside the largest of them.
    pub at: Point<f64>,
}

/// The pairs of areas that overlap, by index, lower first, with what they share. Cost: an overlay for each pair whose boxes
/// touch.
pub fn overlaps(areas: &[Area]) -> Vec<(usize, usize, Ground)> {
    let mut order: Vec<usize> = (0..areas.len()).collect();
    order.sort_by(|&a, &b| areas[a].bbox.west.total_cmp(&areas[b].bbox.west));
    let mut found = Vec::new();
    for (at, &a) in order.iter().enumerate() {
        let reached = |b: &&usize| areas[**b].bbox.west <= areas[a].bbox.east;
        for &b in order[at + 1..].iter().take_while(reached) {
            if !areas[a].bbox.touches(&areas[b].bbox) {
                continue;
            }
            let (a, b) = (a.min(b), a.max(b));
            let (one, other) = (&areas[a].geometry, &areas[b].geometry);
            let shared = one.intersection_with_fill_rule(other, FillRule::NonZero);
            found.extend(ground(shared).map(|shared| (a, b, shared)));
        }
    }
    found.sort_by_key(|&(a, b, _)| (a, b));
    found
}

/// The ground that areas enclose together and none of them has, piece by piece.
pub fn gaps(areas: &[Area]) -> Vec<Ground> {
    let all = unary_union(areas.iter().map(|area| &area.geometry));
    let holes = all.iter().flat_map(Polygon::interiors);
    let filled = holes.map(|hole| MultiPolygon::new(vec![Polygon::new(hole.clone(), Vec::new())]));
    filled.filter_map(ground).collect()
}

/// The part of an area that lies outside another.
pub fn outside(area: &Area, other: &Area) -> Option<Ground> {
    let (area, other) = (&area.geometry, &other.geometry);
    ground(area.difference_with_fill_rule(other, FillRule::NonZero))
}

/// The part of an area that none of its parts has.
pub fn uncovered<'a>(area: &Area, parts: impl Iterator<Item = &'a Area>) -> Option<Ground> {
    let parts = MultiPolygon::new(parts.flat_map(|part| part.geometry.0.clone()).collect());
    ground(
        area.geometry
            .difference_with_fill_rule(&parts, FillRule::NonZero),
    )
}

fn ground(shape: MultiPolygon<f64>) -> Option<Ground> {
    let sized = |polygon| {
        let piece = MultiPolygon::new(vec![polygon]);
        (area_km2(&piece) * 1e6, piece)
    };
    let pieces: Vec<_> = shape
        .into_iter()
        .map(sized)
        .filter(|(m2, _)| *m2 >= SMALLEST_M2)
        .collect();
    let (_, largest) = pieces.iter().max_by(|a, b| a.0.total_cmp(&b.0))?;
    Some(Ground {
        pieces: pieces.len(),
        area_m2: pieces.iter().map(|(m2, _)| m2).sum(),
        at: label_point(largest)?,
    })
}

#[cfg(test)]
mod tests;
