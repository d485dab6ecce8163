//! The upper bound of a count that its model expects.
#![expect(clippy::cast_precision_loss, reason = "counts stay far below 2^53")]

use statrs::distribution::{ContinuousCDF, Normal};
use statrs::function::beta::checked_beta_reg;
use statrs::function::gamma::checked_gamma_lr;

use super::model::Model;

/// A count above this has no bound here: no street has as many complaints in a week.
const HIGHEST: u64 = 1 << 40;

/// Up to this dispersion the negative binomial is a Poisson distribution to nine digits.
const POISSON: f64 = 1.0 + 1e-9;

/// How the upper bound U follows from expectation μ0, its error and the dispersion φ.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ThresholdMethod {
    /// Farrington 1996: normal after a power transformation, with the error of the mean.
    Delta(Power),
    /// Noufaily 2013: quantile of the negative binomial with mean μ0 and variance φ μ0 (Poisson for φ = 1).
    #[default]
    NegativeBinomial,
    /// The same with μ0 at its own upper bound `exp(log μ0 + z se)` in its place, for bound and p-value.
    NegativeBinomialUpperMean,
}

/// The transformation that makes counts more symmetric.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Power {
    /// y^⅔, for counts that are small.
    #[default]
    TwoThirds,
    /// √y.
    Half,
    /// y itself.
    One,
}

pub(super) struct Bound {
    pub(super) upper: f64,
    pub(super) p_value: f64,
}

impl ThresholdMethod {
    /// None when the bound is not a number.
    pub(super) fn bound(self, model: &Model, count: f64, z: f64, alpha: f64) -> Option<Bound> {
        match self {
            Self::Delta(power) => delta(model, power, count, z),
            Self::NegativeBinomial => {
                negative_binomial(model.expected, model.dispersion, count, alpha)
            }
            Self::NegativeBinomialUpperMean => {
                let mean = model.expected * (z * model.log_error).exp();
                negative_binomial(mean, model.dispersion, count, alpha)
            }
        }
    }
}

/// `U = (μ0^e + z s)^(1/e)` with `τ = φ + se²/μ0` and s² the variance of y^e by the delta method.
fn delta(model: &Model, power: Power, count: f64, z: f64) -> Option<Bound> {
    let mean = model.expected;
    let tau = model.dispersion + mean * model.log_error * model.log_error;
    let (exponent, error) = match power {
        Power::TwoThirds => (2.0 / 3.0, (4.0 / 9.0 * mean.cbrt() * tau).sqrt()),
        Power::Half => (0.5, (tau / 4.0).sqrt()),
        Power::One => (1.0, (mean * tau).sqrt()),
    };
    let middle = mean.powf(exponent);
    let upper = (middle + z * error).max(0.0).powf(1.0 / exponent);
    let p_value = Normal::new(middle, error).ok()?.sf(count.powf(exponent));
    upper.is_finite().then_some(Bound { upper, p_value })
}

fn negative_binomial(mean: f64, dispersion: f64, count: f64, alpha: f64) -> Option<Bound> {
    if !mean.is_finite() || mean <= 0.0 {
        return None;
    }
    let upper_tail = |count: u64| upper_tail(count, mean, dispersion);
    // P(Y > x) falls in x: the bound is the first x where it is at most α, with R's allowance for rounding.
    let enough = |count: u64| upper_tail(count + 1) <= alpha * (1.0 + 64.0 * f64::EPSILON);
    let mut high = 1;
    while !enough(high) {
        high *= 2;
        if high > HIGHEST {
            return None;
        }
    }
    let mut low = 0;
    while low < high {
        let middle = u64::midpoint(low, high);
        if enough(middle) {
            high = middle;
        } else {
            low = middle + 1;
        }
    }
    Some(Bound {
        upper: low as f64,
        p_value: upper_tail(whole(count)),
    })
}

/// P(Y ≥ count) for a mean and a variance of dispersion × mean.
fn upper_tail(count: u64, mean: f64, dispersion: f64) -> f64 {
    if count == 0 {
        return 1.0;
    }
    let count = count as f64;
    let tail = if dispersion > POISSON {
        let size = mean / (dispersion - 1.0);
        checked_beta_reg(count, size, 1.0 - dispersion.recip()).ok()
    } else {
        checked_gamma_lr(count, mean).ok()
    };
    // Neither fails for the positive numbers that the caller gives.
    tail.unwrap_or(1.0)
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "counts are 0 or more and a cast saturates"
)]
fn whole(count: f64) -> u64 {
    count.ceil() as u64
}
