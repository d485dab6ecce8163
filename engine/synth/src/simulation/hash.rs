//! Random numbers that are looked up, not drawn in turn: a sensor's value at an instant is the same whoever asks, and when.

/// Mixes key and index to 64 bits (Steele, Lea and Flood 2014, `SplitMix64`).
pub(super) fn mix(key: u64, index: i64) -> u64 {
    let mut z = key.wrapping_add(index.cast_unsigned().wrapping_mul(0x9e37_79b9_7f4a_7c15));
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

/// Uniform in [0, 1).
#[expect(clippy::cast_precision_loss, reason = "53 bits fit")]
pub(super) fn uniform(key: u64, index: i64) -> f64 {
    (mix(key, index) >> 11) as f64 / (1_u64 << 53) as f64
}

/// Near enough to the standard normal distribution: the sum of four uniform numbers, scaled.
pub(super) fn bell(key: u64, index: i64) -> f64 {
    let bits = mix(key, index);
    let sum: u64 = (0..4).map(|i| (bits >> (16 * i)) & 0xffff).sum();
    #[expect(clippy::cast_precision_loss, reason = "a sum of four 16-bit numbers")]
    let centred = sum as f64 / 65_536.0 - 2.0;
    centred * 3.0_f64.sqrt()
}

/// Smooth noise in about -1 to 1 that changes over `span_s` seconds.
pub(super) fn smooth(key: u64, at_s: i64, span_s: i64) -> f64 {
    let step = at_s.div_euclid(span_s);
    #[expect(clippy::cast_precision_loss, reason = "seconds within one span")]
    let t = at_s.rem_euclid(span_s) as f64 / span_s as f64;
    let ease = t * t * (3.0 - 2.0 * t);
    let value = |step: i64| 2.0 * uniform(key, step) - 1.0;
    value(step) * (1.0 - ease) + value(step + 1) * ease
}

#[cfg(test)]
mod tests {
    use super::*;

    const N: i64 = 20_000;

    #[expect(clippy::cast_precision_loss, reason = "a count")]
    fn moments(value: impl Fn(i64) -> f64) -> (f64, f64) {
        let mean = (0..N).map(&value).sum::<f64>() / N as f64;
        let square = (0..N).map(|i| (value(i) - mean).powi(2)).sum::<f64>() / N as f64;
        (mean, square)
    }

    #[test]
    fn uniform_and_bell_have_the_moments_of_their_distributions() {
        let (mean, variance) = moments(|i| uniform(7, i));
        approx::assert_abs_diff_eq!(mean, 0.5, epsilon = 0.01);
        approx::assert_abs_diff_eq!(variance, 1.0 / 12.0, epsilon = 0.003);
        let (mean, variance) = moments(|i| bell(7, i));
        approx::assert_abs_diff_eq!(mean, 0.0, epsilon = 0.03);
        approx::assert_abs_diff_eq!(variance, 1.0, epsilon = 0.03);
    }

    #[test]
    fn smooth_noise_stays_in_bounds_and_does_not_jump() {
        for at in -N..N {
            let (here, next) = (smooth(7, at, 600), smooth(7, at + 1, 600));
            assert!(
                here.abs() <= 1.0 && (here - next).abs() < 0.01,
                "{here} {next} at {at}"
            );
        }
    }
}
