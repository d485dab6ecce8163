//! The next time that a rhythm is high, and what to expect then.

#![expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    reason = "numbers of bins are positive and far below 2^52"
)]

use chrono::{Datelike, Days, Months, NaiveDate, NaiveDateTime, TimeDelta};
use statrs::distribution::{ContinuousCDF, Normal, StudentsT};

use super::phase::Phase;
use super::plan::{Counts, Plan};
use crate::count_interval::count_interval;
use crate::timeline::Bin;

/// The first high phase that ends after the series.
#[derive(Debug, Clone, PartialEq)]
pub struct NextWindow {
    /// When it begins: local time; before the end of the series when it has begun.
    pub from: NaiveDateTime,
    /// When it ends: local time.
    pub to: NaiveDateTime,
    /// Mean count of the last windows that were counted completely.
    pub expected: f64,
    /// The count is at least this, and …
    pub low: f64,
    /// … at most this, with the probability that was asked for.
    pub high: f64,
    /// Windows that the expectation rests on.
    pub windows: usize,
}

/// The next window of a phase. Its count is expected to be like those of the last windows (28 days, 8 weeks, 6 months, 5 years, 8 others):
/// negative binomial around their mean with their variance, which is at least the mean, times 1 + 1/n for the uncertain mean; fewer than
/// ten windows that vary more than Poisson counts widen it by Student's t.
///
/// `None` when fewer than two windows were counted completely.
pub(super) fn next_window(
    plan: &Plan<'_>,
    counts: &Counts,
    bin: Bin,
    period: f64,
    phase: &Phase,
) -> Option<NextWindow> {
    let end = plan.timeline.end();
    let recent = match phase {
        Phase::Hours { .. } => 28,
        Phase::DaysOfMonth { .. } => 6,
        Phase::Dates { .. } => 5,
        Phase::Weekdays { .. } | Phase::Every { .. } => 8,
    };
    let cycle_days = match bin {
        Bin::Hour => period / 24.0,
        Bin::Day => period,
        Bin::Month => period * super::plan::MONTH,
    };
    // From a cycle before the windows that may be needed.
    let back = (cycle_days * (recent as f64 + 2.0)).ceil() as i64;
    let from = end - TimeDelta::days(back);
    let mut last = Vec::with_capacity(recent);
    let mut next = None;
    for (from, to) in windows(phase, from, recent + 6) {
        if to > end {
            next = Some((from, to));
            break;
        }
        last.extend(count(plan, counts, bin, from, to));
    }
    let (from, to) = next?;
    let last = &last[last.len().saturating_sub(recent)..];
    if last.len() < 2 {
        return None;
    }
    let n = last.len() as f64;
    let mean = last.iter().sum::<f64>() / n;
    let spread = last.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / (n - 1.0);
    let mut variance = spread.max(mean) * (1.0 + 1.0 / n);
    if spread > mean && last.len() < 10 {
        let upper = f64::midpoint(1.0, plan.options.level);
        let normal = Normal::standard().inverse_cdf(upper);
        let student = StudentsT::new(0.0, 1.0, n - 1.0).ok()?.inverse_cdf(upper);
        variance *= (student / normal).powi(2);
    }
    let (low, high) = count_interval(mean, variance, plan.options.level);
    Some(NextWindow {
        from,
        to,
        expected: mean,
        low,
        high,
        windows: last.len(),
    })
}

/// The windows of a phase in order of time, from about `from` on.
fn windows(
    phase: &Phase,
    from: NaiveDateTime,
    most: usize,
) -> impl Iterator<Item = (NaiveDateTime, NaiveDateTime)> {
    let phase = *phase;
    let day = from.date();
    (0..most as u64 + 8).filter_map(move |cycle| match phase {
        Phase::Hours { from, to } => {
            let day = midnight(day.checked_add_days(Days::new(cycle))?)?;
            let to = if to <= from { to + 24 } else { to };
            Some((hours_later(day, from)?, hours_later(day, to)?))
        }
        Phase::Weekdays { from, to, .. } => {
            let monday = day
                .week(chrono::Weekday::Mon)
                .checked_first_day()?
                .checked_add_days(Days::new(7 * cycle))?;
            let first = u64::from(from.num_days_from_monday());
            let length = u64::from(to.days_since(from)) + 1;
            let first = monday.checked_add_days(Days::new(first))?;
            let last = first.checked_add_days(Days::new(length))?;
            Some((midnight(first)?, midnight(last)?))
        }
        Phase::DaysOfMonth { from, to } => {
            let month = day
                .with_day(1)?
                .checked_add_months(Months::new(cycle as u32))?;
            let end_month = if to < from {
                month.checked_add_months(Months::new(1))?
            } else {
                month
            };
            // A month without its 31st has no such day; a window from there begins with the next month.
            let first = month.checked_add_days(Days::new(u64::from(from - 1)))?;
            let first = first.min(month.checked_add_months(Months::new(1))?);
            let after = end_month.checked_add_days(Days::new(u64::from(to)))?;
            let after = after.min(end_month.checked_add_months(Months::new(1))?);
            (first < after)
                .then(|| Some((midnight(first)?, midnight(after)?)))
                .flatten()
        }
        Phase::Dates { from, to } => {
            let year = day.year().checked_add(i32::try_from(cycle).ok()?)?;
            let to_year = if to < from {
                year.checked_add(1)?
            } else {
                year
            };
            let after = date(to_year, to)?.checked_add_days(Days::new(1))?;
            Some((midnight(date(year, from)?)?, midnight(after)?))
        }
        Phase::Every {
            start,
            hours,
            period_hours,
        } => {
            let ahead = (from - start).num_seconds() as f64 / 3600.0 / period_hours;
            let begin = (ahead.floor() + cycle as f64) * period_hours;
            Some((
                start.checked_add_signed(seconds(begin))?,
                start.checked_add_signed(seconds(begin + hours))?,
            ))
        }
    })
}

fn seconds(hours: f64) -> TimeDelta {
    TimeDelta::seconds((hours * 3600.0).round() as i64)
}

fn midnight(date: NaiveDate) -> Option<NaiveDateTime> {
    date.and_hms_opt(0, 0, 0)
}

fn hours_later(time: NaiveDateTime, hours: u32) -> Option<NaiveDateTime> {
    time.checked_add_signed(TimeDelta::hours(i64::from(hours)))
}

/// The date, or the last of February in a year without a 29th.
fn date(year: i32, (month, day): (u32, u32)) -> Option<NaiveDate> {
    NaiveDate::from_ymd_opt(year, month, day).or_else(|| NaiveDate::from_ymd_opt(year, month, 28))
}

/// The count of a window; `None` when a part of it is not in the series or missing. A window that cuts bins takes those that begin in it.
fn count(
    plan: &Plan<'_>,
    counts: &Counts,
    bin: Bin,
    from: NaiveDateTime,
    to: NaiveDateTime,
) -> Option<f64> {
    let (values, first, last) = if bin == Bin::Month {
        let start = plan.timeline.start();
        let month = |time: NaiveDateTime| {
            i64::from(time.year() - start.year()) * 12 + i64::from(time.month())
                - i64::from(start.month())
        };
        (&counts.months, month(from), month(to))
    } else {
        let start = midnight(plan.first_day)?;
        // A finer series answers also for windows of whole days.
        let (values, length) = if counts.hours.is_empty() {
            (&counts.days, 86_400)
        } else {
            (&counts.hours, 3_600)
        };
        let bins = |time: NaiveDateTime| {
            let seconds = (time - start).num_seconds();
            seconds.div_euclid(length) + i64::from(seconds.rem_euclid(length) > 0)
        };
        (values, bins(from), bins(to))
    };
    let (first, last) = (usize::try_from(first).ok()?, usize::try_from(last).ok()?);
    let sum: f64 = values.get(first..last)?.iter().sum();
    (first < last && sum.is_finite()).then_some(sum)
}
