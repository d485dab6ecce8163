//! On which side of an edge the inside is.

use geo::Line;

use super::Graph;
use crate::ring::crossings_odd;

/// For each half-edge, whether the inside is to its left. Every edge parts inside from outside, so one answer gives those of all
/// edges that hang together with it.
pub(super) fn left_of(graph: &Graph) -> Vec<bool> {
    let pieces = pieces(graph);
    let mut inside = vec![false; graph.from.len()];
    let mut known = vec![false; graph.vertices.len()];
    // In this order the first vertex of each piece is its most southern one, and of those the most western.
    for first in 0..graph.vertices.len() {
        if known[first] {
            continue;
        }
        known[first] = true;
        let Some(&last) = graph.around[first].last() else {
            continue;
        };
        // All edges lead north or east, so the sector after the last one is outside of this piece.
        let others = (0..graph.from.len() / 2)
            .filter(|edge| pieces[graph.from[2 * edge]] != pieces[first])
            .map(|edge| {
                let end = |half: usize| graph.vertices[graph.from[half]];
                Line::new(end(2 * edge), end(2 * edge + 1))
            });
        inside[last] = crossings_odd(others, graph.vertices[first]).unwrap_or(false);
        let mut todo = vec![last];
        while let Some(half) = todo.pop() {
            // Around a vertex, sectors are inside and outside in turn.
            let around = &graph.around[graph.from[half]];
            let start = around.iter().position(|other| *other == half).unwrap_or(0);
            let mut left = inside[half];
            for step in 0..around.len() {
                let here = around[(start + step) % around.len()];
                inside[here] = left;
                inside[here ^ 1] = !left;
                left = !left;
                let end = graph.from[here ^ 1];
                if !known[end] {
                    known[end] = true;
                    todo.push(here ^ 1);
                }
            }
        }
    }
    inside
}

/// For each vertex a number that all vertices which hang together have in common.
fn pieces(graph: &Graph) -> Vec<usize> {
    let mut pieces = vec![usize::MAX; graph.vertices.len()];
    for first in 0..graph.vertices.len() {
        let mut todo = vec![first];
        while let Some(vertex) = todo.pop() {
            if pieces[vertex] == usize::MAX {
                pieces[vertex] = first;
                todo.extend(graph.around[vertex].iter().map(|half| graph.from[half ^ 1]));
            }
        }
    }
    pieces
}
