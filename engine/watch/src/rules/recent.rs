//! The complaints that may still change a count, by identity.

use std::collections::{BTreeMap, HashMap};

use super::report::Report;
use crate::fast::Fast;

/// Complaints of the last `width`: a new state of one takes its old state back. About 150 bytes each.
#[derive(Debug)]
pub(crate) struct Recent {
    width: i64,
    known: HashMap<u128, Report, Fast>,
    leaving: BTreeMap<i64, Vec<u128>>,
}

/// Most complaints that are kept.
pub(crate) const RECENT_MAX: usize = 2_000_000;
/// Length of a slot, µs.
const SLOT: i64 = 60_000_000;

impl Recent {
    pub(crate) fn new(width: i64) -> Self {
        Self {
            width,
            known: HashMap::default(),
            leaving: BTreeMap::new(),
        }
    }

    /// Takes a state in and gives the one before back. False in the second place when there is no room.
    pub(crate) fn put(
        &mut self,
        identity: u128,
        report: Report,
        now: i64,
    ) -> (Option<Report>, bool) {
        if report.at <= now - self.width {
            return (self.known.remove(&identity), true);
        }
        if self.known.len() >= RECENT_MAX && !self.known.contains_key(&identity) {
            return (None, false);
        }
        let before = self.known.insert(identity, report);
        if before.is_none_or(|before| before.at.div_euclid(SLOT) != report.at.div_euclid(SLOT)) {
            let slot = self.leaving.entry(report.at.div_euclid(SLOT)).or_default();
            slot.push(identity);
        }
        (before, true)
    }

    /// Forgets what is too old to count, and tells it.
    pub(crate) fn advance(&mut self, now: i64, mut forgotten: impl FnMut(u128)) {
        let out = (now - self.width).div_euclid(SLOT);
        while let Some(entry) = self.leaving.first_entry()
            && *entry.key() < out
        {
            let slot = *entry.key();
            for identity in entry.remove() {
                let is_old = |report: &Report| report.at.div_euclid(SLOT) <= slot;
                if self.known.get(&identity).is_some_and(is_old) {
                    self.known.remove(&identity);
                    forgotten(identity);
                }
            }
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.known.len()
    }
}
