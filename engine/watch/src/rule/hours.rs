//! Hours of the day and days of the year, by the city's clock.

use chrono::{
    DateTime, Datelike, LocalResult, NaiveDate, NaiveTime, Offset, TimeDelta, TimeZone, Timelike,
    Utc,
};
use chrono_tz::Tz;
use serde::{Deserialize, Serialize};

/// Local hours from one time of the day to another, perhaps over midnight. Equal times are no hours at all.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Hours {
    /// From this time on: `22:00`.
    #[serde(with = "time_of_day")]
    pub from: NaiveTime,
    /// Until before this time: `07:00`.
    #[serde(with = "time_of_day")]
    pub to: NaiveTime,
}

impl Hours {
    /// Does the wall clock of the zone lie in them at an instant (µs since 1970, UTC)?
    pub fn hold(&self, zone: Tz, instant: i64) -> bool {
        let now = local(zone, instant).time();
        if self.from <= self.to {
            (self.from..self.to).contains(&now)
        } else {
            now >= self.from || now < self.to
        }
    }
}

/// Local days from one day of the year to another, both included, perhaps over New Year.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Season {
    /// The first day: `11-15`.
    pub from: String,
    /// The last day: `03-15`.
    pub to: String,
}

impl Season {
    /// Does the local day of an instant (µs since 1970, UTC) lie in it?
    pub fn holds(&self, zone: Tz, instant: i64) -> bool {
        let date = local(zone, instant).date_naive();
        let today = (date.month(), date.day());
        match (month_day(&self.from), month_day(&self.to)) {
            (Some(from), Some(to)) if from <= to => (from..=to).contains(&today),
            (Some(from), Some(to)) => today >= from || today <= to,
            _ => true,
        }
    }

    /// Are both ends days of a year?
    pub(super) fn is_valid(&self) -> bool {
        month_day(&self.from).is_some() && month_day(&self.to).is_some()
    }
}

/// Month and day of `MM-DD`; 29 February is a day.
fn month_day(text: &str) -> Option<(u32, u32)> {
    let (month, day) = text.split_once('-')?;
    let (month, day) = (month.parse().ok()?, day.parse().ok()?);
    NaiveDate::from_ymd_opt(2024, month, day).map(|_real| (month, day))
}

/// The wall clock of the zone.
pub(crate) fn local(zone: Tz, instant: i64) -> DateTime<Tz> {
    DateTime::from_timestamp_micros(instant)
        .unwrap_or_default()
        .with_timezone(&zone)
}

/// The first instant of a local day, µs since 1970, UTC.
pub(crate) fn first_instant(zone: Tz, date: NaiveDate) -> i64 {
    let midnight = date.and_time(NaiveTime::MIN);
    match zone.from_local_datetime(&midnight) {
        LocalResult::Single(at) | LocalResult::Ambiguous(at, _) => at.timestamp_micros(),
        // Clocks jump over midnight: the day begins at the jump, where the offset before it puts midnight.
        LocalResult::None => {
            let before = midnight - TimeDelta::hours(3);
            let offset = zone
                .from_local_datetime(&before)
                .earliest()
                .map_or(0, |at| at.offset().fix().local_minus_utc());
            DateTime::<Utc>::from_naive_utc_and_offset(
                midnight - TimeDelta::seconds(i64::from(offset)),
                Utc,
            )
            .timestamp_micros()
        }
    }
}

/// `HH:MM` in texts.
mod time_of_day {
    use serde::{Deserializer, Serializer, de::Error};

    use super::{Deserialize, NaiveTime, Timelike};

    #[expect(
        clippy::trivially_copy_pass_by_ref,
        reason = "serde hands the field by reference"
    )]
    pub(super) fn serialize<S: Serializer>(
        time: &NaiveTime,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&format_args!("{:02}:{:02}", time.hour(), time.minute()))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<NaiveTime, D::Error> {
        let text = String::deserialize(deserializer)?;
        NaiveTime::parse_from_str(&text, "%H:%M")
            .map_err(|_no_time| D::Error::custom(format!("\"{text}\" is no time of day HH:MM")))
    }
}
