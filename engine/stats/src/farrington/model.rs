//! The regression behind one period's expectation: trend, season, and less weight for past outbreaks.

use statrs::distribution::{ContinuousCDF, StudentsT};

use super::FarringtonParameters;
use super::baseline::Baseline;
use crate::glm::{Design, Fit, quasi_poisson};

/// Years that a trend needs.
const TREND_YEARS: usize = 3;

/// What the regression says about the current period.
pub(super) struct Model {
    /// μ0.
    pub(super) expected: f64,
    /// Standard error of log μ0.
    pub(super) log_error: f64,
    /// φ, at least 1.
    pub(super) dispersion: f64,
    pub(super) trend: Option<f64>,
}

impl Model {
    /// The model with a trend if it is asked for and passes its three conditions: enough years, significant, and no expectation
    /// above all that was ever seen. Else the model without.
    pub(super) fn fit(
        baseline: &Baseline,
        offset: f64,
        parameters: &FarringtonParameters,
    ) -> Option<Self> {
        if parameters.trend
            && let Some(fitted) = Regression::fit(baseline, true, parameters)
        {
            let highest = baseline.counts.iter().copied().fold(0.0, f64::max);
            let model = fitted.predict(offset).filter(|model| {
                parameters.years >= TREND_YEARS
                    && fitted
                        .trend_p_value()
                        .is_some_and(|p| p < parameters.trend_below)
                    && model.expected <= highest
            });
            if model.is_some() {
                return model;
            }
        }
        Regression::fit(baseline, false, parameters)?.predict(offset)
    }
}

/// A fitted regression. Columns: one for each season that occurs, the current one first, then time from the middle of the
/// baseline if there is a trend; without a common intercept the columns hardly depend on each other.
struct Regression {
    fit: Fit,
    columns: usize,
    /// Time at the middle of the baseline; the current period is 0.
    middle: f64,
    trend: bool,
}

impl Regression {
    fn fit(baseline: &Baseline, trend: bool, parameters: &FarringtonParameters) -> Option<Self> {
        let mut levels = baseline.seasons.clone();
        levels.sort_unstable();
        levels.dedup();
        let columns = levels.len() + usize::from(trend);
        let (first, last) = (baseline.times.first()?, baseline.times.last()?);
        let middle = f64::midpoint(*first, *last);
        let mut values = vec![0.0; columns * baseline.counts.len()];
        let rows = values.chunks_exact_mut(columns);
        for ((row, season), time) in rows.zip(&baseline.seasons).zip(&baseline.times) {
            row[levels.binary_search(season).ok()?] = 1.0;
            if trend {
                row[columns - 1] = time - middle;
            }
        }

        let design = Design {
            values: &values,
            columns,
            response: &baseline.counts,
            weights: None,
            offset: baseline.offsets.as_deref(),
        };
        let mut fit = quasi_poisson(&design).ok()?;
        if parameters.reweight {
            let weights = anscombe_weights(&fit, &baseline.counts, parameters.reweight_above);
            let design = Design {
                weights: Some(&weights),
                ..design
            };
            fit = quasi_poisson(&design).ok()?;
        }
        Some(Self {
            fit,
            columns,
            middle,
            trend,
        })
    }

    fn predict(&self, offset: f64) -> Option<Model> {
        let mut now = vec![0.0; self.columns];
        now[0] = 1.0;
        if self.trend {
            now[self.columns - 1] = -self.middle;
        }
        let log: f64 = now
            .iter()
            .zip(&self.fit.coefficients)
            .map(|(x, b)| x * b)
            .sum();
        let expected = (log + offset).exp();
        let dispersion = self.fit.dispersion.max(1.0);
        let log_error = self.fit.standard_error(&now, dispersion)?;
        (expected.is_finite() && log_error.is_finite()).then(|| Model {
            expected,
            log_error,
            dispersion,
            trend: self.trend.then(|| self.fit.coefficients[self.columns - 1]),
        })
    }

    /// Two-sided p-value of the trend by Student's t, with φ as estimated.
    #[expect(clippy::cast_precision_loss, reason = "weeks are few")]
    fn trend_p_value(&self) -> Option<f64> {
        let mut time = vec![0.0; self.columns];
        time[self.columns - 1] = 1.0;
        let error = self.fit.standard_error(&time, self.fit.dispersion)?;
        let slope = self.fit.coefficients[self.columns - 1];
        let t = slope.abs() / error;
        if t.is_nan() {
            return Some(1.0);
        }
        let student = StudentsT::new(0.0, 1.0, self.fit.freedom as f64).ok()?;
        Some(2.0 * student.sf(t))
    }
}

/// Weights that sum to the number of rows, in which rows with a residual above the limit count with its inverse square.
///
/// Anscombe residual of a Poisson count: `1.5 (y^⅔ μ^−⅙ − μ^½) / sqrt(φ (1 − h))`.
#[expect(clippy::cast_precision_loss, reason = "weeks are few")]
fn anscombe_weights(fit: &Fit, counts: &[f64], above: f64) -> Vec<f64> {
    let dispersion = fit.dispersion.max(1.0);
    let mut weights: Vec<f64> = counts
        .iter()
        .zip(&fit.fitted)
        .zip(&fit.leverage)
        .map(|((count, mean), leverage)| {
            let raw = 1.5 * (count.powf(2.0 / 3.0) * mean.powf(-1.0 / 6.0) - mean.sqrt());
            let residual = raw / (dispersion * (1.0 - leverage)).sqrt();
            // A row that fits itself has no residual: its weight stays.
            if residual > above && residual.is_finite() {
                residual.powi(-2)
            } else {
                1.0
            }
        })
        .collect();
    let factor = counts.len() as f64 / weights.iter().sum::<f64>();
    for weight in &mut weights {
        *weight *= factor;
    }
    weights
}
