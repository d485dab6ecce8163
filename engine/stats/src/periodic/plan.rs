//! What all series of a search share, computed once; and the work on one series.

#![expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "numbers of bins and lines are positive and far below 2^52"
)]

mod grid;
mod worker;

use chrono::{Datelike, NaiveDate, Timelike};

use super::phase::Profile;
use super::{Finding, Period, PeriodicOptions, Rhythm, SeriesPeriods, outlook};
use crate::dot::total;
use crate::timeline::{Bin, Timeline};
use grid::Grid;
use worker::{GridWorker, Tested};

/// Days of the mean month and year of the calendar.
pub(super) const MONTH: f64 = 30.436_875;
pub(super) const YEAR: f64 = 365.242_5;

/// What all series share.
#[derive(Debug)]
pub(super) struct Plan<'a> {
    pub(super) timeline: &'a Timeline,
    pub(super) options: &'a PeriodicOptions<'a>,
    /// Bins before the first midnight: hours that belong to no whole day.
    pub(super) before: usize,
    /// Whole days; 0 when bins are months.
    pub(super) days: usize,
    /// The date of the first whole day.
    pub(super) first_day: NaiveDate,
    has_holes: bool,
    /// The resolutions that are tested: hours and days, or days, or months.
    grids: Vec<Grid>,
}

impl<'a> Plan<'a> {
    pub(super) fn new(timeline: &'a Timeline, options: &'a PeriodicOptions<'a>) -> Self {
        let start = timeline.start();
        let (before, days) = match timeline.bin() {
            Bin::Hour => {
                let before = (24 - start.hour() as usize) % 24;
                (before, timeline.bins().saturating_sub(before) / 24)
            }
            Bin::Day => (0, timeline.bins()),
            Bin::Month => (0, 0),
        };
        let reference = options.reference;
        let daily = |reference: &[f64]| -> Vec<f64> {
            reference[before.min(reference.len())..]
                .chunks_exact(24)
                .map(|hours| hours.iter().sum())
                .collect()
        };
        let grids = match timeline.bin() {
            Bin::Hour => vec![
                Grid::hours(
                    24 * days,
                    options,
                    reference.map(|r| r[before.min(r.len())..][..24 * days].to_vec()),
                ),
                Grid::days(days, options, reference.map(daily)),
            ],
            Bin::Day => vec![Grid::days(days, options, reference.map(<[f64]>::to_vec))],
            Bin::Month => vec![Grid::months(
                timeline.bins(),
                options,
                reference.map(<[f64]>::to_vec),
            )],
        };
        Self {
            timeline,
            options,
            before,
            days,
            first_day: timeline.time(before).date(),
            has_holes: (0..timeline.bins()).any(|at| timeline.is_hole(at)),
            grids,
        }
    }
}

/// Counts of one series at the resolutions of the plan; NaN is missing.
#[derive(Debug, Default)]
pub(super) struct Counts {
    /// Hours of whole days; empty unless bins are hours.
    pub(super) hours: Vec<f64>,
    /// Sum and number of the counts of each hour of the week from Monday 0 o'clock; empty unless bins are hours.
    pub(super) week: Vec<(f64, f64)>,
    /// Whole days; empty when bins are months.
    pub(super) days: Vec<f64>,
    /// Months; empty unless bins are months.
    pub(super) months: Vec<f64>,
}

/// Works on one series after another.
#[derive(Debug)]
pub(super) struct Worker<'a> {
    plan: &'a Plan<'a>,
    grids: Vec<GridWorker<'a>>,
    counts: Counts,
}

impl<'a> Worker<'a> {
    pub(super) fn new(plan: &'a Plan<'a>) -> Self {
        Self {
            plan,
            grids: plan.grids.iter().map(GridWorker::new).collect(),
            counts: Counts::default(),
        }
    }

    /// The periods of one series; q-values are not yet known.
    pub(super) fn periods<T: Copy + Into<f64>>(&mut self, counts: &[T]) -> SeriesPeriods {
        self.read(counts);
        let events = match self.plan.timeline.bin() {
            Bin::Hour => self.counts.week.iter().map(|hour| hour.0).sum(),
            Bin::Day => present_sum(&self.counts.days),
            Bin::Month => present_sum(&self.counts.months),
        };
        let mut periods = Vec::new();
        if events >= self.plan.options.events_min {
            for at in 0..self.grids.len() {
                self.test_grid(at, &mut periods);
            }
        }
        SeriesPeriods { events, periods }
    }

    fn test_grid(&mut self, at: usize, periods: &mut Vec<Period>) {
        let grid = &self.plan.grids[at];
        let counts = match grid.bin {
            Bin::Hour => &self.counts.hours,
            Bin::Day => &self.counts.days,
            Bin::Month => &self.counts.months,
        };
        let worker = &mut self.grids[at];
        if !worker.load(counts) {
            return;
        }
        for mut tested in worker.test() {
            let hill = if tested.p_value <= self.plan.options.alpha {
                worker.confirm(&mut tested)
            } else {
                None
            };
            let finding = hill
                .is_some()
                .then(|| self.plan.finding(&self.counts, grid.bin, &tested, worker))
                .flatten();
            periods.push(Period {
                rhythm: tested.rhythm,
                days: tested.period * grid.bin_days(),
                cycles: tested.cycles,
                power: tested.power,
                false_alarm_probability: tested.false_alarm_probability,
                p_value: tested.p_value,
                q_value: 1.0,
                hill: hill.map(|hill| (hill.lag, hill.autocorrelation)),
                finding,
            });
        }
    }

    /// Reads the counts at every resolution.
    fn read<T: Copy + Into<f64>>(&mut self, counts: &[T]) {
        let plan = self.plan;
        let first = plan.before;
        let base = match plan.timeline.bin() {
            Bin::Hour => &mut self.counts.hours,
            Bin::Day => &mut self.counts.days,
            Bin::Month => &mut self.counts.months,
        };
        base.clear();
        let len = match plan.timeline.bin() {
            Bin::Hour => 24 * plan.days,
            Bin::Day | Bin::Month => counts.len(),
        };
        let counts = &counts[first.min(counts.len())..][..len];
        base.extend(counts.iter().map(|&count| {
            let count: f64 = count.into();
            if count >= 0.0 && count.is_finite() {
                count
            } else {
                f64::NAN
            }
        }));
        if plan.has_holes {
            for (at, count) in base.iter_mut().enumerate() {
                if plan.timeline.is_hole(first + at) {
                    *count = f64::NAN;
                }
            }
        }
        if plan.timeline.bin() == Bin::Hour {
            self.counts.fold(plan);
        }
    }
}

impl Counts {
    /// Days and the hours of the week from the hours.
    fn fold(&mut self, plan: &Plan<'_>) {
        self.days.clear();
        self.week.clear();
        self.week.resize(168, (0.0, 0.0));
        let first = plan.first_day.weekday().num_days_from_monday() as usize;
        for (day, hours) in self.hours.chunks_exact(24).enumerate() {
            let weekday = (first + day) % 7 * 24;
            let week = &mut self.week[weekday..weekday + 24];
            let sum = total(hours);
            self.days.push(sum);
            for (week, &count) in week.iter_mut().zip(hours) {
                if count.is_finite() {
                    *week = (week.0 + count, week.1 + 1.0);
                }
            }
        }
    }
}

fn present_sum(counts: &[f64]) -> f64 {
    counts.iter().filter(|x| x.is_finite()).sum()
}

impl Plan<'_> {
    /// The date of a whole day.
    pub(super) fn date(&self, day: usize) -> NaiveDate {
        self.first_day
            .checked_add_days(chrono::Days::new(day as u64))
            .unwrap_or(NaiveDate::MAX)
    }

    /// Profile, strength and outlook of a period.
    fn finding(
        &self,
        counts: &Counts,
        bin: Bin,
        tested: &Tested,
        worker: &GridWorker<'_>,
    ) -> Option<Finding> {
        let profile = Profile::of(self, counts, bin, tested.rhythm, tested.period)?;
        let next = outlook::next_window(self, counts, bin, tested.period, &profile.phase);
        Some(Finding {
            strength: worker.strength(tested)?,
            amplitude: profile.amplitude,
            relative_amplitude: profile.amplitude / profile.mean,
            peak_ratio: profile.peak_ratio,
            phase: profile.phase,
            next,
        })
    }
}

/// A rhythm that is the same in every cycle has this many phases when it is folded.
pub(super) fn phases(rhythm: Rhythm, period: f64) -> usize {
    match rhythm {
        Rhythm::Yearly => 12,
        _ => (period.round() as usize).clamp(2, 31),
    }
}
