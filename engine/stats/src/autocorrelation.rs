//! How a series resembles itself some bins later.

#![expect(
    clippy::cast_precision_loss,
    reason = "lengths of series are far below 2^52"
)]

use statrs::function::gamma::checked_gamma_ur;

use crate::fourier::{RealFourier, smooth_even};

/// `r_k = Σ_t (x_t − x̄)(x_{t+k} − x̄) / Σ_t (x_t − x̄)²` for k = 0 … `lags` (Box & Jenkins; the divisor does not shrink with k).
///
/// Missing bins (NaN) take part in no product and not in the mean. `None` when fewer than two values are there or nothing varies; at
/// most N − 1 lags are given. Cost: two transforms of N + `lags` samples.
pub fn autocorrelation(values: &[f64], lags: usize) -> Option<Vec<f64>> {
    let lags = lags.min(values.len().saturating_sub(1));
    let mut fourier = RealFourier::new(smooth_even(values.len() + lags));
    autocorrelation_with(&mut fourier, values, lags)
}

/// As [`autocorrelation`], with a plan for at least N + `lags` samples.
fn autocorrelation_with(
    fourier: &mut RealFourier,
    values: &[f64],
    lags: usize,
) -> Option<Vec<f64>> {
    let valid = values.iter().filter(|x| x.is_finite());
    let (count, sum) = valid.fold((0_usize, 0.0), |(n, sum), x| (n + 1, sum + x));
    if count < 2 {
        return None;
    }
    let mean = sum / count as f64;
    let largest = values.iter().fold(0.0_f64, |most, x| most.max(x.abs()));
    // Zeros behind the series keep its end from meeting its beginning.
    let mut centred: Vec<f64> = values
        .iter()
        .map(|x| if x.is_finite() { x - mean } else { 0.0 })
        .collect();
    if centred.iter().all(|x| x.abs() <= 1e-12 * largest) {
        return None;
    }
    centred.resize(smooth_even(values.len() + lags), 0.0);
    let (mut power, mut products) = (Vec::new(), Vec::new());
    fourier.power(&centred, &mut power);
    fourier.products(&power, &mut products);
    let variance = products[0];
    (variance > 0.0).then(|| products[..=lags].iter().map(|r| r / variance).collect())
}

/// Are the first autocorrelations together more than white noise has?
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LjungBox {
    /// Q, a sum of squared autocorrelations.
    pub statistic: f64,
    /// Upper tail of χ² with as many degrees of freedom as lags.
    pub p_value: f64,
    /// Lags that were summed.
    pub lags: usize,
}

/// `Q = N (N + 2) Σ_{k=1}^{h} r_k² / (N − k)`, against `χ²_h` (Ljung & Box 1978).
///
/// N is the number of values that are there. `None` when h is 0 or not below N, or the autocorrelation is undefined.
pub fn ljung_box(values: &[f64], lags: usize) -> Option<LjungBox> {
    let n = values.iter().filter(|x| x.is_finite()).count();
    if lags == 0 || lags >= n {
        return None;
    }
    let r = autocorrelation(values, lags)?;
    let n = n as f64;
    let sum: f64 = (1..=lags).map(|k| r[k] * r[k] / (n - k as f64)).sum();
    let statistic = n * (n + 2.0) * sum;
    Some(LjungBox {
        statistic,
        p_value: checked_gamma_ur(lags as f64 / 2.0, statistic / 2.0).ok()?,
        lags,
    })
}

/// A period that the autocorrelation confirms.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Hill {
    /// The lag of the hill's top, in bins.
    pub lag: usize,
    /// The autocorrelation there.
    pub autocorrelation: f64,
}

/// Does a candidate period lie on a hill of the autocorrelation (`AUTOPERIOD`, Vlachos, Yu & Castelli 2005)? Peaks that leak from
/// another period lie on a slope or in a valley.
///
/// Looks at the lags that the spectrum's resolution cannot tell apart, `½(N/(k+1) + N/k) − 1 … ½(N/k + N/(k−1)) + 1` with
/// k = N / period, and at least a quarter of the period to each side so that noise of single lags is averaged out. Two straight lines
/// that meet at a lag in the middle half are fitted by least squares; a hill rises on its left, falls on its right, and the
/// autocorrelation at its top is positive.
///
/// `acf[k]` is the autocorrelation at lag k of a series of `bins`. `None` when it is no hill, or the lags beside the period are not given.
pub fn hill(acf: &[f64], bins: usize, period: f64) -> Option<Hill> {
    let (from, to) = hill_lags(bins, period)?;
    if to >= acf.len() || acf[from..=to].iter().any(|r| !r.is_finite()) {
        return None;
    }
    let lags = &acf[from..=to];
    let quarter = lags.len() / 4;
    let middle = quarter.max(1)..(lags.len() - quarter).min(lags.len() - 1);
    let (_, left, right) = middle
        .map(|at| {
            let (left, right) = (line(&lags[..=at]), line(&lags[at..]));
            (left.1 + right.1, left.0, right.0)
        })
        .min_by(|a, b| a.0.total_cmp(&b.0))?;
    let (lag, &top) = lags.iter().enumerate().max_by(|a, b| a.1.total_cmp(b.1))?;
    (left > 0.0 && right < 0.0 && top > 0.0).then_some(Hill {
        lag: from + lag,
        autocorrelation: top,
    })
}

/// The lags, both included, that decide about a period; `None` for a period below 2 bins or longer than the series.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "lags are positive and at most twice the series"
)]
pub(crate) fn hill_lags(bins: usize, period: f64) -> Option<(usize, usize)> {
    let n = bins as f64;
    if !(period >= 2.0 && period <= n) {
        return None;
    }
    let k = n / period;
    let from = f64::midpoint(n / (k + 1.0), period) - 1.0;
    // One cycle in the whole series has no longer neighbour.
    let to = if k > 1.5 {
        f64::midpoint(period, n / (k - 1.0)) + 1.0
    } else {
        1.5 * period
    };
    let from = from.min(0.75 * period).floor().max(1.0);
    let to = to.max(1.25 * period).min(1.5 * period + 1.0).ceil();
    Some((from as usize, to as usize))
}

/// Slope and sum of squared residuals of the line of least squares through values one lag apart.
fn line(values: &[f64]) -> (f64, f64) {
    let n = values.len() as f64;
    let (middle, mean) = ((n - 1.0) / 2.0, values.iter().sum::<f64>() / n);
    let (mut tt, mut tx, mut xx) = (0.0, 0.0, 0.0);
    for (t, x) in values.iter().enumerate() {
        let (t, x) = (t as f64 - middle, x - mean);
        tt += t * t;
        tx += t * x;
        xx += x * x;
    }
    if tt == 0.0 {
        return (0.0, 0.0);
    }
    (tx / tt, xx - tx * tx / tt)
}

#[cfg(test)]
mod tests;
