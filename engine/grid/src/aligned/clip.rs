//! The part of an area in a convex cell.
//!
//! After Weiler and Atherton (Hidden surface removal using polygon area sorting, 1977): the area's edges are cut at the cell's
//! sides, each for itself; the pieces hang together in chains from where the border enters the cell to where it leaves; and each
//! chain's end is joined, counter-clockwise along the sides, to the next chain's start. Which vertices lie in the cell is decided
//! exactly. Where an edge crosses a side is rounded, but alike for both areas that share the edge and both cells that share the
//! side. So the parts of neighbours have the same vertices. Where two crossings are too near each other to be sure of
//! their order, a test of one point decides.

use std::cmp::Ordering;

use geo::{Coord, Line, MultiPolygon};

use super::outline::Outline;
use crate::predicate::side;
use crate::ring::{cross, doubled_area, polygons};

/// One edge of an area's boundary.
#[derive(Debug, Clone, Copy)]
pub(super) struct RingEdge {
    /// Which ring of the boundary, polygon after polygon.
    pub(super) ring: u32,
    /// Its number in the ring.
    pub(super) at: u32,
    /// How many edges the ring has.
    pub(super) of: u32,
    /// From start to end, with the inside to its left.
    pub(super) line: Line<f64>,
}

/// What of a cell lies in an area.
#[derive(Debug, Clone)]
pub(crate) enum Region {
    /// Nothing, or nothing that rounding has left.
    Nothing,
    /// All of it.
    Whole,
    /// Some of it.
    Part {
        /// Outer rings counter-clockwise, holes clockwise.
        shape: MultiPolygon<f64>,
        /// The area's own edges in it, cut to the cell, with the inside to their left.
        inner: Vec<Line<f64>>,
    },
}

/// Crossings nearer to each other than this share of a side are put in order by a test of a point, not by their places.
const TOO_NEAR: f64 = 1e-6;

/// The part of an area in a convex cell. `edges` are those of the area that come near the cell, ring by ring in order;
/// `holds` says whether the area holds a point. None when the edges are no rings that bound an area.
pub(super) fn clip(
    cell: &Outline,
    edges: &[RingEdge],
    holds: impl Fn(Coord<f64>) -> bool,
) -> Option<Region> {
    let sides: Vec<_> = cell.sides().collect();
    let pieces: Vec<_> = edges
        .iter()
        .filter_map(|edge| Piece::of(&sides, edge))
        .collect();
    if pieces.is_empty() {
        let count = f64::from(u32::try_from(cell.corners.len()).ok()?);
        let sum = cell.corners.iter().fold(Coord::zero(), |sum, c| sum + *c);
        let whole = holds(sum / count);
        return Some(if whole {
            Region::Whole
        } else {
            Region::Nothing
        });
    }
    let mut chains = Vec::new();
    let mut rings = Vec::new();
    for ring in pieces.chunk_by(|a, b| a.edge.ring == b.edge.ring) {
        follow(ring, &mut chains, &mut rings)?;
    }
    let enclosed: f64 = rings.iter().map(|ring| doubled_area(ring)).sum();
    let mut outers = Vec::new();
    if !chains.is_empty() {
        outers = join(cell, &chains, holds)?;
    } else if enclosed < 0.0 {
        // More is cut out than filled in: the area holds the cell's sides.
        outers.push(cell.corners.clone());
    }
    let (islands, cut_out): (Vec<_>, Vec<_>) =
        rings.into_iter().partition(|ring| doubled_area(ring) > 0.0);
    outers.extend(islands);
    let inner = pieces
        .iter()
        .map(|piece| Line::new(piece.from, piece.to))
        .filter(|line| line.start != line.end)
        .collect();
    Some(match polygons(outers, cut_out) {
        shape if shape.0.is_empty() => Region::Nothing,
        shape => Region::Part { shape, inner },
    })
}

/// The part of an edge inside the cell, and on which sides it enters and leaves, when its ends are not inside.
struct Piece<'a> {
    edge: &'a RingEdge,
    from: Coord<f64>,
    to: Coord<f64>,
    entry: Option<usize>,
    exit: Option<usize>,
}

impl<'a> Piece<'a> {
    /// The clipping of a line by half-planes (Cyrus and Beck, 1978). Points on a side count as outside.
    fn of(sides: &[Line<f64>], edge: &'a RingEdge) -> Option<Self> {
        let (p, q) = (edge.line.start, edge.line.end);
        let (mut entry, mut exit) = (None, None);
        let (mut enter, mut leave) = (0.0, 1.0);
        for (at, to) in sides.iter().enumerate() {
            let inside = |point| side(to.start, to.end, point) == Ordering::Greater;
            match (inside(p), inside(q)) {
                (false, false) => return None,
                (false, true) => {
                    let share = share(to, &edge.line);
                    if entry.is_none() || share > enter {
                        (entry, enter) = (Some(at), share);
                    }
                }
                (true, false) => {
                    let share = share(to, &edge.line);
                    if exit.is_none() || share < leave {
                        (exit, leave) = (Some(at), share);
                    }
                }
                (true, true) => {}
            }
        }
        if entry.is_some() && exit.is_some() && enter >= leave {
            return None;
        }
        Some(Self {
            edge,
            from: entry.map_or(p, |at| crossing(&sides[at], &edge.line)),
            to: exit.map_or(q, |at| crossing(&sides[at], &edge.line)),
            entry,
            exit,
        })
    }
}

/// How far along the edge it crosses the line of a side, 0 to 1.
fn share(to: &Line<f64>, edge: &Line<f64>) -> f64 {
    let depth = |p: Coord<f64>| cross(to.end - to.start, p - to.start);
    let (from, till) = (depth(edge.start), depth(edge.end));
    (from / (from - till)).clamp(0.0, 1.0)
}

/// Where an edge crosses a side: the same whichever way either is given.
fn crossing(to: &Line<f64>, edge: &Line<f64>) -> Coord<f64> {
    for end in [edge.start, edge.end] {
        if side(to.start, to.end, end) == Ordering::Equal {
            return end;
        }
    }
    let ((a, b), (c, d)) = (sorted(edge), sorted(to));
    let share = cross(c - a, d - c) / cross(b - a, d - c);
    a + (b - a) * share.clamp(0.0, 1.0)
}

fn sorted(line: &Line<f64>) -> (Coord<f64>, Coord<f64>) {
    let (a, b) = (line.start, line.end);
    if (a.x, a.y) <= (b.x, b.y) {
        (a, b)
    } else {
        (b, a)
    }
}

/// A stretch of a border inside the cell.
struct Chain {
    points: Vec<Coord<f64>>,
    entry: usize,
    exit: usize,
}

/// The chains of one ring; or the ring itself, when it lies inside the cell.
fn follow(
    pieces: &[Piece<'_>],
    chains: &mut Vec<Chain>,
    rings: &mut Vec<Vec<Coord<f64>>>,
) -> Option<()> {
    let Some(first) = pieces.iter().position(|piece| piece.entry.is_some()) else {
        let complete = pieces.len() == pieces.first()?.edge.of as usize;
        rings.push(pieces.iter().map(|piece| piece.from).collect());
        return complete.then_some(());
    };
    let mut open: Option<Chain> = None;
    let mut before = None;
    for piece in pieces[first..].iter().chain(&pieces[..first]) {
        match (piece.entry, &open) {
            (Some(entry), None) => {
                open = Some(Chain {
                    points: vec![piece.from],
                    entry,
                    exit: entry,
                });
            }
            (None, Some(_))
                if before.is_some_and(|at| (at + 1) % piece.edge.of == piece.edge.at) => {}
            _ => return None,
        }
        before = Some(piece.edge.at);
        let mut chain = open.take()?;
        chain.points.push(piece.to);
        match piece.exit {
            Some(exit) => chains.push(Chain { exit, ..chain }),
            None => open = Some(chain),
        }
    }
    open.is_none().then_some(())
}

/// Where a chain begins or ends on the cell's sides.
struct Event {
    chain: usize,
    enters: bool,
    side: usize,
    /// Along the sides from the first corner, counter-clockwise, in sides.
    place: f64,
}

/// Joins the chains along the sides to rings.
fn join(
    cell: &Outline,
    chains: &[Chain],
    holds: impl Fn(Coord<f64>) -> bool,
) -> Option<Vec<Vec<Coord<f64>>>> {
    let events = in_order(cell, events(cell, chains), holds)?;
    // In this order chains enter and leave in turn; after each exit comes the entry to which it is joined.
    let count = cell.corners.len();
    let mut next = vec![(0, Vec::new()); chains.len()];
    for (at, exit) in events.iter().enumerate().filter(|(_, event)| !event.enters) {
        let entry = &events[(at + 1) % events.len()];
        let turn = if at + 1 == events.len() { count } else { 0 };
        let passed = (exit.side + 1..=entry.side + turn).map(|at| cell.corners[at % count]);
        next[exit.chain] = (entry.chain, passed.collect());
    }
    let mut used = vec![false; chains.len()];
    let mut rings = Vec::new();
    for start in 0..chains.len() {
        let (mut at, mut ring) = (start, Vec::new());
        while !used[at] {
            used[at] = true;
            ring.extend_from_slice(&chains[at].points);
            ring.extend_from_slice(&next[at].1);
            at = next[at].0;
        }
        ring.dedup();
        rings.push(ring);
    }
    Some(rings)
}

/// Every start and end of a chain, by place.
fn events(cell: &Outline, chains: &[Chain]) -> Vec<Event> {
    let sides: Vec<_> = cell.sides().collect();
    let event = |chain, enters, side: usize, point: Coord<f64>| {
        let along = sides[side].end - sides[side].start;
        let from = point - sides[side].start;
        let share = (from.x * along.x + from.y * along.y) / (along.x * along.x + along.y * along.y);
        let corner = f64::from(u8::try_from(side).unwrap_or(u8::MAX));
        Event {
            chain,
            enters,
            side,
            place: corner + share.clamp(0.0, 1.0),
        }
    };
    let mut events = Vec::with_capacity(2 * chains.len());
    for (at, chain) in chains.iter().enumerate() {
        let (Some(first), Some(last)) = (chain.points.first(), chain.points.last()) else {
            continue;
        };
        events.push(event(at, true, chain.entry, *first));
        events.push(event(at, false, chain.exit, *last));
    }
    events.sort_by(|a, b| a.place.total_cmp(&b.place));
    events
}

/// Turns the events to begin after the widest gap, and swaps those that rounding has put in the wrong order.
fn in_order(
    cell: &Outline,
    mut events: Vec<Event>,
    holds: impl Fn(Coord<f64>) -> bool,
) -> Option<Vec<Event>> {
    let count = cell.corners.len();
    let around = f64::from(u8::try_from(count).ok()?);
    let gap_before = |at: usize| match at {
        0 => events[0].place + around - events[events.len() - 1].place,
        _ => events[at].place - events[at - 1].place,
    };
    let widest = (0..events.len()).max_by(|a, b| gap_before(*a).total_cmp(&gap_before(*b)))?;
    let width = gap_before(widest);
    for event in &mut events[..widest] {
        event.side += count;
        event.place += around;
    }
    events.rotate_left(widest);
    let alternate = events
        .windows(2)
        .all(|pair| pair[0].enters != pair[1].enters);
    let apart = |pair: &[Event]| pair[1].place - pair[0].place >= TOO_NEAR;
    if alternate && events.windows(2).all(apart) {
        return Some(events);
    }
    let middle = on_sides(cell, events.first()?.place - width / 2.0 + around);
    let inside_first = holds(middle);
    for at in 0..events.len() {
        let enters = inside_first == (at % 2 == 0);
        let wanted = at
            + events[at..]
                .iter()
                .position(|event| event.enters == enters)?;
        if events[wanted].place - events[at].place > TOO_NEAR {
            return None;
        }
        events[at..=wanted].rotate_right(1);
    }
    Some(events)
}

/// The point at a place along the sides.
fn on_sides(cell: &Outline, place: f64) -> Coord<f64> {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "twice around is some twelve sides"
    )]
    let side = place as usize;
    let corner = |at: usize| cell.corners[at % cell.corners.len()];
    let (a, b) = (corner(side), corner(side + 1));
    a + (b - a) * place.fract()
}
