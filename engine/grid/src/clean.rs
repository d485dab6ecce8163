//! A boundary as it is shown and measured.

use geo::MultiPolygon;
use geo::orient::{Direction, Orient};

use crate::RingFault;
use crate::repair::repaired;

/// The boundary with outer rings counter-clockwise and holes clockwise. One with faults is built anew by the even-odd rule
/// over all its rings. Every vertex stays where it is.
pub(crate) fn cleaned(boundary: &MultiPolygon<f64>, faults: &[RingFault]) -> MultiPolygon<f64> {
    if faults.is_empty() {
        boundary.orient(Direction::Default)
    } else {
        repaired(boundary)
    }
}

#[cfg(test)]
mod tests;
