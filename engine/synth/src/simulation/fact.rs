//! Facts planted in the data: more complaints of one category at some places and times than the rest of the city explains.

use chrono::Datelike;
use h3o::CellIndex;

use super::sensor::Sensor;
use super::truth::{AreaTruth, HotspotKind, Rhythm};
use super::zone::Clock;

/// One planted fact.
#[derive(Debug)]
pub(super) struct Fact {
    /// Index of its category.
    pub(super) category: usize,
    /// Indices of the places that its complaints come from, all alike.
    pub(super) places: Vec<u32>,
    /// Complaints an hour when `when` is at its mean.
    pub(super) per_hour: f64,
    pub(super) when: When,
    pub(super) what: What,
}

/// What a fact is called in the answer key.
#[derive(Debug, Clone)]
pub(super) enum What {
    /// Cells at the base resolution, the middle one first.
    Hotspot(HotspotKind, Vec<CellIndex>),
    Periodic(AreaTruth),
    Burst(AreaTruth),
    Lead(AreaTruth),
}

/// When a fact shows. Instants are seconds since 1970 at whole hours.
#[derive(Debug, Clone)]
pub(super) enum When {
    /// Between two instants, growing or falling evenly from one multiple to another.
    Between {
        from: i64,
        to: i64,
        first: f64,
        last: f64,
    },
    /// Again and again, in these local hours.
    Periodic {
        rhythm: Rhythm,
        from_hour: usize,
        hours: usize,
    },
    /// `lag_h` hours after a sensor's excursions.
    After {
        sensor: usize,
        stream: usize,
        lag_h: i64,
    },
}

impl Fact {
    /// Complaints in the hour that begins at `hour_s`.
    pub(super) fn rate(&self, hour_s: i64, clock: Clock, sensors: &[Sensor]) -> f64 {
        let factor = match self.when {
            When::Between {
                from,
                to,
                first,
                last,
            } => {
                if !(from..to).contains(&hour_s) {
                    return 0.0;
                }
                #[expect(clippy::cast_precision_loss, reason = "seconds within the window")]
                let phase = (hour_s + 1800 - from) as f64 / (to - from) as f64;
                first + (last - first) * phase
            }
            When::Periodic {
                rhythm,
                from_hour,
                hours,
            } => f64::from(is_on(rhythm, from_hour, hours, clock)),
            When::After {
                sensor,
                stream,
                lag_h,
            } => sensors[sensor].streams[stream].excursion(hour_s - lag_h * 3600),
        };
        self.per_hour * factor
    }
}

/// Is this local hour one of a periodic issue's? Hours past midnight belong to the day on which they began.
pub(super) fn is_on(rhythm: Rhythm, from_hour: usize, hours: usize, clock: Clock) -> bool {
    let since = (clock.hour + 24 - from_hour) % 24;
    if since >= hours {
        return false;
    }
    let began_yesterday = clock.hour < from_hour;
    let Some(date) = (if began_yesterday {
        clock.date.pred_opt()
    } else {
        Some(clock.date)
    }) else {
        return false;
    };
    match rhythm {
        Rhythm::Daily => true,
        Rhythm::Weekly { weekday } => date.weekday().number_from_monday() == weekday,
        Rhythm::Monthly { day, days } => (day..day + days).contains(&date.day()),
        Rhythm::Yearly { month, day, days } => {
            let first = date.with_month(month).and_then(|date| date.with_day(day));
            first.is_some_and(|first| (0..i64::from(days)).contains(&(date - first).num_days()))
        }
    }
}

#[cfg(test)]
mod tests {
    use chrono::NaiveDate;
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case::same_day(2026, 3, 7, 8, true)]
    #[case::too_early(2026, 3, 7, 6, false)]
    #[case::too_late(2026, 3, 7, 12, false)]
    #[case::another_weekday(2026, 3, 8, 8, false)]
    fn a_weekly_issue_is_on_in_its_hours(
        #[case] year: i32,
        #[case] month: u32,
        #[case] day: u32,
        #[case] hour: usize,
        #[case] on: bool,
    ) {
        let date = NaiveDate::from_ymd_opt(year, month, day).unwrap();
        let weekday = date.weekday().num_days_from_monday() as usize;
        let clock = Clock {
            date,
            hour,
            weekday,
        };
        assert_eq!(is_on(Rhythm::Weekly { weekday: 6 }, 7, 5, clock), on);
    }

    #[test]
    fn hours_past_midnight_belong_to_the_evening_before() {
        let friday = NaiveDate::from_ymd_opt(2026, 3, 6).unwrap();
        let rhythm = Rhythm::Weekly { weekday: 5 };
        let on = |date: NaiveDate, hour| {
            let weekday = date.weekday().num_days_from_monday() as usize;
            is_on(
                rhythm,
                22,
                4,
                Clock {
                    date,
                    hour,
                    weekday,
                },
            )
        };
        assert!(on(friday, 23) && on(friday.succ_opt().unwrap(), 1));
        assert!(!on(friday, 1) && !on(friday.succ_opt().unwrap(), 23));
    }
}
