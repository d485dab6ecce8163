//! Making the index.
//!
//! 1. Size the bins by the number of edges.
//! 2. For each area: list the bins that each edge touches, and count for each bin's north-east corner the area's edges east of
//!    it, which says whether the corner is inside.
//! 3. For each bin: an area that no edge of its own touches there covers it or not; the first one that covers it ends the
//!    search. Areas before it that have edges there form the bin's groups.

use std::cmp::Ordering;
use std::ops::{Range, RangeInclusive};

use geo::{Coord, CoordsIter, MultiPolygon};

use super::bins::{Bins, floor};
use super::group::{Edge, GROUP_AREAS, Groups, NEXT};
use super::{GROUP, PlanarIndex};
use crate::predicate::{edges, side};
use crate::{BBox, NOWHERE};

/// Bins for each edge: more make fewer points need an edge at all, fewer keep the table in the cache.
const BINS_PER_EDGE: usize = 8;
/// Bounds on the number of bins of one version: 256 to 4 million (16 MB).
const BINS: RangeInclusive<usize> = 1 << 8..=1 << 22;

/// How far, in bins, an edge counts as touching a bin: far above the rounding of a guess, which is below 10⁻⁸.
const SLACK: f64 = 1e-6;

/// The index over the boundaries; none when there are too many areas or edges to number.
pub(super) fn build(boundaries: &[&MultiPolygon<f64>]) -> Option<PlanarIndex> {
    let edge_count: usize = boundaries.iter().map(|b| b.coords_count()).sum();
    let bbox = boundaries
        .iter()
        .fold(BBox::EMPTY, |bbox, boundary| bbox.union(BBox::of(boundary)));
    let bbox = if edge_count == 0 {
        BBox::EMPTY.with(0.0, 0.0)
    } else {
        bbox
    };
    let bin_count = (edge_count * BINS_PER_EDGE).clamp(*BINS.start(), *BINS.end());
    let bins = Bins::new(bbox, bin_count);
    let mut builder = Builder {
        bins,
        edges: Vec::with_capacity(edge_count),
        touches: Vec::new(),
        covers: vec![NOWHERE; bins.len()],
    };
    for (area, boundary) in boundaries.iter().enumerate() {
        let area = u32::try_from(area).ok().filter(|area| *area < GROUP)?;
        builder.add(area, boundary)?;
    }
    if builder.touches.len() >= GROUP as usize {
        return None;
    }
    Some(builder.finish())
}

struct Builder {
    bins: Bins,
    /// All edges of all areas, each from its lower to its upper end.
    edges: Vec<(Coord<f64>, Coord<f64>)>,
    /// In order of area.
    touches: Vec<Touch>,
    /// For each bin the first area that holds all of it.
    covers: Vec<u32>,
}

/// An edge of an area touches a bin.
#[derive(Clone, Copy)]
struct Touch {
    bin: u32,
    area: u32,
    edge: u32,
    /// Whether the area holds the bin's corner.
    holds_corner: bool,
}

impl Builder {
    fn add(&mut self, area: u32, boundary: &MultiPolygon<f64>) -> Option<()> {
        let first = self.edges.len();
        for polygon in boundary {
            for ring in std::iter::once(polygon.exterior()).chain(polygon.interiors()) {
                self.edges
                    .extend(edges(ring).map(|edge| rising(edge.start, edge.end)));
            }
        }
        u32::try_from(self.edges.len()).ok()?;
        let bbox = self.edges[first..]
            .iter()
            .fold(BBox::EMPTY, |bbox, (low, high)| {
                bbox.with(low.x, low.y).with(high.x, high.y)
            });
        if first == self.edges.len() {
            return Some(());
        }
        let window = Window::of(&self.bins, bbox);
        let inside = self.corners_inside(first, &window);
        let mut touched = vec![false; window.len()];
        for edge in first..self.edges.len() {
            let (low, high) = self.edges[edge];
            touched_bins(&self.bins, &window, low, high, |column, row| {
                let bin = self.bins.at(column, row);
                touched[window.at(column, row)] = true;
                if self.covers[bin] == NOWHERE {
                    self.touches.push(Touch {
                        bin: number(bin),
                        area,
                        edge: number(edge),
                        holds_corner: inside[window.at(column, row)],
                    });
                }
            });
        }
        for row in window.rows.clone() {
            for column in window.columns.clone() {
                let (here, bin) = (window.at(column, row), self.bins.at(column, row));
                if inside[here] && !touched[here] && self.covers[bin] == NOWHERE {
                    self.covers[bin] = area;
                }
            }
        }
        Some(())
    }

    /// For each bin of the window, whether the area with the edges from `first` on holds its north-east corner, moved by ε′ to
    /// the east and by ε to the north: whether an odd number of edges lies east of it.
    fn corners_inside(&self, first: usize, window: &Window) -> Vec<bool> {
        let mut odd = vec![false; window.len()];
        for &(low, high) in &self.edges[first..] {
            let rows = floor(self.bins.row_near(low.y)) - 1..=floor(self.bins.row_near(high.y));
            for row in rows.filter(|row| window.rows.contains(row)) {
                let y = self.bins.y(row + 1);
                if low.y > y || y >= high.y {
                    continue;
                }
                // Counts the columns whose corner is left of the edge: a guess, then exactly.
                let is_left = |column: i32| {
                    let corner = Coord {
                        x: self.bins.x(column + 1),
                        y,
                    };
                    side(low, high, corner) == Ordering::Greater
                };
                let Range { start, end } = window.columns;
                let guess = floor(self.bins.column_near(x_at(low, high, y)));
                let mut column = guess.clamp(start, end);
                while column < end && is_left(column) {
                    column += 1;
                }
                while column > start && !is_left(column - 1) {
                    column -= 1;
                }
                if column > start {
                    odd[window.at(column - 1, row)] ^= true;
                }
            }
        }
        // An edge lies east of all corners up to the one marked.
        for row in odd.chunks_mut(window.columns.len()) {
            let mut east = false;
            for corner in row.iter_mut().rev() {
                east ^= *corner;
                *corner = east;
            }
        }
        odd
    }

    fn finish(mut self) -> PlanarIndex {
        // The sort is stable: within a bin the touches stay in order of area.
        self.touches.sort_by_key(|touch| touch.bin);
        let mut answers = self.covers.clone();
        let mut groups = Groups::default();
        for touches in self.touches.chunk_by(|a, b| a.bin == b.bin) {
            let bin = touches[0].bin as usize;
            let cover = self.covers[bin];
            let before_cover = touches.partition_point(|touch| touch.area < cover);
            let areas: Vec<&[Touch]> = touches[..before_cover]
                .chunk_by(|a, b| a.area == b.area)
                .collect();
            if !areas.is_empty() {
                answers[bin] = GROUP + number(groups.len());
                self.push_groups(&mut groups, bin, &areas, cover);
            }
        }
        PlanarIndex {
            bins: self.bins,
            answers,
            groups,
        }
    }

    fn push_groups(&self, groups: &mut Groups, bin: usize, areas: &[&[Touch]], cover: u32) {
        let corner = self.bins.north_east(bin);
        let count = areas.len().div_ceil(GROUP_AREAS);
        for (at, areas) in areas.chunks(GROUP_AREAS).enumerate() {
            let mut holds_corner = 0;
            let mut edges = Vec::new();
            for (bit, touches) in areas.iter().enumerate() {
                let bit = 1 << bit;
                holds_corner |= if touches[0].holds_corner { bit } else { 0 };
                edges.extend(touches.iter().map(|touch| {
                    let (low, high) = self.edges[touch.edge as usize];
                    Edge {
                        low,
                        high,
                        switches: bit,
                        owners: bit,
                    }
                }));
            }
            let numbers: Vec<u32> = areas.iter().map(|touches| touches[0].area).collect();
            let otherwise = if at + 1 < count { NEXT } else { cover };
            groups.push(corner, holds_corner, &numbers, &merged(edges), otherwise);
        }
    }
}

/// The same edges, each once, with the bits of all that had it.
fn merged(mut edges: Vec<Edge>) -> Vec<Edge> {
    let ends = |e: &Edge| [e.low.x, e.low.y, e.high.x, e.high.y];
    edges.sort_by(|a, b| {
        let pairs = ends(a).into_iter().zip(ends(b));
        pairs.fold(Ordering::Equal, |order, (a, b)| order.then(a.total_cmp(&b)))
    });
    edges.dedup_by(|later, kept| {
        let same = (later.low, later.high) == (kept.low, kept.high);
        if same {
            kept.switches ^= later.switches;
            kept.owners |= later.owners;
        }
        same
    });
    edges
}

/// The edge from its lower to its upper end, from west to east when level.
fn rising(a: Coord<f64>, b: Coord<f64>) -> (Coord<f64>, Coord<f64>) {
    if (a.y, a.x) <= (b.y, b.x) {
        (a, b)
    } else {
        (b, a)
    }
}

/// The columns and rows of the bins that an area may touch.
struct Window {
    columns: Range<i32>,
    rows: Range<i32>,
}

impl Window {
    fn of(bins: &Bins, bbox: BBox) -> Self {
        Self {
            columns: within(
                bins.column_near(bbox.west),
                bins.column_near(bbox.east),
                &(0..bins.columns),
            ),
            rows: within(
                bins.row_near(bbox.south),
                bins.row_near(bbox.north),
                &(0..bins.rows),
            ),
        }
    }

    fn len(&self) -> usize {
        self.columns.len() * self.rows.len()
    }

    #[expect(clippy::cast_sign_loss, reason = "column and row are in the window")]
    fn at(&self, column: i32, row: i32) -> usize {
        (row - self.rows.start) as usize * self.columns.len()
            + (column - self.columns.start) as usize
    }
}

/// Calls `touch` for every bin of the window that the edge touches, borders included, and for a few that it misses by a hair.
fn touched_bins(
    bins: &Bins,
    window: &Window,
    low: Coord<f64>,
    high: Coord<f64>,
    mut touch: impl FnMut(i32, i32),
) {
    let slack = SLACK * (bins.y(1) - bins.y(0));
    for row in within(bins.row_near(low.y), bins.row_near(high.y), &window.rows) {
        let south = (bins.y(row) - slack).clamp(low.y, high.y);
        let north = (bins.y(row + 1) + slack).clamp(low.y, high.y);
        let (a, b) = if low.y >= high.y {
            (low.x, high.x)
        } else {
            (x_at(low, high, south), x_at(low, high, north))
        };
        let (west, east) = (bins.column_near(a.min(b)), bins.column_near(a.max(b)));
        for column in within(west, east, &window.columns) {
            touch(column, row);
        }
    }
}

/// The whole numbers of bins between two places, with slack, as far as they lie in `all`.
fn within(from: f64, to: f64, all: &Range<i32>) -> Range<i32> {
    let start = floor(from - SLACK).clamp(all.start, all.end);
    start..(floor(to + SLACK) + 1).clamp(start, all.end)
}

/// Longitude of an edge at a latitude, rounded; the edge is not level.
fn x_at(low: Coord<f64>, high: Coord<f64>, y: f64) -> f64 {
    low.x + (y - low.y) * ((high.x - low.x) / (high.y - low.y))
}

fn number(n: usize) -> u32 {
    u32::try_from(n).expect("bins, edges and groups are counted before")
}
