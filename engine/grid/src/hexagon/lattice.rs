//! The hexagons in a face's plane: rounding to one, and its ancestors.
//!
//! A hexagon's centre has integer coordinates along two axes 120° apart. The axes of odd resolutions are turned by 19.1° against
//! those of even ones; both turns and the factor √7 together are integer matrices of determinant 7.

use h3o::Resolution;

use super::MARGIN;
use super::direction::TO_INTEGER;
use super::face::Place;

/// From hexagons of resolution 0 to those of another.
#[derive(Debug, Clone, Copy)]
pub(super) struct Scale {
    /// i = `matrix[0]` · (i₀, j₀), j = `matrix[1]` · (i₀, j₀).
    matrix: [[f64; 2]; 2],
    /// 1 less the margin, as the difference of two coordinates of a hexagon's border.
    border: f64,
}

/// The hexagon nearest to a place.
#[derive(Debug, Clone, Copy)]
pub(super) struct Hexagon {
    /// Integers.
    pub(super) i: f64,
    pub(super) j: f64,
    /// Above 0 when the place is farther than [`MARGIN`] inside this hexagon and inside the face, and not at the face's centre.
    pub(super) slack: f64,
}

/// Up to 10⁻³ rad from a face's centre the library's arc cosine is less exact than the margin needs.
const COS_NEAR_CENTRE: f64 = 1.0 - 5e-7;

impl Scale {
    pub(super) fn of(resolution: Resolution) -> Self {
        let resolution = u8::from(resolution);
        let seven = 7_f64.powi(i32::from(resolution / 2));
        let (matrix, hexagons) = if resolution.is_multiple_of(2) {
            ([[seven, 0.0], [0.0, seven]], seven)
        } else {
            (
                [[2.0 * seven, seven], [-seven, 3.0 * seven]],
                seven * 7_f64.sqrt(),
            )
        };
        // A step across a border changes the difference by up to twice the step.
        let border = 1.0 - 2.0 * MARGIN * hexagons;
        Self { matrix, border }
    }

    /// The hexagon that holds a place of a face.
    #[inline]
    pub(super) fn round(&self, place: Place) -> Hexagon {
        let [to_i, to_j] = self.matrix;
        let i = to_i[0] * place.i + to_i[1] * place.j;
        let j = to_j[0] * place.i + to_j[1] * place.j;
        let (mut near_i, mut near_j) = (integer(i), integer(j));
        // A place is in the hexagon where these two and their sum are within ±1: each is twice the way to one of the borders.
        let (a, b) = (
            2.0 * (i - near_i) - (j - near_j),
            2.0 * (j - near_j) - (i - near_i),
        );
        let over = larger(a.abs(), b.abs()) > 1.0;
        let step_j = b.abs() > a.abs();
        near_i += if over && !step_j {
            1_f64.copysign(a)
        } else {
            0.0
        };
        near_j += if over && step_j {
            1_f64.copysign(b)
        } else {
            0.0
        };
        let (a, b) = (
            2.0 * (i - near_i) - (j - near_j),
            2.0 * (j - near_j) - (i - near_i),
        );
        // However the hexagon was guessed, this proves it.
        let hexagon = self.border - larger(larger(a.abs(), b.abs()), (a + b).abs());
        Hexagon {
            i: near_i,
            j: near_j,
            slack: smaller(
                smaller(hexagon, inside_face(place)),
                COS_NEAR_CENTRE - place.cos,
            ),
        }
    }
}

/// Above 0 when the place is inside the face's triangle by more than the margin.
#[inline]
fn inside_face(place: Place) -> f64 {
    const SIDE: f64 = 2.0 - 2.0 * MARGIN;
    let Place { i, j, cos } = place;
    let across = smaller(
        smaller(SIDE - (i + j), SIDE - (i - 2.0 * j)),
        SIDE - (j - 2.0 * i),
    );
    // Places behind the centre of the sphere come out in the same plane.
    smaller(across, cos)
}

/// The smaller one; NaN when the first one is.
#[inline]
pub(super) fn smaller(a: f64, b: f64) -> f64 {
    if b < a { b } else { a }
}

/// The larger one; NaN when the first one is.
#[inline]
fn larger(a: f64, b: f64) -> f64 {
    if b > a { b } else { a }
}

#[inline]
fn integer(value: f64) -> f64 {
    (value + TO_INTEGER) - TO_INTEGER
}

/// The directions of a hexagon and its ancestors in their parents, and the ancestor of resolution 0.
#[derive(Debug, Clone, Copy)]
pub(super) struct Ancestry {
    /// As in a cell's number, but along the face's axes: 3 bits for each resolution, that of resolution 15 lowest.
    pub(super) digits: u64,
    pub(super) i: i32,
    pub(super) j: i32,
}

/// The ancestors of hexagons by table.
///
/// Two resolutions together have the factor 7 and no turn, so the grandparent of (7a + x, 7b + y) is (a, b) plus the
/// grandparent of (x, y): a table over x and y, of 49 entries for two resolutions, of 2,401 for four.
#[derive(Debug)]
pub(super) struct Digits {
    two: Box<[Step]>,
    four: Box<[Step]>,
}

/// What a table knows of (x, y).
#[derive(Debug, Clone, Copy)]
struct Step {
    digits: u16,
    i: i8,
    j: i8,
}

impl Digits {
    pub(super) fn new() -> Self {
        let table = |resolutions: u8| {
            let side = 7_i32.pow(u32::from(resolutions / 2));
            let mut table = Vec::new();
            for x in 0..side {
                for y in 0..side {
                    let (mut at, mut digits) = ((x, y), 0);
                    for step in 0..resolutions {
                        let (digit, parent) = parent(at, step % 2 == 1);
                        digits |= digit << (3 * step);
                        at = parent;
                    }
                    let small = |n: i32| i8::try_from(n).expect("an ancestor of (x, y) is near 0");
                    let (i, j) = (small(at.0), small(at.1));
                    table.push(Step { digits, i, j });
                }
            }
            table.into_boxed_slice()
        };
        Self {
            two: table(2),
            four: table(4),
        }
    }

    /// The ancestry of a hexagon on a face; the coordinates are integers.
    #[inline]
    #[expect(
        clippy::cast_possible_truncation,
        reason = "hexagons on a face are numbered below 2^23"
    )]
    pub(super) fn of(&self, i: f64, j: f64, resolution: Resolution) -> Ancestry {
        let (mut at, mut digits) = ((i as i32, j as i32), 0);
        let mut left = u8::from(resolution);
        let mut shift = 3 * (15 - left);
        if left % 2 == 1 {
            let (digit, parent) = parent(at, true);
            digits = u64::from(digit) << shift;
            at = parent;
            (left, shift) = (left - 1, shift + 3);
        }
        if left % 4 == 2 {
            let step = ancestor::<7>(&self.two, &mut at);
            digits |= u64::from(step) << shift;
            (left, shift) = (left - 2, shift + 6);
        }
        while left != 0 {
            let step = ancestor::<49>(&self.four, &mut at);
            digits |= u64::from(step) << shift;
            (left, shift) = (left - 4, shift + 12);
        }
        let (i, j) = at;
        Ancestry { digits, i, j }
    }
}

/// Goes up by the table and gives the digits.
#[inline]
#[expect(
    clippy::cast_sign_loss,
    clippy::cast_possible_wrap,
    reason = "hexagons on a face are numbered below 2^23, the shifted numbers are positive"
)]
fn ancestor<const SIDE: u32>(table: &[Step], at: &mut (i32, i32)) -> u16 {
    // Shifted by a multiple of the side, so that the division is one of positive numbers.
    const SHIFT: u32 = 1 << 20;
    let (x, y) = (
        (at.0 + (SHIFT * SIDE) as i32) as u32,
        (at.1 + (SHIFT * SIDE) as i32) as u32,
    );
    let (a, b) = (x / SIDE, y / SIDE);
    let step = table[((x - a * SIDE) * SIDE + (y - b * SIDE)) as usize];
    *at = (
        (a as i32) - (SHIFT as i32) + i32::from(step.i),
        (b as i32) - (SHIFT as i32) + i32::from(step.j),
    );
    step.digits
}

/// A hexagon's digit in its parent, and the parent: `odd` says that the hexagon's resolution is odd.
///
/// The centres of hexagons of the coarser resolution are those with i + 2j (odd) or 2i + j (even) divisible by 7, and the
/// remainder says which of the seven hexagons around such a centre it is.
#[inline]
fn parent((i, j): (i32, i32), odd: bool) -> (u16, (i32, i32)) {
    /// i and j of each digit, which is 4 for a step along i, 2 along j, 1 along −i − j, and the sum of two for their sum.
    const STEPS: [(i32, i32); 7] = [(0, 0), (-1, -1), (0, 1), (-1, 0), (1, 0), (0, -1), (1, 1)];
    /// Digit by remainder: of i + 2j, and of 2i + j.
    const ODD: [u16; 7] = [0, 4, 2, 6, 1, 5, 3];
    const EVEN: [u16; 7] = [0, 2, 4, 6, 1, 3, 5];
    let remainder = |n: i32| usize::try_from(n.rem_euclid(7)).unwrap_or_default();
    let digit = if odd {
        ODD[remainder(i + 2 * j)]
    } else {
        EVEN[remainder(2 * i + j)]
    };
    let (di, dj) = STEPS[usize::from(digit)];
    let (i, j) = (i - di, j - dj);
    let parent = if odd {
        ((3 * i - j) / 7, (i + 2 * j) / 7)
    } else {
        ((2 * i + j) / 7, (3 * j - i) / 7)
    };
    (digit, parent)
}
