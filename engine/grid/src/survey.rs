//! How the areas of one boundary version lie beside each other and in larger areas.
//!
//! Shapes are overlaid in whole numbers of about 2⁻³⁰ of their extent (0.2 mm for a city), so edges that should coincide may
//! part by that much: pieces below [`SMALLEST_M2`] are left out.

use geo::bool_ops::{FillRule, unary_union};
use geo::{BooleanOps, Coord, LineString, MultiPolygon, Point, Polygon};

use crate::label::label_point;
use crate::{Area, BBox, area_km2};

/// The smallest piece of ground that is reported, m².
pub const SMALLEST_M2: f64 = 1.0;

/// Pieces of ground.
#[derive(Debug, Clone, PartialEq)]
pub struct Ground {
    /// How many pieces of at least [`SMALLEST_M2`].
    pub pieces: usize,
    /// Their area together, m².
    pub area_m2: f64,
    /// A point inside the largest of them.
    pub at: Point<f64>,
    /// The pieces, degrees.
    pub shape: MultiPolygon<f64>,
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

/// The areas whose borders meet a piece of ground, by index: those that lie around a gap.
pub fn neighbours(ground: &Ground, areas: &[Area]) -> Vec<usize> {
    let of = BBox::of(&ground.shape);
    let near = of
        .with(of.west - MEETING_DEG, of.south - MEETING_DEG)
        .with(of.east + MEETING_DEG, of.north + MEETING_DEG);
    let met = |area: &Area| {
        let rings = area.geometry.iter().flat_map(rings_of);
        let mut edges = rings.flat_map(LineString::lines).filter(|edge| {
            edge.start.x.min(edge.end.x) <= near.east
                && edge.start.x.max(edge.end.x) >= near.west
                && edge.start.y.min(edge.end.y) <= near.north
                && edge.start.y.max(edge.end.y) >= near.south
        });
        let corners: Vec<Coord<f64>> = ground
            .shape
            .iter()
            .flat_map(rings_of)
            .flat_map(LineString::coords)
            .copied()
            .collect();
        edges.any(|edge| {
            let apart = |corner: &Coord<f64>| distance(*corner, edge.start, edge.end);
            corners.iter().any(|corner| apart(corner) <= MEETING_DEG)
        })
    };
    (0..areas.len())
        .filter(|&at| near.touches(&areas[at].bbox) && met(&areas[at]))
        .collect()
}

/// Borders that should coincide part by the rounding of the overlay: this many degrees, a millimetre, is still together.
const MEETING_DEG: f64 = 1e-8;

fn rings_of(polygon: &Polygon<f64>) -> impl Iterator<Item = &LineString<f64>> {
    std::iter::once(polygon.exterior()).chain(polygon.interiors())
}

/// How far a point is from the edge between two others.
fn distance(point: Coord<f64>, start: Coord<f64>, end: Coord<f64>) -> f64 {
    let (along, to) = (end - start, point - start);
    let length2 = along.x * along.x + along.y * along.y;
    let share = if length2 > 0.0 {
        ((to.x * along.x + to.y * along.y) / length2).clamp(0.0, 1.0)
    } else {
        0.0
    };
    let foot = start + along * share;
    (point.x - foot.x).hypot(point.y - foot.y)
}

/// How the even-odd rule reads a boundary whose rings break a rule.
#[derive(Debug, Clone, PartialEq)]
pub struct Reading {
    /// Parts.
    pub parts: usize,
    /// Holes in all of them, without those that touch their outer ring in a point: they are drawn as bays of it.
    pub holes: usize,
    /// Ground that the rings enclose an even number of times, so that it is none of the area.
    pub left_out: Option<Ground>,
    /// Ground that counts as the area's although a hole covers it or lies outside its ring.
    pub taken_in: Option<Ground>,
}

/// How the even-odd rule reads a boundary as given, against reading its rings one by one: each polygon is what its outer ring
/// encloses without what its holes enclose.
pub fn reading(given: &MultiPolygon<f64>) -> Reading {
    let nothing = MultiPolygon::<f64>::new(Vec::new());
    let even_odd = given.union(&nothing);
    let enclosed = |ring: &LineString<f64>| {
        Polygon::new(ring.clone(), Vec::new()).union_with_fill_rule(&nothing, FillRule::NonZero)
    };
    let one_by_one = given.iter().fold(nothing.clone(), |all, polygon| {
        let outer = enclosed(polygon.exterior());
        let holes = polygon.interiors().iter().map(enclosed);
        let polygon = holes.fold(outer, |rest, hole| rest.difference(&hole));
        all.union(&polygon)
    });
    Reading {
        parts: even_odd.0.len(),
        holes: even_odd.iter().map(|part| part.interiors().len()).sum(),
        left_out: ground(one_by_one.difference(&even_odd)),
        taken_in: ground(even_odd.difference(&one_by_one)),
    }
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
        shape: pieces.into_iter().flat_map(|(_, piece)| piece).collect(),
    })
}

#[cfg(test)]
mod tests;
