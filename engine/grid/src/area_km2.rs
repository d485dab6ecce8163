//! How large an area is on the earth.

use geo::{LineString, MultiPolygon};

/// Semi-major axis of the WGS 84 ellipsoid, km.
const A_KM: f64 = 6378.137;
/// Flattening of the WGS 84 ellipsoid.
const F: f64 = 1.0 / 298.257_223_563;

/// Area in km² on the WGS 84 ellipsoid of a boundary in lon/lat degrees whose edges are straight in longitude and latitude,
/// as GeoJSON draws them. Outer rings add, holes subtract.
///
/// The strip of the ellipsoid between the equator and latitude φ has the area q(φ) for each radian of longitude, in closed
/// form (Snyder, Map Projections, 1987, eq. 3-12). A ring's area is the sum of ∫ q dλ over its edges, each by a three-point
/// Gauss rule, whose error is below 10⁻¹² of the area for edges under a degree. So the parts of a divided area add up to the
/// whole. Cost: three sines for each edge.
pub fn area_km2(boundary: &MultiPolygon<f64>) -> f64 {
    boundary
        .iter()
        .map(|polygon| {
            let holes: f64 = polygon.interiors().iter().map(ring_km2).sum();
            ring_km2(polygon.exterior()) - holes
        })
        .sum()
}

fn ring_km2(ring: &LineString<f64>) -> f64 {
    ring.lines()
        .map(|edge| {
            let (dx, dy) = (edge.end.x - edge.start.x, edge.end.y - edge.start.y);
            let mean_q: f64 = GAUSS
                .iter()
                .map(|(at, weight)| weight * q_km2(edge.start.y + at * dy))
                .sum();
            dx.to_radians() * mean_q
        })
        .sum::<f64>()
        .abs()
}

/// Nodes and weights of the three-point Gauss-Legendre rule on [0, 1].
const GAUSS: [(f64, f64); 3] = [
    (0.112_701_665_379_258_31, 5.0 / 18.0),
    (0.5, 8.0 / 18.0),
    (0.887_298_334_620_741_7, 5.0 / 18.0),
];

/// Area between the equator and `lat` degrees for each radian of longitude, km².
fn q_km2(lat: f64) -> f64 {
    let e = (F * (2.0 - F)).sqrt();
    let es = e * lat.to_radians().sin();
    let b2 = A_KM * A_KM * (1.0 - F) * (1.0 - F);
    0.5 * b2 * (es / (1.0 - es * es) + es.atanh()) / e
}

#[cfg(test)]
mod tests;
