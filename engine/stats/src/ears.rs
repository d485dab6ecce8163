//! EARS C1, C2 and C3: is a day's count far above the days just before it?
//!
//! Formulas: Hutwagner et al. 2003, "The bioterrorism preparedness and response Early Aberration Reporting System (EARS)". With
//! `Y` the count, `m` and `s` the mean and the sample standard deviation (n − 1) of the baseline days:
//!
//! ```text
//! C(t)  = (Y(t) − m) / max(s, minimum_sigma)        C1: baseline ends the day before; C2: two guard days lie between
//! C3(t) = Σ max(0, C2(i) − 1) for i = t−2, t−1, t
//! ```
//!
//! Weekdays: with strata the baseline takes the most recent days of the same stratum, as the stratified baseline ("W2") of the
//! CDC's `BioSense` takes working days for a working day. The caller gives the strata, because which day is a working day is a
//! matter of decree (调休), not of the calendar week.

#![expect(clippy::cast_precision_loss, reason = "days are few")]

use std::ops::Range;

use statrs::distribution::{ContinuousCDF, Normal};
use statrs::function::beta::checked_beta_reg;

#[cfg(test)]
mod tests;

/// Which of the three statistics.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum EarsMethod {
    /// Baseline up to the day before: alarms early, but a slow rise lifts its own baseline.
    C1,
    /// Baseline that ends three days before: two guard days keep a rise out of it.
    #[default]
    C2,
    /// C2 summed over three days: for rises that are small each day.
    C3,
}

/// How to compute EARS; `Default` is C2 over 7 days.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct EarsParameters {
    /// Which statistic; C2.
    pub method: EarsMethod,
    /// Days in the baseline, 3 or more; 7.
    pub baseline: usize,
    /// Days of the baseline that must be known, 3 to `baseline`; 3.
    pub minimum_baseline: usize,
    /// The least standard deviation, complaints a day; 0.5. With 0 a baseline of equal days makes any higher count an alarm.
    pub minimum_sigma: f64,
    /// No alarm below this count, complaints; 3.
    pub minimum_count: f64,
    /// One-sided level, between 0 and 1; `None` is 0.001 for C1 and C2, 0.025 for C3.
    pub alpha: Option<f64>,
}

impl Default for EarsParameters {
    fn default() -> Self {
        Self {
            method: EarsMethod::C2,
            baseline: 7,
            minimum_baseline: 3,
            minimum_sigma: 0.5,
            minimum_count: 3.0,
            alpha: None,
        }
    }
}

/// Why EARS cannot be computed.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum EarsError {
    /// A parameter outside its range.
    #[error("{name} is {value}: it must be {rule}")]
    Parameter {
        /// The field of [`EarsParameters`].
        name: &'static str,
        /// What it was.
        value: f64,
        /// What it must be.
        rule: &'static str,
    },
    /// Another number of strata than of days.
    #[error("{strata} strata for {days} days: each day needs one")]
    Strata {
        /// Strata given.
        strata: usize,
        /// Days given.
        days: usize,
    },
}

/// One day's answer. Every field but `upper` and `p_value` is `None` together, when the count or its baseline is not known.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct EarsDay {
    /// Mean of the baseline, complaints.
    pub expected: Option<f64>,
    /// The statistic, standard deviations. Infinite where the baseline has no deviation and `minimum_sigma` is 0.
    pub statistic: Option<f64>,
    /// The count above which (C3: from which) the day is an alarm; C3 has none when the two days before alone suffice.
    pub upper: Option<f64>,
    /// Whether the day is an alarm.
    pub alarm: Option<bool>,
    /// Chance of this count or a higher one at the baseline's rate; `None` for C3, whose three days are no single test.
    ///
    /// `P(X ≥ Y) = I_{1/(b+1)}(Y/φ, Σ/φ + 1)`: given the sum of the day and its b baseline days, with Σ complaints, the day's part is
    /// binomial with one in b + 1 (Przyborowski and Wilenski 1940, two Poisson rates). φ is the baseline's variance over its mean, at
    /// least 1 (quasi-Poisson). The normal bound of EARS is far too low for the few complaints of a small area: by it one quiet day
    /// in a thousand is an alarm, and there are thousands of areas and kinds.
    pub p_value: Option<f64>,
}

/// EARS for each day of `range` of one series of daily counts, in order of days; NaN is a day that is not known. Days of the range
/// beyond the series are left out.
///
/// `strata` gives each day's stratum (say 0 working day, 1 day off); `None` compares with all days. A baseline looks back over
/// `baseline` days of the day's own stratum, known or not, and needs `minimum_baseline` known ones. Without strata the first
/// possible day is the 8th (C1), 10th (C2) and 12th (C3) when `minimum_baseline` is 7; a start of the series counts as unknown
/// days. Negative counts are not known either. Cost: days of the range × baseline, two days more for C3.
///
/// # Errors
/// [`EarsError`] for a parameter outside its range or strata of another length.
pub fn ears(
    counts: &[f64],
    strata: Option<&[u8]>,
    range: Range<usize>,
    parameters: &EarsParameters,
) -> Result<Vec<EarsDay>, EarsError> {
    let quantile = check(parameters)?;
    if let Some(strata) = strata
        && strata.len() != counts.len()
    {
        return Err(EarsError::Strata {
            strata: strata.len(),
            days: counts.len(),
        });
    }

    let end = range.end.min(counts.len());
    let start = range.start.min(end);
    // C3 sums over the two days before as well.
    let first = start.saturating_sub(2);
    let single: Vec<Option<Single>> = (first..end)
        .map(|day| Single::of(counts, strata, day, parameters))
        .collect();
    let days = (start..end).map(|day| {
        let Some(now) = single[day - first] else {
            return EarsDay::default();
        };
        if parameters.method == EarsMethod::C3 {
            let before = day
                .checked_sub(2)
                .map(|before| &single[before - first..day - first]);
            return before.map_or_else(EarsDay::default, |before| {
                now.summed(before, quantile, parameters)
            });
        }
        now.alone(quantile, parameters)
    });
    Ok(days.collect())
}

/// Strata of working days (0) and weekends (1) for `days` days, the first of which is `first`: a start where no calendar of
/// days off is at hand.
pub fn weekend_strata(first: chrono::Weekday, days: usize) -> Vec<u8> {
    let first = first.num_days_from_monday() as usize;
    (0..days)
        .map(|day| u8::from((first + day) % 7 >= 5))
        .collect()
}

/// C1 or C2 of one day, and what it came from.
#[derive(Clone, Copy)]
struct Single {
    count: f64,
    mean: f64,
    sigma: f64,
    statistic: f64,
    p_value: f64,
}

impl Single {
    fn of(
        counts: &[f64],
        strata: Option<&[u8]>,
        day: usize,
        parameters: &EarsParameters,
    ) -> Option<Self> {
        let count = known(counts[day])?;
        let guard = if parameters.method == EarsMethod::C1 {
            0
        } else {
            2
        };
        let same = |other: &usize| strata.is_none_or(|strata| strata[*other] == strata[day]);
        let baseline: Vec<f64> = (0..day.saturating_sub(guard))
            .rev()
            .filter(same)
            .take(parameters.baseline)
            .filter_map(|day| known(counts[day]))
            .collect();
        if baseline.len() < parameters.minimum_baseline {
            return None;
        }

        let mean = mean(&baseline);
        let squares = baseline
            .iter()
            .map(|count| (count - mean).powi(2))
            .sum::<f64>();
        let days = baseline.len() as f64;
        let variance = squares / (days - 1.0);
        let sigma = variance.sqrt().max(parameters.minimum_sigma);
        let dispersion = if mean > 0.0 {
            (variance / mean).max(1.0)
        } else {
            1.0
        };
        // A part too small to be a number is no evidence, and neither is one of a variance beyond numbers.
        let (own, others) = (count / dispersion, mean * days / dispersion);
        let p_value = checked_beta_reg(own, others + 1.0, 1.0 / (days + 1.0))
            .ok()
            .filter(|p| (0.0..=1.0).contains(p))
            .unwrap_or(1.0);
        let excess = count - mean;
        let statistic = if excess.abs() > 0.0 {
            excess / sigma
        } else {
            0.0
        };
        Some(Self {
            count,
            mean,
            sigma,
            statistic,
            p_value,
        })
    }

    fn alone(self, quantile: f64, parameters: &EarsParameters) -> EarsDay {
        let upper = self.mean + quantile * self.sigma;
        EarsDay {
            expected: Some(self.mean),
            statistic: Some(self.statistic),
            upper: Some(upper),
            alarm: Some(self.count > upper && self.count >= parameters.minimum_count),
            p_value: Some(self.p_value),
        }
    }

    /// C3 with the two days before; nothing when one of them is not known.
    fn summed(
        self,
        before: &[Option<Self>],
        quantile: f64,
        parameters: &EarsParameters,
    ) -> EarsDay {
        let Some(carried) = before
            .iter()
            .map(|day| day.map(Self::part))
            .sum::<Option<f64>>()
        else {
            return EarsDay::default();
        };
        let statistic = carried + self.part();
        let missing = quantile - carried;
        EarsDay {
            expected: Some(self.mean),
            statistic: Some(statistic),
            upper: (missing > 0.0).then_some(self.mean + self.sigma * (1.0 + missing)),
            alarm: Some(statistic >= quantile && self.count >= parameters.minimum_count),
            p_value: None,
        }
    }

    fn part(self) -> f64 {
        (self.statistic - 1.0).max(0.0)
    }
}

/// Checks the parameters; the normal quantile of the alarm.
fn check(parameters: &EarsParameters) -> Result<f64, EarsError> {
    let rule = |holds: bool, name, value, rule| {
        holds
            .then_some(())
            .ok_or(EarsError::Parameter { name, value, rule })
    };
    let baseline = parameters.baseline as f64;
    rule(
        parameters.baseline >= 3,
        "baseline",
        baseline,
        "3 or more days",
    )?;
    rule(
        (3..=parameters.baseline).contains(&parameters.minimum_baseline),
        "minimum_baseline",
        parameters.minimum_baseline as f64,
        "from 3 to baseline",
    )?;
    let sigma = parameters.minimum_sigma;
    rule(
        sigma >= 0.0 && sigma.is_finite(),
        "minimum_sigma",
        sigma,
        "0 or more, and finite",
    )?;
    let count = parameters.minimum_count;
    rule(
        count >= 0.0 && count.is_finite(),
        "minimum_count",
        count,
        "0 or more, and finite",
    )?;
    let usual = if parameters.method == EarsMethod::C3 {
        0.025
    } else {
        0.001
    };
    let alpha = parameters.alpha.unwrap_or(usual);
    rule(
        alpha > 0.0 && alpha < 1.0,
        "alpha",
        alpha,
        "between 0 and 1",
    )?;
    Ok(Normal::standard().inverse_cdf(1.0 - alpha))
}

fn known(count: f64) -> Option<f64> {
    (count.is_finite() && count >= 0.0).then_some(count)
}

fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}
