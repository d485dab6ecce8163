//! When in its cycle a rhythm is high.

#![expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "numbers of bins are positive and far below 2^52"
)]

use std::f64::consts::TAU;

use chrono::{Datelike, NaiveDate, NaiveDateTime, TimeDelta, Weekday};

use super::Rhythm;
use super::plan::{Counts, Plan, phases};
use crate::timeline::Bin;

/// A part of the cycle, in the city's local calendar. It may run over the cycle's end: from 22 to 2 o'clock, from November to March.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Phase {
    /// From this hour, 0 … 23, to that hour, 1 … 24, every day.
    Hours {
        /// The first hour.
        from: u32,
        /// The hour at whose beginning it ends.
        to: u32,
    },
    /// On these weekdays.
    Weekdays {
        /// The first day.
        from: Weekday,
        /// The last day, included.
        to: Weekday,
        /// The high hours of these days, as in [`Phase::Hours`]; none when bins are days.
        hours: Option<(u32, u32)>,
    },
    /// On these days of the month, 1 … 31.
    DaysOfMonth {
        /// The first day.
        from: u32,
        /// The last day, included.
        to: u32,
    },
    /// On these dates of the year.
    Dates {
        /// Month 1 … 12 and day of the first date.
        from: (u32, u32),
        /// Month and day of the last date, included.
        to: (u32, u32),
    },
    /// Every period, counted from a local time on.
    Every {
        /// When one such time begins.
        start: NaiveDateTime,
        /// How long it lasts, in hours.
        hours: f64,
        /// From one to the next, in hours.
        period_hours: f64,
    },
}

/// Mean counts by phase.
#[derive(Debug)]
pub(super) struct Profile {
    pub(super) phase: Phase,
    /// Mean count per bin.
    pub(super) mean: f64,
    pub(super) amplitude: f64,
    pub(super) peak_ratio: f64,
}

impl Profile {
    /// Folds the counts of a series; `None` when nothing was counted.
    pub(super) fn of(
        plan: &Plan<'_>,
        counts: &Counts,
        bin: Bin,
        rhythm: Rhythm,
        period: f64,
    ) -> Option<Self> {
        match (rhythm, bin) {
            (Rhythm::Daily, _) => {
                let (rates, mean) = hours_of(&counts.week, |_| true)?;
                let run = Run::around_peak(&rates, mean)?;
                let (from, to) = run.hours();
                Some(run.profile(&rates, mean, Phase::Hours { from, to }))
            }
            (Rhythm::Weekly, _) => weekly(plan, counts),
            (Rhythm::Monthly, _) => {
                let (rates, mean) = fold(&counts.days, 31, |day| plan.date(day).day0() as usize)?;
                let rates = smoothed(&rates);
                let run = Run::around_peak(&rates, mean)?;
                let phase = Phase::DaysOfMonth {
                    from: run.first as u32 + 1,
                    to: run.last(31) as u32 + 1,
                };
                Some(run.profile(&rates, mean, phase))
            }
            (Rhythm::Yearly, Bin::Month) => {
                let first = plan.timeline.start().month0() as usize;
                let (rates, mean) = fold(&counts.months, 12, |month| (first + month) % 12)?;
                let run = Run::around_peak(&rates, mean)?;
                let last = run.last(12) as u32 + 1;
                let phase = Phase::Dates {
                    from: (run.first as u32 + 1, 1),
                    to: (last, days_of_month(last)),
                };
                Some(run.profile(&rates, mean, phase))
            }
            (Rhythm::Yearly, _) => yearly(plan, counts),
            (Rhythm::Other, _) => other(plan, counts, bin, period),
        }
    }
}

fn weekly(plan: &Plan<'_>, counts: &Counts) -> Option<Profile> {
    let first = plan.first_day.weekday().num_days_from_monday() as usize;
    let (rates, mean) = fold(&counts.days, 7, |day| (first + day) % 7)?;
    let run = Run::around_peak(&rates, mean)?;
    let is_high = |weekday: usize| (weekday + 7 - run.first) % 7 < run.length;
    let hours = hours_of(&counts.week, is_high)
        .and_then(|(rates, mean)| Run::around_peak(&rates, mean))
        .map(Run::hours);
    let weekday = |day: usize| Weekday::try_from(day as u8).unwrap_or(Weekday::Mon);
    let phase = Phase::Weekdays {
        from: weekday(run.first),
        to: weekday(run.last(7)),
        hours,
    };
    Some(run.profile(&rates, mean, phase))
}

/// The year's course from 365 days by four harmonics, which a few years' noise of single days does not shape.
fn yearly(plan: &Plan<'_>, counts: &Counts) -> Option<Profile> {
    const HARMONICS: usize = 4;
    let (rates, mean) = fold(&counts.days, 365, |day| {
        let date = plan.date(day);
        // 29 February shares the place of the day before.
        let leap = u32::from(date.leap_year() && date.ordinal() > 59);
        (date.ordinal0() - leap) as usize
    })?;
    let level = rates.iter().sum::<f64>() / 365.0;
    let mut smooth = vec![level; 365];
    for harmonic in 1..=HARMONICS {
        let angle = |day: usize| TAU * (harmonic * day) as f64 / 365.0;
        let (mut a, mut b) = (0.0, 0.0);
        for (day, rate) in rates.iter().enumerate() {
            a += rate * angle(day).cos() * 2.0 / 365.0;
            b += rate * angle(day).sin() * 2.0 / 365.0;
        }
        for (day, smooth) in smooth.iter_mut().enumerate() {
            *smooth += a * angle(day).cos() + b * angle(day).sin();
        }
    }
    let run = Run::around_peak(&smooth, level)?;
    let date = |day: usize| {
        let date = NaiveDate::from_yo_opt(2023, day as u32 + 1).unwrap_or(NaiveDate::MIN);
        (date.month(), date.day())
    };
    let phase = Phase::Dates {
        from: date(run.first),
        to: date(run.last(365)),
    };
    Some(run.profile(&smooth, mean, phase))
}

fn other(plan: &Plan<'_>, counts: &Counts, bin: Bin, period: f64) -> Option<Profile> {
    let (values, bin_hours) = match bin {
        Bin::Hour => (&counts.hours, 1.0),
        Bin::Day | Bin::Month => (&counts.days, 24.0),
    };
    let parts = phases(Rhythm::Other, period);
    let (rates, mean) = fold(values, parts, |t| {
        let position = t as f64 / period;
        (((position - position.floor()) * parts as f64) as usize).min(parts - 1)
    })?;
    let run = Run::around_peak(&rates, mean)?;
    let part_hours = period * bin_hours / parts as f64;
    let offset = TimeDelta::seconds((run.first as f64 * part_hours * 3600.0).round() as i64);
    let start = plan
        .first_day
        .and_hms_opt(0, 0, 0)?
        .checked_add_signed(offset)?;
    let phase = Phase::Every {
        start,
        hours: run.length as f64 * part_hours,
        period_hours: period * bin_hours,
    };
    Some(run.profile(&rates, mean, phase))
}

/// Mean of the counts of each hour of the day on some weekdays, 0 is Monday, and of all.
fn hours_of(week: &[(f64, f64)], is_meant: impl Fn(usize) -> bool) -> Option<(Vec<f64>, f64)> {
    let mut sums = vec![(0.0, 0.0); 24];
    for (_, day) in week
        .chunks_exact(24)
        .enumerate()
        .filter(|&(weekday, _)| is_meant(weekday))
    {
        for (sum, hour) in sums.iter_mut().zip(day) {
            *sum = (sum.0 + hour.0, sum.1 + hour.1);
        }
    }
    rates(&sums)
}

/// Mean of the counts of each phase, and of all; a phase without a count has the mean of all. `None` when nothing was counted.
fn fold(counts: &[f64], phases: usize, phase: impl Fn(usize) -> usize) -> Option<(Vec<f64>, f64)> {
    let mut sums = vec![(0.0, 0.0); phases];
    for (at, count) in counts.iter().enumerate() {
        if count.is_finite() {
            let sum = &mut sums[phase(at)];
            *sum = (sum.0 + count, sum.1 + 1.0);
        }
    }
    rates(&sums)
}

/// Means from sums and numbers; a phase without a count has the mean of all. `None` when nothing was counted.
fn rates(sums: &[(f64, f64)]) -> Option<(Vec<f64>, f64)> {
    let (sum, n) = sums
        .iter()
        .fold((0.0, 0.0), |(a, b), sum| (a + sum.0, b + sum.1));
    let mean = sum / n;
    (sum > 0.0).then(|| {
        let rates = sums
            .iter()
            .map(|&(sum, n)| if n > 0.0 { sum / n } else { mean })
            .collect();
        (rates, mean)
    })
}

/// Each phase with its two neighbours around the cycle.
fn smoothed(rates: &[f64]) -> Vec<f64> {
    let n = rates.len();
    (0..n)
        .map(|at| (rates[(at + n - 1) % n] + rates[at] + rates[(at + 1) % n]) / 3.0)
        .collect()
}

fn days_of_month(month: u32) -> u32 {
    match month {
        2 => 29,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// Neighbouring phases around the cycle.
#[derive(Debug, Clone, Copy)]
struct Run {
    first: usize,
    length: usize,
}

impl Run {
    /// The phases around the highest one with at least `mean + (highest − mean) / 2`; `None` when no phase is above the mean.
    fn around_peak(rates: &[f64], mean: f64) -> Option<Self> {
        let n = rates.len();
        let (peak, highest) = rates
            .iter()
            .copied()
            .enumerate()
            .rev()
            .max_by(|a, b| a.1.total_cmp(&b.1))?;
        if highest <= mean {
            return None;
        }
        let half = f64::midpoint(mean, highest);
        let before = (1..n)
            .take_while(|step| rates[(peak + n - step) % n] >= half)
            .count();
        let after = (1..n - before)
            .take_while(|step| rates[(peak + step) % n] >= half)
            .count();
        Some(Self {
            first: (peak + n - before) % n,
            length: before + after + 1,
        })
    }

    fn last(self, n: usize) -> usize {
        (self.first + self.length - 1) % n
    }

    /// Hours from … to, where 24 ends a day.
    fn hours(self) -> (u32, u32) {
        (self.first as u32, self.last(24) as u32 + 1)
    }

    fn profile(self, rates: &[f64], mean: f64, phase: Phase) -> Profile {
        let n = rates.len();
        let inside: f64 = (0..self.length)
            .map(|step| rates[(self.first + step) % n])
            .sum();
        let highest = rates.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let lowest = rates.iter().copied().fold(f64::INFINITY, f64::min);
        Profile {
            phase,
            mean,
            amplitude: (highest - lowest) / 2.0,
            peak_ratio: inside / self.length as f64 / mean,
        }
    }
}
