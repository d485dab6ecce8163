//! The views that are being kept, by what they answer.

use std::collections::HashMap;
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
    /// A hub whose views run on `tasks` until `stop`, at most `views_max` at a time.
    pub(crate) fn new(
        engine: Arc<Engine>,
        tasks: TaskTracker,
        stop: CancellationToken,
        views_max: usize,
    ) -> Self {
        Self {
            engine,
            tasks,
            stop,
            views_max,
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
        if let Some(view) = self.kept.get(&key) {
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
        if let Some(view) = views.get(&key).and_then(Weak::upgrade) {
            return Ok(view);
        }
        views.retain(|_, view| view.strong_count() > 0);
        if views.len() >= self.views_max {
            return Err(TooManyViews(self.views_max));
        }
        let view = Arc::new(View::start(
            ask,
            Arc::clone(&self.engine),
            &self.tasks,
            &self.stop,
        ));
        views.insert(key, Arc::downgrade(&view));
        Ok(view)
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
