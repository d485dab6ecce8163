//! Unit vectors of positions, by arithmetic that works on several points at once.

use std::f64::consts::PI;

/// The unit vector of a position in degrees: x towards 0° 0°, y towards 90° E, z towards the north pole. Each component is off by
/// less than 10 · 2⁻⁵³. What is not finite gives NaN.
#[inline]
pub(super) fn direction(lon: f64, lat: f64) -> [f64; 3] {
    let (sin_lon, cos_lon) = sin_cos(lon);
    let (sin_lat, cos_lat) = sin_cos(lat);
    [cos_lon * cos_lat, sin_lon * cos_lat, sin_lat]
}

/// Adding this rounds a small number to the nearest integer, which then stands in the sum's lowest bits.
pub(super) const TO_INTEGER: f64 = 6_755_399_441_055_744.0; // 1.5 · 2^52

/// Sine and cosine of an angle of at most 360 degrees, by the Taylor series around the nearest multiple of 90°. Subtracting that
/// is exact; the first terms left out are (π/4)¹⁷/17! < 5·10⁻¹⁷ and (π/4)¹⁸/18! < 3·10⁻¹⁸.
#[inline]
fn sin_cos(degrees: f64) -> (f64, f64) {
    let shifted = degrees * (1.0 / 90.0) + TO_INTEGER;
    let quarter = shifted.to_bits();
    let x = (degrees - (shifted - TO_INTEGER) * 90.0) * (PI / 180.0);
    let u = x * x;
    let sin = x * series(u, [3.0, 5.0, 7.0, 9.0, 11.0, 13.0, 15.0]);
    let cos = series(u, [2.0, 4.0, 6.0, 8.0, 10.0, 12.0, 14.0, 16.0]);
    // A quarter turn takes (sin, cos) to (cos, −sin); written with bits, which needs no branch.
    let odd = 0_u64.wrapping_sub(quarter & 1);
    let (s, c) = (sin.to_bits(), cos.to_bits());
    let (s, c) = ((s & !odd) | (c & odd), (c & !odd) | (s & odd));
    let (minus_sin, minus_cos) = ((quarter & 2) << 62, (quarter.wrapping_add(1) & 2) << 62);
    (f64::from_bits(s ^ minus_sin), f64::from_bits(c ^ minus_cos))
}

/// 1 − u/(n₁(n₁ − 1)) · (1 − u/(n₂(n₂ − 1)) · (…)): the series of sine (over x) and cosine.
#[inline]
fn series<const N: usize>(u: f64, last_factors: [f64; N]) -> f64 {
    let mut sum = 1.0;
    for n in last_factors.iter().rev() {
        sum = 1.0 - u * (1.0 / (n * (n - 1.0))) * sum;
    }
    sum
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn directions_are_those_of_the_standard_library() {
        for step in -3600..=3600 {
            let lon = f64::from(step) * 0.05;
            for lat in [
                0.0,
                lon / 2.0,
                44.999_999_999,
                45.0,
                90.0,
                -90.0,
                1e-300,
                -0.0,
            ] {
                let (sin_lon, cos_lon) = lon.to_radians().sin_cos();
                let (sin_lat, cos_lat) = lat.to_radians().sin_cos();
                let expected = [cos_lon * cos_lat, sin_lon * cos_lat, sin_lat];
                for (found, expected) in direction(lon, lat).into_iter().zip(expected) {
                    // The standard library's own conversion to radians is off by up to 4·10⁻¹⁶.
                    assert!((found - expected).abs() < 1.5e-15, "{lon} {lat}");
                }
            }
        }
    }
}
