//! How fresh the whole is: the newest record, and how many come in.

use std::collections::{BTreeMap, VecDeque};

use chrono::{DateTime, TimeDelta, Utc};
use citybrain_store::{Published, Table};
use datafusion::arrow::array::AsArray;
use datafusion::arrow::compute::max;
use datafusion::arrow::datatypes::TimestampMicrosecondType;
use serde::Serialize;
use utoipa::ToSchema;

/// What is known of the stream of records as a whole.
#[derive(Debug)]
pub(crate) struct Pulse {
    since: DateTime<Utc>,
    seq: u64,
    received_at: Option<DateTime<Utc>>,
    requested_at: Option<DateTime<Utc>>,
    /// When each feed was last heard.
    feeds: BTreeMap<String, DateTime<Utc>>,
    /// Complaints by the second in which they came, oldest first, of the last minute.
    recent: VecDeque<(i64, u64)>,
}

/// How fresh the counts are: the stream's `freshness` event.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub(crate) struct Freshness {
    /// The server's clock.
    pub(crate) server_time: DateTime<Utc>,
    /// The newest sequence number.
    pub(crate) seq: u64,
    /// When the last record was taken in.
    #[schema(required)]
    pub(crate) received_at: Option<DateTime<Utc>>,
    /// The latest time at which a citizen reported.
    #[schema(required)]
    pub(crate) requested_at: Option<DateTime<Utc>>,
    /// Complaints a minute, over the last minute.
    pub(crate) per_minute: f64,
    /// Each feed by name, at most a thousand.
    pub(crate) feeds: Vec<FeedFreshness>,
}

/// How fresh a feed is.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub(crate) struct FeedFreshness {
    /// The source's name.
    pub(crate) source: String,
    /// When its last record was taken in.
    pub(crate) received_at: DateTime<Utc>,
    /// How long ago that is, seconds.
    pub(crate) age_s: f64,
}

/// Most feeds that are told apart.
const FEEDS_MAX: usize = 1000;

/// The rate is over this long.
const WINDOW: TimeDelta = TimeDelta::seconds(60);
/// A server that runs for less time than the window tells the rate since its start, but since no less than this.
const WINDOW_MIN: TimeDelta = TimeDelta::seconds(10);

impl Pulse {
    /// The pulse of a server that starts `now` on records up to `seq`.
    pub(crate) const fn new(now: DateTime<Utc>, seq: u64) -> Self {
        Self {
            since: now,
            seq,
            received_at: None,
            requested_at: None,
            feeds: BTreeMap::new(),
            recent: VecDeque::new(),
        }
    }

    /// Learns the newest times of the records that were there before.
    pub(crate) fn know(
        &mut self,
        received_at: Option<DateTime<Utc>>,
        requested_at: Option<DateTime<Utc>>,
    ) {
        self.received_at = self.received_at.max(received_at);
        self.requested_at = self.requested_at.max(requested_at);
    }

    /// Learns when a feed was last heard.
    pub(crate) fn heard(&mut self, source: &str, received_at: DateTime<Utc>) {
        // Whoever is told that a feed was heard is told a newest record too, also while a start still reads what was there.
        self.received_at = self.received_at.max(Some(received_at));
        if let Some(last) = self.feeds.get_mut(source) {
            *last = received_at.max(*last);
        } else if self.feeds.len() < FEEDS_MAX {
            self.feeds.insert(source.to_owned(), received_at);
        }
    }

    /// How many seconds ago each feed was heard, by name.
    pub(crate) fn ages(&self, now: DateTime<Utc>) -> impl Iterator<Item = (&str, i64)> {
        let age = move |at: &DateTime<Utc>| (now - *at).num_seconds().max(0);
        self.feeds
            .iter()
            .map(move |(source, at)| (source.as_str(), age(at)))
    }

    /// When the last record was taken in.
    pub(crate) const fn received_at(&self) -> Option<DateTime<Utc>> {
        self.received_at
    }

    /// Each source of a batch and its last record.
    fn hear(&mut self, published: &Published) {
        let column = |name| published.rows.column_by_name(name);
        let (Some(sources), Some(received)) = (column("source"), column("received_at")) else {
            return;
        };
        let sources = sources.as_string::<i32>();
        let received = received.as_primitive::<TimestampMicrosecondType>();
        let mut row = 0;
        while row < published.rows.num_rows() {
            // Rows of one source come one after the other.
            let source = sources.value(row);
            let mut last = received.value(row);
            row += 1;
            while row < published.rows.num_rows() && sources.value(row) == source {
                last = last.max(received.value(row));
                row += 1;
            }
            if let Some(last) = DateTime::from_timestamp_micros(last) {
                self.heard(source, last);
            }
        }
    }

    /// Takes note of a published batch.
    pub(crate) fn fold(&mut self, published: &Published, now: DateTime<Utc>) {
        self.seq = self.seq.max(published.seq);
        self.received_at = self.received_at.max(latest(published, "received_at"));
        self.hear(published);
        if published.table != Table::Complaints {
            return;
        }
        self.requested_at = self.requested_at.max(latest(published, "requested_at"));
        let (second, rows) = (now.timestamp(), published.rows.num_rows() as u64);
        match self.recent.back_mut() {
            Some((last, count)) if *last == second => *count += rows,
            _ => self.recent.push_back((second, rows)),
        }
        self.forget(now);
    }

    /// How fresh it is at `now`.
    pub(crate) fn freshness(&mut self, now: DateTime<Utc>) -> Freshness {
        self.forget(now);
        let window = (now - self.since).clamp(WINDOW_MIN, WINDOW);
        let complaints: u64 = self.recent.iter().map(|(_, count)| count).sum();
        #[expect(
            clippy::cast_precision_loss,
            reason = "a rate is a float; 2^53 complaints a minute are out of reach"
        )]
        let per_minute = complaints as f64 * 60.0 / window.as_seconds_f64();
        Freshness {
            server_time: now,
            seq: self.seq,
            received_at: self.received_at,
            requested_at: self.requested_at,
            per_minute: (per_minute * 10.0).round() / 10.0,
            feeds: self
                .feeds
                .iter()
                .map(|(source, received_at)| FeedFreshness {
                    source: source.clone(),
                    received_at: *received_at,
                    age_s: (now - *received_at).as_seconds_f64().max(0.0),
                })
                .collect(),
        }
    }

    fn forget(&mut self, now: DateTime<Utc>) {
        let first = (now - WINDOW).timestamp();
        while self
            .recent
            .front()
            .is_some_and(|(second, _)| *second <= first)
        {
            self.recent.pop_front();
        }
    }
}

fn latest(published: &Published, column: &str) -> Option<DateTime<Utc>> {
    let column = published.rows.column_by_name(column)?;
    max(column.as_primitive::<TimestampMicrosecondType>()).and_then(DateTime::from_timestamp_micros)
}

#[cfg(test)]
mod tests {
    use chrono::{DateTime, TimeDelta, Utc};

    use super::Pulse;

    #[test]
    fn a_feed_that_was_heard_is_a_newest_record_whatever_is_learnt_first() {
        let start = DateTime::<Utc>::UNIX_EPOCH;
        let mut pulse = Pulse::new(start, 0);
        let later = start + TimeDelta::seconds(9);
        pulse.heard("hotline", later);
        assert_eq!(pulse.received_at(), Some(later));
        pulse.know(Some(start), None);
        assert_eq!(pulse.received_at(), Some(later));
        assert_eq!(pulse.ages(later).collect::<Vec<_>>(), [("hotline", 0)]);
    }
}
