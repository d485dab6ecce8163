//! How the feeds are: when each was last heard, how much it sends now and usually, how late, and what became of it.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};

use chrono::{DateTime, TimeDelta, Utc};
use citybrain_model::{Doubt, StreamState};
use citybrain_query::FeedActivity;
use citybrain_store::{FeedCounts, Published, Table, Writer};
use datafusion::arrow::array::AsArray;
use datafusion::arrow::datatypes::TimestampMicrosecondType;
use serde::Serialize;
use utoipa::ToSchema;

/// How one feed is.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub(crate) struct FeedHealth {
    /// The feed's name: the `source` of its records.
    pub(crate) source: String,
    /// `new` (not known for long enough to say), `ok`, `quiet` (silent for longer than is usual for it) or `never` (only refused rows).
    pub(crate) state: &'static str,
    /// When its last record came in.
    #[schema(required)]
    pub(crate) last_seen: Option<DateTime<Utc>>,
    /// Seconds since then.
    #[schema(required)]
    pub(crate) age_s: Option<f64>,
    /// It is quiet after so many seconds: half as much again as its longest pause within a week, at least five minutes.
    #[schema(required)]
    pub(crate) quiet_after_s: Option<f64>,
    /// Records an hour, over the last ten minutes.
    pub(crate) rate_now: f64,
    /// Records an hour, over the week before this hour.
    #[schema(required)]
    pub(crate) rate_usual: Option<f64>,
    /// Seconds from the event to its receipt: the median of the latest records.
    #[schema(required)]
    pub(crate) lag_s: Option<f64>,
    /// New records since the server was started.
    pub(crate) accepted: u64,
    /// Records that replaced an earlier state of themselves, since then.
    pub(crate) updated: u64,
    /// Records that were there already, since then.
    pub(crate) duplicate: u64,
    /// Rows that are no records, by rule, since then.
    pub(crate) refused: BTreeMap<String, u64>,
    /// Datastreams that were heard since then.
    pub(crate) datastreams: u64,
    /// Of these: silent for longer than is usual for them.
    pub(crate) silent: u64,
    /// Of these: stuck at one value.
    pub(crate) stuck: u64,
    /// Of these: with a clock that is whole hours off.
    pub(crate) clock_off: u64,
    /// Doubtful values since then.
    pub(crate) doubtful: u64,
    /// Numbers that are missing in the counts of its senders, since then.
    pub(crate) missing: u64,
}

/// How one datastream is, as far as this process saw it.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub(crate) struct StreamHealth {
    /// Its name.
    pub(crate) datastream: String,
    /// Its sensor.
    #[schema(required)]
    pub(crate) sensor: Option<String>,
    /// What is wrong with it: `silent`, `stuck`, `clock`.
    pub(crate) troubles: Vec<String>,
    /// When its last value came in.
    pub(crate) last_seen: DateTime<Utc>,
    /// The newest time of a value.
    pub(crate) newest: DateTime<Utc>,
    /// The newest value.
    #[schema(required)]
    pub(crate) value: Option<f64>,
    /// Since when it is the same.
    pub(crate) same_since: DateTime<Utc>,
    /// Values seen, also repeated ones.
    pub(crate) seen: u64,
    /// The usual distance of two values, seconds.
    pub(crate) every_s: f64,
    /// The usual time from a value's own time to its receipt, seconds.
    pub(crate) lag_s: f64,
    /// How many hours its clock is off, when that is what the lag looks like: 8 is eight hours ahead.
    #[schema(required)]
    pub(crate) clock_off_hours: Option<i32>,
    /// Gaps of more than three times the usual distance.
    pub(crate) gaps: u64,
    /// Values of a time before the newest.
    pub(crate) out_of_order: u64,
    /// Values of the newest time again.
    pub(crate) repeated: u64,
    /// Values that were more than a day old.
    pub(crate) late: u64,
    /// Doubtful values by what speaks against them.
    pub(crate) doubtful: BTreeMap<String, u64>,
}

impl StreamHealth {
    pub(crate) fn of(state: StreamState, now: DateTime<Utc>) -> Self {
        let clock_off_hours = state.hours_off();
        let found = [
            ("silent", state.is_silent(now)),
            ("stuck", state.is_stuck),
            ("clock", clock_off_hours.is_some()),
        ];
        let names = [Doubt::Clock, Doubt::Range, Doubt::Rate, Doubt::Stuck];
        Self {
            troubles: found
                .into_iter()
                .filter(|(_, so)| *so)
                .map(|(name, _)| name.to_owned())
                .collect(),
            doubtful: names
                .into_iter()
                .zip(state.doubtful)
                .filter(|(_, count)| *count > 0)
                .map(|(doubt, count)| (doubt.as_str().to_owned(), count))
                .collect(),
            datastream: state.datastream,
            sensor: state.sensor,
            last_seen: state.received_at,
            newest: state.newest,
            value: state.value,
            same_since: state.same_since,
            seen: state.seen,
            every_s: rounded(state.every_s),
            lag_s: rounded(state.lag_s),
            clock_off_hours,
            gaps: state.gaps,
            out_of_order: state.out_of_order,
            repeated: state.repeated,
            late: state.late,
        }
    }
}

/// When the feeds were heard, and how much of each.
#[derive(Debug, Default)]
pub(crate) struct Feeds(Mutex<BTreeMap<String, Heard>>);

/// What is remembered of one feed.
#[derive(Debug, Default)]
struct Heard {
    first: Option<DateTime<Utc>>,
    last: Option<DateTime<Utc>>,
    /// Records by the minute in which they came, of the last ten.
    minutes: VecDeque<(i64, u64)>,
    /// Records by the hour in which they came, of the last week and this hour.
    hours: VecDeque<(i64, u64)>,
    /// The longest pause that ended on a day, seconds, of the last week.
    pauses: VecDeque<(i64, f64)>,
    /// How often it was heard after a pause.
    times: u64,
    /// Seconds from event to receipt of the latest records.
    lags: VecDeque<f64>,
}

/// Most feeds that are told apart.
const FEEDS_MAX: usize = 2_000;
const WEEK_HOURS: i64 = 7 * 24;
const RECENT_MINUTES: i64 = 10;
const LAGS_MAX: usize = 255;
/// A feed is not called quiet before it was silent for this long, seconds.
const QUIET_LEAST_S: f64 = 300.0;
/// Times that a feed was heard before its habit is known.
const KNOWN_TIMES: u64 = 10;

impl Feeds {
    fn lock(&self) -> MutexGuard<'_, BTreeMap<String, Heard>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Learns what came in before the server was started.
    pub(crate) fn know(&self, activity: &[FeedActivity]) {
        let mut feeds = self.lock();
        for of in activity {
            if feeds.len() < FEEDS_MAX || feeds.contains_key(&of.source) {
                let heard = feeds.entry(of.source.clone()).or_default();
                heard.hear(of.minute, of.records);
            }
        }
    }

    /// Takes note of a published batch.
    pub(crate) fn hear(&self, published: &Published) {
        let column = |name| published.rows.column_by_name(name);
        let event = match published.table {
            Table::Complaints => "requested_at",
            Table::ComplaintEvents => "at",
            Table::Observations => "phenomenon_time",
        };
        let (Some(sources), Some(received), Some(event)) =
            (column("source"), column("received_at"), column(event))
        else {
            return;
        };
        let sources = sources.as_string::<i32>();
        let received = received.as_primitive::<TimestampMicrosecondType>();
        let event = event.as_primitive::<TimestampMicrosecondType>();
        let mut feeds = self.lock();
        let mut row = 0;
        while row < published.rows.num_rows() {
            // Rows of one source come one after the other.
            let (source, first) = (sources.value(row), row);
            let mut last = row;
            while row < published.rows.num_rows() && sources.value(row) == source {
                if received.value(row) > received.value(last) {
                    last = row;
                }
                row += 1;
            }
            if feeds.len() >= FEEDS_MAX && !feeds.contains_key(source) {
                continue;
            }
            if let Some(at) = DateTime::from_timestamp_micros(received.value(last)) {
                let heard = feeds.entry(source.to_owned()).or_default();
                heard.hear(at, (row - first) as u64);
                #[expect(
                    clippy::cast_precision_loss,
                    reason = "to the microsecond for three centuries"
                )]
                heard.lag((received.value(last) - event.value(last)) as f64 / 1e6);
            }
        }
    }

    /// In which state each feed is at `now`, in order of name.
    pub(crate) fn states(&self, now: DateTime<Utc>) -> Vec<(String, &'static str)> {
        let all = self.lock();
        let states = all.iter().map(|(source, heard)| {
            let (state, _) = heard.state(now);
            (source.clone(), state)
        });
        states.collect()
    }

    /// How the feeds are at `now`, in order of name; those of `only`, or all.
    pub(crate) fn health(
        &self,
        writer: &Writer,
        only: &[String],
        now: DateTime<Utc>,
    ) -> Vec<FeedHealth> {
        let wanted = |source: &str| only.is_empty() || only.iter().any(|feed| feed == source);
        let mut all: BTreeMap<String, FeedHealth> = BTreeMap::new();
        for (source, heard) in self.lock().iter().filter(|(source, _)| wanted(source)) {
            all.insert(source.clone(), heard.health(source, now));
        }
        let of = |source: &str, all: &mut BTreeMap<String, FeedHealth>| {
            if !all.contains_key(source) {
                all.insert(source.to_owned(), Heard::default().health(source, now));
            }
        };
        for (source, counts) in writer.feeds() {
            if !wanted(&source) {
                continue;
            }
            of(&source, &mut all);
            if let Some(health) = all.get_mut(&source) {
                let FeedCounts {
                    accepted,
                    updated,
                    duplicate,
                    refused,
                } = counts;
                (health.accepted, health.updated) = (accepted, updated);
                (health.duplicate, health.refused) = (duplicate, refused);
            }
        }
        for state in writer.inspector().streams(None) {
            if let Some(health) = all.get_mut(&state.source) {
                health.datastreams += 1;
                health.silent += u64::from(state.is_silent(now));
                health.stuck += u64::from(state.is_stuck);
                health.clock_off += u64::from(state.hours_off().is_some());
                health.doubtful += state.doubtful.iter().sum::<u64>();
            }
        }
        for count in writer.inspector().counts(None) {
            if let Some(health) = all.get_mut(&count.source) {
                health.missing += count.missing;
            }
        }
        all.into_values().collect()
    }
}

impl Heard {
    fn hear(&mut self, at: DateTime<Utc>, records: u64) {
        let (minute, hour, day) = (
            at.timestamp().div_euclid(60),
            at.timestamp().div_euclid(3600),
            at.timestamp().div_euclid(86_400),
        );
        if let Some(last) = self.last {
            let pause = (at - last).as_seconds_f64();
            if pause > 0.5 {
                self.times += 1;
                match self.pauses.back_mut() {
                    Some((of, longest)) if *of == day => *longest = longest.max(pause),
                    _ => self.pauses.push_back((day, pause)),
                }
            }
        }
        self.first = self.first.or(Some(at));
        self.last = self.last.max(Some(at));
        add(&mut self.minutes, minute, records);
        add(&mut self.hours, hour, records);
        self.forget(at);
    }

    fn lag(&mut self, seconds: f64) {
        if self.lags.len() >= LAGS_MAX {
            self.lags.pop_front();
        }
        self.lags.push_back(seconds);
    }

    fn forget(&mut self, now: DateTime<Utc>) {
        let seconds = now.timestamp();
        drop_before(&mut self.minutes, seconds.div_euclid(60) - RECENT_MINUTES);
        drop_before(&mut self.hours, seconds.div_euclid(3600) - WEEK_HOURS);
        let first = seconds.div_euclid(86_400) - 7;
        while self.pauses.front().is_some_and(|(day, _)| *day < first) {
            self.pauses.pop_front();
        }
    }

    /// Seconds since it was heard.
    fn age_s(&self, now: DateTime<Utc>) -> Option<f64> {
        self.last.map(|last| (now - last).as_seconds_f64().max(0.0))
    }

    /// The state, and after how many silent seconds it is quiet.
    fn state(&self, now: DateTime<Utc>) -> (&'static str, Option<f64>) {
        let longest = self.pauses.iter().map(|(_, pause)| *pause).reduce(f64::max);
        let quiet_after_s = longest
            .filter(|_| self.times >= KNOWN_TIMES)
            .map(|longest| (1.5 * longest).max(QUIET_LEAST_S));
        let state = match (self.age_s(now), quiet_after_s) {
            (None, _) => "never",
            (Some(age), Some(after)) if age > after => "quiet",
            (Some(_), Some(_)) => "ok",
            (Some(_), None) => "new",
        };
        (state, quiet_after_s)
    }

    fn health(&self, source: &str, now: DateTime<Utc>) -> FeedHealth {
        let (age_s, (state, quiet_after_s)) = (self.age_s(now), self.state(now));
        FeedHealth {
            source: source.to_owned(),
            state,
            last_seen: self.last,
            age_s: age_s.map(rounded),
            quiet_after_s: quiet_after_s.map(rounded),
            rate_now: rounded(self.rate_now(now)),
            rate_usual: self.rate_usual(now).map(rounded),
            lag_s: self.median_lag().map(rounded),
            accepted: 0,
            updated: 0,
            duplicate: 0,
            refused: BTreeMap::new(),
            datastreams: 0,
            silent: 0,
            stuck: 0,
            clock_off: 0,
            doubtful: 0,
            missing: 0,
        }
    }

    fn rate_now(&self, now: DateTime<Utc>) -> f64 {
        let from = now.timestamp().div_euclid(60) - RECENT_MINUTES;
        let records = sum(self.minutes.iter().filter(|(minute, _)| *minute > from));
        let known = self
            .first
            .map_or(TimeDelta::zero(), |first| now - first)
            .as_seconds_f64();
        let window = known.clamp(60.0, 600.0);
        records * 3600.0 / window
    }

    fn rate_usual(&self, now: DateTime<Utc>) -> Option<f64> {
        let this = now.timestamp().div_euclid(3600);
        let first = self.first?.timestamp().div_euclid(3600);
        let from = first.max(this - WEEK_HOURS);
        let before = self
            .hours
            .iter()
            .filter(|(hour, _)| (from..this).contains(hour));
        #[expect(clippy::cast_precision_loss, reason = "at most a week")]
        (this > from).then(|| sum(before) / (this - from) as f64)
    }

    fn median_lag(&self) -> Option<f64> {
        let mut lags: Vec<f64> = self.lags.iter().copied().collect();
        lags.sort_by(f64::total_cmp);
        lags.get(lags.len() / 2).copied()
    }
}

fn add(to: &mut VecDeque<(i64, u64)>, at: i64, records: u64) {
    match to.back_mut() {
        Some((last, count)) if *last >= at => *count += records,
        _ => to.push_back((at, records)),
    }
}

fn drop_before(of: &mut VecDeque<(i64, u64)>, first: i64) {
    while of.front().is_some_and(|(at, _)| *at < first) {
        of.pop_front();
    }
}

#[expect(
    clippy::cast_precision_loss,
    reason = "2^53 records an hour are out of reach"
)]
fn sum<'a>(counts: impl Iterator<Item = &'a (i64, u64)>) -> f64 {
    counts.map(|(_, count)| *count).sum::<u64>() as f64
}

/// Three decimals: nobody reads more.
fn rounded(value: f64) -> f64 {
    (value * 1000.0).round() / 1000.0
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(1_800_000_000 + second, 0).unwrap()
    }

    #[test]
    fn a_feed_is_quiet_when_it_pauses_beyond_its_habit() {
        let mut heard = Heard::default();
        let state = |heard: &Heard, second| heard.health("f", at(second)).state;
        assert_eq!(state(&heard, 0), "never");
        for n in 0..=10 {
            heard.hear(at(n * 600), 30);
            heard.lag(2.0);
        }
        assert_eq!(state(&heard, 6000 + 899), "ok");
        let quiet = heard.health("f", at(6000 + 901));
        assert_eq!((quiet.state, quiet.quiet_after_s), ("quiet", Some(900.0)));
        assert_eq!((quiet.age_s, quiet.lag_s), (Some(901.0), Some(2.0)));
        // A night's pause, once known, is its habit for a week.
        heard.hear(at(6000 + 36_000), 30);
        assert_eq!(state(&heard, 42_000 + 50_000), "ok");
        assert_eq!(state(&heard, 42_000 + 55_000), "quiet");
    }

    #[test]
    fn the_rate_now_stands_beside_the_usual_one() {
        let mut heard = Heard::default();
        for minute in 0..300 {
            heard.hear(at(minute * 60), if minute < 290 { 2 } else { 20 });
        }
        let health = heard.health("f", at(300 * 60 - 1));
        assert!(
            (health.rate_now - 1200.0).abs() < 1.0,
            "{}",
            health.rate_now
        );
        let usual = health.rate_usual.unwrap();
        assert!((usual - 120.0).abs() < 1.0, "{usual}");
        assert_eq!(Heard::default().health("f", at(0)).rate_usual, None);
    }
}
