//! The H3 cells of many points: the answers of the H3 library, without its trigonometry for each point.
//!
//! H3 projects the sphere from its centre onto the faces of an icosahedron and tiles each face's plane with hexagons. For a
//! batch of points:
//! 1. each point becomes a unit vector (`direction`), and two divided dot products its place in the plane of a face (`face`);
//!    the face of the batch's first point is tried first, for a city lies on one or two faces;
//! 2. the place is rounded to the nearest hexagon (`lattice`), with a slack: how far it is from everything that could change
//!    the answer;
//! 3. integer tables give the hexagon's ancestors, and from those its number (`lattice`, `home`).
//!
//! Where the slack does not exclude another answer the library is asked for that one point. So both agree as long as neither
//! is off by more than [`MARGIN`].
//!
//! # Why the margin holds
//! ε = 2⁻⁵³ ≈ 1.1·10⁻¹⁶. Distances are in hexagons of resolution 0, of which a radian at the sphere is 2.6 at a face's centre and
//! at most 4.2 at its corners. The true place of a point is that of its coordinates on the exact icosahedron.
//!
//! | source | bound |
//! | --- | --- |
//! | the library: degrees to radians and to a vector, 10 ε rad | 5·10⁻¹⁵ |
//! | the library: radius by the arc cosine of 1 − d²/2, 4 ε / sin r rad, with r at least 10⁻³ (see [`face`]) | 1.2·10⁻¹² |
//! | the library: azimuth and its axes (15 digits), 10⁻¹⁴ rad, at a radius of 2 | 2·10⁻¹⁴ |
//! | here: Taylor series of sine and cosine, 3 ε; vector and dot products, 10 ε; quotient, 2 ε | 8·10⁻¹⁵ |
//! | here: the faces, taken from the library's pentagons: the test `the_lattice_is_that_of_the_library` holds 10⁻¹³ | 10⁻¹³ |
//! | both: scaling and the comparisons while rounding, 10 ε at a radius of 2, scaled alike | 3·10⁻¹⁵ |
//!
//! Together below 1.4·10⁻¹²; the margin is seven times that, 24 µm on the ground. Of 4,000,000 random points on the sphere the
//! library was asked for 1,554 at resolution 10 and for 1,925 at resolution 15: where the table of base cells does not say, at
//! centres of faces, and near borders.

mod direction;
mod face;
mod home;
mod lattice;

use std::sync::LazyLock;

use h3o::{LatLng, Resolution};

use crate::BBox;
use crate::share::{PIECE, share};
use direction::direction;
use face::{Face, faces, nearest};
use home::Homes;
use lattice::{Digits, Scale};

/// How near to another answer a point may come before the library is asked, in hexagons of resolution 0.
const MARGIN: f64 = 1e-11;

/// Points that are projected together: few enough for the first cache, enough to fill the vector units.
const BATCH: usize = 128;

/// The H3 cells at a resolution that hold the points, in order; 0 for what is no position (not finite, or outside ±180 and ±90
/// degrees). `lon` and `lat` are WGS 84 degrees.
///
/// Every answer is that of [`h3o::LatLng::to_cell`], also on borders of cells. Cost: 35 to 55 ns a point where points that
/// follow each other lie on the same icosahedron face, a few times that anywhere on the sphere; from 100,000 points on they are
/// shared among as many threads as the machine runs at once. The first call in a process makes tables, which takes some 10 ms.
///
/// # Panics
/// When the slices differ in length.
///
/// # Example
/// ```
/// use citybrain_grid::{h3_cells, h3o::Resolution};
///
/// assert_eq!(h3_cells(&[2.349014], &[48.864716], Resolution::Nine), [0x891_fb46_62d7_ffff]);
/// assert_eq!(h3_cells(&[f64::NAN], &[0.0], Resolution::Nine), [0]);
/// ```
pub fn h3_cells(lon: &[f64], lat: &[f64], resolution: Resolution) -> Vec<u64> {
    assert_eq!(lon.len(), lat.len(), "as many longitudes as latitudes");
    let mut cells = vec![0; lon.len()];
    let hexagons = Hexagons::new(resolution);
    let points = lon.chunks(PIECE).zip(lat.chunks(PIECE));
    let pieces = points.zip(cells.chunks_mut(PIECE));
    share(lon.len(), pieces, |((lon, lat), cells)| {
        hexagons.fill(lon, lat, cells);
    });
    cells
}

/// The cells of one resolution.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Hexagons {
    resolution: Resolution,
    scale: Scale,
    earth: &'static Earth,
}

/// What is the same for all resolutions.
#[derive(Debug)]
struct Earth {
    faces: [Face; 20],
    digits: Digits,
    homes: Homes,
}

static EARTH: LazyLock<Earth> = LazyLock::new(|| {
    let (faces, digits) = (faces(), Digits::new());
    let homes = Homes::new(&faces, &digits);
    Earth {
        faces,
        digits,
        homes,
    }
});

impl Hexagons {
    pub(crate) fn new(resolution: Resolution) -> Self {
        Self {
            resolution,
            scale: Scale::of(resolution),
            earth: &EARTH,
        }
    }

    /// Writes the cell of each point, see [`h3_cells`]; the slices are of the same length.
    pub(crate) fn fill(&self, lon: &[f64], lat: &[f64], cells: &mut [u64]) {
        let batches = lon.chunks(BATCH).zip(lat.chunks(BATCH));
        for ((lon, lat), cells) in batches.zip(cells.chunks_mut(BATCH)) {
            self.fill_batch(lon, lat, cells);
        }
    }

    fn fill_batch(&self, lon: &[f64], lat: &[f64], cells: &mut [u64]) {
        let face = nearest(&self.earth.faces, direction(lon[0], lat[0]));
        // Apart from the loop below, so that the compiler can work on several points in one instruction.
        let (mut i, mut j, mut slack) = ([0.0; BATCH], [0.0; BATCH], [0.0; BATCH]);
        let found = i.iter_mut().zip(&mut j).zip(&mut slack);
        for ((&lon, &lat), ((i, j), slack)) in lon.iter().zip(lat).zip(found) {
            let place = self.earth.faces[face].project(direction(lon, lat));
            let hexagon = self.scale.round(place);
            (*i, *j) = (hexagon.i, hexagon.j);
            *slack = within_earth(lon, lat, hexagon.slack);
        }
        for (at, cell) in cells.iter_mut().enumerate() {
            let known = (slack[at] > 0.0)
                .then(|| self.number(face, i[at], j[at]))
                .flatten();
            *cell = known.unwrap_or_else(|| self.anywhere(lon[at], lat[at]));
        }
    }

    /// The cell of a point that is not surely on the batch's face.
    fn anywhere(&self, lon: f64, lat: f64) -> u64 {
        if !BBox::EARTH.holds(lon, lat) {
            return 0;
        }
        let known = self.known(lon, lat);
        known.unwrap_or_else(|| {
            LatLng::new(lat, lon).map_or(0, |position| position.to_cell(self.resolution).into())
        })
    }

    /// The cell of a position as far as it is certain without the library.
    fn known(&self, lon: f64, lat: f64) -> Option<u64> {
        let direction = direction(lon, lat);
        let face = nearest(&self.earth.faces, direction);
        let hexagon = self.scale.round(self.earth.faces[face].project(direction));
        (within_earth(lon, lat, hexagon.slack) > 0.0)
            .then(|| self.number(face, hexagon.i, hexagon.j))
            .flatten()
    }

    /// The cell's number; none where the table of base cells does not say.
    #[inline]
    fn number(&self, face: usize, i: f64, j: f64) -> Option<u64> {
        let ancestry = self.earth.digits.of(i, j, self.resolution);
        self.earth.homes.number(face, ancestry, self.resolution)
    }
}

/// The slack, not above 0 outside ±180 and ±90 degrees; NaN stays NaN.
#[inline]
fn within_earth(lon: f64, lat: f64, slack: f64) -> f64 {
    lattice::smaller(lattice::smaller(slack, 180.0 - lon.abs()), 90.0 - lat.abs())
}

#[cfg(test)]
mod tests;
