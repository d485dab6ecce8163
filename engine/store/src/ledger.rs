//! What each feed sent since the store was opened, and what became of it.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use crate::{Batch, Receipt, Refused};

/// What a feed sent.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FeedCounts {
    /// New records.
    pub accepted: u64,
    /// Records that replaced an earlier state of themselves.
    pub updated: u64,
    /// Records that were there already.
    pub duplicate: u64,
    /// Rows that are no records, by rule.
    pub refused: BTreeMap<String, u64>,
}

/// The feeds; held to add a batch or to copy.
#[derive(Debug, Default)]
pub(crate) struct Ledger(Mutex<BTreeMap<String, FeedCounts>>);

/// Feeds beyond this many, and rules of a feed beyond [`RULES_MAX`], are counted together as `other`.
const FEEDS_MAX: usize = 2_000;
const RULES_MAX: usize = 100;
const OTHER: &str = "other";

/// Records and refusals of one batch, by feed, before the batch goes its way.
#[derive(Debug)]
pub(crate) struct Sent {
    rows: BTreeMap<String, u64>,
    refused: BTreeMap<String, BTreeMap<String, u64>>,
}

impl Sent {
    pub(crate) fn of(batch: &Batch, refused: &[Refused]) -> Self {
        let mut rows: BTreeMap<String, u64> = BTreeMap::new();
        let mut run: Option<(&str, u64)> = None;
        // Rows of one feed come one after the other.
        for source in batch.sources() {
            match &mut run {
                Some((of, count)) if *of == source => *count += 1,
                _ => {
                    if let Some((of, count)) = run.replace((source, 1)) {
                        *rows.entry(of.to_owned()).or_default() += count;
                    }
                }
            }
        }
        if let Some((of, count)) = run {
            *rows.entry(of.to_owned()).or_default() += count;
        }
        let mut by_rule: BTreeMap<String, BTreeMap<String, u64>> = BTreeMap::new();
        for row in refused {
            let rules = by_rule.entry(row.source.clone()).or_default();
            *rules.entry(row.refusal.rule.to_string()).or_default() += 1;
        }
        Self {
            rows,
            refused: by_rule,
        }
    }
}

impl Ledger {
    /// Adds a batch whose records became what its receipt says. What became of the records of each feed is known when all were treated alike,
    /// or are of one feed; else it is shared out by how many each sent.
    pub(crate) fn add(&self, sent: Sent, receipt: &Receipt) {
        let mut feeds = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mut left = [receipt.accepted, receipt.updated, receipt.duplicate];
        let mut rows_left: u64 = sent.rows.values().sum();
        for (source, rows) in sent.rows {
            let counts = entry(&mut feeds, source, FEEDS_MAX);
            let mut parts = [0; 3];
            for (part, left) in parts.iter_mut().zip(&left) {
                *part = left * rows / rows_left.max(1);
            }
            // Rounding leaves some over: they are of a kind that still has some.
            let mut over = rows.saturating_sub(parts.iter().sum());
            for (part, left) in parts.iter_mut().zip(&left) {
                let more = over.min(left - *part);
                *part += more;
                over -= more;
            }
            for (left, part) in left.iter_mut().zip(parts) {
                *left -= part;
            }
            rows_left -= rows;
            counts.accepted += parts[0];
            counts.updated += parts[1];
            counts.duplicate += parts[2];
        }
        for (source, rules) in sent.refused {
            let counts = entry(&mut feeds, source, FEEDS_MAX);
            for (rule, rows) in rules {
                *entry(&mut counts.refused, rule, RULES_MAX) += rows;
            }
        }
    }

    pub(crate) fn feeds(&self) -> BTreeMap<String, FeedCounts> {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }
}

fn entry<T: Default>(of: &mut BTreeMap<String, T>, name: String, max: usize) -> &mut T {
    let name = if of.len() >= max && !of.contains_key(&name) {
        OTHER.to_owned()
    } else {
        name
    };
    of.entry(name).or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sent(rows: &[(&str, u64)]) -> Sent {
        Sent {
            rows: rows
                .iter()
                .map(|(source, rows)| ((*source).to_owned(), *rows))
                .collect(),
            refused: BTreeMap::new(),
        }
    }

    #[test]
    fn what_became_of_a_batch_is_shared_out_to_the_last_row() {
        let ledger = Ledger::default();
        let receipt = Receipt {
            accepted: 5,
            updated: 3,
            duplicate: 2,
            ..Receipt::default()
        };
        ledger.add(sent(&[("a", 3), ("b", 1), ("c", 6)]), &receipt);
        let feeds = ledger.feeds();
        let of = |name: &str| {
            let counts = &feeds[name];
            counts.accepted + counts.updated + counts.duplicate
        };
        assert_eq!((of("a"), of("b"), of("c")), (3, 1, 6));
        let all = |part: fn(&FeedCounts) -> u64| feeds.values().map(part).sum::<u64>();
        assert_eq!(
            (
                all(|c| c.accepted),
                all(|c| c.updated),
                all(|c| c.duplicate)
            ),
            (5, 3, 2)
        );
        ledger.add(
            sent(&[("b", 4)]),
            &Receipt {
                duplicate: 4,
                ..Receipt::default()
            },
        );
        assert!(ledger.feeds()["b"].duplicate >= 4);
    }
}
