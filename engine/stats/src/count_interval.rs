//! An interval that holds a future count.

use statrs::distribution::{ContinuousCDF, Normal};
use statrs::function::beta::checked_beta_reg;
use statrs::function::gamma::checked_gamma_ur;

/// Above this mean a count is as good as normal: the skewness is below 0.01 for a Poisson count.
const NORMAL_FROM: f64 = 10_000.0;

/// The smallest interval between quantiles that holds a count with probability of at least `level`: equal tails of a negative binomial
/// distribution with this mean and variance, of a Poisson distribution when the variance is not above the mean.
///
/// A mean of 0 gives 0 … 0. NaN when an argument is not finite, the mean is negative or the level is not inside 0 … 1.
pub(crate) fn count_interval(mean: f64, variance: f64, level: f64) -> (f64, f64) {
    let tail = (1.0 - level) / 2.0;
    (
        count_quantile(mean, variance, tail),
        count_quantile(mean, variance, 1.0 - tail),
    )
}

/// The smallest count with at least this probability at or below it.
pub(crate) fn count_quantile(mean: f64, variance: f64, probability: f64) -> f64 {
    let is_defined = mean >= 0.0
        && mean.is_finite()
        && variance.is_finite()
        && probability > 0.0
        && probability < 1.0;
    if !is_defined {
        return f64::NAN;
    }
    if mean == 0.0 {
        return 0.0;
    }
    let variance = variance.max(mean);
    if mean > NORMAL_FROM {
        let quantile = Normal::standard().inverse_cdf(probability);
        return (mean + quantile * variance.sqrt()).round().max(0.0);
    }
    let below = |count: f64| cumulative(mean, variance, count);
    let mut high = mean + 4.0 * variance.sqrt() + 4.0;
    while below(high.floor()) < probability && high < 1e12 {
        high *= 2.0;
    }
    let (mut low, mut high) = (-1.0, high.floor());
    while high - low > 1.0 {
        let middle = f64::midpoint(low, high).floor();
        if below(middle) >= probability {
            high = middle;
        } else {
            low = middle;
        }
    }
    high
}

/// `P(X ≤ count)`.
fn cumulative(mean: f64, variance: f64, count: f64) -> f64 {
    let excess = variance - mean;
    let size = mean * mean / excess;
    // Nearly Poisson: the size is beyond what the beta function resolves, and the difference is too.
    let below = if excess <= 0.0 || size > 1e7 {
        checked_gamma_ur(count + 1.0, mean)
            .ok()
            .filter(|p| p.is_finite())
    } else {
        checked_beta_reg(size, count + 1.0, mean / variance)
            .ok()
            .filter(|p| p.is_finite())
    };
    below.unwrap_or(1.0)
}

#[cfg(test)]
mod tests;
