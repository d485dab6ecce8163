//! Counts over a window that slides with time, exact to the microsecond.

use std::collections::hash_map::Entry as Slot;
use std::collections::{BTreeMap, HashMap, VecDeque};
use std::hash::Hash;

use crate::fast::Fast;

/// Counts by key of what happened in the last `width`: after `now - width`, up to and with `now`.
///
/// Late entries are counted when they lie in the window and forgotten when they do not; entries of the future wait for their time.
/// What is taken back is an entry of negative weight at the same instant, so that both leave the window together. An entry costs
/// 32 bytes or less until it leaves the window, a key about 40.
#[derive(Debug)]
pub(crate) struct Sliding<K> {
    width: i64,
    /// Length of a slot, µs.
    slot: i64,
    /// Number of the first slot.
    first: i64,
    slots: VecDeque<Vec<Entry<K>>>,
    /// The first slot is in order of time, the earliest last.
    sorted: bool,
    counts: HashMap<K, i64, Fast>,
    waiting: BTreeMap<i64, Vec<(K, i32)>>,
    now: i64,
    entries: usize,
}

#[derive(Debug)]
struct Entry<K> {
    at: i64,
    key: K,
    weight: i32,
}

/// Most slots of a window.
const SLOTS: i64 = 1024;
/// The shortest slot, µs.
const SLOT_MIN: i64 = 1_000_000;

impl<K: Copy + Eq + Hash> Sliding<K> {
    /// A window of `width` µs that ends at `now`, µs since 1970.
    pub(crate) fn new(width: i64, now: i64) -> Self {
        Self {
            width,
            slot: (width / SLOTS).max(SLOT_MIN),
            first: 0,
            slots: VecDeque::new(),
            sorted: false,
            counts: HashMap::default(),
            waiting: BTreeMap::new(),
            now,
            entries: 0,
        }
    }

    /// Counts `weight` more of `key` at an instant; the new count, unless the instant lies outside of the window.
    pub(crate) fn add(&mut self, at: i64, key: K, weight: i32) -> Option<i64> {
        if at <= self.now.saturating_sub(self.width) {
            return None;
        }
        self.entries += 1;
        if at > self.now {
            self.waiting.entry(at).or_default().push((key, weight));
            return None;
        }
        Some(self.place(at, key, weight))
    }

    fn place(&mut self, at: i64, key: K, weight: i32) -> i64 {
        let number = at.div_euclid(self.slot);
        if self.slots.is_empty() {
            self.first = number;
        }
        while number < self.first {
            self.slots.push_front(Vec::new());
            self.first -= 1;
            self.sorted = false;
        }
        let index = usize::try_from(number - self.first).expect("the slot is not before the first");
        if index >= self.slots.len() {
            self.slots.resize_with(index + 1, Vec::new);
        }
        self.sorted &= index != 0;
        self.slots[index].push(Entry { at, key, weight });
        self.change(key, weight)
    }

    /// Moves the window's end to `now`, and tells each key and its new count as entries leave or enter. Time does not run back.
    pub(crate) fn advance(&mut self, now: i64, mut changed: impl FnMut(K, i64)) {
        if now <= self.now {
            return;
        }
        self.now = now;
        while let Some(entry) = self.waiting.first_entry()
            && *entry.key() <= now
        {
            let (at, keys) = entry.remove_entry();
            for (key, weight) in keys {
                if at > now.saturating_sub(self.width) {
                    let count = self.place(at, key, weight);
                    changed(key, count);
                } else {
                    self.entries -= 1;
                }
            }
        }
        let last_out = now.saturating_sub(self.width);
        while let Some(slot) = self.slots.front_mut() {
            if !self.sorted {
                slot.sort_unstable_by_key(|entry| std::cmp::Reverse(entry.at));
                self.sorted = true;
            }
            while let Some(entry) = self.slots[0].pop_if(|entry| entry.at <= last_out) {
                self.entries -= 1;
                let count = self.change(entry.key, -entry.weight);
                changed(entry.key, count);
            }
            if !self.slots[0].is_empty() || (self.first + 1) * self.slot > last_out {
                break;
            }
            self.slots.pop_front();
            self.first += 1;
            self.sorted = false;
        }
    }

    fn change(&mut self, key: K, weight: i32) -> i64 {
        match self.counts.entry(key) {
            Slot::Occupied(mut slot) => {
                *slot.get_mut() += i64::from(weight);
                let count = *slot.get();
                if count == 0 {
                    slot.remove();
                }
                count
            }
            Slot::Vacant(slot) => {
                slot.insert(i64::from(weight));
                i64::from(weight)
            }
        }
    }

    /// How many of `key` there are in the window.
    pub(crate) fn count(&self, key: &K) -> i64 {
        self.counts.get(key).copied().unwrap_or(0)
    }

    /// All counts that are not 0.
    pub(crate) const fn counts(&self) -> &HashMap<K, i64, Fast> {
        &self.counts
    }

    /// Entries that are kept, with those that wait.
    pub(crate) const fn entries(&self) -> usize {
        self.entries
    }
}

#[cfg(test)]
mod tests;
