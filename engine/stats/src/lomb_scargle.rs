//! The Lomb-Scargle periodogram of uneven samples, and how often noise alone makes such a peak.

#![expect(
    clippy::cast_precision_loss,
    reason = "numbers of samples and frequencies are far below 2^52"
)]

mod gridding;

use std::f64::consts::{PI, TAU};

use rustfft::num_complex::Complex;
use statrs::function::gamma::ln_gamma;

/// An even grid of frequencies, in cycles per unit of the sample times.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct FrequencyGrid {
    /// The lowest frequency.
    pub first: f64,
    /// From one frequency to the next.
    pub step: f64,
    /// How many.
    pub count: usize,
}

impl FrequencyGrid {
    /// The frequency with this number.
    pub fn frequency(&self, at: usize) -> f64 {
        self.first + self.step * at as f64
    }
}

/// A peak of a Lomb-Scargle periodogram.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Peak {
    /// Cycles per unit of time.
    pub frequency: f64,
    /// Share of the variance that one sinusoid of this frequency explains, 0 … 1.
    pub power: f64,
    /// Chance that white noise has such a peak anywhere up to the highest frequency of the grid.
    pub false_alarm_probability: f64,
}

/// Standard-normalised power with a floating mean (Zechmeister & Kürster 2009, equations 5–15 with equal weights): the share of the
/// variance around the mean that a sinusoid *with its own mean* explains. One value a frequency, 0 … 1.
///
/// Samples whose time or value is not finite are left out. `None` for a frequency where sinusoid and mean cannot be told apart
/// (0, or all samples at one phase); all `None` with fewer than 4 samples, of no variance, or of times that differ in nothing.
///
/// Cost: O(n + F log F) by gridding for many frequencies, where it differs from the sums by less than 1e-9; O(n F) for few.
pub fn lomb_scargle(times: &[f64], values: &[f64], grid: FrequencyGrid) -> Vec<Option<f64>> {
    let samples: Vec<(f64, f64)> = times
        .iter()
        .copied()
        .zip(values.iter().copied())
        .filter(|(time, value)| time.is_finite() && value.is_finite())
        .collect();
    let n = samples.len() as f64;
    let mean = samples.iter().map(|sample| sample.1).sum::<f64>() / n;
    let variance = samples
        .iter()
        .map(|sample| (sample.1 - mean).powi(2))
        .sum::<f64>()
        / n;
    let largest = samples.iter().fold(0.0_f64, |most, s| most.max(s.1.abs()));
    let usable = samples.len() >= 4
        && variance > (1e-12 * largest).powi(2)
        && variance.is_finite()
        && grid.first.is_finite()
        && grid.step.is_finite();
    if !usable {
        return vec![None; grid.count];
    }
    // Times from the first sample: large absolute times would cost digits of the phase.
    let origin = samples
        .iter()
        .map(|sample| sample.0)
        .fold(f64::INFINITY, f64::min);
    let times: Vec<f64> = samples.iter().map(|sample| sample.0 - origin).collect();
    let values: Vec<f64> = samples.iter().map(|sample| sample.1 - mean).collect();
    let ones = vec![1.0; times.len()];
    let double = FrequencyGrid {
        first: 2.0 * grid.first,
        step: 2.0 * grid.step,
        count: grid.count,
    };
    let data = gridding::sums(&times, &values, grid);
    let window = gridding::sums(&times, &ones, grid);
    let doubled = gridding::sums(&times, &ones, double);
    data.into_iter()
        .zip(window)
        .zip(doubled)
        .map(|((data, window), doubled)| {
            standard_power(data / n, window / n, doubled / n, variance)
        })
        .collect()
}

/// The power from the mean of `y e^(iωt)`, of `e^(iωt)` and of `e^(2iωt)`, where the mean of y is 0.
fn standard_power(
    data: Complex<f64>,
    window: Complex<f64>,
    doubled: Complex<f64>,
    variance: f64,
) -> Option<f64> {
    let cos_cos = f64::midpoint(1.0, doubled.re) - window.re * window.re;
    let sin_sin = f64::midpoint(1.0, -doubled.re) - window.im * window.im;
    let cos_sin = doubled.im / 2.0 - window.re * window.im;
    let determinant = cos_cos * sin_sin - cos_sin * cos_sin;
    // Below half a cycle per bin the determinant is about 1/4; near 0 the sinusoid is a constant at the samples.
    if determinant < 1e-9 {
        return None;
    }
    let power = (sin_sin * data.re * data.re + cos_cos * data.im * data.im
        - 2.0 * cos_sin * data.re * data.im)
        / (variance * determinant);
    Some(power.clamp(0.0, 1.0))
}

/// The highest peak over a grid with its false-alarm probability; `None` when no frequency has a power.
pub fn highest_peak(times: &[f64], values: &[f64], grid: FrequencyGrid) -> Option<Peak> {
    let power = lomb_scargle(times, values, grid);
    let (at, power) = power
        .iter()
        .enumerate()
        .filter_map(|(at, power)| power.map(|power| (at, power)))
        .max_by(|a, b| a.1.total_cmp(&b.1))?;
    let used: Vec<f64> = times
        .iter()
        .zip(values)
        .filter(|(time, value)| time.is_finite() && value.is_finite())
        .map(|(&time, _)| time)
        .collect();
    let highest = grid.frequency(grid.count.saturating_sub(1));
    Some(Peak {
        frequency: grid.frequency(at),
        power,
        false_alarm_probability: false_alarm_probability(
            power,
            used.len(),
            variance(&used),
            highest,
        )?,
    })
}

/// Chance that white noise has a standard-normalised power of at least `power` at *some* frequency up to `highest` (Baluev 2008,
/// an upper bound that is close for small probabilities):
///
/// `FAP = 1 − (1 − FAP₁) e^(−τ)`, `FAP₁ = (1−P)^((N−3)/2)`, `τ = γ f_max T_eff (1−P)^((N−4)/2) √(½ (N−1) P)`,
/// `T_eff = √(4π var t)`, `γ = √(2/(N−1)) Γ((N−1)/2) / Γ((N−2)/2)`.
///
/// `time_variance` is the population variance of the N sample times in their unit squared, `highest` is in cycles per that unit.
/// `None` when N < 5 or an argument is not finite; `power` is held to 0 … 1.
pub fn false_alarm_probability(
    power: f64,
    samples: usize,
    time_variance: f64,
    highest: f64,
) -> Option<f64> {
    if samples < 5
        || ![power, time_variance, highest]
            .iter()
            .all(|x| x.is_finite())
    {
        return None;
    }
    let n = samples as f64;
    let power = power.clamp(0.0, 1.0);
    let rest = 1.0 - power;
    let single = rest.powf((n - 3.0) / 2.0);
    let gamma =
        (2.0 / (n - 1.0)).sqrt() * (ln_gamma((n - 1.0) / 2.0) - ln_gamma((n - 2.0) / 2.0)).exp();
    let width = highest.abs() * (4.0 * PI * time_variance.max(0.0)).sqrt();
    let tau = gamma * width * rest.powf((n - 4.0) / 2.0) * (0.5 * (n - 1.0) * power).sqrt();
    // The sum, not 1 − product: a probability of 1e-18 keeps its digits.
    Some((-(-tau).exp_m1() + single * (-tau).exp()).clamp(0.0, 1.0))
}

/// The population variance; 0 for no number.
fn variance(numbers: &[f64]) -> f64 {
    if numbers.is_empty() {
        return 0.0;
    }
    let n = numbers.len() as f64;
    let mean = numbers.iter().sum::<f64>() / n;
    numbers.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / n
}

/// The angle of a frequency at a time, in −π … π, from the fraction of the cycle.
fn angle(frequency: f64, time: f64) -> f64 {
    let cycles = frequency * time;
    TAU * (cycles - cycles.round())
}

#[cfg(test)]
mod tests;
