//! Few different scores among many: sums of counts repeat, and what repeats is computed once.

use std::num::NonZeroUsize;
use std::sync::{Mutex, PoisonError};

use crate::parallel;

/// Stands for NaN.
const UNDEFINED: u32 = u32::MAX;

/// No thread for fewer values.
const LEAST: usize = 1 << 16;

/// The different values of a column.
#[derive(Debug)]
pub(super) struct Distinct {
    /// Each value once, in the order of its first place; never NaN.
    pub(super) values: Vec<f64>,
    /// How often each stands in the column.
    pub(super) counts: Vec<usize>,
    /// For each place which value it has; no value's number for NaN.
    pub(super) numbers: Vec<u32>,
}

impl Distinct {
    /// `None` for more than `limit` different values: then there is little to gain.
    ///
    /// Each thread numbers the values of its part, then the parts' numbers become those of the whole.
    pub(super) fn of(column: &[f64], limit: usize, threads: Option<NonZeroUsize>) -> Option<Self> {
        let mut numbers = vec![UNDEFINED; column.len()];
        let parts = Mutex::new(Vec::new());
        parallel::fill(&mut numbers, 1, LEAST, threads, |first, numbers| {
            let part = Table::number(&column[first..][..numbers.len()], limit, numbers);
            let mut parts = parts.lock().unwrap_or_else(PoisonError::into_inner);
            parts.push((first, part));
        });
        let mut parts = parts.into_inner().unwrap_or_else(PoisonError::into_inner);
        parts.sort_unstable_by_key(|&(first, _)| first);
        let mut parts = parts.into_iter();
        let mut all = parts.next()?.1?;
        let mut renumbered = Vec::new();
        for (first, part) in parts {
            let part = part?;
            let values = part.values.iter().zip(&part.counts);
            let new: Option<Vec<u32>> = values
                .map(|(&value, &count)| all.put(value, count))
                .collect();
            renumbered.push((first, new?));
        }
        parallel::fill(&mut numbers, 1, LEAST, threads, |begin, numbers| {
            // The parts are the same as before.
            let part = renumbered.iter().find(|&&(first, _)| first == begin);
            if let Some((_, new)) = part {
                for number in numbers.iter_mut().filter(|number| **number != UNDEFINED) {
                    *number = new[*number as usize];
                }
            }
        });
        Some(Self {
            values: all.values,
            counts: all.counts,
            numbers,
        })
    }
}

/// The different values met so far, with a table to find them by: open addressing, at least half empty.
struct Table {
    slots: Vec<u32>,
    limit: usize,
    values: Vec<f64>,
    counts: Vec<usize>,
}

impl Table {
    fn new(limit: usize) -> Self {
        Self {
            slots: vec![UNDEFINED; (2 * limit.max(1)).next_power_of_two()],
            limit,
            values: Vec::new(),
            counts: Vec::new(),
        }
    }

    /// The values of a column, and their numbers in its places; `None` beyond the limit.
    fn number(column: &[f64], limit: usize, numbers: &mut [u32]) -> Option<Self> {
        let mut table = Self::new(limit);
        for (number, &value) in numbers.iter_mut().zip(column) {
            if !value.is_nan() {
                *number = table.put(value, 1)?;
            }
        }
        Some(table)
    }

    /// The number of a value that stands at `count` more places.
    fn put(&mut self, value: f64, count: usize) -> Option<u32> {
        let mask = self.slots.len() - 1;
        let mut slot = slot(value, mask);
        loop {
            let number = self.slots[slot];
            if number == UNDEFINED {
                if self.values.len() == self.limit {
                    return None;
                }
                let new = u32::try_from(self.values.len()).ok()?;
                self.slots[slot] = new;
                self.values.push(value);
                self.counts.push(count);
                return Some(new);
            }
            if self.values[number as usize].to_bits() == value.to_bits() {
                self.counts[number as usize] += count;
                return Some(number);
            }
            slot = (slot + 1) & mask;
        }
    }
}

/// Where the search for a value begins, in a table whose size is a power of two.
fn slot(value: f64, mask: usize) -> usize {
    // Multiplicative hashing (Knuth): the high bits of the product depend on all bits of the value.
    let mixed = value.to_bits().wrapping_mul(0x9E37_79B9_7F4A_7C15);
    (mixed >> 32) as usize & mask
}
