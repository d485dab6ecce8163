//! Rings in tile units as the geometry of a feature.

use mvt::{GeomData, GeomEncoder, GeomType};

use super::clip::{Unit, clipped};

/// Collects the rings of one polygon feature, in tile units (x to the right, y downwards).
pub struct Shape {
    encoder: GeomEncoder<i32>,
    last: Option<Unit>,
}

impl std::fmt::Debug for Shape {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Shape")
            .field("last", &self.last)
            .finish_non_exhaustive()
    }
}

impl Default for Shape {
    fn default() -> Self {
        Self::new()
    }
}

/// What a ring bounds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// A polygon from outside.
    Outer,
    /// A hole in the polygon before.
    Hole,
}

impl Shape {
    /// No ring yet.
    pub fn new() -> Self {
        Self {
            encoder: GeomEncoder::new(GeomType::Polygon),
            last: None,
        }
    }

    /// Adds the part of a ring that lies in the tile, outer rings clockwise on the screen and holes the other way. False when
    /// nothing is left of it.
    pub fn add(&mut self, mut ring: Vec<Unit>, role: Role) -> bool {
        without_repeats(&mut ring);
        let mut ring = clipped(ring);
        without_repeats(&mut ring);
        let doubled = doubled_area(&ring);
        if ring.len() < 3 || doubled == 0 {
            return false;
        }
        if (doubled > 0) != (role == Role::Outer) {
            ring.reverse();
        }
        // The encoder takes a ring that begins where the last one ended for its continuation.
        if ring.first().copied() == self.last {
            ring.rotate_left(1);
        }
        self.last = ring.last().copied();
        for (x, y) in ring {
            let unit = |v: i64| i32::try_from(v).expect("a clipped ring lies in the buffered tile");
            self.encoder
                .add_point(unit(x), unit(y))
                .expect("whole numbers are valid values");
        }
        self.encoder
            .complete_geom()
            .expect("a ring of three points is complete");
        true
    }

    /// The geometry; none when no ring was left.
    pub fn encode(self) -> Option<GeomData> {
        self.last?;
        self.encoder.encode().ok()
    }
}

/// Removes points that repeat the one before, and spikes, that is points whose neighbours are the same.
fn without_repeats(ring: &mut Vec<Unit>) {
    let mut kept: Vec<Unit> = Vec::with_capacity(ring.len());
    for &point in ring.iter() {
        if kept.last() == Some(&point) {
            continue;
        }
        if kept.len() >= 2 && kept[kept.len() - 2] == point {
            kept.pop();
            continue;
        }
        kept.push(point);
    }
    while kept.len() > 1 && kept.first() == kept.last() {
        kept.pop();
    }
    *ring = kept;
}

/// Twice the area by the surveyor's formula: positive when clockwise on the screen, for y runs down.
fn doubled_area(ring: &[Unit]) -> i64 {
    let next = ring.iter().cycle().skip(1);
    ring.iter()
        .zip(next)
        .map(|(a, b)| a.0 * b.1 - b.0 * a.1)
        .sum()
}
