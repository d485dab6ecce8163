//! What came in since the last seal began, in memory.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};
use std::sync::Arc;

use citybrain_model::Identity;
use xxhash_rust::xxh3::xxh3_64_with_seed;

use super::Known;

/// Entries in memory, by identity.
pub(crate) type Entries = HashMap<Identity, Known, BuildHasherDefault<Passthrough>>;

/// The newest entries of one table, and those that are on their way into a run. Changes of a group of batches can be taken back
/// until the journal has it.
#[derive(Debug, Default)]
pub(crate) struct Recent {
    newest: Entries,
    /// On their way into a run.
    flushing: Option<Arc<Entries>>,
    /// What the group that is being admitted changed: the entries before.
    undo: Vec<(Identity, Option<Known>)>,
}

impl Recent {
    /// The newest entry of a record.
    pub(crate) fn get(&self, identity: &Identity) -> Option<Known> {
        let flushing = || self.flushing.as_ref()?.get(identity);
        self.newest.get(identity).or_else(flushing).copied()
    }

    /// Puts an entry in, for as long as the group stands.
    pub(crate) fn stage(&mut self, identity: Identity, known: Known) {
        let before = self.newest.insert(identity, known);
        self.undo.push((identity, before));
    }

    /// The journal has the group.
    pub(crate) fn keep(&mut self) {
        self.undo.clear();
    }

    /// The journal does not have the group.
    pub(crate) fn forget(&mut self) {
        for (identity, before) in self.undo.drain(..).rev() {
            match before {
                Some(known) => self.newest.insert(identity, known),
                None => self.newest.remove(&identity),
            };
        }
    }

    /// Learns an entry of the journal's tail, in order of arrival.
    pub(crate) fn learn(&mut self, identity: Identity, known: Known) {
        self.newest.insert(identity, known);
    }

    /// Hands all entries out for a run; they are still found until [`Recent::flushed`].
    pub(crate) fn flush(&mut self) -> Arc<Entries> {
        let entries = Arc::new(std::mem::take(&mut self.newest));
        self.flushing = Some(Arc::clone(&entries));
        entries
    }

    /// A run has the entries that were handed out.
    pub(crate) fn flushed(&mut self) {
        self.flushing = None;
    }

    /// No run has them: they are recent again.
    pub(crate) fn not_flushed(&mut self) {
        let Some(entries) = self.flushing.take() else {
            return;
        };
        for (&identity, &known) in entries.iter() {
            self.newest.entry(identity).or_insert(known);
        }
    }
}

/// An [`Identity`] is a hash already: its low half is the bucket.
#[derive(Debug, Default)]
pub(crate) struct Passthrough(u64);

impl Hasher for Passthrough {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        self.0 = xxh3_64_with_seed(bytes, self.0);
    }

    #[expect(
        clippy::cast_possible_truncation,
        reason = "the low half of a 128-bit hash is a 64-bit hash"
    )]
    fn write_u128(&mut self, value: u128) {
        self.0 = value as u64;
    }
}
