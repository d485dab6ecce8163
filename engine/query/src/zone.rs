//! The city's calendar: wall-clock time and the beginnings of hours, days, weeks and months.

use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock, Mutex};

use chrono::{DateTime, Datelike, NaiveDate, Offset, TimeZone, Utc};
use chrono_tz::Tz;

const SECOND: i64 = 1_000_000;
const HOUR: i64 = 3_600 * SECOND;
const DAY: i64 = 24 * HOUR;
/// 1970-01-01 was a Thursday: the Monday before it, in days.
const FIRST_MONDAY: i64 = -3;

/// A unit of the city's calendar.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Bin {
    /// A clock hour; a repeated hour counts as two.
    Hour,
    /// A day: 23 to 25 hours long where clocks change.
    Day,
    /// Seven days from Monday.
    Week,
    /// A calendar month.
    Month,
}

impl Bin {
    /// The words, for messages.
    pub const WORDS: &'static str = "hour, day, week, month";

    /// The word in SQL and in the API.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Hour => "hour",
            Self::Day => "day",
            Self::Week => "week",
            Self::Month => "month",
        }
    }

    /// Its longest length in µs.
    pub(crate) const fn longest(self) -> i64 {
        match self {
            Self::Hour => 2 * HOUR,
            Self::Day => 2 * DAY,
            Self::Week => 8 * DAY,
            Self::Month => 32 * DAY,
        }
    }
}

/// A word that names no unit of the calendar.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("\"{0}\" is not one of hour, day, week, month")]
pub struct UnknownBin(pub String);

impl std::str::FromStr for Bin {
    type Err = UnknownBin;

    fn from_str(word: &str) -> Result<Self, Self::Err> {
        [Self::Hour, Self::Day, Self::Week, Self::Month]
            .into_iter()
            .find(|bin| bin.as_str() == word)
            .ok_or_else(|| UnknownBin(word.to_owned()))
    }
}

/// A time zone laid out for columns: instants and local times are µs since 1970-01-01T00:00, as in Arrow.
#[derive(Debug)]
pub struct Zone {
    /// When each span of one UTC offset begins, and that offset, both in µs; in order. The first begins before all time.
    spans: Vec<(i64, i64)>,
}

impl Zone {
    /// The zone's table; it is made once and then shared.
    pub fn of(time_zone: Tz) -> Arc<Self> {
        // A memo of a pure function: the lock is held only to look up or to make one small table.
        static ZONES: LazyLock<Mutex<BTreeMap<&'static str, Arc<Zone>>>> =
            LazyLock::new(Mutex::default);
        let mut zones = ZONES
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        Arc::clone(
            zones
                .entry(time_zone.name())
                .or_insert_with(|| Arc::new(Self::new(time_zone))),
        )
    }

    /// Finds every change of the offset between 1970 and 2200 by looking at each day, then at the second within the day.
    fn new(time_zone: Tz) -> Self {
        let offset = |second: i64| -> i64 {
            let instant =
                DateTime::from_timestamp(second, 0).expect("years 1970 to 2200 are in range");
            i64::from(
                time_zone
                    .offset_from_utc_datetime(&instant.naive_utc())
                    .fix()
                    .local_minus_utc(),
            )
        };
        let days = |year| -> i64 {
            let first = NaiveDate::from_ymd_opt(year, 1, 1).expect("1 January exists");
            i64::from(first.num_days_from_ce() - NaiveDate::default().num_days_from_ce())
        };
        let mut spans = vec![(i64::MIN, offset(days(1970) * 86_400) * SECOND)];
        for day in days(1970)..days(2200) {
            let (mut before, mut after) = (day * 86_400, (day + 1) * 86_400);
            let (old, new) = (offset(before), offset(after));
            if old == new {
                continue;
            }
            while after - before > 1 {
                let middle = before.midpoint(after);
                if offset(middle) == old {
                    before = middle;
                } else {
                    after = middle;
                }
            }
            spans.push((after * SECOND, new * SECOND));
        }
        Self { spans }
    }

    /// The wall-clock time at an instant.
    pub fn local(&self, instant: i64) -> i64 {
        instant.saturating_add(self.spans[self.span(instant)].1)
    }

    /// The first instant at which the wall clock shows `local` or later: where clocks jump over it, the jump; where they show it
    /// twice, the first time.
    pub fn first_instant(&self, local: i64) -> i64 {
        // No offset is larger than a day, so the answer lies at most a few spans after this one.
        let first = self.span(local.saturating_sub(DAY));
        for (at, &(begin, offset)) in self.spans.iter().enumerate().skip(first) {
            let instant = local.saturating_sub(offset).max(begin);
            if self.spans.get(at + 1).is_none_or(|&(end, _)| instant < end) {
                return instant;
            }
        }
        local
    }

    /// The first instant of a local day.
    pub fn day_start(&self, date: NaiveDate) -> DateTime<Utc> {
        let days = date.signed_duration_since(NaiveDate::default()).num_days();
        instant(self.first_instant(days.saturating_mul(DAY)))
    }

    /// The instant at which the bin that holds `instant` began.
    pub fn bin_start(&self, bin: Bin, instant: i64) -> i64 {
        let local = self.local(instant);
        match bin {
            // Counted back from the instant, so that a repeated hour stays two.
            Bin::Hour => instant.saturating_sub(local.rem_euclid(HOUR)),
            Bin::Day => self.first_instant(local.div_euclid(DAY).saturating_mul(DAY)),
            Bin::Week => self.first_instant((week(local) * 7 + FIRST_MONDAY).saturating_mul(DAY)),
            Bin::Month => self.first_instant(month_start(month(local))),
        }
    }

    /// The instant at which the bin after the one that begins at `start` begins.
    pub fn next_bin(&self, bin: Bin, start: i64) -> i64 {
        let local = self.local(start);
        match bin {
            Bin::Hour => self.bin_start(bin, start.saturating_add(HOUR)),
            Bin::Day => self.first_instant((local.div_euclid(DAY) + 1).saturating_mul(DAY)),
            Bin::Week => {
                self.first_instant(((week(local) + 1) * 7 + FIRST_MONDAY).saturating_mul(DAY))
            }
            Bin::Month => self.first_instant(month_start(month(local) + 1)),
        }
    }

    /// The instant as RFC 3339 text with the zone's offset, to the second.
    pub fn text(&self, instant: i64) -> String {
        let local = self.local(instant);
        let offset = local.saturating_sub(instant).div_euclid(SECOND);
        let wall = self::instant(local).format("%Y-%m-%dT%H:%M:%S");
        let sign = if offset < 0 { '-' } else { '+' };
        let minutes = offset.unsigned_abs() / 60;
        format!("{wall}{sign}{:02}:{:02}", minutes / 60, minutes % 60)
    }

    /// The span that holds the instant.
    fn span(&self, instant: i64) -> usize {
        self.spans
            .partition_point(|&(begin, _)| begin <= instant)
            .saturating_sub(1)
    }
}

/// The instant at µs since 1970; the ends of what chrono can hold for what lies beyond.
pub(crate) fn instant(micros: i64) -> DateTime<Utc> {
    let end = if micros < 0 {
        DateTime::<Utc>::MIN_UTC
    } else {
        DateTime::<Utc>::MAX_UTC
    };
    DateTime::from_timestamp_micros(micros).unwrap_or(end)
}

/// Weeks since the one of 1970-01-01.
fn week(local: i64) -> i64 {
    (local.div_euclid(DAY) - FIRST_MONDAY).div_euclid(7)
}

/// Months since January 1970.
pub(crate) fn month(local: i64) -> i64 {
    let date = instant(local).date_naive();
    (i64::from(date.year()) - 1970) * 12 + i64::from(date.month0())
}

/// The local time at which a month begins.
fn month_start(month: i64) -> i64 {
    let year = i32::try_from(1970 + month.div_euclid(12)).unwrap_or(i32::MAX);
    let month = u32::try_from(month.rem_euclid(12) + 1).expect("a month is 1 to 12");
    let first = NaiveDate::from_ymd_opt(year, month, 1).unwrap_or(NaiveDate::MAX);
    first
        .signed_duration_since(NaiveDate::default())
        .num_days()
        .saturating_mul(DAY)
}

#[cfg(test)]
mod tests;
