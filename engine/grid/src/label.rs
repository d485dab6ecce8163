//! Where an area's name stands.

use geo::{Area, InteriorPoint, MultiPolygon, Point};

/// A point inside the largest part of a clean boundary, halfway up, in the middle of the widest stretch there. None when the
/// boundary encloses nothing.
pub(crate) fn label_point(boundary: &MultiPolygon<f64>) -> Option<Point<f64>> {
    let largest = boundary
        .iter()
        .max_by(|a, b| a.unsigned_area().total_cmp(&b.unsigned_area()))?;
    if largest.unsigned_area() > 0.0 {
        largest.interior_point()
    } else {
        None
    }
}
