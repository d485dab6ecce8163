//! What is wrong with a boundary's rings.

use std::collections::HashSet;

use geo::{Coord, Line, MultiPolygon};
use serde::Serialize;

use crate::predicate::{Meeting, edges, meeting};
use crate::ring::crossings_odd;

/// A place where a boundary breaks a rule of OGC Simple Features.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct RingFault {
    /// The broken rule.
    pub rule: RingRule,
    /// Which polygon of the boundary, from 0.
    pub polygon: usize,
    /// Which ring of the polygon: 0 is the outer one.
    pub ring: usize,
    /// Where, degrees.
    pub lon: f64,
    /// Where, degrees.
    pub lat: f64,
}

impl RingFault {
    /// The most faults that are listed for one boundary; a boundary with more of them is no boundary.
    pub const LISTED_MAX: usize = 100;
}

/// A rule that rings must keep.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum RingRule {
    /// A ring has at least three distinct points.
    TooFewPoints,
    /// Edges do not cross.
    Crossing,
    /// Edges do not lie on each other.
    Overlap,
    /// A ring does not come back to a point it went through.
    SelfTouch,
    /// A hole lies in its outer ring, and in no other hole.
    HoleOutside,
    /// Polygons of one boundary do not lie in each other.
    Nested,
}

impl RingRule {
    /// The rule's word in reports.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::TooFewPoints => "too few points",
            Self::Crossing => "edges cross",
            Self::Overlap => "edges lie on each other",
            Self::SelfTouch => "ring touches itself",
            Self::HoleOutside => "hole outside its ring",
            Self::Nested => "polygons lie in each other",
        }
    }
}

/// The faults of a boundary as given, with exact predicates, at most [`RingFault::LISTED_MAX`]. Whether rings lie in each other rightly is looked at only when
/// their edges are in order. Holes that cut the inside in two are not looked for: they change no answer.
///
/// Cost: edges are compared in runs of [`RUN`] whose boxes touch, so about n·√n for real boundaries.
pub(crate) fn ring_faults(boundary: &MultiPolygon<f64>) -> Vec<RingFault> {
    let rings = rings_of(boundary);
    let mut faults: Vec<RingFault> = rings
        .iter()
        .filter(|ring| ring.edges.len() < 3)
        .map(|ring| ring.fault(RingRule::TooFewPoints, ring.first))
        .collect();
    let (edge_faults, touching) = compare_edges(&rings);
    faults.extend(edge_faults);
    if faults.is_empty() {
        faults = nesting_faults(&rings, &touching);
    }
    faults.truncate(RingFault::LISTED_MAX);
    faults
}

struct Ring {
    polygon: usize,
    /// Its number in the polygon: 0 is the outer one.
    number: usize,
    first: Coord<f64>,
    edges: Vec<Line<f64>>,
    rect: Rect,
}

impl Ring {
    fn fault(&self, rule: RingRule, at: Coord<f64>) -> RingFault {
        RingFault {
            rule,
            polygon: self.polygon,
            ring: self.number,
            lon: at.x,
            lat: at.y,
        }
    }
}

fn rings_of(boundary: &MultiPolygon<f64>) -> Vec<Ring> {
    let mut rings = Vec::new();
    for (polygon, shape) in boundary.iter().enumerate() {
        let lines = std::iter::once(shape.exterior()).chain(shape.interiors());
        for (number, line) in lines.enumerate() {
            let Some(&first) = line.0.first() else {
                continue;
            };
            let edges: Vec<_> = edges(line).collect();
            rings.push(Ring {
                polygon,
                number,
                first,
                rect: Rect::of(&edges),
                edges,
            });
        }
    }
    rings
}

/// Neighbouring edges of one ring that are compared together.
const RUN: usize = 8;

struct Run<'a> {
    ring: usize,
    start: usize,
    edges: &'a [Line<f64>],
    rect: Rect,
}

/// The faults of edges, and which rings (lower index first) touch in a point, as they may.
fn compare_edges(rings: &[Ring]) -> (Vec<RingFault>, HashSet<(usize, usize)>) {
    let mut runs = Vec::new();
    for (at, ring) in rings.iter().enumerate() {
        for (chunk, edges) in ring.edges.chunks(RUN).enumerate() {
            runs.push(Run {
                ring: at,
                start: chunk * RUN,
                edges,
                rect: Rect::of(edges),
            });
        }
    }
    runs.sort_by(|a, b| a.rect.low.x.total_cmp(&b.rect.low.x));
    let (mut faults, mut touching) = (Vec::new(), HashSet::new());
    for (at, run) in runs.iter().enumerate() {
        let reached = |other: &&Run<'_>| other.rect.low.x <= run.rect.high.x;
        for other in runs[at..].iter().take_while(reached) {
            if faults.len() >= RingFault::LISTED_MAX {
                break;
            }
            if run.rect.touches(&other.rect) {
                compare_runs(rings, run, other, &mut faults, &mut touching);
            }
        }
    }
    (faults, touching)
}

fn compare_runs(
    rings: &[Ring],
    run: &Run<'_>,
    other: &Run<'_>,
    faults: &mut Vec<RingFault>,
    touching: &mut HashSet<(usize, usize)>,
) {
    let itself = std::ptr::eq(run, other);
    for (i, e) in run.edges.iter().enumerate() {
        for (j, f) in other
            .edges
            .iter()
            .enumerate()
            .skip(if itself { i + 1 } else { 0 })
        {
            let (rule, at) = match meeting(e, f) {
                Meeting::Apart => continue,
                Meeting::Cross(at) => (RingRule::Crossing, at),
                Meeting::Overlap(at) => (RingRule::Overlap, at),
                Meeting::Touch(_) if run.ring != other.ring => {
                    touching.insert((run.ring.min(other.ring), run.ring.max(other.ring)));
                    continue;
                }
                Meeting::Touch(at) => {
                    let apart = (run.start + i).abs_diff(other.start + j);
                    if apart == 1 || apart + 1 == rings[run.ring].edges.len() {
                        continue;
                    }
                    (RingRule::SelfTouch, at)
                }
            };
            let fault = rings[run.ring.max(other.ring)].fault(rule, at);
            // A ring that passes twice through a vertex has four pairs of edges that meet there.
            if !faults.contains(&fault) {
                faults.push(fault);
            }
        }
    }
}

/// Rings that do not cross lie in each other or not; outer rings and holes must do so in turn.
fn nesting_faults(rings: &[Ring], touching: &HashSet<(usize, usize)>) -> Vec<RingFault> {
    let mut faults = Vec::new();
    for (at, ring) in rings.iter().enumerate() {
        let (mut outers, mut holes, mut in_own, mut in_sibling) = (0, 0, false, false);
        for (other_at, other) in rings.iter().enumerate() {
            if at == other_at || !other.rect.touches(&ring.rect) {
                continue;
            }
            let touch = touching.contains(&(at.min(other_at), at.max(other_at)));
            match lies_in(ring, other, touch) {
                None => faults.push(ring.fault(RingRule::Crossing, ring.first)),
                Some(false) => {}
                Some(true) if other.number == 0 => {
                    outers += 1;
                    in_own |= ring.polygon == other.polygon;
                }
                Some(true) => {
                    holes += 1;
                    in_sibling |= ring.polygon == other.polygon && ring.number != 0;
                }
            }
        }
        if ring.number == 0 && outers != holes {
            faults.push(ring.fault(RingRule::Nested, ring.first));
        } else if ring.number != 0 && (!in_own || in_sibling || outers != holes + 1) {
            faults.push(ring.fault(RingRule::HoleOutside, ring.first));
        }
    }
    faults
}

/// Whether a ring lies in another; none when some of it lies inside and some outside, as when two rings cross through their
/// vertices. Rings that do not touch are told apart by one point.
fn lies_in(ring: &Ring, other: &Ring, touch: bool) -> Option<bool> {
    if !touch {
        return Some(crossings_odd(other.edges.iter().copied(), ring.first) == Some(true));
    }
    let starts = ring.edges.iter().map(|edge| edge.start);
    let middles = ring.edges.iter().map(|edge| (edge.start + edge.end) / 2.0);
    let mut inside = None;
    for now in starts
        .chain(middles)
        .filter_map(|at| crossings_odd(other.edges.iter().copied(), at))
    {
        if inside.is_some_and(|before| before != now) {
            return None;
        }
        inside = Some(now);
    }
    Some(inside == Some(true))
}

/// The smallest rectangle around some edges.
#[derive(Clone, Copy)]
struct Rect {
    low: Coord<f64>,
    high: Coord<f64>,
}

impl Rect {
    fn of(edges: &[Line<f64>]) -> Self {
        let mut rect = Self {
            low: Coord {
                x: f64::INFINITY,
                y: f64::INFINITY,
            },
            high: Coord {
                x: f64::NEG_INFINITY,
                y: f64::NEG_INFINITY,
            },
        };
        for end in edges.iter().flat_map(|edge| [edge.start, edge.end]) {
            rect.low = Coord {
                x: rect.low.x.min(end.x),
                y: rect.low.y.min(end.y),
            };
            rect.high = Coord {
                x: rect.high.x.max(end.x),
                y: rect.high.y.max(end.y),
            };
        }
        rect
    }

    fn touches(&self, other: &Self) -> bool {
        self.low.x <= other.high.x
            && other.low.x <= self.high.x
            && self.low.y <= other.high.y
            && other.low.y <= self.high.y
    }
}

#[cfg(test)]
mod tests;
