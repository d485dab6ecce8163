//! Number, mean and spread of values, in a form that can be joined without losing digits.
#![expect(
    clippy::cast_precision_loss,
    reason = "cells and slices are far fewer than 2^53"
)]

/// Number, mean, sum of squared deviations and extremes of some values.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Moments {
    pub(crate) n: f64,
    pub(crate) mean: f64,
    /// Σ (x − x̄)².
    pub(crate) squares: f64,
    pub(crate) least: f64,
    pub(crate) most: f64,
}

impl Moments {
    pub(crate) const NONE: Self = Self {
        n: 0.0,
        mean: 0.0,
        squares: 0.0,
        least: f64::INFINITY,
        most: f64::NEG_INFINITY,
    };

    /// Of finite values, in two passes.
    pub(crate) fn of(values: impl Iterator<Item = f64> + Clone) -> Self {
        let (n, sum) = values
            .clone()
            .fold((0_usize, 0.0), |(n, sum), value| (n + 1, sum + value));
        let mean = if n == 0 { 0.0 } else { sum / n as f64 };
        let start = Self {
            n: n as f64,
            mean,
            ..Self::NONE
        };
        values.fold(start, |moments, value| Self {
            squares: moments.squares + (value - mean) * (value - mean),
            least: moments.least.min(value),
            most: moments.most.max(value),
            ..moments
        })
    }

    /// Of one value.
    pub(crate) fn one(value: f64) -> Self {
        Self {
            n: 1.0,
            mean: value,
            squares: 0.0,
            least: value,
            most: value,
        }
    }

    /// Of both sets of values together (Chan, Golub and `LeVeque` 1979).
    pub(crate) fn join(self, other: Self) -> Self {
        if self.n < 1.0 {
            return other;
        }
        if other.n < 1.0 {
            return self;
        }
        let n = self.n + other.n;
        let apart = other.mean - self.mean;
        Self {
            n,
            mean: self.mean + apart * (other.n / n),
            squares: self.squares + other.squares + apart * apart * (self.n * other.n / n),
            least: self.least.min(other.least),
            most: self.most.max(other.most),
        }
    }

    /// The standard deviation of the population (divided by n); `None` when all values are equal or there is none.
    ///
    /// Equality is that of the extremes: rounding can leave a tiny spread between values that do not differ.
    pub(crate) fn deviation(&self) -> Option<f64> {
        (self.least < self.most).then(|| (self.squares / self.n).sqrt())
    }
}
