//! Observations that came over a link, so that the link does not send them back.

use std::{
    collections::{HashMap, VecDeque},
    sync::{Arc, Mutex, PoisonError},
};

use citybrain_model::Identity;

/// The latest observations that came over a link; cheap to clone.
#[derive(Debug, Clone, Default)]
pub struct Seen(Arc<Mutex<Latest>>);

/// Held for a look-up.
#[derive(Debug, Default)]
struct Latest {
    order: VecDeque<Identity>,
    /// How often each is in the order.
    counts: HashMap<Identity, u32>,
}

/// How many are remembered: more than can be on their way to the publisher.
const SEEN_MAX: usize = 200_000;

impl Seen {
    /// An observation is about to be taken.
    pub fn note(&self, identity: Identity) {
        let mut latest = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        latest.order.push_back(identity);
        *latest.counts.entry(identity).or_default() += 1;
        if latest.order.len() > SEEN_MAX
            && let Some(oldest) = latest.order.pop_front()
            && let Some(count) = latest.counts.get_mut(&oldest)
        {
            *count -= 1;
            if *count == 0 {
                latest.counts.remove(&oldest);
            }
        }
    }

    /// Did it come over the link?
    pub fn has(&self, identity: Identity) -> bool {
        let latest = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        latest.counts.contains_key(&identity)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_latest_are_remembered_and_no_more() {
        let seen = Seen::default();
        let other = seen.clone();
        for n in 0..=SEEN_MAX as u128 {
            seen.note(Identity(n));
        }
        assert!(!other.has(Identity(0)) && other.has(Identity(1)));
        assert!(other.has(Identity(SEEN_MAX as u128)));
    }
}
