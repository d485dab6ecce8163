//! The periodogram of an even series, and Fisher's test of its highest line.

#![expect(
    clippy::cast_precision_loss,
    reason = "lengths of series are far below 2^52"
)]

use statrs::function::factorial::ln_binomial;

use crate::fourier::RealFourier;

/// What is taken off a series before its transform.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Detrend {
    /// The mean.
    Mean,
    /// The straight line of least squares.
    #[default]
    Line,
}

/// Power at the Fourier frequencies k / N, k = 1 … ⌊N/2⌋.
#[derive(Debug, Clone, PartialEq)]
pub struct Periodogram {
    /// Cycles per bin, ascending.
    pub frequency: Vec<f64>,
    /// `|Σ x_t e^(−2πikt/N)|² / N`, in squared units of the series.
    pub power: Vec<f64>,
    /// Bins of the series, N.
    pub bins: usize,
}

/// The periodogram of a series without missing bins (Schuster 1898; `spec.pgram(taper = 0)` of R, which also takes a line off).
///
/// `None` when there are fewer than 4 bins, a value is not finite, or nothing varies. Cost: one transform, O(N log N).
pub fn periodogram(values: &[f64], detrend: Detrend) -> Option<Periodogram> {
    let bins = values.len();
    if bins < 4 || values.iter().any(|value| !value.is_finite()) {
        return None;
    }
    let centred = detrended(values, detrend);
    let scale = values.iter().fold(0.0_f64, |most, x| most.max(x.abs()));
    if centred.iter().all(|x| x.abs() <= 1e-12 * scale) {
        return None;
    }
    let mut power = Vec::new();
    RealFourier::new(bins).power(&centred, &mut power);
    Some(Periodogram {
        frequency: (1..power.len()).map(|k| k as f64 / bins as f64).collect(),
        power: power[1..].iter().map(|p| p / bins as f64).collect(),
        bins,
    })
}

/// The values without their mean or line; missing ones (NaN) do not count and stay.
pub(crate) fn detrended(values: &[f64], detrend: Detrend) -> Vec<f64> {
    let (mut n, mut x, mut t) = (0.0, 0.0, 0.0);
    let valid = || {
        values
            .iter()
            .enumerate()
            .filter(|(_, value)| value.is_finite())
            .map(|(at, &value)| (at as f64, value))
    };
    for (at, value) in valid() {
        n += 1.0;
        t += at;
        x += value;
    }
    if n == 0.0 {
        return values.to_vec();
    }
    let (mean, middle) = (x / n, t / n);
    let slope = match detrend {
        Detrend::Mean => 0.0,
        Detrend::Line => {
            let (mut tt, mut tx) = (0.0, 0.0);
            for (at, value) in valid() {
                tt += (at - middle) * (at - middle);
                tx += (at - middle) * (value - mean);
            }
            if tt > 0.0 { tx / tt } else { 0.0 }
        }
    };
    values
        .iter()
        .enumerate()
        .map(|(at, value)| value - mean - slope * (at as f64 - middle))
        .collect()
}

/// Fisher's test that the highest line of a periodogram stands out of white noise.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct FisherTest {
    /// Cycles per bin of the highest line.
    pub frequency: f64,
    /// g: that line's share of the sum of all lines.
    pub g: f64,
    /// Chance of such a g or a higher one in Gaussian white noise.
    pub p_value: f64,
    /// m = ⌊(N − 1) / 2⌋: lines that were compared; the one at half a cycle per bin has one degree of freedom and is left out.
    pub lines: usize,
}

/// Fisher's g (Fisher 1929): `P(g > x) = Σ_{k=1}^{⌊1/x⌋} (−1)^(k−1) C(m,k) (1 − kx)^(m−1)`.
///
/// `None` when fewer than two lines can be compared. The alternating sum is exact to about 1e-7; where it would cancel, p is above
/// 1 − 1e-8 and 1 is given.
pub fn fisher_g(periodogram: &Periodogram) -> Option<FisherTest> {
    let lines = (periodogram.bins.saturating_sub(1) / 2).min(periodogram.power.len());
    if lines < 2 {
        return None;
    }
    let power = &periodogram.power[..lines];
    let sum: f64 = power.iter().sum();
    let (at, highest) = power
        .iter()
        .copied()
        .enumerate()
        .max_by(|a, b| a.1.total_cmp(&b.1))?;
    if sum <= 0.0 || !sum.is_finite() {
        return None;
    }
    let g = highest / sum;
    Some(FisherTest {
        frequency: periodogram.frequency[at],
        g,
        p_value: fisher_tail(g, lines),
        lines,
    })
}

/// `P(g > x)` for m lines.
fn fisher_tail(x: f64, lines: usize) -> f64 {
    let m = lines as f64;
    if x >= 1.0 {
        return 0.0;
    }
    if x <= 1.0 / m || m * (m - 1.0).mul_add((-x).ln_1p(), 0.0).exp() > 18.0 {
        return 1.0;
    }
    let mut sum = 0.0;
    for k in 1..=lines {
        let rest = 1.0 - k as f64 * x;
        if rest <= 0.0 {
            break;
        }
        let term = (ln_binomial(lines as u64, k as u64) + (m - 1.0) * rest.ln()).exp();
        sum += if k % 2 == 1 { term } else { -term };
        if term < 1e-18 * sum.abs() {
            break;
        }
    }
    sum.clamp(0.0, 1.0)
}

#[cfg(test)]
mod tests;
