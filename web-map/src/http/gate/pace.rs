//! How often each key may ask: a bucket that fills as time goes by, and that a request takes one from.

use std::collections::HashMap;
use std::time::Duration;

use chrono::{DateTime, Utc};
use citybrain_store::{Key, Role};

/// The buckets, by key.
#[derive(Debug)]
pub(super) struct Paces {
    usual: u32,
    public: u32,
    buckets: HashMap<i64, Bucket>,
}

#[derive(Debug)]
struct Bucket {
    /// Requests that are left.
    left: f64,
    at: DateTime<Utc>,
}

/// A bucket holds what comes in this many seconds.
const BURST_SECONDS: f64 = 2.0;

impl Paces {
    /// `usual` and `public`: requests a second of keys without a limit of their own.
    pub(super) fn new(usual: u32, public: u32) -> Self {
        Self {
            usual,
            public,
            buckets: HashMap::new(),
        }
    }

    /// Takes one request of `key`; or says how long to wait for the next one.
    pub(super) fn take(&mut self, key: &Key, now: DateTime<Utc>) -> Option<Duration> {
        let rate = key.key.requests_per_second.unwrap_or(match key.key.role {
            Role::Public => self.public,
            _ => self.usual,
        });
        let rate = f64::from(rate.max(1));
        let full = rate * BURST_SECONDS;
        let bucket = self.buckets.entry(key.id).or_insert(Bucket {
            left: full,
            at: now,
        });
        let passed = (now - bucket.at).as_seconds_f64().max(0.0);
        bucket.left = (bucket.left + passed * rate).min(full);
        bucket.at = now;
        if bucket.left >= 1.0 {
            bucket.left -= 1.0;
            return None;
        }
        Some(Duration::from_secs_f64((1.0 - bucket.left) / rate))
    }
}

#[cfg(test)]
mod tests {
    use citybrain_store::NewKey;

    use super::*;

    #[test]
    fn a_key_may_ask_in_bursts_and_no_more_than_its_rate_on_average() {
        let at = |ms| DateTime::from_timestamp_millis(ms).unwrap();
        let key = |id, requests_per_second| Key {
            id,
            key: NewKey {
                name: String::new(),
                role: Role::Public,
                feeds: Vec::new(),
                requests_per_second,
                body_bytes: None,
                expires_at: None,
            },
            created_at: at(0),
            revoked_at: None,
        };
        let mut paces = Paces::new(1000, 5);
        let (one, other) = (key(1, None), key(2, Some(1)));
        let taken = |paces: &mut Paces, key: &Key, ms| {
            (0..100)
                .filter(|_| paces.take(key, at(ms)).is_none())
                .count()
        };
        assert_eq!(taken(&mut paces, &one, 0), 10);
        assert_eq!(taken(&mut paces, &other, 0), 2);
        assert_eq!(paces.take(&one, at(0)), Some(Duration::from_millis(200)));
        assert_eq!(taken(&mut paces, &one, 1000), 5);
        assert_eq!(taken(&mut paces, &one, 60_000), 10);
    }
}
