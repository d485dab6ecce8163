//! The faces of H3's icosahedron and their planes.

use h3o::{CellIndex, LatLng};

/// A face of the icosahedron. A position's place in its plane is given along two axes that are 120° apart, i towards one of the
/// face's corners, in hexagons of resolution 0; the corners are 2 hexagons from the centre.
#[derive(Debug, Clone, Copy)]
pub(super) struct Face {
    centre: [f64; 3],
    /// What a direction is multiplied by for its place along i, before dividing by its height over the plane.
    i: [f64; 3],
    j: [f64; 3],
}

/// Where a position lies in a face's plane.
#[derive(Debug, Clone, Copy)]
pub(super) struct Place {
    pub(super) i: f64,
    pub(super) j: f64,
    /// Cosine of the angle from the face's centre.
    pub(super) cos: f64,
}

/// Length of a hexagon of resolution 0 (from centre to centre) in the plane that touches the unit sphere: half of the
/// circumradius of the face, whose tangent is 3 − √5.
const HEXAGON: f64 = 0.381_966_011_250_105_15; // (3 − √5) / 2

impl Face {
    /// The gnomonic projection of a unit vector into the face's plane.
    #[inline]
    pub(super) fn project(&self, direction: [f64; 3]) -> Place {
        let cos = dot(self.centre, direction);
        let height = 1.0 / cos;
        Place {
            i: dot(self.i, direction) * height,
            j: dot(self.j, direction) * height,
            cos,
        }
    }

    /// Longitude and latitude of the centre, degrees.
    #[cfg(test)]
    pub(super) fn centre_degrees(&self) -> (f64, f64) {
        let [x, y, z] = self.centre;
        (y.atan2(x).to_degrees(), z.asin().to_degrees())
    }

    fn new(corners: [[f64; 3]; 3]) -> Self {
        let [a, b, c] = corners;
        let centre = unit([a[0] + b[0] + c[0], a[1] + b[1] + c[1], a[2] + b[2] + c[2]]);
        let east = unit(sum(a, -dot(a, centre), centre));
        let north = cross(centre, east);
        let zero = [0.0; 3];
        let slant = 1.0 / 3_f64.sqrt();
        Self {
            centre,
            i: sum(zero, 1.0 / HEXAGON, sum(east, slant, north)),
            j: sum(zero, 2.0 * slant / HEXAGON, north),
        }
    }
}

/// The face whose centre is nearest.
pub(super) fn nearest(faces: &[Face; 20], direction: [f64; 3]) -> usize {
    let mut best = (0, f64::NEG_INFINITY);
    for (at, face) in faces.iter().enumerate() {
        let cos = dot(face.centre, direction);
        if cos > best.1 {
            best = (at, cos);
        }
    }
    best.0
}

/// The twenty faces. Their corners are the centres of the twelve pentagons of resolution 0, as the library gives them.
pub(super) fn faces() -> [Face; 20] {
    let corners: Vec<[f64; 3]> = CellIndex::base_cells()
        .filter(|cell| cell.is_pentagon())
        .map(|cell| {
            let position = LatLng::from(cell);
            let (sin_lat, cos_lat) = position.lat_radians().sin_cos();
            let (sin_lng, cos_lng) = position.lng_radians().sin_cos();
            [cos_lng * cos_lat, sin_lng * cos_lat, sin_lat]
        })
        .collect();
    // The cosine between neighbouring corners is 1/√5, between others at most −1/√5.
    let joined = |a: usize, b: usize| dot(corners[a], corners[b]) > 0.0;
    let mut faces = Vec::with_capacity(20);
    for a in 0..corners.len() {
        for b in (a + 1..corners.len()).filter(|&b| joined(a, b)) {
            for c in (b + 1..corners.len()).filter(|&c| joined(a, c) && joined(b, c)) {
                faces.push(Face::new([corners[a], corners[b], corners[c]]));
            }
        }
    }
    faces.try_into().expect("an icosahedron has twenty faces")
}

#[inline]
fn dot(a: [f64; 3], b: [f64; 3]) -> f64 {
    a[0] * b[0] + a[1] * b[1] + a[2] * b[2]
}

/// a + factor · b.
fn sum(a: [f64; 3], factor: f64, b: [f64; 3]) -> [f64; 3] {
    std::array::from_fn(|at| a[at] + factor * b[at])
}

fn cross(a: [f64; 3], b: [f64; 3]) -> [f64; 3] {
    [
        a[1] * b[2] - a[2] * b[1],
        a[2] * b[0] - a[0] * b[2],
        a[0] * b[1] - a[1] * b[0],
    ]
}

fn unit(v: [f64; 3]) -> [f64; 3] {
    sum([0.0; 3], 1.0 / dot(v, v).sqrt(), v)
}
