//! The most frequent positions, in bounded memory.

use std::collections::HashMap;

use super::Bits;

/// Counters that are kept when the summary is pruned.
const COUNTERS: usize = 8192;

/// A Misra-Gries summary. A position with more than `short_by_at_most` records is in it, with a count that is too small by at most
/// that; which is at most the number of records over [`COUNTERS`].
#[derive(Debug, Default)]
pub(super) struct Heavy {
    counts: HashMap<Bits, u64>,
    pruned: u64,
}

impl Heavy {
    pub(super) fn count(&mut self, position: Bits) {
        *self.counts.entry(position).or_default() += 1;
        if self.counts.len() > 2 * COUNTERS {
            self.prune();
        }
    }

    /// Takes the count behind the [`COUNTERS`] largest off all: each of those pays for it, so that it is at most their share of
    /// what was counted.
    fn prune(&mut self) {
        let mut counts: Vec<u64> = self.counts.values().copied().collect();
        let (_, cut, _) = counts.select_nth_unstable_by(COUNTERS, |a, b| b.cmp(a));
        let cut = *cut;
        self.counts.retain(|_, count| {
            *count = count.saturating_sub(cut);
            *count > 0
        });
        self.pruned += cut;
    }

    pub(super) fn counts(&self) -> impl Iterator<Item = (Bits, u64)> {
        self.counts
            .iter()
            .map(|(position, count)| (*position, *count))
    }

    pub(super) const fn short_by_at_most(&self) -> u64 {
        self.pruned
    }
}
