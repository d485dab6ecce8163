//! The borders between communities: every border is drawn once, bent, rounded to a millionth of a degree, and used by both sides.

use std::f64::consts::PI;

use rand::Rng;
use spade::handles::FixedFaceHandle;
use spade::{Point2, Triangulation};

use super::sites::{Km, Sites};

/// A vertex in millionths of a degree, longitude first: exact, so that neighbours share it to the last bit.
pub(super) type Node = [i32; 2];

/// One border, with the community `left` on its left side; `right` is `None` on the city's outline.
#[derive(Debug, Clone)]
pub(super) struct Border {
    pub(super) left: usize,
    pub(super) right: Option<usize>,
    /// From one end to the other, both included.
    pub(super) path: Vec<Node>,
}

/// Where the plane touches the globe. Both scales are constants of the WGS 84 ellipsoid near 40 degrees, good enough for a
/// city that does not exist.
#[derive(Debug, Clone, Copy)]
pub(super) struct Frame {
    pub(super) lon: f64,
    pub(super) lat: f64,
}

const KM_PER_DEGREE: f64 = 111.2;

impl Frame {
    /// Rounds a point of the plane to a vertex.
    pub(super) fn node(self, point: Km) -> Node {
        let lon = self.lon + point.x / (KM_PER_DEGREE * libm::cos(self.lat.to_radians()));
        let lat = self.lat + point.y / KM_PER_DEGREE;
        [micro(lon), micro(lat)]
    }
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "degrees of a checked city are below 180, so millionths of them fit"
)]
fn micro(degrees: f64) -> i32 {
    (degrees * 1e6).round() as i32
}

/// Borders shorter than this vanish: their ends become one vertex, where four communities meet.
const SHORTEST_KM: f64 = 0.015;

/// The borders of all communities.
pub(super) fn borders(sites: &Sites, frame: Frame, rng: &mut impl Rng) -> Vec<Border> {
    let corners = Corners::of(sites);
    let mut borders = Vec::with_capacity(sites.inside * 3);
    for edge in sites.triangulation.directed_edges() {
        let (site, other) = (edge.from(), edge.to());
        let (left, right) = (site.index(), other.index());
        // Each border once: from the inside of the city, or from its lower side.
        if left >= sites.inside || (right < sites.inside && right < left) {
            continue;
        }
        let (Some(start), Some(end)) = (edge.rev().face().as_inner(), edge.face().as_inner())
        else {
            continue;
        };
        let (start, end) = (corners.at(start.fix()), corners.at(end.fix()));
        let curve = bent(start, end, [site.position(), other.position()], rng);
        let mut path: Vec<Node> = curve.into_iter().map(|point| frame.node(point)).collect();
        path.dedup();
        if path.len() > 1 && path.first() != path.last() {
            borders.push(Border {
                left,
                right: (right < sites.inside).then_some(right),
                path,
            });
        }
    }
    borders
}

/// The Voronoi vertices, those at both ends of a very short border made one.
struct Corners {
    positions: Vec<Km>,
}

impl Corners {
    fn of(sites: &Sites) -> Self {
        let triangulation = &sites.triangulation;
        let mut positions = vec![Point2::new(f64::NAN, f64::NAN); triangulation.num_all_faces()];
        for face in triangulation.inner_faces() {
            positions[face.index()] = face.circumcenter();
        }
        for edge in triangulation.undirected_edges() {
            let edge = edge.as_directed();
            if let (Some(a), Some(b)) = (edge.face().as_inner(), edge.rev().face().as_inner()) {
                let (from, to) = (positions[a.index()], positions[b.index()]);
                let (x, y) = (from.x - to.x, from.y - to.y);
                if x * x + y * y < SHORTEST_KM * SHORTEST_KM {
                    positions[b.index()] = from;
                }
            }
        }
        Self { positions }
    }

    fn at(&self, face: FixedFaceHandle<spade::handles::InnerTag>) -> Km {
        self.positions[face.index()]
    }
}

/// A curve from `start` to `end`: one bow or an S. It stays inside the two triangles that the border makes with the sites of
/// its two sides; those triangles of different borders do not overlap, so neither do the curves.
fn bent(start: Km, end: Km, sites: [Km; 2], rng: &mut impl Rng) -> Vec<Km> {
    let (dx, dy) = (end.x - start.x, end.y - start.y);
    let length = libm::hypot(dx, dy);
    let mut bow = rng.random_range(-0.16..0.16);
    let mut swing = rng.random_range(-0.09..0.09);
    let between = match length {
        l if l < 4.0 * SHORTEST_KM => 0,
        l if l < 0.15 => 1,
        l if l < 0.5 => 2,
        l if l < 1.2 => 3,
        _ => 5,
    };
    for _ in 0..5 {
        let curve: Vec<Km> = (1..=between)
            .map(|i| {
                let t = f64::from(i) / f64::from(between + 1);
                let off = bow * libm::sin(PI * t) + swing * libm::sin(2.0 * PI * t);
                Point2::new(start.x + t * dx - off * dy, start.y + t * dy + off * dx)
            })
            .collect();
        let safe = curve.iter().all(|&point| {
            sites
                .iter()
                .any(|&site| in_triangle(point, [site, start, end]))
        });
        if safe {
            let mut path = vec![start];
            path.extend(curve);
            path.push(end);
            return path;
        }
        bow *= 0.5;
        swing *= 0.5;
    }
    vec![start, end]
}

/// Is the point inside the triangle, and not close to its sides at the first corner?
fn in_triangle(point: Km, [apex, start, end]: [Km; 3]) -> bool {
    let cross = |a: Km, b: Km, c: Km| (b.x - a.x) * (c.y - a.y) - (b.y - a.y) * (c.x - a.x);
    let whole = cross(apex, start, end);
    let margin = 0.03;
    cross(apex, start, point) / whole > margin
        && cross(apex, point, end) / whole > margin
        && cross(point, start, end) / whole >= 0.0
}
