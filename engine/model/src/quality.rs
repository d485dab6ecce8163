//! What speaks against an observation: the checks that every value passes on its way in.
//!
//! A doubtful value is kept and marked; nothing is dropped. The checks, in this order; the first that finds something names it:
//! 1. `clock`: the value is of a time more than five minutes after it came in;
//! 2. `range`: beyond what the property can be, or at the ceiling of its instruments;
//! 3. `rate`: away from the value before it faster than the property changes;
//! 4. `stuck`: the same value for longer than the property stays still.
//!
//! The first two depend on the value alone. The others know the datastream's values before it, as far as this process saw them; a
//! value that is older than the newest is not held to them. What a check found is no part of what the sender said: a value
//! that is sent again is the same value, whatever is found then.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use chrono::{DateTime, TimeDelta, Utc};

use crate::{Identity, Observation, Quality};

/// What speaks against a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Doubt {
    /// It is of a time that has not come yet: the sender's clock is ahead.
    Clock,
    /// The property cannot be so, or the instrument can tell no more.
    Range,
    /// The property does not change as fast.
    Rate,
    /// The property does not stay the same as long.
    Stuck,
}

impl Doubt {
    /// The word in SQL.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Clock => "clock",
            Self::Range => "range",
            Self::Rate => "rate",
            Self::Stuck => "stuck",
        }
    }
}

/// What a property can be.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct PropertyLimits {
    /// The unit of the limits, a UCUM code; values in another unit are not held to them.
    pub unit: String,
    /// The least value.
    pub min: Option<f64>,
    /// The greatest value.
    pub max: Option<f64>,
    /// From here on instruments tell no more.
    pub ceiling: Option<f64>,
    /// The fastest change, in the unit a minute.
    pub per_minute: Option<f64>,
    /// A change of less than this is none that is too fast.
    pub step: f64,
    /// The longest time at one value.
    pub still: Option<TimeDelta>,
}

/// The limits of properties, and of datastreams that have their own, by name.
#[derive(Debug, Clone, Default)]
pub struct Limits {
    properties: HashMap<String, PropertyLimits>,
    datastreams: HashMap<String, PropertyLimits>,
}

impl Limits {
    /// The limits of each property; names are compared by letters and digits alone, whatever their case.
    pub fn new(limits: impl IntoIterator<Item = (String, PropertyLimits)>) -> Self {
        let folded = limits
            .into_iter()
            .map(|(name, limits)| (folded(&name), limits));
        Self {
            properties: folded.collect(),
            datastreams: HashMap::new(),
        }
    }

    /// With limits of datastreams by their exact names, which go before those of their properties.
    #[must_use]
    pub fn with_datastreams(
        mut self,
        limits: impl IntoIterator<Item = (String, PropertyLimits)>,
    ) -> Self {
        self.datastreams.extend(limits);
        self
    }

    fn of(&self, row: &Observation) -> Option<&PropertyLimits> {
        let own = self.datastreams.get(&row.datastream);
        own.or_else(|| self.properties.get(&folded(row.property.as_deref()?)))
    }
}

fn folded(name: &str) -> String {
    let letters = name.chars().filter(|c| c.is_alphanumeric());
    letters.flat_map(char::to_lowercase).collect()
}

/// How a datastream went since this process saw it first.
#[derive(Debug, Clone, PartialEq)]
pub struct StreamState {
    /// The feed.
    pub source: String,
    /// The datastream.
    pub datastream: String,
    /// The sensor.
    pub sensor: Option<String>,
    /// Values seen, also those that were sent again.
    pub seen: u64,
    /// Of these: of a time before the newest.
    pub out_of_order: u64,
    /// Of these: of the time of the newest, so mostly sent again.
    pub repeated: u64,
    /// Of these: more than a day old when they came in.
    pub late: u64,
    /// Of these: doubtful, by [`Doubt`] in its order.
    pub doubtful: [u64; 4],
    /// Gaps of more than three times the usual distance.
    pub gaps: u64,
    /// When the last value came in.
    pub received_at: DateTime<Utc>,
    /// The newest time of a value.
    pub newest: DateTime<Utc>,
    /// The newest value.
    pub value: Option<f64>,
    /// Since when it is the same.
    pub same_since: DateTime<Utc>,
    /// The usual distance of two values in time, seconds; 0 as long as it is not known.
    pub every_s: f64,
    /// The usual time from a value's own time to its receipt, seconds; negative when its clock is ahead.
    pub lag_s: f64,
    /// The longest time between two receipts, seconds.
    pub longest_pause_s: f64,
    /// It stays at one value for longer than its property does.
    pub is_stuck: bool,
    limits: Option<PropertyLimits>,
    unit: Option<String>,
    /// The latest value that its property can have, with its time.
    possible: Option<(DateTime<Utc>, f64)>,
    /// The latest that also followed the ones before it.
    steady: Option<(DateTime<Utc>, f64)>,
}

/// Values of at most so many datastreams are compared with those before them.
const STREAMS_MAX: usize = 500_000;
/// A value of a time further ahead is doubtful.
const AHEAD_MAX: TimeDelta = TimeDelta::minutes(5);
/// A value that is older when it comes in is late.
const LATE: TimeDelta = TimeDelta::days(1);
/// Values further apart are not compared for the speed of change.
const COMPARED: TimeDelta = TimeDelta::hours(3);
/// A message may be overtaken by so many others.
const LATE_NUMBERS: u64 = 100;
/// How much a new distance counts in the usual one.
const SHARE: f64 = 0.1;

/// Looks at every observation on its way in. One for each store; cheap to share.
#[derive(Debug, Default)]
pub struct Inspector {
    limits: Limits,
    /// Held for a batch.
    known: Mutex<Known>,
}

#[derive(Debug, Default)]
struct Known {
    /// By the identity of (source, datastream).
    streams: HashMap<Identity, StreamState>,
    /// By the identity of (source, sensor), of senders that count.
    counts: HashMap<Identity, SenderCount>,
}

/// How far a sender that numbers its messages has counted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SenderCount {
    /// The feed.
    pub source: String,
    /// The sensor, or the datastream of one that names none.
    pub sensor: String,
    /// The newest number.
    pub last: u64,
    /// Numbers that never came. A count that begins anew misses nothing.
    pub missing: u64,
}

impl Inspector {
    /// An inspector that knows these limits and no datastream.
    pub fn new(limits: Limits) -> Self {
        Self {
            limits,
            known: Mutex::default(),
        }
    }

    /// Marks what is doubtful. A value that the sender calls doubtful stays so without a reason.
    pub fn inspect(&self, rows: &mut [Observation]) {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let Known { streams, counts } = &mut *known;
        for row in rows {
            if let Some(number) = row.sequence {
                count(counts, row, number);
            }
            let key = Identity::of(&row.source, &row.datastream);
            let room = streams.len() < STREAMS_MAX;
            let doubt = if let Some(state) = streams.get_mut(&key) {
                state.follow(row, &self.limits)
            } else {
                let limits = self.limits.of(row);
                let doubt = alone(row, limits);
                if room {
                    streams.insert(key, StreamState::new(row, limits.cloned(), doubt));
                }
                doubt
            };
            if let Some(doubt) = doubt
                && row.quality == Quality::Good
            {
                row.doubt = Some(doubt);
            }
        }
    }

    /// How every datastream of a feed went, or of all feeds.
    pub fn streams(&self, source: Option<&str>) -> Vec<StreamState> {
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let wanted = known
            .streams
            .values()
            .filter(|state| source.is_none_or(|source| state.source == source));
        wanted.cloned().collect()
    }

    /// How far the senders of a feed have counted, or of all feeds.
    pub fn counts(&self, source: Option<&str>) -> Vec<SenderCount> {
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let wanted = known
            .counts
            .values()
            .filter(|count| source.is_none_or(|source| count.source == source));
        wanted.cloned().collect()
    }
}

/// Takes note of a sender's number.
fn count(counts: &mut HashMap<Identity, SenderCount>, row: &Observation, number: u64) {
    let sensor = row.sensor.as_ref().unwrap_or(&row.datastream);
    let key = Identity::of(&row.source, sensor);
    if let Some(count) = counts.get_mut(&key) {
        // A number from a little before came late; one from long before begins anew.
        if number > count.last || count.last - number > LATE_NUMBERS {
            count.missing += number.saturating_sub(count.last).saturating_sub(1);
            count.last = number;
        }
    } else if counts.len() < STREAMS_MAX {
        let count = SenderCount {
            source: row.source.clone(),
            sensor: sensor.clone(),
            last: number,
            missing: 0,
        };
        counts.insert(key, count);
    }
}

/// What speaks against a value without others beside it.
fn alone(row: &Observation, limits: Option<&PropertyLimits>) -> Option<Doubt> {
    if row.phenomenon_time > row.received_at + AHEAD_MAX {
        return Some(Doubt::Clock);
    }
    let (limits, value) = (limits?, row.result?);
    if row.unit.as_deref().is_some_and(|unit| unit != limits.unit) {
        return None;
    }
    let beyond = limits.min.is_some_and(|min| value < min)
        || limits.max.is_some_and(|max| value > max)
        || limits.ceiling.is_some_and(|ceiling| value >= ceiling);
    beyond.then_some(Doubt::Range)
}

fn seconds(span: TimeDelta) -> f64 {
    span.as_seconds_f64()
}

impl StreamState {
    fn new(row: &Observation, limits: Option<PropertyLimits>, doubt: Option<Doubt>) -> Self {
        let mut state = Self {
            source: row.source.clone(),
            datastream: row.datastream.clone(),
            sensor: row.sensor.clone(),
            seen: 1,
            out_of_order: 0,
            repeated: 0,
            late: u64::from(row.received_at - row.phenomenon_time > LATE),
            doubtful: [0; 4],
            gaps: 0,
            received_at: row.received_at,
            newest: row.phenomenon_time,
            value: row.result,
            same_since: row.phenomenon_time,
            every_s: 0.0,
            lag_s: seconds(row.received_at - row.phenomenon_time),
            longest_pause_s: 0.0,
            is_stuck: false,
            limits,
            unit: row.unit.clone(),
            possible: None,
            steady: None,
        };
        state.remember(row, doubt);
        state.count(doubt);
        state
    }

    fn count(&mut self, doubt: Option<Doubt>) {
        if let Some(doubt) = doubt {
            self.doubtful[doubt as usize] += 1;
        }
    }

    /// What the next values are compared with.
    fn remember(&mut self, row: &Observation, doubt: Option<Doubt>) {
        let value = row.result.map(|value| (row.phenomenon_time, value));
        if value.is_some() && !matches!(doubt, Some(Doubt::Range | Doubt::Clock)) {
            self.possible = value;
            if doubt != Some(Doubt::Rate) {
                self.steady = value;
            }
        }
    }

    /// Takes note of the next value; what speaks against it.
    fn follow(&mut self, row: &Observation, limits: &Limits) -> Option<Doubt> {
        if self.unit != row.unit {
            // What it measures may have been told late, or it measures something else now.
            self.limits = limits.of(row).cloned();
            self.unit.clone_from(&row.unit);
        }
        self.seen += 1;
        let lag = seconds(row.received_at - row.phenomenon_time);
        self.lag_s += SHARE * (lag - self.lag_s);
        self.late += u64::from(row.received_at - row.phenomenon_time > LATE);
        let pause = seconds(row.received_at - self.received_at);
        self.longest_pause_s = self.longest_pause_s.max(pause);
        self.received_at = self.received_at.max(row.received_at);
        let mut doubt = alone(row, self.limits.as_ref());
        if row.phenomenon_time <= self.newest {
            let again = row.phenomenon_time == self.newest;
            self.repeated += u64::from(again);
            self.out_of_order += u64::from(!again);
            self.count(doubt);
            return doubt;
        }
        // A time that has not come yet would make all that follows old.
        if doubt == Some(Doubt::Clock) {
            self.count(doubt);
            return doubt;
        }
        let apart = row.phenomenon_time - self.newest;
        if self.every_s > 0.0 && seconds(apart) > 3.0 * self.every_s && self.seen > 5 {
            self.gaps += 1;
        }
        self.every_s = if self.every_s > 0.0 {
            // A gap is no distance that is usual.
            let apart = seconds(apart).min(3.0 * self.every_s);
            self.every_s + SHARE * (apart - self.every_s)
        } else {
            seconds(apart)
        };
        doubt = doubt.or_else(|| self.beside(row));
        self.remember(row, doubt);
        self.newest = row.phenomenon_time;
        self.value = row.result;
        self.count(doubt);
        doubt
    }

    /// What speaks against a value beside those before it. One that is away from the one before is good when it is back where they were: a
    /// spike does not make the value behind it doubtful, and a new level is doubtful once.
    fn beside(&mut self, row: &Observation) -> Option<Doubt> {
        let (before, value) = (self.value, row.result);
        let same = before
            .zip(value)
            .is_some_and(|(before, value)| before.to_bits() == value.to_bits());
        if !same {
            self.same_since = row.phenomenon_time;
            self.is_stuck = false;
        }
        let limits = self.limits.as_ref()?;
        let value = value?;
        if row.unit.as_deref().is_some_and(|unit| unit != limits.unit) {
            return None;
        }
        if let Some(per_minute) = limits.per_minute {
            let apart = |at: DateTime<Utc>| row.phenomenon_time - at;
            let too_fast = |(at, before): (DateTime<Utc>, f64)| {
                let change = (value - before).abs();
                change > limits.step && change > per_minute * seconds(apart(at)) / 60.0
            };
            let befores = [self.possible, self.steady].into_iter().flatten();
            let mut befores = befores.filter(|(at, _)| apart(*at) <= COMPARED).peekable();
            if befores.peek().is_some() && befores.all(too_fast) {
                return Some(Doubt::Rate);
            }
        }
        let still = limits.still?;
        self.is_stuck = same && row.phenomenon_time - self.same_since >= still;
        self.is_stuck.then_some(Doubt::Stuck)
    }

    /// How far its clock seems to be off, hours: values come in a whole number of hours before or after their own time, again and
    /// again. Such a lag is no slow network, it is a zone.
    pub fn hours_off(&self) -> Option<i32> {
        const NEAR_S: f64 = 240.0;
        if self.seen < 10 || self.late > 0 {
            return None;
        }
        let hours = (self.lag_s / 3600.0).round();
        let is_zone = hours.abs() >= 1.0 && hours.abs() <= 14.0;
        // Values that come rarely are late by anything.
        let is_near = (self.lag_s - hours * 3600.0).abs() <= NEAR_S && self.every_s < 1800.0;
        #[expect(clippy::cast_possible_truncation, reason = "at most 14")]
        (is_zone && is_near).then_some(-hours as i32)
    }

    /// Is it silent at `now`, against its habit: longer than half as much again as its longest pause, and than ten minutes?
    pub fn is_silent(&self, now: DateTime<Utc>) -> bool {
        const LEAST_S: f64 = 600.0;
        self.seen >= 5
            && seconds(now - self.received_at) > (1.5 * self.longest_pause_s).max(LEAST_S)
    }
}

#[cfg(test)]
mod tests;
