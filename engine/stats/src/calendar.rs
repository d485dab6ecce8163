//! Rhythms that no fixed period fits: heating and flood seasons, lunar festivals, school terms. Is there more inside the windows of a
//! calendar than outside, and what to expect in the next one?

#![expect(
    clippy::cast_precision_loss,
    clippy::cast_sign_loss,
    clippy::cast_possible_wrap,
    clippy::cast_possible_truncation,
    reason = "numbers of days are far below 2^52"
)]

mod conditional;
mod exposure;
mod many;

use chrono::{Days, NaiveDate};
use statrs::distribution::{ContinuousCDF, Normal};

use crate::count_interval::count_interval;
use crate::timeline::{Bin, Timeline};
use conditional::two_sided;
use exposure::{Exposure, group};
pub use many::{Anchored, AnchoredMany, AnchoredRule, anchored_of_many};

/// One occurrence of a window: dates of the city's calendar.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CalendarWindow {
    /// The first date.
    pub from: NaiveDate,
    /// The date after the last one.
    pub to: NaiveDate,
}

/// How windows are compared.
#[derive(Debug, Clone, PartialEq)]
pub struct CalendarOptions {
    /// Is a day expected to have what its weekday has outside the windows? Default yes: a window may hold more weekends.
    pub is_weekday_adjusted: bool,
    /// Is a day expected to follow the mean of the 365 days around it? Default yes, which takes growth over the years away; without effect
    /// for less than 365 days.
    pub is_level_adjusted: bool,
    /// Days of a block; blocks are independent, days are not. Default 14.
    pub block_days: usize,
    /// Probability of the intervals. Default 0.9.
    pub level: f64,
}

impl Default for CalendarOptions {
    fn default() -> Self {
        Self {
            is_weekday_adjusted: true,
            is_level_adjusted: true,
            block_days: 14,
            level: 0.9,
        }
    }
}

/// Why windows were not compared.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum CalendarError {
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
    /// The bins are not days.
    #[error("bins are {0:?}s, but must be days")]
    NotDays(Bin),
    /// The series does not fit the timeline.
    #[error("the series has {bins} bins, but the timeline {expected}")]
    Length {
        /// Its bins.
        bins: usize,
        /// Those of the timeline.
        expected: usize,
    },
    /// A window ends before it begins.
    #[error("the window from {from} to {to} holds no day")]
    EmptyWindow {
        /// Its first date.
        from: NaiveDate,
        /// The date after its last one.
        to: NaiveDate,
    },
}

/// What one window of the past had.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Occurrence {
    /// The window.
    pub window: CalendarWindow,
    /// Days of it that were counted.
    pub days: usize,
    /// Its count.
    pub observed: f64,
    /// What these days would have at the rate outside.
    pub usual: f64,
}

/// What to expect in a window that is not over.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ExpectedWindow {
    /// The window.
    pub window: CalendarWindow,
    /// Its expected count.
    pub expected: f64,
    /// The count is at least this, and …
    pub low: f64,
    /// … at most this, with the probability that was asked for.
    pub high: f64,
}

/// Inside against outside.
#[derive(Debug, Clone, PartialEq)]
pub struct CalendarFinding {
    /// Count and days inside.
    pub inside: (f64, usize),
    /// Count and days outside.
    pub outside: (f64, usize),
    /// Adjusted rate inside ÷ outside; `None` when nothing was counted outside.
    pub rate_ratio: Option<f64>,
    /// Interval of the rate ratio: `exp(ln RR ± z √(1/a + 1/b + 1/α + 1/β))`; `None` when a or b is 0.
    pub interval: Option<(f64, f64)>,
    /// Exact p of the counts as Poisson counts: too small when counts come in bursts.
    pub poisson_p: f64,
    /// Exact p of the counts as negative binomial ones: the value to decide by.
    pub p_value: f64,
    /// Variance of a block ÷ its mean; 1 is Poisson.
    pub dispersion: f64,
    /// Each window with counted days.
    pub occurrences: Vec<Occurrence>,
    /// How many of them point the way of the rate ratio. One window that was high is no rhythm: ask for at least two.
    pub agreeing: usize,
    /// The first window that ends after the series.
    pub next: Option<ExpectedWindow>,
}

/// Compares the days inside windows with those outside.
///
/// Each day has an exposure: what its weekday has outside ÷ the mean outside, times the mean of the 365 days around it ÷ the mean of all.
/// With counts a, b and exposures E, F inside and outside, `RR = (a / E) / (b / F)`. Given a + b, a is binomial with chance E / (E + F)
/// when counts are Poisson (Przyborowski & Wilenski 1940), and beta-binomial with α = κE, β = κF when the counts of independent blocks
/// are negative binomial with variance `μ + μ²/k`; k is estimated by moments, `1/k = Σ [(y − μ)² n/(n−2) − μ] / Σ μ²` over blocks of
/// `block_days` that are all inside or all outside, `κ = k (E + F) / Σ e²`. p is twice the smaller tail.
///
/// The next window is expected to have the rate of those before on its weekdays at the last level, with that variance, the uncertainty of
/// the rate, and how much windows differed beyond it.
///
/// NaN, negative counts and holes of the timeline are missing days. `None` when nothing was counted, or no day lies inside or none outside.
/// For many series or windows, adjust `p_value` with [`crate::fdr`].
///
/// # Errors
/// Bins that are not days, a series of another length, a window without a day, an option that breaks its rule.
pub fn anchored(
    timeline: &Timeline,
    counts: &[f64],
    windows: &[CalendarWindow],
    options: &CalendarOptions,
) -> Result<Option<CalendarFinding>, CalendarError> {
    check(timeline, counts, windows, options)?;
    let first = timeline.start().date();
    let mut is_inside = vec![false; counts.len()];
    for &window in windows {
        for day in days_in(window, first, counts.len()) {
            is_inside[day] = true;
        }
    }
    let present: Vec<f64> = counts
        .iter()
        .enumerate()
        .map(|(day, &count)| {
            if count >= 0.0 && count.is_finite() && !timeline.is_hole(day) {
                count
            } else {
                f64::NAN
            }
        })
        .collect();
    let exposure = Exposure::new(first, &present, &is_inside, options);
    let (inside, outside) = group(&present, &is_inside, &exposure);
    if inside.days == 0 || outside.days == 0 || inside.count + outside.count <= 0.0 {
        return Ok(None);
    }
    let share = inside.exposure / (inside.exposure + outside.exposure);
    let blocks = exposure::blocks(&present, &is_inside, &exposure, options.block_days);
    let overdispersion = exposure::overdispersion(&blocks, &inside, &outside);
    let (kappa, dispersion) = overdispersion.unwrap_or((f64::INFINITY, 1.0));
    let (alpha, beta) = (kappa * inside.exposure, kappa * outside.exposure);

    let total = (inside.count + outside.count).round();
    let observed = inside.count.round().min(total);
    let rate_ratio = (outside.count > 0.0).then(|| inside.rate() / outside.rate());
    let normal = Normal::standard().inverse_cdf(f64::midpoint(1.0, options.level));
    let error = (1.0 / inside.count + 1.0 / outside.count + 1.0 / alpha + 1.0 / beta).sqrt();
    let occurrences = occurrences(windows, first, &present, &exposure, outside.rate());
    let is_high = rate_ratio.is_none_or(|ratio| ratio >= 1.0);
    let agreeing = occurrences
        .iter()
        .filter(|past| (past.observed > past.usual) == is_high)
        .count();
    let next = windows
        .iter()
        .filter(|window| window.to > timeline.end().date())
        .min_by_key(|window| window.from)
        .map(|&window| {
            let expected = exposure.ahead(window) * inside.rate();
            // Variance beyond Poisson, as a share of the squared mean: of blocks, of the rate, of windows.
            let of_blocks = 1.0 / (kappa * exposure.ahead(window));
            let of_rate = 1.0 / inside.count.max(1.0) + 1.0 / alpha;
            let of_windows = between(&occurrences, inside.rate() / outside.rate());
            let share = of_blocks.max(of_windows) + of_rate;
            let variance = expected + expected * expected * share;
            let (low, high) = count_interval(expected, variance, options.level);
            ExpectedWindow {
                window,
                expected,
                low,
                high,
            }
        });
    Ok(Some(CalendarFinding {
        inside: (inside.count, inside.days),
        outside: (outside.count, outside.days),
        rate_ratio,
        interval: rate_ratio.filter(|&ratio| ratio > 0.0).map(|ratio| {
            (
                ratio * (-normal * error).exp(),
                ratio * (normal * error).exp(),
            )
        }),
        poisson_p: two_sided(observed, total, share, f64::INFINITY),
        p_value: two_sided(observed, total, share, alpha + beta),
        dispersion,
        occurrences,
        agreeing,
        next,
    }))
}

fn check(
    timeline: &Timeline,
    counts: &[f64],
    windows: &[CalendarWindow],
    options: &CalendarOptions,
) -> Result<(), CalendarError> {
    if timeline.bin() != Bin::Day {
        return Err(CalendarError::NotDays(timeline.bin()));
    }
    if counts.len() != timeline.bins() {
        return Err(CalendarError::Length {
            bins: counts.len(),
            expected: timeline.bins(),
        });
    }
    if let Some(&CalendarWindow { from, to }) =
        windows.iter().find(|window| window.to <= window.from)
    {
        return Err(CalendarError::EmptyWindow { from, to });
    }
    if !(options.level > 0.0 && options.level < 1.0) {
        return Err(CalendarError::Option {
            field: "level",
            value: options.level,
            rule: "inside 0 … 1",
        });
    }
    if options.block_days == 0 {
        return Err(CalendarError::Option {
            field: "block_days",
            value: 0.0,
            rule: "at least 1",
        });
    }
    Ok(())
}

/// Which days of the series a window holds.
fn days_in(window: CalendarWindow, first: NaiveDate, days: usize) -> std::ops::Range<usize> {
    let day = |date: NaiveDate| (date - first).num_days().clamp(0, days as i64) as usize;
    day(window.from)..day(window.to)
}

fn occurrences(
    windows: &[CalendarWindow],
    first: NaiveDate,
    counts: &[f64],
    exposure: &Exposure,
    usual_rate: f64,
) -> Vec<Occurrence> {
    windows
        .iter()
        .filter_map(|&window| {
            let mut past = Occurrence {
                window,
                days: 0,
                observed: 0.0,
                usual: 0.0,
            };
            for day in days_in(window, first, counts.len()) {
                if counts[day].is_finite() {
                    past.days += 1;
                    past.observed += counts[day];
                    past.usual += usual_rate * exposure.of(day);
                }
            }
            (past.days > 0).then_some(past)
        })
        .collect()
}

/// Variance of observed ÷ expected between windows, beyond that of Poisson counts; 0 for fewer than two.
fn between(occurrences: &[Occurrence], ratio: f64) -> f64 {
    let ratios: Vec<(f64, f64)> = occurrences
        .iter()
        .map(|past| (past.observed, past.usual * ratio))
        .filter(|&(_, expected)| expected > 0.0 && expected.is_finite())
        .map(|(observed, expected)| (observed / expected, 1.0 / expected))
        .collect();
    if ratios.len() < 2 {
        return 0.0;
    }
    let n = ratios.len() as f64;
    let spread = ratios.iter().map(|(x, _)| (x - 1.0).powi(2)).sum::<f64>() / (n - 1.0);
    let poisson = ratios.iter().map(|(_, v)| v).sum::<f64>() / n;
    (spread - poisson).max(0.0)
}

/// The day after `days` more days; the end of the calendar when there is none.
fn days_later(date: NaiveDate, days: usize) -> NaiveDate {
    date.checked_add_days(Days::new(days as u64))
        .unwrap_or(NaiveDate::MAX)
}

#[cfg(test)]
mod tests;
