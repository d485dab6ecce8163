//! The edges of one bin and what they say about a point.

use std::cmp::Ordering;
use std::hint::black_box;

use geo::Coord;

use crate::NOWHERE;
use crate::predicate::side;

/// An edge in a bin, from its lower to its upper end (from west to east when level).
#[derive(Debug, Clone, Copy)]
pub(super) struct Edge {
    pub(super) low: Coord<f64>,
    pub(super) high: Coord<f64>,
    /// Which areas of the group have this edge an odd number of times: crossing it switches them.
    pub(super) switches: u32,
    /// Which areas of the group have this edge at all: a point on it is in them.
    pub(super) owners: u32,
}

/// Up to 32 areas that may hold a point of one bin, each a bit, the first area the lowest bit.
#[derive(Debug, Clone, Copy)]
struct Group {
    /// Which areas hold the bin's north-east corner, corrected for the edges over its east border (see [`Groups::push`]).
    start: u32,
    /// Number of the first edge.
    edges: u32,
    /// Number of the first edge that crosses the bin's east border; these are the group's last.
    border_edges: u32,
    /// Number after the last edge.
    end: u32,
    /// Number of the first area in `areas`.
    areas: u32,
    /// The answer when none of these areas holds the point; [`NEXT`] when the next group decides.
    otherwise: u32,
}

/// Says that the next group goes on with further areas of the same bin. No area has this number.
pub(super) const NEXT: u32 = NOWHERE - 1;

/// The groups of all bins.
#[derive(Debug, Default)]
pub(super) struct Groups {
    all: Vec<Group>,
    edges: Vec<Edge>,
    areas: Vec<u32>,
}

/// Most areas in a group.
pub(super) const GROUP_AREAS: usize = u32::BITS as usize;

impl Groups {
    pub(super) fn len(&self) -> usize {
        self.all.len()
    }

    /// Adds a group for a bin with this north-east corner. `corner` says which of the `areas` hold the corner, moved by ε′ to
    /// the east and ε to the north. `edges` are all edges of these areas that touch the bin, each once, and perhaps some that
    /// do not.
    ///
    /// An edge that crosses the bin's east border counts here not when the path crosses it but when the point lies above it
    /// (seen along the edge's latitudes, or north of them): that needs no look at where the path turns. Both ways of counting
    /// differ by a constant for each edge, which goes into `start`.
    pub(super) fn push(
        &mut self,
        corner: Coord<f64>,
        holds_corner: u32,
        areas: &[u32],
        edges: &[Edge],
        otherwise: u32,
    ) {
        let over_border = |edge: &&Edge| {
            edge.low.x.min(edge.high.x) <= corner.x && corner.x < edge.low.x.max(edge.high.x)
        };
        let west_of_border = |edge: &&Edge| edge.low.x.max(edge.high.x) <= corner.x;
        let mut start = holds_corner;
        for edge in edges.iter().filter(over_border) {
            let corner_is_left = match side(edge.low, edge.high, corner) {
                Ordering::Greater => true,
                Ordering::Less => false,
                // ε′ to the east is to the right of a rising edge; along a level one, ε to the north is to the left.
                Ordering::Equal => edge.low.y >= edge.high.y,
            };
            if corner_is_left != leans_west(edge) {
                start ^= edge.switches;
            }
        }
        let number = |n: usize| u32::try_from(n).expect("the builder counts the edges first");
        let first = self.edges.len();
        self.edges.extend(edges.iter().filter(west_of_border));
        let border = self.edges.len();
        self.edges.extend(edges.iter().filter(over_border));
        self.all.push(Group {
            start,
            edges: number(first),
            border_edges: number(border),
            end: number(self.edges.len()),
            areas: number(self.areas.len()),
            otherwise,
        });
        self.areas.extend(areas);
    }

    /// Reads the first edges of some groups, so that they are in the cache soon.
    pub(super) fn touch(&self, groups: impl Iterator<Item = u32>) {
        let edge = |at: u32| &self.edges[self.all[at as usize].edges as usize];
        let sum = groups.fold(0, |sum, at| sum ^ edge(at).owners);
        // Otherwise the reads are left out.
        black_box(sum);
    }

    /// The first area of the bin that starts with group `at` which holds the point.
    pub(super) fn locate(&self, at: u32, lon: f64, lat: f64) -> u32 {
        let point = Coord { x: lon, y: lat };
        let mut at = at as usize;
        loop {
            let group = &self.all[at];
            let inside = self.inside(group, point);
            if inside != 0 {
                return self.areas[(group.areas + inside.trailing_zeros()) as usize];
            }
            if group.otherwise != NEXT {
                return group.otherwise;
            }
            at += 1;
        }
    }

    /// Which areas of the group hold the point.
    #[inline]
    fn inside(&self, group: &Group, point: Coord<f64>) -> u32 {
        let (mut inside, mut on) = (group.start, 0);
        for edge in &self.edges[group.edges as usize..group.border_edges as usize] {
            let (low, high) = (edge.low, edge.high);
            if point.y < low.y || point.y > high.y || point.x > low.x.max(high.x) {
                continue;
            }
            if point.x < low.x.min(high.x) {
                inside ^= if point.y < high.y { edge.switches } else { 0 };
                continue;
            }
            match side(low, high, point) {
                Ordering::Equal => on |= edge.owners,
                Ordering::Greater if point.y < high.y => inside ^= edge.switches,
                _ => {}
            }
        }
        for edge in &self.edges[group.border_edges as usize..group.end as usize] {
            let (low, high) = (edge.low, edge.high);
            if point.y < low.y {
                continue;
            }
            let side = side(low, high, point);
            if side == Ordering::Equal && point.y <= high.y && point.x >= low.x.min(high.x) {
                on |= edge.owners;
            }
            if point.y >= high.y || (side == Ordering::Greater) != leans_west(edge) {
                inside ^= edge.switches;
            }
        }
        inside | on
    }
}

/// Whether the edge rises to the west; its left side is then the lower one.
#[inline]
fn leans_west(edge: &Edge) -> bool {
    edge.high.x < edge.low.x
}
