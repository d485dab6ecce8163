//! Hours of the week: when in a city's week something happened.

use std::fmt;
use std::str::FromStr;

const DAYS: usize = 7;
const HOURS: u32 = 24;
const ALL_DAY: u32 = (1 << HOURS) - 1;
const HOUR_MICROS: i64 = 3_600_000_000;
const DAY_MICROS: i64 = 24 * HOUR_MICROS;
/// 1970-01-01 was a Thursday, three days after Monday.
const FIRST_WEEKDAY: i64 = 3;

/// A set of clock hours of the week, as `1-5:7-9`: days from 1 (Monday) to 7, a colon, hours from 0 to 23, each a list of numbers and
/// spans with both ends included.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct WeekHours {
    /// A bit for each hour of each day from Monday. At least one is set.
    days: [u32; DAYS],
}

/// A text that names no hours of the week.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("must be DAYS:HOURS such as 1-5:7-9, days from 1 (Monday) to 7, hours from 0 to 23")]
pub struct BadWeekHours;

impl WeekHours {
    /// The hours that lie in either.
    #[must_use]
    pub fn union(self, other: Self) -> Self {
        Self {
            days: std::array::from_fn(|day| self.days[day] | other.days[day]),
        }
    }

    /// Does a local time lie in one of the hours? `local` is the city's wall clock: µs since 1970-01-01T00:00.
    pub fn contains(self, local: i64) -> bool {
        let weekday = (local.div_euclid(DAY_MICROS) + FIRST_WEEKDAY).rem_euclid(7);
        let hour = local.rem_euclid(DAY_MICROS) / HOUR_MICROS;
        usize::try_from(weekday).is_ok_and(|day| self.days[day] >> hour & 1 == 1)
    }

    /// The set as days that have the same hours: days from 1 (Monday) to 7 and hours from 0 to 23, both rising.
    pub fn alike(self) -> Vec<(Vec<u8>, Vec<u8>)> {
        let mut found: Vec<(u32, Vec<u8>)> = Vec::new();
        for (day, hours) in (1..).zip(self.days) {
            match found.iter_mut().find(|(known, _)| *known == hours) {
                Some((_, days)) => days.push(day),
                None if hours != 0 => found.push((hours, vec![day])),
                None => {}
            }
        }
        let hours_of = |bits: u32| (0..24).filter(|hour| bits >> hour & 1 == 1).collect();
        found
            .into_iter()
            .map(|(bits, days)| (days, hours_of(bits)))
            .collect()
    }
}

impl FromStr for WeekHours {
    type Err = BadWeekHours;

    fn from_str(text: &str) -> Result<Self, BadWeekHours> {
        let (days, hours) = text.split_once(':').ok_or(BadWeekHours)?;
        let days = bits(days, 1, 7).ok_or(BadWeekHours)?;
        let hours = bits(hours, 0, HOURS - 1).ok_or(BadWeekHours)? & ALL_DAY;
        Ok(Self {
            days: std::array::from_fn(|day| if days >> (day + 1) & 1 == 1 { hours } else { 0 }),
        })
    }
}

/// A list of numbers and spans as bits; none when it is no list, empty, or beyond its bounds.
fn bits(text: &str, min: u32, max: u32) -> Option<u32> {
    let mut bits = 0;
    for part in text.split(',') {
        let (first, last) = part.split_once('-').unwrap_or((part, part));
        let (first, last) = (number(first)?, number(last)?);
        if first < min || last > max || first > last {
            return None;
        }
        for at in first..=last {
            bits |= 1 << at;
        }
    }
    Some(bits)
}

/// One or two digits.
fn number(text: &str) -> Option<u32> {
    let digits = text.bytes().all(|byte| byte.is_ascii_digit()) && text.len() <= 2;
    digits.then(|| text.parse().ok()).flatten()
}

impl fmt::Display for WeekHours {
    /// `1-5:7-9`; several sets of days are separated by a blank, and each by itself is read again.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, (days, hours)) in self.alike().into_iter().enumerate() {
            let blank = if at == 0 { "" } else { " " };
            write!(f, "{blank}{}:{}", spans(&days), spans(&hours))?;
        }
        Ok(())
    }
}

/// Rising numbers with their neighbours joined: `1-3,5`.
fn spans(numbers: &[u8]) -> String {
    let parts: Vec<String> = numbers
        .chunk_by(|one, next| one + 1 == *next)
        .map(|span| match span {
            [one] => one.to_string(),
            [first, .., last] => format!("{first}-{last}"),
            [] => String::new(),
        })
        .collect();
    parts.join(",")
}

#[cfg(test)]
mod tests {
    use chrono::{Datelike, NaiveDate, Timelike, Weekday};
    use proptest::prelude::*;

    use super::*;

    fn hours(text: &str) -> WeekHours {
        text.parse().unwrap()
    }

    #[test]
    fn what_is_no_hour_of_the_week_is_refused() {
        for text in [
            "", ":", "1", "1-5", "0:1", "8:1", "1:24", "5-1:3", "1:9-7", "mon:7", "1:+7", "1-:3",
            "1,:3", "1::2", "001:3",
        ] {
            assert_eq!(text.parse::<WeekHours>(), Err(BadWeekHours), "{text:?}");
        }
    }

    #[test]
    fn it_is_written_as_it_is_read() {
        for text in ["1-5:7-9", "6-7:0-23", "1,3,5:0,12-13", "1-2:8 6:9"] {
            let read = text.split(' ').map(hours).reduce(WeekHours::union).unwrap();
            assert_eq!(read.to_string(), text);
        }
        assert_eq!(hours("1,2,3:7,8").to_string(), "1-3:7-8");
    }

    proptest! {
        #[test]
        fn it_holds_what_chrono_says(micros in -60_000_000_000_000_000_i64..60_000_000_000_000_000, from in 0_u32..24, until in 0_u32..24) {
            let epoch = NaiveDate::default().and_hms_opt(0, 0, 0).unwrap();
            let at = epoch + chrono::TimeDelta::microseconds(micros);
            let (from, until) = (from.min(until), from.max(until));
            let working = hours(&format!("1-5:{from}-{until}"));
            let is_working = !matches!(at.weekday(), Weekday::Sat | Weekday::Sun)
                && (from..=until).contains(&at.hour());
            prop_assert_eq!(working.contains(micros), is_working);
        }
    }
}
