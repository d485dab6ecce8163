//! What comes back by the calendar: heating and flood seasons, festivals of the moon, terms and exams. No fixed period fits these.
//!
//! Unlike the rhythms, windows are not compared with the city's: a heating season is one for all places, and the question is what it brings
//! to each.

use chrono::{NaiveDate, NaiveTime};
use citybrain_grid::City;
use citybrain_stats::calendar::{
    Anchored, AnchoredMany, AnchoredRule, CalendarOptions, CalendarWindow, anchored_of_many,
};
use citybrain_stats::timeline::{Bin as StatsBin, Timeline as StatsTimeline};
use datafusion::error::Result;

use super::phase::Language;
use super::{Local, Series, refused};
use crate::Bin;

/// The windows of the city's calendar by id, and what was found in them.
#[derive(Debug, Default)]
pub(super) struct ByCalendar<'a> {
    windows: Vec<Named<'a>>,
    pub(super) many: AnchoredMany,
}

/// All occurrences of a window.
#[derive(Debug)]
struct Named<'a> {
    days: &'a citybrain_model::CalendarDays,
    occurrences: Vec<CalendarWindow>,
}

impl<'a> ByCalendar<'a> {
    /// Tests all series; nothing for months, which are too long for a calendar, and for a city without one.
    pub(super) fn of(
        city: &'a City,
        local: &Local,
        step: Bin,
        series: &[Series],
        options: &CalendarOptions,
        rule: &AnchoredRule,
    ) -> Result<Self> {
        let mut windows: Vec<Named<'a>> = Vec::new();
        for days in city.calendar() {
            let Some(to) = days.last.succ_opt() else {
                continue;
            };
            let here = CalendarWindow {
                from: days.first,
                to,
            };
            match windows.last_mut() {
                Some(last)
                    if (&last.days.calendar, &last.days.id) == (&days.calendar, &days.id) =>
                {
                    last.occurrences.push(here);
                }
                _ => windows.push(Named {
                    days,
                    occurrences: vec![here],
                }),
            }
        }
        let Some(days) = LocalDays::of(local, step).filter(|_| !windows.is_empty()) else {
            return Ok(Self::default());
        };
        let daily: Vec<Vec<f64>> = series
            .iter()
            .map(|series| days.sums(&series.values))
            .collect();
        let daily: Vec<&[f64]> = daily.iter().map(Vec::as_slice).collect();
        let occurrences: Vec<_> = windows
            .iter()
            .map(|window| window.occurrences.clone())
            .collect();
        let many = anchored_of_many(&days.timeline, &daily, &occurrences, options, rule)
            .map_err(|error| refused(error.to_string()))?;
        Ok(Self { windows, many })
    }

    /// The window's name, and its days this time: "供暖季 11月15日至3月15日".
    pub(super) fn words(&self, found: &Anchored, language: Language) -> String {
        let chinese = language == Language::Chinese;
        let window = &self.windows[found.window];
        let name = window.days.name(if chinese { "zh" } else { "en" });
        let last = || window.occurrences.last().copied();
        let next = found.finding.next.as_ref().map(|next| next.window);
        let Some(next) = next.or_else(last) else {
            return name.to_owned();
        };
        let end = next.to.pred_opt().unwrap_or(next.to);
        let date = |date: NaiveDate| {
            let form = if chinese { "%-m月%-d日" } else { "%-d %b" };
            date.format(form).to_string()
        };
        match (chinese, next.from == end) {
            (_, true) => format!("{name} {}", date(end)),
            (true, false) => format!("{name} {}至{}", date(next.from), date(end)),
            (false, false) => format!("{name} {} – {}", date(next.from), date(end)),
        }
    }
}

/// Whole days of the wall clock.
struct LocalDays {
    timeline: StatsTimeline,
    /// Bins before the first whole day.
    before: usize,
    bins_a_day: usize,
    is_known: Vec<bool>,
}

impl LocalDays {
    /// The whole days of the bins; `None` when there are none.
    fn of(local: &Local, step: Bin) -> Option<Self> {
        let bins_a_day = match step {
            Bin::Hour => 24,
            Bin::Day => 1,
            Bin::Week | Bin::Month => return None,
        };
        let bins = local.timeline.as_ref()?;
        let start = bins.start();
        let first = if start.time() == NaiveTime::MIN {
            start.date()
        } else {
            start.date().succ_opt()?
        };
        let midnight = first.and_time(NaiveTime::MIN);
        let before = if bins_a_day == 1 {
            0
        } else {
            usize::try_from((midnight - start).num_hours()).ok()?
        };
        let days = bins.bins().checked_sub(before)? / bins_a_day;
        if days == 0 {
            return None;
        }
        let is_known = (0..days)
            .map(|day| {
                let mut bins_of_day = before + day * bins_a_day..before + (day + 1) * bins_a_day;
                // An hour that a changed clock leaves out is no reason to forget the day.
                bins_of_day.clone().any(|bin| !bins.is_hole(bin))
                    && bins_of_day.all(|bin| !bins.is_hole(bin) || local.is_skipped(bin))
            })
            .collect();
        Some(Self {
            timeline: StatsTimeline::try_new(midnight, StatsBin::Day, days).ok()?,
            before,
            bins_a_day,
            is_known,
        })
    }

    /// The count of each day; NaN where a part of it is not known.
    fn sums(&self, values: &[f32]) -> Vec<f64> {
        let days = values[self.before..].chunks_exact(self.bins_a_day);
        days.zip(&self.is_known)
            .map(|(bins, is_known)| {
                let is_there = *is_known && bins.iter().all(|count| *count >= 0.0);
                if is_there {
                    bins.iter().copied().map(f64::from).sum()
                } else {
                    f64::NAN
                }
            })
            .collect()
    }
}
