//! The windows of a calendar in which many series have more.

use std::ops::Range;
use std::thread;

use super::{CalendarError, CalendarFinding, CalendarOptions, CalendarWindow, anchored, days_in};
use crate::fdr::benjamini_hochberg;
use crate::timeline::Timeline;

/// When a series is said to return in a window.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct AnchoredRule {
    /// Highest q-value, after Benjamini-Hochberg over all series and windows. Default 0.05.
    pub alpha: f64,
    /// Lowest ratio of the rate inside to that outside. Default 1.1.
    pub ratio_min: f64,
    /// Fewest occurrences with more than usual; and at least two in three of all occurrences. Default 2.
    pub agreeing_min: usize,
}

impl Default for AnchoredRule {
    fn default() -> Self {
        Self {
            alpha: 0.05,
            ratio_min: 1.1,
            agreeing_min: 2,
        }
    }
}

/// A window in which a series has more, each time.
#[derive(Debug, Clone, PartialEq)]
pub struct Anchored {
    /// Which series.
    pub series: usize,
    /// Which of the windows.
    pub window: usize,
    /// Its comparison, without the days of stronger windows of the same series.
    pub finding: CalendarFinding,
    /// Its p-value after Benjamini-Hochberg over all series and windows.
    pub q_value: f64,
}

/// What was found, and of how many tests.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct AnchoredMany {
    /// In order of series and p-value.
    pub found: Vec<Anchored>,
    /// Series × windows that were tested.
    pub tested: usize,
}

/// Tests every series against every window (a list of its occurrences) by [`anchored`]. A window takes part when the series' days hold at
/// least half of two of its occurrences.
///
/// Windows overlap: the Spring Festival lies in the heating season. So of one series the window with the lowest p-value is taken, its
/// days become missing, and the others must pass again without them, at the p-value that the correction allows.
///
/// Cost: series × windows × days; spread over the machine's threads.
///
/// # Errors
/// As [`anchored`].
pub fn anchored_of_many(
    timeline: &Timeline,
    series: &[&[f64]],
    windows: &[Vec<CalendarWindow>],
    options: &CalendarOptions,
    rule: &AnchoredRule,
) -> Result<AnchoredMany, CalendarError> {
    let first = timeline.start().date();
    let whole = |window: &CalendarWindow| {
        let inside = days_in(*window, first, timeline.bins()).len();
        let all = (window.to - window.from).num_days();
        2 * inside as i64 >= all
    };
    let usable: Vec<usize> = (0..windows.len())
        .filter(|at| windows[*at].iter().filter(|window| whole(window)).count() >= 2)
        .collect();
    let width = usable.len();
    if width == 0 || series.is_empty() {
        return Ok(AnchoredMany::default());
    }
    let mut p = vec![None; series.len() * width];
    let threads = thread::available_parallelism().map_or(1, usize::from);
    let share = series.len().div_ceil(threads);
    let judged: Result<(), CalendarError> = thread::scope(|scope| {
        let parts: Vec<_> = p
            .chunks_mut(share * width)
            .zip(series.chunks(share))
            .map(|(p, series)| {
                let usable = &usable;
                scope.spawn(move || {
                    for (row, counts) in p.chunks_mut(width).zip(series) {
                        for (p, window) in row.iter_mut().zip(usable) {
                            let found = anchored(timeline, counts, &windows[*window], options)?;
                            *p = found.map(|found| found.p_value);
                        }
                    }
                    Ok(())
                })
            })
            .collect();
        parts
            .into_iter()
            .try_for_each(|part| part.join().expect("no thread panics"))
    });
    judged?;
    let adjusted = benjamini_hochberg(&p);
    // The largest p-value that the correction lets pass.
    let passing = p
        .iter()
        .zip(&adjusted.q)
        .filter(|(_, q)| q.is_some_and(|q| q <= rule.alpha))
        .filter_map(|(p, _)| *p)
        .fold(0.0, f64::max);
    let mut found = Vec::new();
    for (at, counts) in series.iter().enumerate() {
        let tests = at * width..(at + 1) * width;
        let mut open: Vec<(f64, f64, usize)> = tests
            .filter_map(|test| {
                let (p, q) = (p[test]?, adjusted.q[test]?);
                (q <= rule.alpha).then_some((p, q, usable[test - at * width]))
            })
            .collect();
        open.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.2.cmp(&b.2)));
        let mut left = counts.to_vec();
        for (_, q_value, window) in open {
            let here = &windows[window];
            let Some(finding) = anchored(timeline, &left, here, options)? else {
                continue;
            };
            if finding.p_value > passing || !rule.accepts(&finding) {
                continue;
            }
            for window in here {
                let days: Range<usize> = days_in(*window, first, left.len());
                left[days].fill(f64::NAN);
            }
            found.push(Anchored {
                series: at,
                window,
                finding,
                q_value,
            });
        }
    }
    Ok(AnchoredMany {
        found,
        tested: adjusted.tested,
    })
}

impl AnchoredRule {
    fn accepts(&self, finding: &CalendarFinding) -> bool {
        let occurrences = finding.occurrences.len();
        finding
            .rate_ratio
            .is_none_or(|ratio| ratio >= self.ratio_min)
            && finding.agreeing >= self.agreeing_min
            && 3 * finding.agreeing >= 2 * occurrences
    }
}

#[cfg(test)]
mod tests {
    use chrono::{Datelike as _, NaiveDate};

    use super::*;
    use crate::timeline::Bin;

    fn day(year: i32, month: u32, day: u32) -> NaiveDate {
        NaiveDate::from_ymd_opt(year, month, day).unwrap()
    }

    fn seasons(from: (u32, u32), to: (u32, u32)) -> Vec<CalendarWindow> {
        (2020..2026)
            .map(|year| CalendarWindow {
                from: day(year, from.0, from.1),
                to: day(year + i32::from(to < from), to.0, to.1),
            })
            .collect()
    }

    /// Spring Festivals as the moon has them, the eve and six days after.
    fn festivals() -> Vec<CalendarWindow> {
        [
            (2020, 1, 24),
            (2021, 2, 11),
            (2022, 1, 31),
            (2023, 1, 21),
            (2024, 2, 9),
            (2025, 1, 28),
        ]
        .map(|(y, m, d)| CalendarWindow {
            from: day(y, m, d),
            to: day(y, m, d) + chrono::Days::new(8),
        })
        .to_vec()
    }

    #[test]
    fn heating_and_fireworks_are_told_apart_and_noise_is_neither() {
        let bins = 5 * 365;
        let start = day(2020, 1, 1);
        let timeline =
            Timeline::try_new(start.and_hms_opt(0, 0, 0).unwrap(), Bin::Day, bins).unwrap();
        let heating = seasons((11, 15), (3, 16));
        let windows = [heating.clone(), festivals(), seasons((6, 1), (9, 16))];
        let within = |windows: &[CalendarWindow], date: NaiveDate| {
            windows.iter().any(|w| w.from <= date && date < w.to)
        };
        let mut state = 12_345_u64;
        let mut chance = move || {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            (state >> 33) as f64 / (1_u64 << 31) as f64
        };
        let mut series = |rate: &dyn Fn(NaiveDate) -> f64| -> Vec<f64> {
            start
                .iter_days()
                .take(bins)
                .map(|date| {
                    // A sum of small chances is nearly a Poisson count.
                    let each = rate(date) / 20.0;
                    (0..20).map(|_| f64::from(u8::from(chance() < each))).sum()
                })
                .collect()
        };
        let cold = series(&|date| if within(&heating, date) { 6.0 } else { 1.0 });
        let fireworks = series(&|date| if within(&festivals(), date) { 8.0 } else { 0.5 });
        let weekly = series(&|date| {
            if date.weekday().num_days_from_monday() == 0 {
                6.0
            } else {
                2.0
            }
        });
        let plain = series(&|_| 2.0);
        let all: Vec<&[f64]> = vec![&cold, &fireworks, &weekly, &plain];
        let many = anchored_of_many(
            &timeline,
            &all,
            &windows,
            &CalendarOptions::default(),
            &AnchoredRule::default(),
        )
        .unwrap();
        let found: Vec<_> = many.found.iter().map(|a| (a.series, a.window)).collect();
        assert_eq!(found, [(0, 0), (1, 1)]);
        assert_eq!(many.tested, 12);
        // The next Spring Festival is that of 2025, though the year has no 365-day rhythm of it.
        let next = many.found[1].finding.next.unwrap();
        assert_eq!(next.window.from, day(2025, 1, 28));
        assert!(
            (next.expected - 64.0).abs() < 15.0
                && next.low < next.expected
                && next.expected < next.high
        );
        let ratio = many.found[0].finding.rate_ratio.unwrap();
        assert!((ratio - 6.0).abs() < 0.8, "{ratio}");
        let none = anchored_of_many(
            &timeline,
            &[],
            &windows,
            &CalendarOptions::default(),
            &AnchoredRule::default(),
        );
        assert_eq!(none, Ok(AnchoredMany::default()));
    }
}
