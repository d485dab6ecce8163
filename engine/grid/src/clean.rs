//! A boundary as it is shown and measured.

use geo::orient::{Direction, Orient};
use geo::{BooleanOps, MultiPolygon};

use crate::RingFault;

/// The boundary with outer rings counter-clockwise and holes clockwise. One with faults is built anew by the even-odd rule
/// over all its rings (coordinates then move by up to 2⁻³⁰ of its extent); one without keeps every vertex.
pub(crate) fn cleaned(boundary: MultiPolygon<f64>, faults: &[RingFault]) -> MultiPolygon<f64> {
    let boundary = if faults.is_empty() {
        boundary
    } else {
        boundary.union(&MultiPolygon::<f64>::new(Vec::new()))
    };
    boundary.orient(Direction::Default)
}

#[cfg(test)]
mod tests;
