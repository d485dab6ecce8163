use super::*;

/// The definition, for a check.
fn direct(samples: &[f64]) -> Vec<f64> {
    let n = samples.len();
    (0..=n / 2)
        .map(|k| {
            samples
                .iter()
                .enumerate()
                .map(|(t, x)| Complex::from_polar(*x, -TAU * (k * t) as f64 / n as f64))
                .sum::<Complex<f64>>()
                .norm_sqr()
        })
        .collect()
}

fn noise(n: usize) -> Vec<f64> {
    (0..n)
        .map(|t| ((t * t * 31 + t * 7) % 53) as f64 - 20.0)
        .collect()
}

#[test]
fn power_is_that_of_the_definition_for_even_and_odd_lengths() {
    for n in [1, 2, 3, 4, 6, 7, 12, 15, 56, 90, 168] {
        let samples = noise(n);
        let mut power = Vec::new();
        RealFourier::new(n).power(&samples, &mut power);
        let expected = direct(&samples);
        assert_eq!(power.len(), expected.len());
        for (a, b) in power.iter().zip(&expected) {
            assert!((a - b).abs() <= 1e-9 * (1.0 + b), "{n}: {a} is not {b}");
        }
    }
}

#[test]
fn products_are_the_circular_lagged_sums() {
    for n in [2, 4, 14, 60] {
        let samples = noise(n);
        let mut fourier = RealFourier::new(n);
        let (mut power, mut products) = (Vec::new(), Vec::new());
        fourier.power(&samples, &mut power);
        fourier.products(&power, &mut products);
        assert_eq!(products.len(), n);
        for (k, product) in products.iter().enumerate() {
            let expected: f64 = (0..n).map(|t| samples[t] * samples[(t + k) % n]).sum();
            assert!(
                (product - expected).abs() < 1e-7,
                "{n}, {k}: {product} {expected}"
            );
        }
    }
}

#[test]
fn lengths_have_small_factors() {
    assert_eq!(smooth_multiple(168 * 157 + 5, 168), 168 * 156);
    assert_eq!(smooth_multiple(100, 168), 0);
    assert_eq!(smooth_even(17), 18);
    assert_eq!(smooth_even(0), 2);
}
