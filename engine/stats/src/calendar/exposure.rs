//! What a day is expected to have relative to the mean day, and how much blocks of days vary beyond Poisson counts.

#![expect(
    clippy::cast_precision_loss,
    reason = "numbers of days are far below 2^52"
)]

use chrono::{Datelike, NaiveDate};

use super::{CalendarOptions, CalendarWindow, days_later};

/// Days of the level's window: a whole year, so that it holds no season.
const YEAR: usize = 365;

/// An exposure is at least this: a weekday that never had a complaint may still get one.
const LEAST: f64 = 0.02;

/// The exposure of every day.
#[derive(Debug)]
pub(super) struct Exposure {
    first: NaiveDate,
    weekdays: [f64; 7],
    levels: Vec<f64>,
}

impl Exposure {
    pub(super) fn new(
        first: NaiveDate,
        counts: &[f64],
        is_inside: &[bool],
        options: &CalendarOptions,
    ) -> Self {
        let levels = if options.is_level_adjusted && counts.len() >= YEAR {
            levels(counts)
        } else {
            vec![1.0; counts.len()]
        };
        let mut exposure = Self {
            first,
            weekdays: [1.0; 7],
            levels,
        };
        if options.is_weekday_adjusted {
            let (mut sums, mut expected) = ([0.0; 7], [0.0; 7]);
            for (day, &count) in counts.iter().enumerate() {
                if !is_inside[day] && count.is_finite() {
                    sums[exposure.weekday(day)] += count;
                    expected[exposure.weekday(day)] += exposure.levels[day];
                }
            }
            let mean = sums.iter().sum::<f64>() / expected.iter().sum::<f64>();
            if mean > 0.0 {
                for weekday in 0..7 {
                    if expected[weekday] > 0.0 {
                        exposure.weekdays[weekday] =
                            (sums[weekday] / expected[weekday] / mean).max(LEAST);
                    }
                }
            }
        }
        exposure
    }

    fn weekday(&self, day: usize) -> usize {
        days_later(self.first, day).weekday().num_days_from_monday() as usize
    }

    /// The exposure of a day of the series.
    pub(super) fn of(&self, day: usize) -> f64 {
        self.weekdays[self.weekday(day)] * self.levels[day]
    }

    /// The exposure of a window, as if all of it came at the last level.
    pub(super) fn ahead(&self, window: CalendarWindow) -> f64 {
        let level = self.levels.last().copied().unwrap_or(1.0);
        window
            .from
            .iter_days()
            .take_while(|&date| date < window.to)
            .map(|date| level * self.weekdays[date.weekday().num_days_from_monday() as usize])
            .sum()
    }
}

/// Mean of the 365 days around each day ÷ the mean of all; near the ends that of the last whole year.
fn levels(counts: &[f64]) -> Vec<f64> {
    let mut sums = Vec::with_capacity(counts.len() + 1);
    sums.push((0.0, 0.0));
    let mut last = (0.0, 0.0);
    for count in counts {
        if count.is_finite() {
            last = (last.0 + count, last.1 + 1.0);
        }
        sums.push(last);
    }
    let mean = last.0 / last.1;
    (0..counts.len())
        .map(|day| {
            let from = day.saturating_sub(YEAR / 2).min(counts.len() - YEAR);
            let (count, days) = (
                sums[from + YEAR].0 - sums[from].0,
                sums[from + YEAR].1 - sums[from].1,
            );
            // A year that is mostly a hole says nothing.
            if mean > 0.0 && days >= YEAR as f64 / 2.0 {
                (count / days / mean).max(LEAST)
            } else {
                1.0
            }
        })
        .collect()
}

/// One side of the comparison.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Side {
    pub(super) count: f64,
    pub(super) days: usize,
    pub(super) exposure: f64,
}

impl Side {
    pub(super) fn rate(&self) -> f64 {
        self.count / self.exposure
    }

    fn add(&mut self, count: f64, exposure: f64) {
        self.count += count;
        self.days += 1;
        self.exposure += exposure;
    }
}

/// Inside and outside.
pub(super) fn group(counts: &[f64], is_inside: &[bool], exposure: &Exposure) -> (Side, Side) {
    let (mut inside, mut outside) = (Side::default(), Side::default());
    for (day, &count) in counts.iter().enumerate() {
        if count.is_finite() {
            let side = if is_inside[day] {
                &mut inside
            } else {
                &mut outside
            };
            side.add(count, exposure.of(day));
        }
    }
    (inside, outside)
}

/// Runs of days that are all inside or all outside, each at most `most` counted days; true for inside.
pub(super) fn blocks(
    counts: &[f64],
    is_inside: &[bool],
    exposure: &Exposure,
    most: usize,
) -> Vec<(bool, Side)> {
    let mut blocks: Vec<(bool, Side)> = Vec::new();
    for (day, &count) in counts.iter().enumerate() {
        let inside = is_inside[day];
        if blocks
            .last()
            .is_none_or(|(side, block)| *side != inside || block.days >= most)
        {
            blocks.push((inside, Side::default()));
        }
        if let Some((_, block)) = blocks.last_mut()
            && count.is_finite()
        {
            block.add(count, exposure.of(day));
        }
    }
    blocks.retain(|(_, block)| block.days > 0);
    blocks
}

/// κ and the variance of a block ÷ its mean; `None` when blocks vary no more than Poisson counts or are fewer than three.
pub(super) fn overdispersion(
    blocks: &[(bool, Side)],
    inside: &Side,
    outside: &Side,
) -> Option<(f64, f64)> {
    let n = blocks.len() as f64;
    if blocks.len() < 3 {
        return None;
    }
    let (mut excess, mut squares, mut exposures, mut means) = (0.0, 0.0, 0.0, 0.0);
    for (is_inside, block) in blocks {
        let rate = if *is_inside {
            inside.rate()
        } else {
            outside.rate()
        };
        let mean = rate * block.exposure;
        excess += (block.count - mean).powi(2) * n / (n - 2.0) - mean;
        squares += mean * mean;
        means += mean;
        exposures += block.exposure * block.exposure;
    }
    if excess <= 0.0 || squares <= 0.0 {
        return None;
    }
    let k = squares / excess;
    let kappa = k * (inside.exposure + outside.exposure) / exposures;
    Some((kappa, 1.0 + excess / means))
}
