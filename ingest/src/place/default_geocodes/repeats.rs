//! How often positions repeat: a sample of the distinct ones.

use std::collections::HashMap;

use super::Bits;

/// Most positions in the sample.
const SAMPLE_MAX: usize = 65_536;

/// A sample of the distinct positions with their exact counts: those whose hash begins with `zeros` zero bits. A position is in
/// it from its first record on or never, however often it comes.
#[derive(Debug, Default)]
pub(super) struct Repeats {
    counts: HashMap<Bits, (u64, u32)>,
    zeros: u32,
}

impl Repeats {
    pub(super) fn count(&mut self, position: Bits, hash: u64) {
        let zeros = hash.leading_zeros();
        if zeros < self.zeros {
            return;
        }
        self.counts.entry(position).or_insert((0, zeros)).0 += 1;
        while self.counts.len() > SAMPLE_MAX {
            self.zeros += 1;
            self.counts.retain(|_, (_, zeros)| *zeros >= self.zeros);
        }
    }

    /// The count below which, or at which, that share of the positions is; 0 without positions. The rank is rounded down, so that
    /// the most frequent of a few hundred positions is not measured by itself.
    pub(super) fn percentile(&self, share: f64) -> u64 {
        let mut counts: Vec<u64> = self.counts.values().map(|(count, _)| *count).collect();
        if counts.is_empty() {
            return 0;
        }
        #[expect(
            clippy::cast_precision_loss,
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a rank among at most 65,536"
        )]
        let rank = ((counts.len() - 1) as f64 * share) as usize;
        *counts.select_nth_unstable(rank).1
    }
}
