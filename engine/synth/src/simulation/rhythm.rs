//! How the number of complaints follows the hour, the weekday and the season.

use chrono::{Datelike, NaiveDate};

use super::zone::Clock;

/// The hours of a day. Each profile has the mean 1 over 24 hours.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Day {
    /// Two peaks: mid-morning and mid-afternoon.
    Office,
    /// Before and after work.
    Home,
    /// Late evening and night.
    Night,
    /// The two rush hours.
    Street,
}

const OFFICE: [f64; 24] = [
    0.10, 0.06, 0.05, 0.05, 0.06, 0.12, 0.35, 0.80, 1.50, 2.40, 2.60, 2.20, 1.20, 1.30, 2.20, 2.40,
    2.10, 1.60, 1.00, 0.80, 0.70, 0.60, 0.40, 0.20,
];
const HOME: [f64; 24] = [
    0.25, 0.15, 0.10, 0.10, 0.15, 0.40, 1.20, 2.00, 2.00, 1.60, 1.30, 1.10, 0.90, 0.80, 1.00, 1.10,
    1.20, 1.60, 2.10, 2.30, 2.00, 1.50, 0.90, 0.50,
];
const NIGHT: [f64; 24] = [
    2.40, 1.80, 1.20, 0.80, 0.60, 0.70, 1.00, 0.80, 0.60, 0.60, 0.60, 0.60, 0.80, 0.80, 0.60, 0.60,
    0.60, 0.70, 0.90, 1.30, 1.90, 2.60, 3.20, 3.00,
];
const STREET: [f64; 24] = [
    0.15, 0.10, 0.08, 0.08, 0.10, 0.30, 0.80, 1.60, 1.90, 1.60, 1.30, 1.20, 1.20, 1.00, 1.10, 1.20,
    1.50, 2.10, 2.20, 1.80, 1.30, 0.90, 0.50, 0.30,
];

impl Day {
    /// How much more than its mean hour this local hour has.
    pub(super) fn factor(self, hour: usize) -> f64 {
        let profile = match self {
            Self::Office => &OFFICE,
            Self::Home => &HOME,
            Self::Night => &NIGHT,
            Self::Street => &STREET,
        };
        profile[hour] * 24.0 / profile.iter().sum::<f64>()
    }
}

/// The days of a week. Each profile has the mean 1 over seven days.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Week {
    /// Fewer on Saturday and Sunday.
    Working,
    /// Every day alike.
    Even,
    /// More on Saturday and Sunday.
    Leisure,
}

impl Week {
    /// How much more than the mean day this weekday has; 0 is Monday.
    pub(super) fn factor(self, weekday: usize) -> f64 {
        match (self, weekday) {
            (Self::Working, 5) => 0.75,
            (Self::Working, 6) => 0.60,
            (Self::Working, _) => 1.13,
            (Self::Even, _) => 1.0,
            (Self::Leisure, 5 | 6) => 1.35,
            (Self::Leisure, _) => 0.86,
        }
    }
}

/// The seasons of a year. Each profile has about the mean 1 over a year.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Season {
    /// All year alike.
    None,
    /// The heating season, 15 November to 15 March, most at its beginning.
    Heating,
    /// The flood season, 1 June to 15 September.
    Rain,
    /// May to September, when windows are open.
    Summer,
    /// 5 April to 25 May.
    Catkins,
    /// June to August, before school begins.
    School,
    /// December to 10 February, before the Spring Festival.
    YearEnd,
}

impl Season {
    /// How much more than the mean day this date has.
    pub(super) fn factor(self, date: NaiveDate) -> f64 {
        let day = (date.month(), date.day());
        match self {
            Self::None => 1.0,
            Self::Heating if ((11, 15)..(12, 6)).contains(&day) => 3.6,
            Self::Heating if day >= (12, 6) || day <= (3, 15) => 2.6,
            Self::Heating => 0.14,
            Self::Rain if ((6, 1)..=(9, 15)).contains(&day) => 2.7,
            Self::Rain => 0.3,
            Self::Summer if ((5, 1)..=(9, 30)).contains(&day) => 1.6,
            Self::Summer => 0.57,
            Self::Catkins if ((4, 5)..=(5, 25)).contains(&day) => 6.4,
            Self::Catkins => 0.12,
            Self::School if ((6, 1)..=(8, 31)).contains(&day) => 2.8,
            Self::School => 0.4,
            Self::YearEnd if day >= (12, 1) || day <= (2, 10) => 2.6,
            Self::YearEnd => 0.6,
        }
    }
}

/// First day of the lunar year, by (year, month, day); compared with the `lunardate` calendar of `PyPI`.
const SPRING_FESTIVALS: [(i32, u32, u32); 16] = [
    (2015, 2, 19),
    (2016, 2, 8),
    (2017, 1, 28),
    (2018, 2, 16),
    (2019, 2, 5),
    (2020, 1, 25),
    (2021, 2, 12),
    (2022, 2, 1),
    (2023, 1, 22),
    (2024, 2, 10),
    (2025, 1, 29),
    (2026, 2, 17),
    (2027, 2, 6),
    (2028, 1, 26),
    (2029, 2, 13),
    (2030, 2, 3),
];

/// Offices and building sites stand still from the eve of the Spring Festival for eight days.
pub(super) fn spring_festival(date: NaiveDate) -> f64 {
    let is_festival = SPRING_FESTIVALS.iter().any(|&(year, month, day)| {
        let first = NaiveDate::from_ymd_opt(year, month, day);
        first.is_some_and(|first| (-1..7).contains(&(date - first).num_days()))
    });
    if is_festival { 0.5 } else { 1.0 }
}

/// The rhythm of one kind of complaint.
#[derive(Debug, Clone, Copy)]
pub(super) struct Pattern {
    pub(super) day: Day,
    pub(super) week: Week,
    pub(super) season: Season,
}

impl Pattern {
    /// How much more than its mean hour over a year this hour has.
    pub(super) fn factor(self, clock: Clock) -> f64 {
        self.day.factor(clock.hour)
            * self.week.factor(clock.weekday)
            * self.season.factor(clock.date)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_profile_has_the_mean_one() {
        for day in [Day::Office, Day::Home, Day::Night, Day::Street] {
            let mean = (0..24).map(|hour| day.factor(hour)).sum::<f64>() / 24.0;
            approx::assert_relative_eq!(mean, 1.0, epsilon = 1e-12);
        }
        for week in [Week::Working, Week::Even, Week::Leisure] {
            let mean = (0..7).map(|day| week.factor(day)).sum::<f64>() / 7.0;
            approx::assert_relative_eq!(mean, 1.0, epsilon = 0.01);
        }
        let first = NaiveDate::from_ymd_opt(2026, 1, 1).unwrap();
        for season in [
            Season::None,
            Season::Heating,
            Season::Rain,
            Season::Summer,
            Season::Catkins,
            Season::School,
            Season::YearEnd,
        ] {
            let mean = first
                .iter_days()
                .take(365)
                .map(|day| season.factor(day))
                .sum::<f64>()
                / 365.0;
            approx::assert_relative_eq!(mean, 1.0, epsilon = 0.03);
        }
    }

    #[test]
    fn the_festival_lasts_eight_days_from_its_eve() {
        let day = |d| NaiveDate::from_ymd_opt(2026, 2, d).unwrap();
        let quiet: Vec<u32> = (1..=28)
            .filter(|&d| spring_festival(day(d)) < 1.0)
            .collect();
        assert_eq!(quiet, (16..=23).collect::<Vec<_>>());
    }
}
