//! Does it rise or fall: the trend test of Mann and Kendall.
#![expect(
    clippy::cast_precision_loss,
    reason = "slices and their pairs are far fewer than 2^53"
)]

use std::num::NonZeroUsize;

use statrs::distribution::{ContinuousCDF, Normal};

use crate::parallel;
use crate::parameter::{ParameterError, require};
use crate::significance::two_sided_p;
use crate::space_time::Cube;
use crate::theil_sen::{Slopes, inversions, points};

#[cfg(test)]
mod tests;

/// Up to this length all pairs are compared, which needs no order.
const ALL_PAIRS: usize = 256;

/// What a trend is tested against.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum TrendTest {
    /// Independent values (Mann 1945, Kendall 1975).
    #[default]
    Original,
    /// Correlated values: the variance is corrected by the significant autocorrelations (at 5 %) of the detrended ranks
    /// (Hamed and Rao 1998). Neighbours in time that resemble each other otherwise look like a trend.
    HamedRao {
        /// Lags below this one are looked at; `None`: all.
        lags: Option<usize>,
    },
    /// A cycle of this many steps: only values at the same place of the cycle are compared (Hirsch, Slack and Smith 1982).
    Seasonal {
        /// Steps in a cycle, at least 2.
        period: usize,
    },
}

/// The trend of a series.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Trend {
    /// Values that are not missing.
    pub observations: usize,
    /// `S = Σ sgn(x_j − x_i)` over the pairs `i < j`: rising pairs less falling pairs.
    pub s: i64,
    /// The variance of S when there is no trend.
    pub variance: f64,
    /// S over the number of pairs, from −1 to 1 (tau-a).
    pub tau: f64,
    /// `(S ∓ 1) / √variance`, the one being a correction for continuity; 0 for S = 0.
    pub z: f64,
    /// Two-sided normal p-value of z.
    pub p: f64,
    /// Theil-Sen slope, in units of the values for each step; seasonal: of the slopes within places of the cycle.
    pub slope: f64,
}

/// Whether a series rises or falls, and by how much.
///
/// `Var(S) = (n (n−1) (2n+5) − Σ t (t−1) (2t+5)) / 18`, the sum being over groups of `t` equal values. What is not finite is
/// missing: it leaves the test, and the steps around it still count for the slope.
/// A constant series has S = 0, z = 0, p = 1. The normal approximation is meant for about ten values or more.
///
/// `None` for fewer than two values (seasonal: at one place of the cycle), and for a corrected variance that is not positive.
///
/// # Errors
///
/// [`ParameterError`] for a period below 2.
///
/// ```
/// use citybrain_stats::mann_kendall::{TrendTest, mann_kendall};
///
/// let rising: Vec<f64> = (1..=10).map(f64::from).collect();
/// let trend = mann_kendall(&rising, TrendTest::Original)?.expect("ten values");
/// assert_eq!((trend.s, trend.variance, trend.slope), (45, 125.0, 1.0));
/// assert!((trend.p - 8.303e-5).abs() < 1e-8);
/// # Ok::<(), citybrain_stats::parameter::ParameterError>(())
/// ```
pub fn mann_kendall(series: &[f64], test: TrendTest) -> Result<Option<Trend>, ParameterError> {
    check(test)?;
    Ok(Workspace::default().trend(series, test))
}

/// [`mann_kendall`] of each row of a cube, with at most `threads` threads (`None`: as many as the machine offers).
///
/// # Errors
///
/// [`ParameterError`] for a period below 2.
pub fn mann_kendall_of_cells(
    cube: Cube<'_>,
    test: TrendTest,
    threads: Option<NonZeroUsize>,
) -> Result<Vec<Option<Trend>>, ParameterError> {
    check(test)?;
    let mut trends = vec![None; cube.cells()];
    parallel::fill(&mut trends, 1, 64, threads, |first, trends| {
        let mut workspace = Workspace::default();
        for (cell, trend) in (first..).zip(trends) {
            *trend = workspace.trend(cube.row(cell), test);
        }
    });
    Ok(trends)
}

fn check(test: TrendTest) -> Result<(), ParameterError> {
    match test {
        TrendTest::Seasonal { period } => require(
            period >= 2,
            "period",
            period as f64,
            "must be at least 2 steps",
        ),
        TrendTest::Original | TrendTest::HamedRao { .. } => Ok(()),
    }
}

/// Memory that one series leaves to the next.
#[derive(Debug, Default)]
struct Workspace {
    points: Vec<(f64, f64)>,
    values: Vec<f64>,
    slopes: Slopes,
}

impl Workspace {
    fn trend(&mut self, series: &[f64], test: TrendTest) -> Option<Trend> {
        self.points.clear();
        self.points.extend(points(series));
        if let TrendTest::Seasonal { period } = test {
            return self.seasonal(period);
        }
        self.values.clear();
        self.values
            .extend(self.points.iter().map(|&(_, value)| value));
        let kendall = Kendall::of(&self.values);
        let slope = self.slopes.median(&self.points)?;
        let correction = match test {
            TrendTest::HamedRao { lags } => hamed_rao(&self.values, slope, lags),
            TrendTest::Original | TrendTest::Seasonal { .. } => 1.0,
        };
        kendall.trend(correction, slope)
    }

    fn seasonal(&mut self, period: usize) -> Option<Trend> {
        let mut places = vec![Vec::new(); period.min(self.points.len())];
        // With more places than values each has one value at most, and there is no pair.
        if period > self.points.len() {
            return None;
        }
        for &(step, value) in &self.points {
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "steps are small whole numbers"
            )]
            places[step as usize % period].push((step, value));
        }
        let mut all = Kendall::default();
        for place in &places {
            self.values.clear();
            self.values.extend(place.iter().map(|&(_, value)| value));
            all = all.and(Kendall::of(&self.values));
        }
        let slope = self.slopes.median_of_sets(&places)?;
        all.trend(1.0, slope)
    }
}

/// S and what its variance is made of.
#[derive(Debug, Clone, Copy, Default)]
struct Kendall {
    observations: usize,
    pairs: f64,
    s: i64,
    variance: f64,
}

impl Kendall {
    fn of(values: &[f64]) -> Self {
        let (s, ties) = if values.len() <= ALL_PAIRS {
            compare_all(values)
        } else {
            compare_sorted(values)
        };
        let n = values.len() as f64;
        Self {
            observations: values.len(),
            pairs: n * (n - 1.0) / 2.0,
            s,
            variance: (n * (n - 1.0) * (2.0 * n + 5.0) - ties) / 18.0,
        }
    }

    fn and(self, other: Self) -> Self {
        Self {
            observations: self.observations + other.observations,
            pairs: self.pairs + other.pairs,
            s: self.s + other.s,
            variance: self.variance + other.variance,
        }
    }

    fn trend(self, correction: f64, slope: f64) -> Option<Trend> {
        let variance = self.variance * correction;
        let s = self.s as f64;
        let z = if self.s == 0 {
            0.0
        } else if variance > 0.0 {
            (s - s.signum()) / variance.sqrt()
        } else {
            return None;
        };
        Some(Trend {
            observations: self.observations,
            s: self.s,
            variance,
            tau: s / self.pairs,
            z,
            p: two_sided_p(z),
            slope,
        })
    }
}

/// S, and `Σ t (t−1) (2t+5)` over groups of equal values.
///
/// A value with `e` equal ones after it adds `6 e² + 12 e`: over a group, `e` runs from 0 to t − 1 and these add up to its term.
fn compare_all(values: &[f64]) -> (i64, f64) {
    let (mut s, mut ties) = (0_i64, 0_i64);
    for (i, value) in values.iter().enumerate() {
        let (mut sign, mut equal) = (0_i64, 0_i64);
        for later in &values[i + 1..] {
            sign += i64::from(later > value) - i64::from(later < value);
            #[expect(clippy::float_cmp, reason = "ties are values that are exactly equal")]
            let same = later == value;
            equal += i64::from(same);
        }
        s += sign;
        ties += 6 * equal * equal + 12 * equal;
    }
    (s, ties as f64)
}

/// The same in O(n log n).
fn compare_sorted(values: &[f64]) -> (i64, f64) {
    let mut sorted = values.to_vec();
    let falling = inversions(&mut sorted) as f64;
    let n = values.len() as f64;
    let (mut level, mut ties) = (0.0, 0.0);
    #[expect(clippy::float_cmp, reason = "ties are values that are exactly equal")]
    for group in sorted.chunk_by(|a, b| a == b) {
        let t = group.len() as f64;
        level += t * (t - 1.0) / 2.0;
        ties += t * (t - 1.0) * (2.0 * t + 5.0);
    }
    #[expect(clippy::cast_possible_truncation, reason = "whole numbers")]
    let s = (n * (n - 1.0) / 2.0 - level - 2.0 * falling) as i64;
    (s, ties)
}

/// `1 + 2 / (n (n−1) (n−2)) Σ_k (n−k) (n−k−1) (n−k−2) r_k`, r being the significant autocorrelations of the ranks of the
/// series without its slope.
fn hamed_rao(values: &[f64], slope: f64, lags: Option<usize>) -> f64 {
    let n = values.len();
    if n < 3 {
        return 1.0;
    }
    let level: Vec<f64> = values
        .iter()
        .enumerate()
        .map(|(at, value)| value - at as f64 * slope)
        .collect();
    let ranks = ranks(&level);
    let mean = (n + 1) as f64 / 2.0;
    let squares: f64 = ranks.iter().map(|rank| (rank - mean) * (rank - mean)).sum();
    if squares <= 0.0 {
        return 1.0;
    }
    let quantile = Normal::standard().inverse_cdf(0.975);
    let band = quantile / (n as f64).sqrt();
    let triples = |n: usize| n as f64 * (n as f64 - 1.0) * (n as f64 - 2.0);
    let sum: f64 = (1..lags.unwrap_or(n).min(n))
        .map(|lag| {
            let products = ranks
                .iter()
                .zip(&ranks[lag..])
                .map(|(a, b)| (a - mean) * (b - mean));
            (lag, products.sum::<f64>() / squares)
        })
        .filter(|(_, r)| r.abs() > band)
        .map(|(lag, r)| triples(n - lag) * r)
        .sum();
    1.0 + 2.0 / triples(n) * sum
}

/// Ranks from 1; equal values share the mean of their ranks.
fn ranks(values: &[f64]) -> Vec<f64> {
    let mut order: Vec<usize> = (0..values.len()).collect();
    order.sort_unstable_by(|&a, &b| values[a].total_cmp(&values[b]));
    let mut ranks = vec![0.0; values.len()];
    let mut first = 0;
    #[expect(clippy::float_cmp, reason = "ties are values that are exactly equal")]
    for group in order.chunk_by(|&a, &b| values[a] == values[b]) {
        for &at in group {
            ranks[at] = first as f64 + (group.len() + 1) as f64 / 2.0;
        }
        first += group.len();
    }
    ranks
}
