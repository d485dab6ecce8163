//! What comes next: counts of the following bins, with intervals.

#![expect(
    clippy::cast_precision_loss,
    reason = "numbers of bins are far below 2^52"
)]

mod damped;

use crate::count_interval::count_interval;
use crate::mstl::{MstlParameters, mstl};
use crate::stl::StlError;
use damped::Damped;

/// Cycles that the seasons are smoothed over: they change slowly.
const SEASONAL_WINDOW: usize = 35;

/// The last bins that a forecast rests on: five years of days. What came before says nothing that these do not.
const HISTORY: usize = 2_000;

/// Horizons of the past that say how wide intervals must be.
const HOLD_OUTS: usize = 5;

/// What is expected in the bins after a series, first bin first.
#[derive(Debug, Clone, PartialEq)]
pub struct Forecast {
    /// Expected counts.
    pub mean: Vec<f64>,
    /// Counts are at least this, and …
    pub low: Vec<f64>,
    /// … at most this, each with the probability that was asked for.
    pub high: Vec<f64>,
}

/// How to forecast.
#[derive(Debug, Clone, PartialEq)]
pub struct ForecastOptions {
    /// Bins of each season, ascending: 7 and 365 for days, 24 and 168 for hours, 12 for months. One that does not fit twice is left out;
    /// none at all gives a level only.
    pub periods: Vec<usize>,
    /// How many bins ahead.
    pub horizon: usize,
    /// Probability of the intervals. Default 0.9.
    pub level: f64,
}

impl ForecastOptions {
    /// The defaults.
    pub fn new(periods: impl Into<Vec<usize>>, horizon: usize) -> Self {
        Self {
            periods: periods.into(),
            horizon,
            level: 0.9,
        }
    }
}

/// Why there is no forecast.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum ForecastError {
    /// An option breaks its rule.
    #[error("{field} is {value}, but must be {rule}")]
    Option {
        /// The option.
        field: &'static str,
        /// What it was.
        value: f64,
        /// What it must be.
        rule: &'static str,
    },
    /// The series is too short or too empty.
    #[error("{present} counts are too few to forecast: at least {needed} are needed")]
    TooFew {
        /// Counts that are there.
        present: usize,
        /// How many are needed.
        needed: usize,
    },
    /// The seasons could not be told apart.
    #[error("the series cannot be decomposed")]
    Seasons(#[from] StlError),
}

/// The floor: every bin is as its last bin one cycle before (Hyndman & Athanasopoulos 2021, 5.2). A missing one is looked for another cycle
/// earlier; the mean of all stands where none is found.
///
/// Interval: negative binomial around that count with variance `σ² (⌊(h − 1)/m⌋ + 1)`, σ² the mean squared difference to one cycle before;
/// at least the mean. NaN and negative counts are missing.
///
/// # Errors
/// A period or level that breaks its rule; less than one cycle and one bin.
pub fn seasonal_naive(
    counts: &[f64],
    period: usize,
    horizon: usize,
    level: f64,
) -> Result<Forecast, ForecastError> {
    check(level, period)?;
    let counts = present(counts);
    let pairs: Vec<f64> = counts
        .iter()
        .skip(period)
        .zip(&counts)
        .map(|(now, before)| (now - before).powi(2))
        .filter(|squared| squared.is_finite())
        .collect();
    let there: Vec<f64> = counts.iter().copied().filter(|x| x.is_finite()).collect();
    if pairs.is_empty() {
        return Err(ForecastError::TooFew {
            present: there.len(),
            needed: period + 1,
        });
    }
    let overall = there.iter().sum::<f64>() / there.len() as f64;
    let squared = pairs.iter().sum::<f64>() / pairs.len() as f64;
    let last = |ahead: usize| {
        let mut at = (counts.len() + ahead % period).checked_sub(period)?;
        loop {
            if counts.get(at).is_some_and(|count| count.is_finite()) {
                return Some(counts[at]);
            }
            at = at.checked_sub(period)?;
        }
    };
    Ok(collect((0..horizon).map(|ahead| {
        let mean = last(ahead).unwrap_or(overall);
        let cycles = (ahead / period + 1) as f64;
        let variance = squared * cycles;
        // A last count of 0 does not promise another: the interval then rests on the variance alone.
        let (low, high) = count_interval(mean.max(variance.min(overall)), variance, level);
        (mean, low.min(mean.floor()), high)
    })))
}

/// Seasons by MSTL and a damped level (Gardner & `McKenzie` 1985) of square roots.
///
/// 1. Of the last 2,000 bins `z = √(x + 3/8)`, whose variance hardly depends on the level (Anscombe 1948).
/// 2. MSTL of z, its curves at every tenth of their windows; a season longer than 60 bins is smoothed over 1/24 of its cycle, because few cycles say little about single bins; seasons are constants over 35 cycles.
/// 3. The seasonally adjusted series by exponential smoothing with a damped trend: α, β, φ of the smallest squared one-step error on a
///    grid, missing bins passed over.
/// 4. `z_h = ℓ + (φ + … + φ^h) b + Σ last seasons`, `Var = σ² (1 + Σ_{j<h} c_j²)`, `c_j = α + β (φ + … + φ^j)` (Hyndman et al. 2008, 6.1).
/// 5. Forecasts of the last five horizons are made the same way; where their squared errors were larger than Var (theirs or that of the whole, if larger), Var is widened.
/// 6. Back: mean `z² + Var − 3/8`, variance `4 z² Var + 2 Var²`; the interval is negative binomial with both.
///
/// NaN and negative counts are missing. What it does not know: holidays, and effects other than season and level.
///
/// # Errors
/// An option breaks its rule; less than ten counts; a phase of a season without any count.
pub fn smoothed(counts: &[f64], options: &ForecastOptions) -> Result<Forecast, ForecastError> {
    check(
        options.level,
        options.periods.iter().copied().min().unwrap_or(2),
    )?;
    let counts = present(counts);
    let there = counts.iter().filter(|x| x.is_finite()).count();
    if there < 10 {
        return Err(ForecastError::TooFew {
            present: there,
            needed: 10,
        });
    }
    let counts = &counts[counts.len().saturating_sub(HISTORY)..];
    let roots: Vec<f64> = counts.iter().map(|count| (count + 0.375).sqrt()).collect();
    let fit = Fit::of(&roots, &options.periods)?;
    let inflation = inflation(&roots, &fit, options)?;
    Ok(collect((1..=options.horizon).map(|ahead| {
        let (root, variance) = fit.ahead(ahead);
        let (root, variance) = (root.max(0.0), variance * inflation);
        let mean = (root * root + variance - 0.375).max(0.0);
        let spread = 4.0 * root * root * variance + 2.0 * variance * variance;
        let (low, high) = count_interval(mean, spread, options.level);
        (mean, low, high)
    })))
}

/// Seasons and level of square roots.
struct Fit {
    bins: usize,
    seasons: Vec<(usize, Vec<f64>)>,
    level: Damped,
}

impl Fit {
    fn of(roots: &[f64], periods: &[usize]) -> Result<Self, ForecastError> {
        let fitting: Vec<usize> = periods
            .iter()
            .copied()
            .filter(|period| 2 * period <= roots.len())
            .collect();
        let seasons = if fitting.is_empty() {
            Vec::new()
        } else {
            let parameters = MstlParameters {
                windows: Some(vec![SEASONAL_WINDOW; fitting.len()]),
                seasonal_line: false,
                is_coarse: true,
                ..MstlParameters::new(fitting)
            };
            let mut seasons = mstl(roots, &parameters)?.seasons;
            for (period, season) in &mut seasons {
                if *period > 60 {
                    *season = running_mean(season, *period / 24);
                }
            }
            seasons
        };
        let mut adjusted = roots.to_vec();
        for (_, season) in &seasons {
            for (root, season) in adjusted.iter_mut().zip(season) {
                *root -= season;
            }
        }
        Ok(Self {
            bins: roots.len(),
            level: Damped::fit(&adjusted),
            seasons,
        })
    }

    /// Mean and variance this many bins ahead.
    fn ahead(&self, ahead: usize) -> (f64, f64) {
        let (mut root, variance) = self.level.ahead(ahead);
        for (period, season) in &self.seasons {
            root += season[self.bins - period + (ahead - 1) % period];
        }
        (root, variance)
    }
}

/// How many times larger than its variance the squared error was on average in forecasts of the last [`HOLD_OUTS`] horizons; at least 1.
/// The fit has seen its own errors, which makes them small.
///
/// The variance is at least that of the fit of all bins, which is what will be widened: a series that was quiet until its season began has
/// next to none before, and any count would be an error beyond all measure.
fn inflation(roots: &[f64], all: &Fit, options: &ForecastOptions) -> Result<f64, ForecastError> {
    let longest = options
        .periods
        .iter()
        .copied()
        .filter(|period| 2 * period <= roots.len())
        .max()
        .unwrap_or(1);
    let (mut sum, mut n) = (0.0, 0.0);
    for held_out in 1..=HOLD_OUTS {
        // A fit without one of the seasons would tell nothing about the one that is used.
        let Some(origin) = roots
            .len()
            .checked_sub(held_out * options.horizon.max(1))
            .filter(|&origin| origin >= 2 * longest && origin >= 20)
        else {
            break;
        };
        let fit = Fit::of(&roots[..origin], &options.periods)?;
        for (at, root) in roots[origin..].iter().take(options.horizon).enumerate() {
            let (mean, variance) = fit.ahead(at + 1);
            let variance = variance.max(all.ahead(at + 1).1);
            let error = (root - mean).powi(2);
            if error.is_finite() && variance > 0.0 {
                sum += error / variance;
                n += 1.0;
            }
        }
    }
    // The mean of few squared errors is uncertain itself: as if ten more had been as expected.
    Ok(((sum + 10.0) / (n + 10.0)).max(1.0))
}

fn check(level: f64, period: usize) -> Result<(), ForecastError> {
    if !(level > 0.0 && level < 1.0) {
        return Err(ForecastError::Option {
            field: "level",
            value: level,
            rule: "inside 0 … 1",
        });
    }
    if period == 0 {
        return Err(ForecastError::Option {
            field: "period",
            value: 0.0,
            rule: "at least 1",
        });
    }
    Ok(())
}

/// Counts, with NaN for what is none.
fn present(counts: &[f64]) -> Vec<f64> {
    counts
        .iter()
        .map(|&count| {
            if count >= 0.0 && count.is_finite() {
                count
            } else {
                f64::NAN
            }
        })
        .collect()
}

fn collect(bins: impl Iterator<Item = (f64, f64, f64)>) -> Forecast {
    let mut forecast = Forecast {
        mean: Vec::new(),
        low: Vec::new(),
        high: Vec::new(),
    };
    for (mean, low, high) in bins {
        forecast.mean.push(mean);
        forecast.low.push(low);
        forecast.high.push(high);
    }
    forecast
}

/// The mean of each value and `reach` neighbours on each side; fewer at the ends.
fn running_mean(values: &[f64], reach: usize) -> Vec<f64> {
    let mut sums = Vec::with_capacity(values.len() + 1);
    sums.push(0.0);
    for value in values {
        sums.push(sums[sums.len() - 1] + value);
    }
    (0..values.len())
        .map(|at| {
            let (from, to) = (at.saturating_sub(reach), (at + reach + 1).min(values.len()));
            (sums[to] - sums[from]) / (to - from) as f64
        })
        .collect()
}

#[cfg(test)]
mod tests;
