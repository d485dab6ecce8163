//! Sums `Σ_j c_j e^(2πi f_k t_j)` over an even grid of frequencies: a Fourier transform of uneven samples.
//!
//! Greengard & Lee 2004 (SIAM Review 46): each sample is spread over the nearest points of an even grid by a narrow Gaussian, the grid
//! is transformed, and the Gaussian's own transform is divided out.

#![expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a position on the grid is taken modulo the grid"
)]

use std::f64::consts::{PI, TAU};

use rustfft::FftPlanner;
use rustfft::num_complex::Complex;

use super::{FrequencyGrid, angle};

/// Grid points on each side that a sample is spread over: 12 give about 12 digits at twice as many points as frequencies.
const SPREAD: usize = 12;

/// Sums of fewer products are taken as they are.
const DIRECT_MAX: usize = 50_000;

pub(super) fn sums(times: &[f64], weights: &[f64], grid: FrequencyGrid) -> Vec<Complex<f64>> {
    if times.len().saturating_mul(grid.count) <= DIRECT_MAX || grid.count < 2 * SPREAD {
        direct(times, weights, grid)
    } else {
        gridded(times, weights, grid)
    }
}

pub(super) fn direct(times: &[f64], weights: &[f64], grid: FrequencyGrid) -> Vec<Complex<f64>> {
    (0..grid.count)
        .map(|at| {
            let frequency = grid.frequency(at);
            times
                .iter()
                .zip(weights)
                .map(|(&time, &weight)| Complex::from_polar(weight, angle(frequency, time)))
                .sum()
        })
        .collect()
}

pub(super) fn gridded(times: &[f64], weights: &[f64], grid: FrequencyGrid) -> Vec<Complex<f64>> {
    // Modes −K/2 … K/2 − 1 around the middle frequency.
    let modes = grid.count + grid.count % 2;
    let middle = grid.frequency(modes / 2);
    let points = crate::fourier::smooth_even(2 * modes);
    let ratio = points as f64 / modes as f64;
    let tau = PI * SPREAD as f64 / (ratio * (ratio - 0.5)) / (modes as f64).powi(2);
    let spacing = TAU / points as f64;

    let mut spread = vec![Complex::default(); points];
    for (&time, &weight) in times.iter().zip(weights) {
        let value = Complex::from_polar(weight, angle(middle, time));
        let x = angle(grid.step, time).rem_euclid(TAU);
        let nearest = (x / spacing).round();
        for offset in 0..=2 * SPREAD {
            let shift = offset as f64 - SPREAD as f64;
            let distance = x - (nearest + shift) * spacing;
            let at = (nearest as usize + points + offset - SPREAD) % points;
            spread[at] += value * (-distance * distance / (4.0 * tau)).exp();
        }
    }
    FftPlanner::new()
        .plan_fft_inverse(points)
        .process(&mut spread);

    let scale = (PI / tau).sqrt() / points as f64;
    (0..grid.count)
        .map(|at| {
            let mode = at as f64 - (modes / 2) as f64;
            let bin = (at + points - modes / 2) % points;
            spread[bin] * scale * (mode * mode * tau).exp()
        })
        .collect()
}
