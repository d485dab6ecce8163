//! EARS as complaints come: today against the days before, by the city's days.

use std::collections::HashMap;

use chrono::NaiveDate;
use citybrain_stats::ears::{EarsMethod, EarsParameters, ears};

use super::desk::{Desk, Key, Reading};
use super::report::Report;
use crate::fast::Fast;
use crate::rule::{first_instant, local};
use crate::{Burst as Asked, EarsKind};

/// Daily counts of each key, for as many days as the baseline needs.
#[derive(Debug)]
pub(crate) struct Burst {
    rule: usize,
    asked: Asked,
    days: usize,
    today: i64,
    /// The first day of which anything is known.
    first: i64,
    series: HashMap<Key, Series, Fast>,
    touched: Vec<Key>,
    entries: usize,
}

#[derive(Debug)]
struct Series {
    /// Counts of the last days, the newest last.
    counts: Vec<u32>,
    /// Above this many today it is so; infinite while a baseline is missing, none when it is not worked out.
    upper: Option<f64>,
}

/// Days of a local calendar since 1970, and the instant's day.
pub(crate) fn day_of(zone: chrono_tz::Tz, at: i64) -> i64 {
    local(zone, at)
        .date_naive()
        .signed_duration_since(NaiveDate::default())
        .num_days()
}

/// Caches the day of the last instant: most come within one day.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct DayBook {
    from: i64,
    to: i64,
    day: i64,
}

impl DayBook {
    pub(crate) fn day(&mut self, zone: chrono_tz::Tz, at: i64) -> i64 {
        if (self.from..self.to).contains(&at) {
            return self.day;
        }
        let date = local(zone, at).date_naive();
        let start = |date: NaiveDate| first_instant(zone, date);
        let next = date.succ_opt().unwrap_or(date);
        *self = Self {
            from: start(date),
            to: start(next),
            day: date.signed_duration_since(NaiveDate::default()).num_days(),
        };
        self.day
    }
}

impl Burst {
    pub(crate) fn new(rule: usize, asked: &Asked, desk: &Desk) -> Self {
        // The baseline, two guard days, two days more that C3 sums over, and today.
        let days = asked.baseline + 5;
        Self {
            rule,
            asked: asked.clone(),
            days,
            today: day_of(desk.zone(), desk.now),
            first: i64::MAX,
            series: HashMap::default(),
            touched: Vec::new(),
            entries: 0,
        }
    }

    pub(crate) fn add(&mut self, report: &Report, weight: i32, day: i64, desk: &Desk) {
        self.first = self.first.min(day);
        let (asked, days) = (&self.asked, self.days);
        let Some(key) = asked.per.key(asked.each_category, report, &desk.places) else {
            return;
        };
        let Some(back) = usize::try_from(self.today - day)
            .ok()
            .filter(|back| *back < days)
        else {
            return;
        };
        let entries = &mut self.entries;
        let series = self.series.entry(key).or_insert_with(|| {
            *entries += days;
            Series {
                counts: vec![0; days],
                upper: None,
            }
        });
        let count = &mut series.counts[days - 1 - back];
        *count = count.saturating_add_signed(weight);
        if back > 0 {
            series.upper = None;
        }
        self.touched.push(key);
    }

    pub(crate) fn advance(&mut self, desk: &Desk) {
        let today = day_of(desk.zone(), desk.now);
        let Some(days) = usize::try_from(today - self.today)
            .ok()
            .filter(|days| *days > 0)
        else {
            return;
        };
        self.today = today;
        let length = self.days;
        self.series.retain(|_, series| {
            series.counts.drain(..days.min(length));
            series.counts.resize(length, 0);
            series.upper = None;
            series.counts.iter().any(|count| *count > 0)
        });
        self.entries = self.series.len() * length;
        self.touched.extend(desk.open_keys(self.rule));
    }

    pub(crate) fn touch_all(&mut self) {
        self.touched.extend(self.series.keys());
    }

    pub(crate) fn settle(&mut self, desk: &mut Desk) {
        let at_least = u32::try_from(self.asked.at_least).unwrap_or(u32::MAX);
        let per = self.asked.per;
        for key in std::mem::take(&mut self.touched) {
            let count = self
                .series
                .get(&key)
                .and_then(|series| series.counts.last().copied())
                .unwrap_or(0);
            if count < at_least && !desk.is_open(self.rule, &key) {
                continue;
            }
            let known = usize::try_from(self.today - self.first.min(self.today)).unwrap_or(0);
            let upper = self
                .series
                .get_mut(&key)
                .map_or(f64::INFINITY, |series| series.upper(&self.asked, known));
            let alarm = count >= at_least
                && match self.asked.method {
                    EarsKind::C1 | EarsKind::C2 => f64::from(count) > upper,
                    EarsKind::C3 => f64::from(count) >= upper,
                };
            let reading = Reading {
                value: f64::from(count),
                met: alarm,
                holds: alarm,
            };
            desk.judge(self.rule, key, reading, |desk| desk.counted(per, key));
        }
    }

    pub(crate) const fn entries(&self) -> usize {
        self.entries
    }
}

impl Series {
    /// The count above which (C3: from which) today is an alarm. Days before the first of which anything is `known` (so many days
    /// ago) are unknown, not 0.
    fn upper(&mut self, asked: &Asked, known: usize) -> f64 {
        *self.upper.get_or_insert_with(|| {
            let days = self.counts.len();
            let first = (days - 1).saturating_sub(known);
            let counts: Vec<f64> = self
                .counts
                .iter()
                .enumerate()
                .map(|(day, count)| {
                    if day < first {
                        f64::NAN
                    } else {
                        f64::from(*count)
                    }
                })
                .collect();
            let parameters = EarsParameters {
                method: match asked.method {
                    EarsKind::C1 => EarsMethod::C1,
                    EarsKind::C2 => EarsMethod::C2,
                    EarsKind::C3 => EarsMethod::C3,
                },
                baseline: asked.baseline,
                alpha: asked.alpha,
                ..EarsParameters::default()
            };
            // Only today is asked for.
            let today = counts.len().saturating_sub(1)..counts.len();
            let days = ears(&counts, None, today, &parameters).unwrap_or_default();
            days.last()
                .and_then(|today| today.upper)
                .unwrap_or(f64::INFINITY)
        })
    }
}
