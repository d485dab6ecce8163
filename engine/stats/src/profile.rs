//! The hours of the week: when a series is usually high.

use chrono::{Datelike, Timelike, Weekday};

use crate::timeline::{Bin, Timeline};

/// Counts by weekday and hour, in local time. Monday is row 0.
#[derive(Debug, Clone, PartialEq)]
pub struct WeekProfile {
    /// Sum of the counts of each hour of the week.
    pub counts: [[f64; 24]; 7],
    /// How many such hours were counted.
    pub hours: [[u32; 24]; 7],
}

/// Folds hourly counts into a week. Holes, negative and not-finite counts are left out. `None` unless the bins are hours, one count each.
pub fn week_profile<T: Copy + Into<f64>>(timeline: &Timeline, counts: &[T]) -> Option<WeekProfile> {
    if timeline.bin() != Bin::Hour || counts.len() != timeline.bins() {
        return None;
    }
    let start = timeline.start();
    let first = start.weekday().num_days_from_monday() as usize * 24 + start.hour() as usize;
    let mut profile = WeekProfile {
        counts: [[0.0; 24]; 7],
        hours: [[0; 24]; 7],
    };
    for (at, &count) in counts.iter().enumerate() {
        let count: f64 = count.into();
        if count >= 0.0 && count.is_finite() && !timeline.is_hole(at) {
            let hour = (first + at) % 168;
            profile.counts[hour / 24][hour % 24] += count;
            profile.hours[hour / 24][hour % 24] += 1;
        }
    }
    Some(profile)
}

impl WeekProfile {
    /// Mean count of an hour, 0 … 23, of a weekday; `None` when none was counted.
    pub fn rate(&self, weekday: Weekday, hour: usize) -> Option<f64> {
        let day = weekday.num_days_from_monday() as usize;
        let hours = *self.hours[day].get(hour)?;
        (hours > 0).then(|| self.counts[day][hour] / f64::from(hours))
    }

    /// Mean count of all hours; `None` when none was counted.
    pub fn mean(&self) -> Option<f64> {
        let hours: u32 = self.hours.iter().flatten().sum();
        (hours > 0).then(|| self.counts.iter().flatten().sum::<f64>() / f64::from(hours))
    }

    /// How many times the mean an hour of a weekday has; `None` when it was not counted or nothing was.
    pub fn index(&self, weekday: Weekday, hour: usize) -> Option<f64> {
        let mean = self.mean().filter(|&mean| mean > 0.0)?;
        Some(self.rate(weekday, hour)? / mean)
    }

    /// The weights of the 168 hours from Monday 0 o'clock, as a reference for [`crate::rayleigh::rayleigh_against`]; an hour that was not
    /// counted has the mean. `None` when nothing was counted.
    pub fn reference(&self) -> Option<Vec<f64>> {
        let mean = self.mean()?;
        let weights = self
            .counts
            .iter()
            .flatten()
            .zip(self.hours.iter().flatten());
        Some(
            weights
                .map(|(&count, &hours)| {
                    if hours > 0 {
                        count / f64::from(hours)
                    } else {
                        mean
                    }
                })
                .collect(),
        )
    }
}

#[cfg(test)]
mod tests;
