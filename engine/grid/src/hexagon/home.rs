//! From hexagons on a face to cells: which base cell they are of, and how its axes are turned against the face's.
//!
//! That is a table of 122 cells and 20 faces inside the library; here it is read off the library's own cells.

use h3o::{CellIndex, LatLng, Resolution};

use super::direction::direction;
use super::face::{Face, nearest};
use super::lattice::{Ancestry, Digits, Scale};

/// The base cells around each face.
#[derive(Debug)]
pub(super) struct Homes {
    /// For each face and hexagon of resolution 0.
    homes: Box<[Home]>,
}

/// A hexagon of resolution 0 on a face, as the library knows it.
#[derive(Debug, Clone, Copy)]
struct Home {
    base_cell: u8,
    /// For each first digit that is not 0 (by the digit), by how many sixths of a turn the digits are turned. All the same but
    /// around a pentagon, where a sixth is missing. [`ASK`] when not known.
    turns: [u8; 7],
}

/// The library must be asked.
const ASK: u8 = u8::MAX;

/// Hexagons of resolution 0 on a face have coordinates from −3 to 4.
const SIDE: i32 = 8;
const LOWEST: i32 = -3;

impl Homes {
    /// Reads off the cells of resolution 3 where they are. A part of a face that holds no centre of such a cell stays [`ASK`].
    pub(super) fn new(faces: &[Face; 20], digits: &Digits) -> Self {
        const READ: Resolution = Resolution::Three;
        let unknown = Home {
            base_cell: 0,
            turns: [ASK; 7],
        };
        let mut homes = vec![unknown; faces.len() * (SIDE * SIDE) as usize].into_boxed_slice();
        let scale = Scale::of(READ);
        for cell in CellIndex::base_cells().flat_map(|cell| cell.children(READ)) {
            let centre = LatLng::from(cell);
            let direction = direction(centre.lng(), centre.lat());
            let face = nearest(faces, direction);
            let hexagon = scale.round(faces[face].project(direction));
            if hexagon.slack <= 0.0 {
                continue;
            }
            let ancestry = digits.of(hexagon.i, hexagon.j, READ);
            let Some(home) = index(face, ancestry).and_then(|at| homes.get_mut(at)) else {
                continue;
            };
            home.learn(ancestry.digits, cell);
        }
        Self { homes }
    }

    /// The number of the cell with this ancestry on a face; none when the library must be asked.
    #[inline]
    pub(super) fn number(
        &self,
        face: usize,
        ancestry: Ancestry,
        resolution: Resolution,
    ) -> Option<u64> {
        let home = self.homes.get(index(face, ancestry)?)?;
        let turns = home.turns[first_digit(ancestry.digits)];
        if turns == ASK {
            return None;
        }
        Some(
            CELL_MODE
                | u64::from(u8::from(resolution)) << 52
                | u64::from(home.base_cell) << 45
                | turned(ancestry.digits, turns)
                | unused(resolution),
        )
    }
}

/// The bits that say that the number is one of a cell.
const CELL_MODE: u64 = 1 << 59;

/// The digits below the resolution: all ones.
#[inline]
fn unused(resolution: Resolution) -> u64 {
    (1 << (3 * (15 - u8::from(resolution)))) - 1
}

impl Home {
    /// Learns from a cell that has these digits along the face's axes.
    fn learn(&mut self, digits: u64, cell: CellIndex) {
        let number = u64::from(cell);
        let of_cell = number & ((1 << 45) - 1) & !unused(cell.resolution());
        self.base_cell = u8::from(cell.base_cell());
        // Digits that are all 0 stay so under any turn.
        self.turns[0] = 0;
        let turns = &mut self.turns[first_digit(digits)];
        if let Some(found) = (0..6).find(|&turns| turned(digits, turns) == of_cell) {
            *turns = if digits == 0 { 0 } else { found };
        }
    }
}

#[inline]
fn index(face: usize, ancestry: Ancestry) -> Option<usize> {
    let (i, j) = (ancestry.i - LOWEST, ancestry.j - LOWEST);
    let inside = (0..SIDE).contains(&i) && (0..SIDE).contains(&j);
    #[expect(clippy::cast_sign_loss, reason = "inside the table")]
    inside.then_some((face * (SIDE * SIDE) as usize) + (i * SIDE + j) as usize)
}

/// The first digit that is not 0, or 0.
#[inline]
fn first_digit(digits: u64) -> usize {
    let place = digits.checked_ilog2().unwrap_or(0) / 3;
    ((digits >> (3 * place)) & 7) as usize
}

/// The digits after turning their hexagons by sixths of a turn, counterclockwise.
///
/// By two sixths each axis becomes the next one: the bits of each digit rotate. By three sixths a step becomes its opposite: the
/// other bits, in digits that are not 0. All other turns are made of these.
#[inline]
fn turned(digits: u64, sixths: u8) -> u64 {
    const ONES: u64 = 0o111_111_111_111_111;
    let opposite = if sixths % 2 == 1 {
        let not_zero = (digits | digits >> 1 | digits >> 2) & ONES;
        digits ^ (not_zero * 7)
    } else {
        digits
    };
    // As even numbers of sixths modulo six: 1 = 3 + 4, 5 = 3 + 2.
    match sixths {
        2 | 5 => (opposite >> 1 & (3 * ONES)) | (opposite << 2 & (4 * ONES)),
        4 | 1 => (opposite >> 2 & ONES) | (opposite << 1 & (6 * ONES)),
        _ => opposite,
    }
}
