//! Farrington's method: is this week more than the same weeks of past years lead to expect?
//!
//! For each week: a baseline of the weeks around the same date in `years` past years, the rest of the year as a season factor
//! (`baseline`); a quasi-Poisson regression on trend and season, in which past outbreaks lose weight by their Anscombe
//! residuals (`model`); and an upper bound for this week's count (`threshold`).
//!
//! Definitions: Farrington et al. 1996 (J. R. Statist. Soc. A 159:547) and Noufaily et al. 2013 (Statistics in Medicine 32:1206),
//! with the rules of R `surveillance::farringtonFlexible`. Two differences: that function puts the reweighting weights where the
//! regression's working weights were, so that its trend tests use another dispersion than its model, and it loses the lower limit
//! 1 of the dispersion in standard errors. Here both are as in the papers and in R's older `farrington`.
#![expect(clippy::cast_precision_loss, reason = "weeks are few")]

mod baseline;
mod model;
mod threshold;

use std::ops::Range;

use baseline::Baseline;
use model::Model;
use statrs::distribution::{ContinuousCDF, Normal};
pub use threshold::{Power, ThresholdMethod};

#[cfg(test)]
mod tests;

/// How to compute; `Default` are the settings that Noufaily et al. advise.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct FarringtonParameters {
    /// Past years in the baseline, 1 or more; 5. A trend needs 3.
    pub years: usize,
    /// Periods (weeks) a year; 365.2425 / 7. The same date of a past year is the nearest whole period.
    pub periods_per_year: f64,
    /// Periods before and after the same date that count as the same season; 3.
    pub half_window: usize,
    /// Season levels, the window itself included; 10. 1 leaves the rest of the year out.
    pub seasons: usize,
    /// Most recent periods that stay out of the baseline, besides the current one; 26.
    pub recent_left_out: usize,
    /// Whether past outbreaks lose weight; true.
    pub reweight: bool,
    /// Anscombe residual above which a past period loses weight, above 0; 2.58.
    pub reweight_above: f64,
    /// One-sided level, between 0 and 1; 0.05.
    pub alpha: f64,
    /// Whether to try a trend in time; true.
    pub trend: bool,
    /// The trend stays when its p-value is below this, above 0 to 1; 1 keeps it always (p below 1); 1.
    pub trend_below: f64,
    /// How the upper bound follows from the model; negative binomial.
    pub threshold: ThresholdMethod,
    /// Complaints in the last `recent_periods` without which there is no answer; 5.
    pub recent_cases: f64,
    /// Periods over which `recent_cases` are counted, the current one included, 1 or more; 4.
    pub recent_periods: usize,
}

impl Default for FarringtonParameters {
    fn default() -> Self {
        Self {
            years: 5,
            periods_per_year: 365.2425 / 7.0,
            half_window: 3,
            seasons: 10,
            recent_left_out: 26,
            reweight: true,
            reweight_above: 2.58,
            alpha: 0.05,
            trend: true,
            trend_below: 1.0,
            threshold: ThresholdMethod::NegativeBinomial,
            recent_cases: 5.0,
            recent_periods: 4,
        }
    }
}

/// Why the method cannot be run.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum FarringtonError {
    /// A parameter outside its range.
    #[error("{name} is {value}: it must be {rule}")]
    Parameter {
        /// The field of [`FarringtonParameters`].
        name: &'static str,
        /// What it was.
        value: f64,
        /// What it must be.
        rule: &'static str,
    },
    /// Another number of populations than of counts.
    #[error("{populations} populations for {counts} counts: each period needs one")]
    Population {
        /// Populations given.
        populations: usize,
        /// Counts given.
        counts: usize,
    },
}

/// Why a period has no answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Silence {
    /// The count itself (or its population) is not known.
    Unknown,
    /// Not as many past years as the baseline needs, or too few known periods in them.
    NoHistory,
    /// The regression has no fit.
    NoFit,
    /// Fewer than `recent_cases` in the last `recent_periods`: numbers too small to alarm anybody.
    FewCases,
}

/// What the model says about one period.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Expectation {
    /// μ0, the expected count.
    pub expected: f64,
    /// U, the upper bound of the count.
    pub upper: f64,
    /// (y − μ0) / (U − μ0), above 1 for an alarm; `None` where U is not above μ0 (tiny means, whose bound is 0).
    pub score: Option<f64>,
    /// Probability of a count as high or higher.
    pub p_value: f64,
    /// φ, at least 1.
    pub dispersion: f64,
    /// Change of log μ a period; `None` when the trend was left out.
    pub trend: Option<f64>,
    /// Whether the count is above the upper bound.
    pub alarm: bool,
}

/// The method for each period of `range`, in order; periods outside the series are left out.
///
/// `counts` has one count a period (week), NaN where it is not known: such periods leave the baseline, and the recent cases. The
/// population, if given, has one positive number a period and becomes an offset. A period without an answer says why, which is
/// not "no alarm". Cost: one or two regressions of `seasons` + 1 columns a period, each run twice when reweighting.
///
/// # Errors
/// [`FarringtonError`] for a parameter outside its range or populations of another number.
pub fn farrington(
    counts: &[f64],
    population: Option<&[f64]>,
    range: Range<usize>,
    parameters: &FarringtonParameters,
) -> Result<Vec<Result<Expectation, Silence>>, FarringtonError> {
    check(parameters)?;
    if let Some(population) = population
        && population.len() != counts.len()
    {
        return Err(FarringtonError::Population {
            populations: population.len(),
            counts: counts.len(),
        });
    }
    let range = range.start..range.end.min(counts.len());
    Ok(range
        .map(|now| period(counts, population, now, parameters))
        .collect())
}

fn period(
    counts: &[f64],
    population: Option<&[f64]>,
    now: usize,
    parameters: &FarringtonParameters,
) -> Result<Expectation, Silence> {
    let count = known(counts[now]).ok_or(Silence::Unknown)?;
    let offset = match population {
        Some(population) => log(population[now]).ok_or(Silence::Unknown)?,
        None => 0.0,
    };
    let recent: f64 = counts[(now + 1).saturating_sub(parameters.recent_periods)..=now]
        .iter()
        .filter_map(|count| known(*count))
        .sum();
    if recent < parameters.recent_cases {
        return Err(Silence::FewCases);
    }

    let baseline = Baseline::of(counts, population, now, parameters).ok_or(Silence::NoHistory)?;
    let model = Model::fit(&baseline, offset, parameters).ok_or(Silence::NoFit)?;
    let z = Normal::standard().inverse_cdf(1.0 - parameters.alpha);
    let bound = parameters
        .threshold
        .bound(&model, count, z, parameters.alpha)
        .ok_or(Silence::NoFit)?;
    Ok(Expectation {
        expected: model.expected,
        upper: bound.upper,
        score: (bound.upper > model.expected)
            .then(|| (count - model.expected) / (bound.upper - model.expected)),
        p_value: bound.p_value,
        dispersion: model.dispersion,
        trend: model.trend,
        alarm: count > bound.upper,
    })
}

fn check(parameters: &FarringtonParameters) -> Result<(), FarringtonError> {
    let rule = |holds: bool, name, value, rule| {
        holds
            .then_some(())
            .ok_or(FarringtonError::Parameter { name, value, rule })
    };
    let within = |value: f64| value > 0.0 && value < 1.0;
    rule(
        (1..=100).contains(&parameters.years),
        "years",
        parameters.years as f64,
        "from 1 to 100",
    )?;
    let year = parameters.periods_per_year;
    rule(
        (2.0..=1000.0).contains(&year),
        "periods_per_year",
        year,
        "from 2 to 1000",
    )?;
    let window = 2 * parameters.half_window.min(10_000) + 1;
    rule(
        (window as f64) < year,
        "half_window",
        parameters.half_window as f64,
        "small enough for both sides and the middle to be less than a year",
    )?;
    // Every level of the season then has a period of its own, whichever way the year is rounded.
    rule(
        parameters.seasons >= 1
            && (parameters.seasons == 1
                || (window + parameters.seasons.min(10_000) - 1) as f64 <= year - 1.0),
        "seasons",
        parameters.seasons as f64,
        "1, or at most one for each period of the year outside the window",
    )?;
    rule(
        (parameters.recent_left_out as f64) < year,
        "recent_left_out",
        parameters.recent_left_out as f64,
        "less than a year",
    )?;
    let above = parameters.reweight_above;
    rule(
        above > 0.0 && above.is_finite(),
        "reweight_above",
        above,
        "above 0, and finite",
    )?;
    rule(
        within(parameters.alpha),
        "alpha",
        parameters.alpha,
        "between 0 and 1",
    )?;
    let below = parameters.trend_below;
    rule(
        below > 0.0 && below <= 1.0,
        "trend_below",
        below,
        "above 0, at most 1",
    )?;
    let cases = parameters.recent_cases;
    rule(
        cases >= 0.0 && cases.is_finite(),
        "recent_cases",
        cases,
        "0 or more, and finite",
    )?;
    let periods = parameters.recent_periods;
    rule(periods >= 1, "recent_periods", periods as f64, "1 or more")
}

fn known(count: f64) -> Option<f64> {
    (count.is_finite() && count >= 0.0).then_some(count)
}

fn log(population: f64) -> Option<f64> {
    (population.is_finite() && population > 0.0).then(|| population.ln())
}
