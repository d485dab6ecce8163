//! A boundary built anew from rings that break rules, without moving a vertex.
//!
//! 1. Edges are cut where they meet (`cut`): at vertices that lie on them, exactly, and where two cross.
//! 2. Edges that lie on each other an even number of times bound nothing and are left out.
//! 3. Every other edge has the inside on one side (`inside`), and followed with the inside to the left they are rings.
//!
//! So the boundary keeps the lines that its neighbours have as well, vertex by vertex. Only a crossing is rounded: to the nearest
//! floats, some 10⁻¹⁴ degrees, and alike in every area that has the same two edges.

mod cut;
mod inside;

use std::cmp::Ordering;

use geo::{Coord, Line, MultiPolygon};

use crate::predicate::side;
use crate::ring::{doubled_area, polygons};

/// What the rings of a boundary enclose by the even-odd rule: outer rings counter-clockwise, holes clockwise, no ring through a
/// vertex twice. Where rings enclose nothing, nothing is left.
///
/// Cost: edges are compared with those whose longitudes overlap theirs, so about n·√n for real boundaries.
pub(crate) fn repaired(boundary: &MultiPolygon<f64>) -> MultiPolygon<f64> {
    let graph = Graph::of(&cut::cut(boundary));
    let inside = inside::left_of(&graph);
    let (mut outers, mut holes) = (Vec::new(), Vec::new());
    let mut followed = vec![false; inside.len()];
    for start in 0..inside.len() {
        if !inside[start] || followed[start] {
            continue;
        }
        let mut walk = Vec::new();
        let mut at = start;
        while !followed[at] {
            followed[at] = true;
            walk.push(graph.from[at]);
            at = graph.next(at);
        }
        for ring in simple_rings(&walk) {
            let ring: Vec<_> = ring.into_iter().map(|at| graph.vertices[at]).collect();
            if doubled_area(&ring) > 0.0 {
                outers.push(ring);
            } else {
                holes.push(ring);
            }
        }
    }
    polygons(outers, holes)
}

/// Edges that meet only in their ends, each as two half-edges: `2n` from the start of edge `n` to its end, `2n + 1` back.
struct Graph {
    /// In order of [`by_row`].
    vertices: Vec<Coord<f64>>,
    /// For each half-edge the vertex where it begins.
    from: Vec<usize>,
    /// For each vertex the half-edges that begin there, counter-clockwise from east.
    around: Vec<Vec<usize>>,
}

impl Graph {
    fn of(edges: &[Line<f64>]) -> Self {
        let mut vertices: Vec<_> = edges.iter().flat_map(|e| [e.start, e.end]).collect();
        vertices.sort_by(by_row);
        vertices.dedup();
        let number = |end: &Coord<f64>| vertices.partition_point(|v| by_row(v, end).is_lt());
        let from: Vec<_> = edges
            .iter()
            .flat_map(|edge| [number(&edge.start), number(&edge.end)])
            .collect();
        let mut around = vec![Vec::new(); vertices.len()];
        for (half, vertex) in from.iter().enumerate() {
            around[*vertex].push(half);
        }
        for (vertex, halves) in around.iter_mut().enumerate() {
            let end = |half: &usize| vertices[from[half ^ 1]];
            halves.sort_by(|a, b| counter_clockwise(vertices[vertex], end(a), end(b)));
        }
        Self {
            vertices,
            from,
            around,
        }
    }

    /// The half-edge that goes on along the same face: the first one clockwise from the way back.
    fn next(&self, half: usize) -> usize {
        let around = &self.around[self.from[half ^ 1]];
        let back = around.iter().position(|other| *other == half ^ 1);
        let back = back.expect("a half-edge's other half begins where it ends");
        around[(back + around.len() - 1) % around.len()]
    }
}

/// From south to north, then from west to east.
fn by_row(a: &Coord<f64>, b: &Coord<f64>) -> Ordering {
    a.y.total_cmp(&b.y).then(a.x.total_cmp(&b.x))
}

/// The order of two points around a centre, counter-clockwise from east. Exact.
fn counter_clockwise(centre: Coord<f64>, a: Coord<f64>, b: Coord<f64>) -> Ordering {
    let is_south = |point: &Coord<f64>| by_row(point, &centre).is_lt();
    is_south(&a)
        .cmp(&is_south(&b))
        .then_with(|| side(centre, b, a))
}

/// Parts a closed walk where it comes back to a vertex.
fn simple_rings(walk: &[usize]) -> Vec<Vec<usize>> {
    let mut place = std::collections::HashMap::new();
    let (mut open, mut rings): (Vec<usize>, Vec<_>) = (Vec::new(), Vec::new());
    for &vertex in walk {
        if let Some(&at) = place.get(&vertex) {
            let ring = open.split_off(at);
            for passed in &ring {
                place.remove(passed);
            }
            rings.push(ring);
        }
        place.insert(vertex, open.len());
        open.push(vertex);
    }
    rings.push(open);
    rings
}

#[cfg(test)]
mod tests;
