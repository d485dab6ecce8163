//! Local time without asking the time zone database for every record.

use chrono::{DateTime, Datelike, FixedOffset, NaiveDate, Offset, TimeZone, Timelike, Utc};
use chrono_tz::Tz;

/// The offsets of a zone over a window, as (first second since 1970, offset).
#[derive(Debug)]
pub(super) struct Zone {
    tz: Tz,
    changes: Vec<(i64, FixedOffset)>,
    /// Last second that `changes` is good for.
    end: i64,
}

const DAY_S: i64 = 86_400;

impl Zone {
    /// The zone's offsets from `from` to `to`, seconds since 1970.
    pub(super) fn new(tz: Tz, from: i64, to: i64) -> Self {
        let mut changes = vec![(from, offset(tz, from))];
        let mut day = from;
        while day < to {
            let next = day + DAY_S;
            let (before, after) = (offset(tz, day), offset(tz, next));
            if before != after {
                changes.push((change(tz, day, next), after));
            }
            day = next;
        }
        Self {
            tz,
            changes,
            end: to,
        }
    }

    /// The offset at an instant; outside the window the database is asked.
    pub(super) fn offset(&self, at_s: i64) -> FixedOffset {
        match self.changes.partition_point(|(from, _)| *from <= at_s) {
            0 => offset(self.tz, at_s),
            _ if at_s > self.end => offset(self.tz, at_s),
            later => self.changes[later - 1].1,
        }
    }

    /// An instant as local time with its offset.
    pub(super) fn local(&self, at_ms: i64) -> DateTime<FixedOffset> {
        let at = DateTime::from_timestamp_millis(at_ms).expect("simulated years are checked");
        at.with_timezone(&self.offset(at_ms.div_euclid(1000)))
    }

    /// What rhythms depend on.
    pub(super) fn clock(&self, at_s: i64) -> Clock {
        let local = self.local(at_s * 1000);
        Clock {
            date: local.date_naive(),
            hour: local.hour() as usize,
            weekday: local.weekday().num_days_from_monday() as usize,
        }
    }
}

/// A local hour.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Clock {
    pub(super) date: NaiveDate,
    /// 0 to 23.
    pub(super) hour: usize,
    /// 0 for Monday.
    pub(super) weekday: usize,
}

fn offset(tz: Tz, at_s: i64) -> FixedOffset {
    let at: DateTime<Utc> = DateTime::from_timestamp(at_s, 0).expect("simulated years are checked");
    tz.offset_from_utc_datetime(&at.naive_utc()).fix()
}

/// The second at which the offset changes between two instants that have different ones.
fn change(tz: Tz, mut before: i64, mut after: i64) -> i64 {
    let old = offset(tz, before);
    while after - before > 1 {
        let middle = i64::midpoint(before, after);
        if offset(tz, middle) == old {
            before = middle;
        } else {
            after = middle;
        }
    }
    after
}
