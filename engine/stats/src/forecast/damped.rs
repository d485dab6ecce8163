//! A level with a trend that fades: exponential smoothing in the form of an innovations model.

#![expect(
    clippy::cast_precision_loss,
    reason = "numbers of bins are far below 2^52"
)]

const ALPHAS: [f64; 9] = [0.02, 0.05, 0.1, 0.15, 0.2, 0.3, 0.45, 0.6, 0.8];
const BETAS: [f64; 4] = [0.0, 0.01, 0.05, 0.15];
const PHIS: [f64; 3] = [0.8, 0.9, 0.97];

/// The smoothed end of a series.
#[derive(Debug, Clone, Copy)]
pub(super) struct Damped {
    alpha: f64,
    beta: f64,
    phi: f64,
    level: f64,
    trend: f64,
    /// Variance of the one-step error.
    variance: f64,
}

impl Damped {
    /// The parameters with the smallest squared one-step error; `values` hold at least one number, NaN is missing.
    pub(super) fn fit(values: &[f64]) -> Self {
        let mut best = Self::run(values, ALPHAS[0], 0.0, PHIS[0]);
        for alpha in ALPHAS {
            for share in BETAS {
                for phi in PHIS {
                    let fit = Self::run(values, alpha, alpha * share, phi);
                    if fit.variance < best.variance {
                        best = fit;
                    }
                }
            }
        }
        best
    }

    fn run(values: &[f64], alpha: f64, beta: f64, phi: f64) -> Self {
        // The first values set the level; their own errors do not count.
        let warm = (values.len() / 4).clamp(1, 20);
        let first: Vec<f64> = values
            .iter()
            .copied()
            .filter(|x| x.is_finite())
            .take(warm)
            .collect();
        let mut fit = Self {
            alpha,
            beta,
            phi,
            level: first.iter().sum::<f64>() / first.len().max(1) as f64,
            trend: 0.0,
            variance: 0.0,
        };
        let (mut squares, mut count) = (0.0, 0.0);
        for (at, value) in values.iter().enumerate() {
            let expected = fit.level + phi * fit.trend;
            let error = value - expected;
            fit.level = expected;
            fit.trend *= phi;
            if error.is_finite() {
                fit.level += alpha * error;
                fit.trend += beta * error;
                if at >= warm {
                    squares += error * error;
                    count += 1.0;
                }
            }
        }
        fit.variance = if count > 0.0 { squares / count } else { 0.0 };
        fit
    }

    /// Mean and variance this many bins ahead.
    pub(super) fn ahead(&self, bins: usize) -> (f64, f64) {
        let (mut mean, mut share, mut power, mut damped) = (self.level, 1.0, 1.0, 0.0);
        for bin in 1..=bins {
            power *= self.phi;
            mean += power * self.trend;
            damped += power;
            if bin < bins {
                share += (self.alpha + self.beta * damped).powi(2);
            }
        }
        (mean, self.variance * share)
    }
}
