//! Fewer runs: those of about the same size become one.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use super::IndexError;
use super::run::{ENTRIES_MAX, Entry, Run};

/// So many runs of one size class become one of the next.
const FAN: usize = 4;
/// Runs up to this size are of the smallest class.
const SMALL: u64 = 65_536;

/// Runs that should become one, if there are such: the smallest class with enough of them.
pub(super) fn due(runs: &[Arc<Run>]) -> Option<Vec<Arc<Run>>> {
    let mut by_size: Vec<&Arc<Run>> = runs.iter().collect();
    by_size.sort_by_key(|run| (class(run.head.entries), run.head.stamp));
    by_size
        .chunk_by(|a, b| class(a.head.entries) == class(b.head.entries))
        .map(|alike| &alike[..alike.len().min(2 * FAN)])
        .find(|alike| {
            let total: u64 = alike.iter().map(|run| run.head.entries).sum();
            alike.len() >= FAN && total < ENTRIES_MAX
        })
        .map(|alike| alike.iter().copied().map(Arc::clone).collect())
}

/// The size class: each is four times as large as the one before.
fn class(entries: u64) -> u32 {
    (entries / SMALL)
        .checked_ilog2()
        .map_or(0, |log| log / 2 + 1)
}

/// Writes one run of all entries of `runs`; of entries of one identity the newest stays. None when told to stop.
pub(super) fn merge(
    runs: &[Arc<Run>],
    path: &Path,
    stop: &AtomicBool,
) -> Result<Option<Run>, IndexError> {
    let total = runs.iter().map(|run| run.head.entries).sum();
    let stamp = runs.iter().map(|run| run.head.stamp).max().unwrap_or(0);
    let mut sources = Vec::with_capacity(runs.len());
    let mut heads = BinaryHeap::with_capacity(runs.len());
    for (at, run) in runs.iter().enumerate() {
        let mut entries = run.entries()?;
        if let Some(entry) = entries.next().transpose()? {
            heads.push(Head::new(&entry, at));
        }
        sources.push(entries);
    }
    let mut before = None;
    let merged = std::iter::from_fn(|| {
        loop {
            if stop.load(Ordering::Relaxed) {
                return None;
            }
            let Head(Reverse((identity, number, at)), entry) = heads.pop()?;
            debug_assert_eq!((identity, -number), (entry.identity, entry.known.number()));
            match sources[at].next() {
                Some(Ok(next)) => heads.push(Head::new(&next, at)),
                Some(Err(error)) => return Some(Err(error)),
                None => {}
            }
            // The newest of an identity comes first.
            if before != Some(identity) {
                before = Some(identity);
                return Some(Ok(entry));
            }
        }
    });
    let run = Run::write(path, stamp, total, merged)?;
    Ok((!stop.load(Ordering::Relaxed)).then_some(run))
}

/// The next entry of a run: the one with the lowest identity is the greatest, and of these the newest.
#[derive(Debug)]
struct Head(Reverse<(citybrain_model::Identity, i64, usize)>, Entry);

impl Head {
    fn new(entry: &Entry, at: usize) -> Self {
        Self(Reverse((entry.identity, -entry.known.number(), at)), *entry)
    }
}

impl PartialEq for Head {
    fn eq(&self, other: &Self) -> bool {
        self.0 == other.0
    }
}

impl Eq for Head {}

impl PartialOrd for Head {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Head {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.0.cmp(&other.0)
    }
}
