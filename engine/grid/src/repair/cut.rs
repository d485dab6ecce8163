//! Edges cut where they meet.

use std::cmp::Ordering;

use geo::{Coord, Line, MultiPolygon};

use crate::predicate::{Meeting, edges, meeting};

/// A rounded crossing bends its edges by a float's width, and a bent edge may cross another one there. Each round cuts what the
/// round before has bent; two or three are enough for what was tried, and after so many what still crosses is left.
const ROUNDS: usize = 16;

/// The edges of a boundary's rings, cut so that they meet only in their ends, from west to east. Of edges that lie on each other
/// one stays when their number is odd, none when it is even.
pub(super) fn cut(boundary: &MultiPolygon<f64>) -> Vec<Line<f64>> {
    let rings = boundary
        .iter()
        .flat_map(|p| std::iter::once(p.exterior()).chain(p.interiors()));
    let mut pieces: Vec<_> = rings.flat_map(edges).map(eastward).collect();
    for _ in 0..ROUNDS {
        pieces = odd(pieces);
        let cuts = cuts(&pieces);
        if cuts.is_empty() {
            return pieces;
        }
        pieces = at(&pieces, cuts);
    }
    odd(pieces)
}

/// The edge from west to east, or from south to north; with no negative zero, which is the same place.
fn eastward(edge: Line<f64>) -> Line<f64> {
    let place = |c: Coord<f64>| c + Coord { x: 0.0, y: 0.0 };
    let (a, b) = (place(edge.start), place(edge.end));
    match by_column(&a, &b) {
        Ordering::Greater => Line::new(b, a),
        _ => Line::new(a, b),
    }
}

fn by_column(a: &Coord<f64>, b: &Coord<f64>) -> Ordering {
    a.x.total_cmp(&b.x).then(a.y.total_cmp(&b.y))
}

/// In order, each edge once that is there an odd number of times.
fn odd(mut edges: Vec<Line<f64>>) -> Vec<Line<f64>> {
    edges.sort_by(|a, b| by_column(&a.start, &b.start).then(by_column(&a.end, &b.end)));
    let same = edges.chunk_by(|a, b| a == b);
    same.filter(|same| same.len() % 2 == 1)
        .map(|same| same[0])
        .collect()
}

/// Which edges are to be cut, and where; the edges are in order. Crossings wait until no edge lies on another: edges that lie on
/// each other would be crossed by a third one in two places, a float apart.
fn cuts(edges: &[Line<f64>]) -> Vec<(usize, Coord<f64>)> {
    let (mut exact, mut rounded) = (Vec::new(), Vec::new());
    for (one, edge) in edges.iter().enumerate() {
        let reached = |other: &&Line<f64>| other.start.x <= edge.end.x;
        let rest = edges.iter().skip(one + 1).take_while(reached);
        for (other, second) in (one + 1..).zip(rest) {
            let cut = |cuts: &mut Vec<_>, number: usize, edge: &Line<f64>, point: Coord<f64>| {
                if point != edge.start && point != edge.end {
                    cuts.push((number, point));
                }
            };
            // In this order whatever the rings' order was: so a crossing is rounded alike in all areas.
            match meeting(edge, second) {
                Meeting::Apart => {}
                Meeting::Touch(point) => {
                    cut(&mut exact, one, edge, point);
                    cut(&mut exact, other, second, point);
                }
                Meeting::Cross(point) => {
                    cut(&mut rounded, one, edge, point);
                    cut(&mut rounded, other, second, point);
                }
                Meeting::Overlap(_) => {
                    let within = |edge: &Line<f64>, point: &Coord<f64>| {
                        by_column(&edge.start, point).is_lt() && by_column(point, &edge.end).is_lt()
                    };
                    for end in [second.start, second.end] {
                        if within(edge, &end) {
                            cut(&mut exact, one, edge, end);
                        }
                    }
                    for end in [edge.start, edge.end] {
                        if within(second, &end) {
                            cut(&mut exact, other, second, end);
                        }
                    }
                }
            }
        }
    }
    if exact.is_empty() { rounded } else { exact }
}

/// The edges cut at these points.
fn at(edges: &[Line<f64>], mut cuts: Vec<(usize, Coord<f64>)>) -> Vec<Line<f64>> {
    let along = |(number, point): &(usize, Coord<f64>)| {
        let edge = &edges[*number];
        let (delta, from) = (edge.delta(), *point - edge.start);
        delta.x * from.x + delta.y * from.y
    };
    cuts.sort_by(|a, b| a.0.cmp(&b.0).then_with(|| along(a).total_cmp(&along(b))));
    let mut cuts = cuts.into_iter().peekable();
    let mut pieces = Vec::with_capacity(edges.len() + cuts.len());
    for (number, edge) in edges.iter().enumerate() {
        let mut from = edge.start;
        while let Some((_, point)) = cuts.next_if(|(other, _)| *other == number) {
            pieces.push(Line::new(from, point));
            from = point;
        }
        pieces.push(Line::new(from, edge.end));
    }
    pieces.retain(|piece| piece.start != piece.end);
    pieces.into_iter().map(eastward).collect()
}
