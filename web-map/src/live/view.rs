//! One standing question, kept current by one task for all clients that ask it.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use citybrain_model::AreaLevel;
use citybrain_query::{Filter, QueryError};
use citybrain_watch::{Changes, Counts, LiveView};
use h3o::Resolution;
use tokio::sync::broadcast::error::RecvError;
use tokio::sync::{broadcast, watch};
use tokio::time::{Instant, sleep_until};
use tokio_util::sync::{CancellationToken, DropGuard};
use tokio_util::task::TaskTracker;

use super::counts;
use crate::engine::Engine;
use crate::metrics;

/// What a client asks: which complaints, and at which resolution and level they are counted.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Ask {
    pub(crate) filter: Filter,
    pub(crate) resolution: Resolution,
    pub(crate) level: AreaLevel,
}

/// A standing question that is being kept current. Its task ends when the view is dropped.
#[derive(Debug)]
pub(crate) struct View {
    shared: Arc<Shared>,
    first: watch::Receiver<First>,
    _task: DropGuard,
}

#[derive(Debug)]
struct Shared {
    /// Held for a copy of the counts or the folding of a batch, never across an await. Changes are also sent under it, so that
    /// a client that joins misses none and sees none twice.
    live: Mutex<LiveView>,
    changes: broadcast::Sender<Arc<Changes>>,
}

/// How the first reading went.
#[derive(Debug, Clone)]
enum First {
    Waiting,
    Ready,
    Failed(Arc<QueryError>),
}

impl First {
    const fn is_waiting(&self) -> bool {
        matches!(self, Self::Waiting)
    }
}

/// Changes go out at most this often.
const PACE: Duration = Duration::from_millis(250);
/// Changes that a client may fall behind before it is sent everything anew.
const CHANGES_KEPT: usize = 16;
/// A view is read anew at most for this share of the time: 1 in 5.
const REST: u32 = 4;
/// Pause after a failed reading.
const AFTER_FAILURE: Duration = Duration::from_secs(2);

impl View {
    /// Starts to keep `ask` current, on a task of `tasks` that ends with the view or with `stop`.
    pub(crate) fn start(
        ask: Ask,
        engine: Arc<Engine>,
        tasks: &TaskTracker,
        stop: &CancellationToken,
    ) -> Self {
        let live = LiveView::new(counts::question(&ask.filter), ask.resolution, ask.level);
        let shared = Arc::new(Shared {
            live: Mutex::new(live),
            changes: broadcast::Sender::new(CHANGES_KEPT),
        });
        let (first, first_read) = watch::channel(First::Waiting);
        let stop = stop.child_token();
        let keeper = Keeper {
            ask,
            engine,
            shared: Arc::clone(&shared),
            first,
        };
        let until = stop.clone();
        tasks.spawn(async move { until.run_until_cancelled(keeper.keep()).await });
        metrics::live_views(1.0);
        Self {
            shared,
            first: first_read,
            _task: stop.drop_guard(),
        }
    }

    /// Waits until the question has its first answer.
    ///
    /// # Errors
    /// When the question cannot be answered.
    pub(crate) async fn ready(&self) -> Result<(), Arc<QueryError>> {
        let mut first = self.first.clone();
        match first.wait_for(|first| !first.is_waiting()).await.as_deref() {
            Ok(First::Failed(error)) => Err(Arc::clone(error)),
            // A task that ended without an answer was stopped: the stream will end at once.
            _ => Ok(()),
        }
    }

    /// All counts as they are now, and every change from now on.
    pub(crate) fn join(&self) -> (Counts, broadcast::Receiver<Arc<Changes>>) {
        let live = self.shared.live();
        (live.counts().clone(), self.shared.changes.subscribe())
    }
}

#[cfg(test)]
impl View {
    /// A view that nothing keeps: it changes when it is told to.
    pub(crate) fn still() -> Self {
        let mut live = LiveView::new(
            counts::question(&Filter::default()),
            Resolution::Nine,
            AreaLevel::District,
        );
        live.reset(Counts::default());
        let shared = Arc::new(Shared {
            live: Mutex::new(live),
            changes: broadcast::Sender::new(CHANGES_KEPT),
        });
        let (_, first) = watch::channel(First::Ready);
        metrics::live_views(1.0);
        Self {
            shared,
            first,
            _task: CancellationToken::new().drop_guard(),
        }
    }

    /// Takes new counts and sends what changed.
    pub(crate) fn change(&self, counts: Counts) {
        self.shared.live().reset(counts);
        self.shared.send_changes();
    }

    /// Changes that a client may fall behind.
    pub(crate) const fn changes_kept() -> usize {
        CHANGES_KEPT
    }
}

impl Drop for View {
    fn drop(&mut self) {
        metrics::live_views(-1.0);
    }
}

impl Shared {
    fn live(&self) -> MutexGuard<'_, LiveView> {
        self.live.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Sends what changed; without clients it goes nowhere.
    fn send_changes(&self) {
        let mut live = self.live();
        if let Some(changes) = live.take_changes() {
            self.changes.send(Arc::new(changes)).ok();
        }
    }
}

/// The task of a view: reads the counts, folds what is published, sends what changed, and reads anew when it must.
struct Keeper {
    ask: Ask,
    engine: Arc<Engine>,
    shared: Arc<Shared>,
    first: watch::Sender<First>,
}

impl Keeper {
    async fn keep(self) {
        // Subscribed before the snapshot is taken: whatever the snapshot lacks comes through here.
        let mut published = self.engine.writer().watch();
        let mut read_next = Instant::now();
        let mut send_next = Instant::now();
        let mut unsent = false;
        loop {
            if self.shared.live().is_stale() {
                sleep_until(read_next).await;
                let start = Instant::now();
                if !self.read().await {
                    return;
                }
                read_next = Instant::now() + (start.elapsed() * REST).max(PACE);
                unsent = true;
            }
            tokio::select! {
                received = published.recv() => match received {
                    Ok(batch) => {
                        self.shared.live().fold(&batch);
                        unsent = true;
                    }
                    Err(RecvError::Lagged(_)) => self.shared.live().missed(),
                    Err(RecvError::Closed) => return,
                },
                () = sleep_until(send_next), if unsent => {
                    self.shared.send_changes();
                    send_next = Instant::now() + PACE;
                    unsent = false;
                }
            }
        }
    }

    /// Reads the counts at the newest snapshot; false when the question has no answer.
    async fn read(&self) -> bool {
        metrics::live_reset();
        loop {
            match counts::read(&self.engine, &self.ask).await {
                Ok(counts) => {
                    let mut live = self.shared.live();
                    live.reset(counts);
                    if self.first.send_replace(First::Ready).is_waiting() {
                        // Nobody has joined yet: whoever does is sent everything.
                        live.take_changes();
                    }
                    return true;
                }
                Err(error) if self.first.borrow().is_waiting() => {
                    self.first.send_replace(First::Failed(Arc::new(error)));
                    return false;
                }
                Err(error) => {
                    tracing::warn!(%error, "live_view_not_read");
                    tokio::time::sleep(AFTER_FAILURE).await;
                }
            }
        }
    }
}
