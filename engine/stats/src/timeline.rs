//! Even bins of a city's local calendar.

use std::ops::Range;

use chrono::{Datelike, Days, Months, NaiveDateTime, TimeDelta, Timelike};

/// How long a bin is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Bin {
    /// A local hour.
    Hour,
    /// A local day.
    Day,
    /// A calendar month.
    Month,
}

/// The bins that all series of an analysis share, in local wall-clock time of the city.
///
/// A city that changes its clocks has an hour that does not exist (a missing bin, NaN) and one that is double (one bin with the counts
/// of both).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Timeline {
    start: NaiveDateTime,
    bin: Bin,
    bins: usize,
    is_hole: Vec<bool>,
}

/// Why bins are no timeline.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TimelineError {
    /// The start is inside a bin.
    #[error("start is {start}, but must be where a {bin:?} begins")]
    Start {
        /// The start that was given.
        start: NaiveDateTime,
        /// The unit.
        bin: Bin,
    },
    /// The last bin lies beyond the calendar.
    #[error("bins is {bins}, but must end before the year 262142")]
    Bins {
        /// How many were given.
        bins: usize,
    },
}

impl Timeline {
    /// `bins` bins from a local time on.
    ///
    /// # Errors
    /// The start is not where a bin begins, or the end is beyond the calendar.
    pub fn try_new(start: NaiveDateTime, bin: Bin, bins: usize) -> Result<Self, TimelineError> {
        let is_hour = (start.minute(), start.second(), start.nanosecond()) == (0, 0, 0);
        let is_day = is_hour && start.hour() == 0;
        let fits = match bin {
            Bin::Hour => is_hour,
            Bin::Day => is_day,
            Bin::Month => is_day && start.day() == 1,
        };
        if !fits {
            return Err(TimelineError::Start { start, bin });
        }
        // Two years beyond the end for the windows that are expected next.
        later(start, bin, bins)
            .and_then(|end| end.checked_add_months(Months::new(36)))
            .ok_or(TimelineError::Bins { bins })?;
        Ok(Self {
            start,
            bin,
            bins,
            is_hole: vec![false; bins],
        })
    }

    /// The same bins, where some ranges are not known: holes of an export. What lies outside the bins is ignored.
    #[must_use]
    pub fn with_holes(mut self, holes: &[Range<usize>]) -> Self {
        for hole in holes {
            for at in hole.start..hole.end.min(self.bins) {
                self.is_hole[at] = true;
            }
        }
        self
    }

    /// When the first bin begins: local time.
    pub fn start(&self) -> NaiveDateTime {
        self.start
    }

    /// When the last bin ends: local time.
    pub fn end(&self) -> NaiveDateTime {
        self.time(self.bins)
    }

    /// How long a bin is.
    pub fn bin(&self) -> Bin {
        self.bin
    }

    /// How many bins.
    pub fn bins(&self) -> usize {
        self.bins
    }

    /// Is this bin in a hole?
    pub fn is_hole(&self, at: usize) -> bool {
        self.is_hole.get(at).copied().unwrap_or(false)
    }

    /// When a bin begins: local time; for numbers beyond the end, as if bins went on for two more years.
    pub fn time(&self, at: usize) -> NaiveDateTime {
        later(self.start, self.bin, at).unwrap_or(NaiveDateTime::MAX)
    }
}

fn later(start: NaiveDateTime, bin: Bin, bins: usize) -> Option<NaiveDateTime> {
    match bin {
        Bin::Hour => start.checked_add_signed(TimeDelta::try_hours(i64::try_from(bins).ok()?)?),
        Bin::Day => start.checked_add_days(Days::new(bins as u64)),
        Bin::Month => start.checked_add_months(Months::new(u32::try_from(bins).ok()?)),
    }
}

#[cfg(test)]
mod tests;
