//! How good forecasts were: repeated from many origins in the past, and compared with what came.

#![expect(
    clippy::cast_precision_loss,
    reason = "numbers of bins are far below 2^52"
)]

use crate::forecast::{Forecast, ForecastError};

/// From where forecasts are made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BacktestOptions {
    /// Bins before the first origin.
    pub first: usize,
    /// From one origin to the next.
    pub step: usize,
    /// Bins ahead of each origin.
    pub horizon: usize,
    /// Bins of the season whose naive forecast scales the RMSSE.
    pub period: usize,
}

/// How far forecasts were from the counts.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Accuracy {
    /// Origins that were used.
    pub origins: usize,
    /// Bins that were compared.
    pub bins: usize,
    /// Mean absolute error, in counts.
    pub mae: f64,
    /// Root of the mean squared error, in counts. A forecast of the expected count is judged by it: the absolute error is smallest for the
    /// median, which is 0 where most bins are empty.
    pub rmse: f64,
    /// Root of the mean squared error ÷ that of the seasonal naive forecast one cycle ahead *before* each origin (Hyndman & Koehler 2006;
    /// M5): below 1 is better than repeating the last cycle. `None` when that never erred.
    pub rmsse: Option<f64>,
    /// Share of counts inside their interval, ends included.
    pub coverage: f64,
}

/// Repeats a forecast from origins in the past: each sees only the bins before its origin.
///
/// `forecast` gets those bins and is asked for `horizon` more; missing counts (NaN) are not compared. `None` when no bin could be compared.
///
/// # Errors
/// The first error of `forecast`; a step, horizon or period of 0.
pub fn backtest(
    counts: &[f64],
    options: BacktestOptions,
    mut forecast: impl FnMut(&[f64]) -> Result<Forecast, ForecastError>,
) -> Result<Option<Accuracy>, ForecastError> {
    for (field, value) in [
        ("step", options.step),
        ("horizon", options.horizon),
        ("period", options.period),
    ] {
        if value == 0 {
            return Err(ForecastError::Option {
                field,
                value: 0.0,
                rule: "at least 1",
            });
        }
    }
    let (mut origins, mut bins, mut inside, mut absolute, mut squared) = (0, 0, 0, 0.0, 0.0);
    let (mut scaled, mut scaled_bins) = (0.0, 0.0);
    for origin in (options.first..counts.len()).step_by(options.step) {
        let (past, future) = counts.split_at(origin);
        let expected = forecast(past)?;
        let scale = naive_square(past, options.period);
        origins += 1;
        for (ahead, count) in future.iter().take(options.horizon).enumerate() {
            let (Some(mean), Some(low), Some(high)) = (
                expected.mean.get(ahead),
                expected.low.get(ahead),
                expected.high.get(ahead),
            ) else {
                break;
            };
            let error = count - mean;
            if !error.is_finite() {
                continue;
            }
            bins += 1;
            absolute += error.abs();
            squared += error * error;
            inside += usize::from((low..=high).contains(&count));
            if let Some(scale) = scale {
                scaled += error * error / scale;
                scaled_bins += 1.0;
            }
        }
    }
    Ok((bins > 0).then(|| Accuracy {
        origins,
        bins,
        mae: absolute / bins as f64,
        rmse: (squared / bins as f64).sqrt(),
        rmsse: (scaled_bins > 0.0).then(|| (scaled / scaled_bins).sqrt()),
        coverage: inside as f64 / bins as f64,
    }))
}

/// Mean squared difference to one cycle before; `None` when there is none or it is 0.
fn naive_square(past: &[f64], period: usize) -> Option<f64> {
    let (mut sum, mut n) = (0.0, 0.0);
    for (now, before) in past.iter().skip(period).zip(past) {
        let squared = (now - before).powi(2);
        if squared.is_finite() {
            sum += squared;
            n += 1.0;
        }
    }
    (sum > 0.0).then(|| sum / n)
}

/// How well a ranking of places by forecast caught where things happened.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Places {
    /// Share of the events that fell into the chosen places.
    pub hit_rate: f64,
    /// Prediction accuracy index (Chainey, Tompson & Uhlig 2008): hit rate ÷ share of the area that was chosen.
    pub accuracy_index: f64,
    /// Hit rate ÷ the best that as many places could have had (prediction efficiency, Hunt 2016).
    pub efficiency: f64,
}

/// Hit rate and accuracy index of the k places with the highest forecasts; among equals the first given wins.
///
/// `predicted`, `observed` and `area` (any unit) are one number a place, in the same order. `None` when lengths differ, k is 0 or above
/// their number, nothing was observed, or a number is not finite or negative; areas must be above 0.
pub fn places(predicted: &[f64], observed: &[f64], area: &[f64], k: usize) -> Option<Places> {
    let n = predicted.len();
    let is_count = |x: &f64| *x >= 0.0 && x.is_finite();
    let is_valid = observed.len() == n
        && area.len() == n
        && (1..=n).contains(&k)
        && predicted.iter().chain(observed).all(is_count)
        && area.iter().all(|x| *x > 0.0 && x.is_finite());
    let total: f64 = observed.iter().sum();
    if !is_valid || total <= 0.0 {
        return None;
    }
    let top = |by: &[f64]| {
        let mut order: Vec<usize> = (0..n).collect();
        order.sort_by(|&a, &b| by[b].total_cmp(&by[a]).then(a.cmp(&b)));
        order.truncate(k);
        order
    };
    let hits = |chosen: &[usize]| chosen.iter().map(|&at| observed[at]).sum::<f64>();
    let chosen = top(predicted);
    let hit_rate = hits(&chosen) / total;
    let area_share = chosen.iter().map(|&at| area[at]).sum::<f64>() / area.iter().sum::<f64>();
    Some(Places {
        hit_rate,
        accuracy_index: hit_rate / area_share,
        efficiency: hits(&chosen) / hits(&top(observed)),
    })
}

#[cfg(test)]
mod tests;
