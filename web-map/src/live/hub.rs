//! The views that are being kept, by what they answer.

use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;

use moka::sync::Cache;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::{Ask, View};
use crate::engine::Engine;
use crate::error::HttpError;

/// Keeps one view for each distinct question as long as a client has it.
#[derive(Debug)]
pub(crate) struct Hub {
    engine: Arc<Engine>,
    tasks: TaskTracker,
    stop: CancellationToken,
    views_max: usize,
    /// What all views know together.
    known: Arc<Known>,
    /// Views that no client has, kept for the tiles of a map that somebody looks at.
    kept: Cache<String, Arc<View>>,
    /// Held to look a view up or to start it; starting does not wait.
    views: Mutex<HashMap<String, Weak<View>>>,
}

/// Views that are kept for tiles, and how long after the last look.
const KEPT_MAX: u64 = 32;
const KEPT_FOR: Duration = Duration::from_mins(5);

/// The server keeps as many different views as it may.
#[derive(Debug, thiserror::Error)]
#[error(
    "{0} different live views are open, and no more are kept; ask with the filter of one of them or try again later"
)]
pub(crate) struct TooManyViews(usize);

impl Hub {
    /// A hub whose views run on `tasks` until `stop`, at most `views_max` at a time, which know at most `known_max` records one by one.
    pub(crate) fn new(
        engine: Arc<Engine>,
        tasks: TaskTracker,
        stop: CancellationToken,
        views_max: usize,
        known_max: usize,
    ) -> Self {
        Self {
            engine,
            tasks,
            stop,
            views_max,
            known: Arc::new(Known {
                all: AtomicUsize::new(0),
                max: known_max,
            }),
            kept: Cache::builder()
                .max_capacity(KEPT_MAX)
                .time_to_idle(KEPT_FOR)
                .build(),
            views: Mutex::default(),
        }
    }

    /// [`view`](Self::view) for one look: it is kept for a while in case that more looks follow.
    ///
    /// # Errors
    /// When there are too many different views.
    pub(crate) fn view_for_a_look(&self, ask: Ask) -> Result<Arc<View>, TooManyViews> {
        let key = format!("{ask:?}");
        if let Some(view) = self.kept.get(&key).filter(|view| !view.is_over()) {
            return Ok(view);
        }
        let view = self.view(ask)?;
        self.kept.insert(key, Arc::clone(&view));
        Ok(view)
    }

    /// The view that answers `ask`, started when nobody has asked it yet.
    ///
    /// # Errors
    /// When there are too many different views.
    pub(crate) fn view(&self, ask: Ask) -> Result<Arc<View>, TooManyViews> {
        let mut views = self.views.lock().unwrap_or_else(PoisonError::into_inner);
        // Equal questions have the same text: a filter lists its conditions in one order.
        let key = format!("{ask:?}");
        let known = views.get(&key).and_then(Weak::upgrade);
        if let Some(view) = known.filter(|view| !view.is_over()) {
            return Ok(view);
        }
        views.retain(|_, view| view.strong_count() > 0);
        if views.len() >= self.views_max {
            return Err(TooManyViews(self.views_max));
        }
        let view = Arc::new(View::start(
            ask,
            Arc::clone(&self.engine),
            Share {
                known: Arc::clone(&self.known),
                mine: 0,
            },
            &self.tasks,
            &self.stop,
        ));
        views.insert(key, Arc::downgrade(&view));
        Ok(view)
    }
}

/// How many records all views know one by one, and how many they may.
#[derive(Debug)]
struct Known {
    all: AtomicUsize,
    max: usize,
}

/// One view's part of what all may know; it is given back with it.
#[derive(Debug)]
pub(super) struct Share {
    known: Arc<Known>,
    mine: usize,
}

impl Share {
    /// The view knows `now` records; false when that is more than all together may.
    pub(super) fn take(&mut self, now: usize) -> bool {
        let all = &self.known.all;
        if now >= self.mine {
            let more = now - self.mine;
            if all.fetch_add(more, Ordering::Relaxed) + more > self.known.max && more > 0 {
                self.mine = now;
                return false;
            }
        } else {
            all.fetch_sub(self.mine - now, Ordering::Relaxed);
        }
        self.mine = now;
        true
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        self.known.all.fetch_sub(self.mine, Ordering::Relaxed);
    }
}

impl From<TooManyViews> for HttpError {
    fn from(error: TooManyViews) -> Self {
        Self::Busy {
            message: error.to_string(),
            retry_after: Duration::from_secs(10),
        }
    }
}
