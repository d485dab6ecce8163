//! Reports in the order in which they come: their ids, and the ones that their callers may repeat.

use chrono::{DateTime, Datelike, FixedOffset};
use rand::Rng;

/// Numbers complaints through each local day.
#[derive(Debug, Default)]
pub(super) struct Serial {
    last: Id,
}

/// A complaint's id: the local day as yyyymmdd and its number on that day.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Id {
    day: u32,
    number: u32,
}

impl Serial {
    /// The next id; where clocks go back over midnight the later day goes on.
    pub(super) fn next(&mut self, at: DateTime<FixedOffset>) -> Id {
        let date = at.date_naive();
        let day = date.year().unsigned_abs() * 10_000 + date.month() * 100 + date.day();
        self.last = if day > self.last.day {
            Id { day, number: 1 }
        } else {
            Id {
                number: self.last.number + 1,
                ..self.last
            }
        };
        self.last
    }
}

impl Id {
    pub(super) fn text(self) -> String {
        format!("{:08}{:06}", self.day, self.number)
    }
}

/// A report that its caller may repeat.
#[derive(Debug, Clone, Copy)]
pub(super) struct Report {
    pub(super) id: Id,
    pub(super) category: usize,
    pub(super) place: u32,
}

/// The last reports of the ordinary city.
#[derive(Debug, Default)]
pub(super) struct Recent {
    reports: Vec<Report>,
    oldest: usize,
}

const RECENT_MAX: usize = 2048;
/// Share of complaints that repeat an earlier one.
const REPEATS: f64 = 0.05;

impl Recent {
    pub(super) fn again(&self, rng: &mut impl Rng) -> Option<Report> {
        if !rng.random_bool(REPEATS) || self.reports.is_empty() {
            return None;
        }
        Some(self.reports[rng.random_range(0..self.reports.len())])
    }

    pub(super) fn remember(&mut self, report: Report) {
        if self.reports.len() < RECENT_MAX {
            self.reports.push(report);
        } else {
            self.reports[self.oldest] = report;
            self.oldest = (self.oldest + 1) % RECENT_MAX;
        }
    }
}
