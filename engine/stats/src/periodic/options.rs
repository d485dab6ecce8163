//! What a search for periods may be told.

use std::num::NonZeroUsize;

use crate::timeline::Timeline;

/// How periods are searched and accepted.
#[derive(Debug, Clone, PartialEq)]
pub struct PeriodicOptions<'a> {
    /// Highest q-value of an accepted period. Default 0.05.
    pub alpha: f64,
    /// Fewest cycles in the series, at least 2. Default 2. A hundredth less will do: two calendar years are 1.9986 mean years.
    pub cycles_min: f64,
    /// Fewest events of a series that is tested. Default 50.
    pub events_min: f64,
    /// Lowest ratio of the rate in the phase to the mean rate of an accepted period. Default 1.1.
    pub peak_ratio_min: f64,
    /// Probability of the interval of the expected count. Default 0.9.
    pub level: f64,
    /// Is a period that is none of the calendar searched for? Default yes.
    pub is_free: bool,
    /// Counts of a reference in the same bins, such as the whole city's: only what departs from its rhythm is periodic then. Scaled to
    /// each series. Default none.
    pub reference: Option<&'a [f64]>,
    /// Threads. Default: those of the machine.
    pub threads: Option<NonZeroUsize>,
}

impl Default for PeriodicOptions<'_> {
    fn default() -> Self {
        Self {
            alpha: 0.05,
            cycles_min: 2.0,
            events_min: 50.0,
            peak_ratio_min: 1.1,
            level: 0.9,
            is_free: true,
            reference: None,
            threads: None,
        }
    }
}

/// Why periods were not searched.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum PeriodicError {
    /// An option breaks its rule.
    #[error("{field} is {value}, but must be {rule}")]
    Option {
        /// The option.
        field: &'static str,
        /// What it was.
        value: f64,
        /// What it must be.
        rule: &'static str,
    },
    /// A series does not fit the timeline.
    #[error("series {series} has {bins} bins, but the timeline {expected}")]
    Length {
        /// Which series, from 0.
        series: usize,
        /// Its bins.
        bins: usize,
        /// Those of the timeline.
        expected: usize,
    },
    /// The reference does not fit the timeline.
    #[error("the reference has {bins} bins, but the timeline {expected}")]
    Reference {
        /// Its bins.
        bins: usize,
        /// Those of the timeline.
        expected: usize,
    },
}

impl PeriodicOptions<'_> {
    pub(super) fn check(&self, timeline: &Timeline) -> Result<(), PeriodicError> {
        let rule = |field, value: f64, rule, holds: bool| {
            if holds {
                Ok(())
            } else {
                Err(PeriodicError::Option { field, value, rule })
            }
        };
        let inside = |x: f64| x > 0.0 && x < 1.0;
        rule("alpha", self.alpha, "inside 0 … 1", inside(self.alpha))?;
        rule("level", self.level, "inside 0 … 1", inside(self.level))?;
        rule(
            "cycles_min",
            self.cycles_min,
            "at least 2",
            self.cycles_min >= 2.0,
        )?;
        rule(
            "events_min",
            self.events_min,
            "at least 0",
            self.events_min >= 0.0,
        )?;
        rule(
            "peak_ratio_min",
            self.peak_ratio_min,
            "at least 0",
            self.peak_ratio_min >= 0.0,
        )?;
        match self.reference {
            Some(reference) if reference.len() != timeline.bins() => {
                Err(PeriodicError::Reference {
                    bins: reference.len(),
                    expected: timeline.bins(),
                })
            }
            _ => Ok(()),
        }
    }
}
