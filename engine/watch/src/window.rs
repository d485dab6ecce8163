//! The stretch of time up to now that a live view counts.

use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::str::FromStr;

use chrono_tz::Tz;

use crate::Span;
use crate::fast::Fast;
use crate::rule::{first_instant, local};

/// The stretch of time up to now that a live view counts, by when complaints were made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Window {
    /// The last so long: `5min`, `1h`, `24h`.
    Last(Span),
    /// Since the city's day began: `today`.
    Today,
}

/// A text that names no window.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("\"{0}\" is no window: today, or a length of time from 1s to 24h such as 5min or 1h")]
pub struct UnknownWindow(String);

const LONGEST: Span = Span::seconds(86_400);

impl Window {
    /// What was made at or before this instant is out of it at `now`; µs since 1970, UTC.
    pub fn start(self, zone: Tz, now: i64) -> i64 {
        match self {
            Self::Last(span) => now.saturating_sub(span.micros()),
            Self::Today => first_instant(zone, local(zone, now).date_naive()) - 1,
        }
    }
}

impl FromStr for Window {
    type Err = UnknownWindow;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text == "today" {
            return Ok(Self::Today);
        }
        text.parse()
            .ok()
            .filter(|span| (Span::seconds(1)..=LONGEST).contains(span))
            .map(Self::Last)
            .ok_or_else(|| UnknownWindow(text.to_owned()))
    }
}

impl fmt::Display for Window {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Last(span) => span.fmt(f),
            Self::Today => f.write_str("today"),
        }
    }
}

/// The records that a window counts, or will: each leaves it exactly in its time, and a new state of one takes its old state's place.
/// About 100 bytes each, and what is kept of them.
#[derive(Debug)]
pub(crate) struct Windowed<R> {
    window: Window,
    zone: Tz,
    now: i64,
    known: HashMap<u128, R, Fast>,
    leaving: BTreeMap<i64, Vec<u128>>,
    waiting: BTreeMap<i64, Vec<u128>>,
}

/// Something of one instant: µs since 1970, UTC.
pub(crate) trait Timed {
    fn at(&self) -> i64;
}

impl<R: Timed> Windowed<R> {
    pub(crate) fn new(window: Window, zone: Tz, now: i64) -> Self {
        Self {
            window,
            zone,
            now,
            known: HashMap::default(),
            leaving: BTreeMap::new(),
            waiting: BTreeMap::new(),
        }
    }

    pub(crate) const fn window(&self) -> Window {
        self.window
    }

    /// How many records are kept.
    pub(crate) fn len(&self) -> usize {
        self.known.len()
    }

    pub(crate) fn clear(&mut self) {
        self.known.clear();
        self.leaving.clear();
        self.waiting.clear();
    }

    /// A record has a new state, which counts or does not (none). `change` is told what to count less (-1) and more (1).
    pub(crate) fn put(
        &mut self,
        identity: u128,
        counted: Option<R>,
        mut change: impl FnMut(&R, i64),
    ) {
        let before = self.known.remove(&identity);
        if let Some(before) = before.as_ref().filter(|before| before.at() <= self.now) {
            change(before, -1);
        }
        let start = self.window.start(self.zone, self.now);
        let Some(counted) = counted.filter(|counted| counted.at() > start) else {
            return;
        };
        let at = counted.at();
        if at <= self.now {
            change(&counted, 1);
        }
        // Of the same instant as before it waits or is to leave already.
        if before.is_none_or(|before| before.at() != at) {
            let list = if at <= self.now {
                &mut self.leaving
            } else {
                &mut self.waiting
            };
            list.entry(at).or_default().push(identity);
        }
        self.known.insert(identity, counted);
    }

    /// Moves the window's end to `now`. Time does not run back.
    pub(crate) fn advance(&mut self, now: i64, mut change: impl FnMut(&R, i64)) {
        if now <= self.now {
            return;
        }
        self.now = now;
        while let Some(entry) = self.waiting.first_entry()
            && *entry.key() <= now
        {
            let (at, mut identities) = entry.remove_entry();
            identities.sort_unstable();
            identities.dedup();
            for identity in identities {
                // It may have another time by now.
                if let Some(counted) = self.known.get(&identity)
                    && counted.at() == at
                {
                    change(counted, 1);
                    self.leaving.entry(at).or_default().push(identity);
                }
            }
        }
        let start = self.window.start(self.zone, now);
        while let Some(entry) = self.leaving.first_entry()
            && *entry.key() <= start
        {
            let (at, identities) = entry.remove_entry();
            for identity in identities {
                if self
                    .known
                    .get(&identity)
                    .is_some_and(|known| known.at() == at)
                    && let Some(counted) = self.known.remove(&identity)
                {
                    change(&counted, -1);
                }
            }
        }
    }
}
