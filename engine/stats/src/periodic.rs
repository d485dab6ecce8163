//! When does it come back? The periods of many count series at once, with the next time that each is due.
//!
//! For every series and candidate period the steps are:
//! 1. counts become numbers of even variance (`2 √(x + 3/8)`, Anscombe 1948), or differences from what a reference rhythm expects;
//! 2. the power at the period and its harmonics is compared with the lines beside them, so that trends, bursts and other rhythms, which
//!    lift whole bands of the spectrum, are no periods;
//! 3. the autocorrelation must have a hill there;
//! 4. Benjamini-Hochberg over all series and periods decides;
//! 5. what is accepted is folded into a profile: strength, amplitude, phase, next window, expected count.

mod options;
mod outlook;
mod phase;
mod plan;
mod spectrum;

use std::thread;

use crate::fdr::benjamini_hochberg;
use crate::timeline::Timeline;

pub use options::{PeriodicError, PeriodicOptions};
pub use outlook::NextWindow;
pub use phase::Phase;
use plan::{Plan, Worker};

/// What kind of rhythm a period is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Rhythm {
    /// 24 hours.
    Daily,
    /// 7 days.
    Weekly,
    /// The mean month, 30.436875 days.
    Monthly,
    /// The mean year, 365.2425 days; 12 months when bins are months.
    Yearly,
    /// Another period, found by search: 2 hours to 3.5 days in hours, 2 to 30 days in days.
    Other,
}

/// One period that was tested in one series.
#[derive(Debug, Clone, PartialEq)]
pub struct Period {
    /// The kind.
    pub rhythm: Rhythm,
    /// How long, in days of 24 hours.
    pub days: f64,
    /// Whole and partial cycles in the series.
    pub cycles: f64,
    /// Share of the variance of the transformed series that the period and its harmonics explain, 0 … 1: the sum of their
    /// standard-normalised powers.
    pub power: f64,
    /// Baluev's false-alarm probability of the strongest of these lines in white noise, over all frequencies. Complaints are not white
    /// noise, so the decision rests on `p_value`.
    pub false_alarm_probability: f64,
    /// Chance of such lines above those beside them when the spectrum is smooth there.
    pub p_value: f64,
    /// `p_value` after Benjamini-Hochberg over all periods of all series.
    pub q_value: f64,
    /// The lag of the autocorrelation's hill in bins of the test (hours for [`Rhythm::Daily`], days or months else) and its height;
    /// `None` when there is no hill, or `p_value` was too high to look.
    pub hill: Option<(usize, f64)>,
    /// What an accepted period looks like; `None` when it is not accepted.
    pub finding: Option<Finding>,
}

/// What an accepted period looks like.
#[derive(Debug, Clone, PartialEq)]
pub struct Finding {
    /// `F_S = max(0, 1 − Var(R) / Var(S + R))` of the transformed series, after the mean of each cycle (of the whole line, for months
    /// and years) is taken off; S is the mean of each phase. In hours for a day, in days or months else: shorter bins are noisier, so
    /// compare strengths of one rhythm only.
    pub strength: f64,
    /// Half of the way from the lowest to the highest phase: counts per bin of the test.
    pub amplitude: f64,
    /// `amplitude` ÷ the mean count per bin.
    pub relative_amplitude: f64,
    /// Rate in the phase ÷ mean rate.
    pub peak_ratio: f64,
    /// When in the cycle the rate is high: the phases around the highest one where it is at least half as far above the mean.
    pub phase: Phase,
    /// The first such phase that ends after the series.
    pub next: Option<NextWindow>,
}

/// The periods of one series.
#[derive(Debug, Clone, PartialEq)]
pub struct SeriesPeriods {
    /// Sum of the counts that were used.
    pub events: f64,
    /// What was tested, one entry a rhythm; empty when the series has too few events or cycles, or does not vary.
    pub periods: Vec<Period>,
}

impl SeriesPeriods {
    /// The accepted periods.
    pub fn accepted(&self) -> impl Iterator<Item = (&Period, &Finding)> {
        self.periods
            .iter()
            .filter_map(|period| period.finding.as_ref().map(|finding| (period, finding)))
    }
}

/// Finds the periods of many series over one timeline. See the [module](self) for the steps; formulas:
///
/// * line power `P = 2 |Σ x e^(−iωt)|² / (N Σ x²)`, the Lomb-Scargle power at a Fourier frequency; missing bins are 0 after centring;
/// * background b of a line from the m lines beside it that belong to no other rhythm: their mean, or from 12 on `median / ln 2`, which
///   knows as much as the mean of 0.48 m; `p_h = (1 + P_h / (b m))^(−m)`, exact for exponential lines;
/// * harmonics together by Fisher: `p = Q(H, −Σ ln p_h)` with the upper incomplete gamma function; the best line of a free search by
///   `1 − (1 − p)^(lines searched)`;
/// * with a reference, `x = (count − e) / √e` with e the reference scaled to the series' sum (Pearson residuals).
///
/// `counts[s][t]` is the count of series s in bin t: any number type; negative or not-finite counts are missing, like the holes of the
/// timeline. Days with a missing hour are missing. For transforms that are fast and hold whole weeks, up to a few of the first weeks are
/// left out of the spectrum (never of profiles). Deterministic; series are spread over `options.threads`.
/// Cost: two transforms a series; measured in the crate's tests.
///
/// # Errors
/// An option breaks its rule; a series or the reference has another length than the timeline.
pub fn periodic<T>(
    timeline: &Timeline,
    counts: &[&[T]],
    options: &PeriodicOptions<'_>,
) -> Result<Vec<SeriesPeriods>, PeriodicError>
where
    T: Copy + Into<f64> + Sync,
{
    let mut results = unjudged(timeline, counts, options)?;
    decide(&mut results, options);
    Ok(results)
}

/// Series that are compared with the same reference.
#[derive(Debug, Clone)]
pub struct Group<'a, T> {
    /// Counts by series and bin.
    pub counts: Vec<&'a [T]>,
    /// As [`PeriodicOptions::reference`].
    pub reference: Option<&'a [f64]>,
}

/// [`periodic`] where series have different references: their own kind's rhythm rather than that of all kinds. The answers are in the
/// order of the groups, and Benjamini-Hochberg goes over all of them. `options.reference` is not used.
///
/// # Errors
/// As [`periodic`].
pub fn periodic_by_group<T>(
    timeline: &Timeline,
    groups: &[Group<'_, T>],
    options: &PeriodicOptions<'_>,
) -> Result<Vec<SeriesPeriods>, PeriodicError>
where
    T: Copy + Into<f64> + Sync,
{
    let mut results = Vec::new();
    for group in groups {
        let options = PeriodicOptions {
            reference: group.reference,
            ..options.clone()
        };
        results.extend(unjudged(timeline, &group.counts, &options)?);
    }
    decide(&mut results, options);
    Ok(results)
}

/// The periods of series before they are compared with each other.
fn unjudged<T>(
    timeline: &Timeline,
    counts: &[&[T]],
    options: &PeriodicOptions<'_>,
) -> Result<Vec<SeriesPeriods>, PeriodicError>
where
    T: Copy + Into<f64> + Sync,
{
    options.check(timeline)?;
    for (series, counts) in counts.iter().enumerate() {
        if counts.len() != timeline.bins() {
            return Err(PeriodicError::Length {
                series,
                bins: counts.len(),
                expected: timeline.bins(),
            });
        }
    }
    let plan = Plan::new(timeline, options);
    let mut results = vec![
        SeriesPeriods {
            events: 0.0,
            periods: Vec::new(),
        };
        counts.len()
    ];

    let threads = options
        .threads
        .or_else(|| thread::available_parallelism().ok())
        .map_or(1, usize::from)
        .min(counts.len().max(1));
    let share = counts.len().div_ceil(threads).max(1);
    thread::scope(|scope| {
        for (counts, results) in counts.chunks(share).zip(results.chunks_mut(share)) {
            let plan = &plan;
            scope.spawn(move || {
                let mut worker = Worker::new(plan);
                for (counts, result) in counts.iter().zip(results) {
                    *result = worker.periods(counts);
                }
            });
        }
    });
    Ok(results)
}

/// q-values over the whole family; findings that they do not support are dropped.
fn decide(results: &mut [SeriesPeriods], options: &PeriodicOptions<'_>) {
    let p: Vec<Option<f64>> = results
        .iter()
        .flat_map(|series| series.periods.iter().map(|period| Some(period.p_value)))
        .collect();
    let q = benjamini_hochberg(&p).q;
    let periods = results
        .iter_mut()
        .flat_map(|series| series.periods.iter_mut());
    for (period, q) in periods.zip(q) {
        period.q_value = q.unwrap_or(1.0);
        let is_weak = period
            .finding
            .as_ref()
            .is_some_and(|finding| finding.peak_ratio < options.peak_ratio_min);
        if period.q_value > options.alpha || is_weak {
            period.finding = None;
        }
    }
}

#[cfg(test)]
pub(crate) mod tests;
