//! Counts that were asked for, in memory within a bound.

use std::collections::HashMap;
use std::sync::Arc;

use super::entries::Entries;

/// What counts are of: a file of the lake, or rows in memory by a hash of their ids, which never stand for other rows.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) enum Of {
    File(String),
    Rows(u128),
}

/// The least recently used go first.
#[derive(Debug)]
pub(super) struct Cache {
    bytes_max: usize,
    bytes: usize,
    turn: u64,
    kept: HashMap<Of, (Arc<Entries>, u64)>,
}

impl Cache {
    pub(super) fn new(bytes_max: usize) -> Self {
        Self {
            bytes_max,
            bytes: 0,
            turn: 0,
            kept: HashMap::new(),
        }
    }

    pub(super) fn get(&mut self, of: &Of) -> Option<Arc<Entries>> {
        self.turn += 1;
        let (entries, used) = self.kept.get_mut(of)?;
        *used = self.turn;
        Some(Arc::clone(entries))
    }

    pub(super) fn put(&mut self, of: Of, entries: Arc<Entries>) {
        self.turn += 1;
        self.bytes += entries.bytes();
        if let Some((before, _)) = self.kept.insert(of, (entries, self.turn)) {
            self.bytes -= before.bytes();
        }
        while self.bytes > self.bytes_max {
            let oldest = self.kept.iter().min_by_key(|(_, (_, used))| *used);
            let Some(oldest) = oldest.map(|(of, _)| of.clone()) else {
                return;
            };
            if let Some((entries, _)) = self.kept.remove(&oldest) {
                self.bytes -= entries.bytes();
            }
        }
    }
}
