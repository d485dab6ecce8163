//! The outline of a cell in longitude and latitude.

use std::cmp::Ordering;

use geo::{Coord, Line, LineString, MultiPolygon, Polygon};
use h3o::{CellIndex, LatLng};

use super::AlignedError;
use crate::predicate::side;
use crate::{BBox, area_km2};

/// Two corners of neighbouring cells that are nearer than this are the same corner, degrees: far above the rounding of the
/// library (10⁻¹³), far below the smallest cell (10⁻⁵).
const SAME_CORNER: f64 = 1e-9;

/// What rounding may add to the distance between a point and the outline of its cell, degrees (11 µm).
const ROUNDING: f64 = 1e-10;

/// A cell's outline with straight sides in lon/lat. Neighbouring cells have the very same corners, bit by bit.
#[derive(Debug, Clone)]
pub(crate) struct Outline {
    /// Counter-clockwise, open: the last corner is not the first.
    pub(crate) corners: Vec<Coord<f64>>,
    /// Around the corners, grown by the slack.
    pub(crate) bbox: BBox,
    /// How far outside the outline a point of the cell may lie, degrees of latitude.
    pub(crate) slack: f64,
    cos_lat: f64,
}

impl Outline {
    /// The outline of a cell.
    ///
    /// # Errors
    /// [`AlignedError::Antimeridian`] when the cell holds a pole or lies across ±180°, where the plane of lon/lat is cut.
    pub(crate) fn of(cell: CellIndex) -> Result<Self, AlignedError> {
        let corners = corners(cell);
        let around = corners.iter().fold(BBox::EMPTY, |b, c| b.with(c.x, c.y));
        if around.east - around.west > 180.0 {
            return Err(AlignedError::Antimeridian { cell });
        }
        let furthest = around.south.abs().max(around.north.abs());
        let cos_lat = furthest.to_radians().cos();
        let bent = sides_of(&corners).map(bend).fold(0.0, f64::max);
        let slack = 2.0 * bent + ROUNDING;
        Ok(Self {
            bbox: grown(around, slack, cos_lat),
            corners,
            slack,
            cos_lat,
        })
    }

    /// Its sides, counter-clockwise.
    pub(crate) fn sides(&self) -> impl Iterator<Item = Line<f64>> {
        sides_of(&self.corners)
    }

    /// Whether no corner bends inward. Only where a cell lies across an edge of H3's icosahedron may one do so.
    pub(crate) fn is_convex(&self) -> bool {
        is_convex(&self.corners)
    }

    /// The smallest convex outline around it.
    pub(crate) fn hull(&self) -> Self {
        let mut hull = self.clone();
        while !is_convex(&hull.corners) {
            let count = hull.corners.len();
            let bends_inward = |at: &usize| turn(&hull.corners, *at) == Ordering::Less;
            let Some(at) = (0..count).find(bends_inward) else {
                break;
            };
            hull.corners.remove(at);
        }
        hull
    }

    /// Whether an edge has a point in the convex outline or within its slack; in case of doubt yes. The outline's corners are pushed out with its sides, so the answer may be yes a little further there.
    pub(crate) fn near(&self, edge: &Line<f64>) -> bool {
        let reach = self.slack;
        let (mut enter, mut leave) = (0.0_f64, 1.0_f64);
        for to in self.sides() {
            let out = reach * (to.dx().abs() + to.dy().abs() / self.cos_lat);
            let depth =
                |p: Coord<f64>| to.dx() * (p.y - to.start.y) - to.dy() * (p.x - to.start.x) + out;
            let (from, till) = (depth(edge.start), depth(edge.end));
            match (from < 0.0, till < 0.0) {
                (true, true) => return false,
                (true, false) => enter = enter.max(from / (from - till)),
                (false, true) => leave = leave.min(from / (from - till)),
                (false, false) => {}
            }
        }
        enter <= leave
    }

    /// The outline as a polygon.
    pub(crate) fn polygon(&self) -> MultiPolygon<f64> {
        let ring = LineString::new(self.corners.clone());
        MultiPolygon::new(vec![Polygon::new(ring, Vec::new())])
    }

    /// Its area on the ellipsoid, km².
    pub(crate) fn km2(&self) -> f64 {
        area_km2(&self.polygon())
    }
}

/// The rectangle with so many degrees of latitude more on every side.
fn grown(around: BBox, slack: f64, cos_lat: f64) -> BBox {
    let wide = slack / cos_lat;
    BBox {
        west: around.west - wide,
        south: around.south - slack,
        east: around.east + wide,
        north: around.north + slack,
    }
}

/// The corners of a cell. The library works them out cell by cell and rounds each time anew, so each corner is taken from the
/// lowest cell around it.
fn corners(cell: CellIndex) -> Vec<Coord<f64>> {
    let mut owners: Vec<CellIndex> = cell.grid_disk::<Vec<_>>(1);
    owners.retain(|owner| *owner < cell);
    owners.sort_unstable();
    let lower: Vec<Coord<f64>> = owners
        .iter()
        .flat_map(|owner| owner.boundary().iter().map(coord).collect::<Vec<_>>())
        .collect();
    let same = |a: Coord<f64>, b: Coord<f64>| {
        (a.x - b.x).abs() < SAME_CORNER && (a.y - b.y).abs() < SAME_CORNER
    };
    let of_owner = |own: Coord<f64>| lower.iter().copied().find(|c| same(*c, own)).unwrap_or(own);
    cell.boundary().iter().map(coord).map(of_owner).collect()
}

fn coord(place: &LatLng) -> Coord<f64> {
    Coord {
        x: place.lng(),
        y: place.lat(),
    }
}

fn sides_of(corners: &[Coord<f64>]) -> impl Iterator<Item = Line<f64>> {
    let next = corners.iter().cycle().skip(1);
    corners.iter().zip(next).map(|(a, b)| Line::new(*a, *b))
}

fn turn(corners: &[Coord<f64>], at: usize) -> Ordering {
    let corner = |step: usize| corners[(at + step) % corners.len()];
    let before = corner(corners.len() - 1);
    side(before, corner(0), corner(1))
}

fn is_convex(corners: &[Coord<f64>]) -> bool {
    (0..corners.len()).all(|at| turn(corners, at) != Ordering::Less)
}

/// How far the middle of a side is from the middle of the great circle between its ends, degrees of latitude. The border
/// between two cells is that circle, for H3 draws its cells in a gnomonic projection.
fn bend(to: Line<f64>) -> f64 {
    let vector = |c: Coord<f64>| {
        let ((sin_x, cos_x), (sin_y, cos_y)) =
            (c.x.to_radians().sin_cos(), c.y.to_radians().sin_cos());
        [cos_y * cos_x, cos_y * sin_x, sin_y]
    };
    let (a, b) = (vector(to.start), vector(to.end));
    let straight = vector((to.start + to.end) / 2.0);
    let sum = [a[0] + b[0], a[1] + b[1], a[2] + b[2]];
    let length = sum.iter().map(|v| v * v).sum::<f64>().sqrt();
    let apart = sum
        .iter()
        .zip(straight)
        .map(|(v, s)| (v / length - s).powi(2));
    apart.sum::<f64>().sqrt().to_degrees()
}
