//! One standing question, kept current by one task for all clients that ask it.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use axum::response::sse::Event;
use citybrain_model::AreaLevel;
use citybrain_query::{Filter, QueryError};
use citybrain_watch::{Counts, Detail, Statistic, Window};
use h3o::Resolution;
use tokio::sync::broadcast::error::RecvError;
use tokio::sync::{broadcast, watch};
use tokio::time::{Instant, sleep_until};
use tokio_util::sync::{CancellationToken, DropGuard};
use tokio_util::task::TaskTracker;

use super::counts;
use super::event::Shown;
use super::hub::Share;
use super::kept::Kept;
use crate::clock;
use crate::engine::Engine;
use crate::metrics;

/// What a client asks: which complaints, and at which resolution and level they are counted.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Ask {
    pub(crate) filter: Filter,
    pub(crate) resolution: Resolution,
    pub(crate) level: AreaLevel,
    /// What was made within it; everything without one.
    pub(crate) window: Option<Window>,
    /// What is counted besides.
    pub(crate) detail: Detail,
    pub(crate) measure: Measure,
}

/// What a live view tells of each cell.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Measure {
    /// How many complaints.
    Count,
    /// The values of sensors, within a window.
    Value {
        property: String,
        statistic: Statistic,
    },
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
    live: Mutex<Kept>,
    changes: broadcast::Sender<Events>,
    /// How often changes were sent; counted under the lock of `live`.
    sent: AtomicU64,
    /// Everything as events, after so many sendings. Held while it is written, so that of many clients who join one writes it.
    snapshot: Mutex<Option<(u64, Events)>>,
    shown: Shown,
    /// The view knows more than it may and goes on no longer.
    over: CancellationToken,
}

/// Events as they go over the wire, written once for all clients.
pub(crate) type Events = Arc<[Event]>;

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
/// How often complaints leave a window.
const AGE: Duration = Duration::from_secs(1);
/// Pause after a failed reading.
const AFTER_FAILURE: Duration = Duration::from_secs(2);

impl View {
    /// Starts to keep `ask` current, on a task of `tasks` that ends with the view or with `stop`.
    pub(super) fn start(
        ask: Ask,
        engine: Arc<Engine>,
        share: Share,
        tasks: &TaskTracker,
        stop: &CancellationToken,
    ) -> Self {
        let live = Kept::new(&ask, engine.city(), clock::now().timestamp_micros());
        let shared = Arc::new(Shared::new(live, &ask));
        let (first, first_read) = watch::channel(First::Waiting);
        let stop = stop.child_token();
        let keeper = Keeper {
            ask,
            engine,
            shared: Arc::clone(&shared),
            share,
            first,
        };
        let until = stop.clone();
        tasks.spawn(async move { until.run_until_cancelled(Box::pin(keeper.keep())).await });
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

    /// Looks at the counts as they are now; the view waits meanwhile. A view of values has none.
    pub(crate) fn look<T>(&self, look: impl FnOnce(Option<&Counts>) -> T) -> T {
        look(self.shared.live().counts())
    }

    /// Waits until the view goes on no longer, for it would know more than it may.
    pub(crate) async fn over(&self) {
        self.shared.over.cancelled().await;
    }

    /// Does the view go on no longer?
    pub(crate) fn is_over(&self) -> bool {
        self.shared.over.is_cancelled()
    }

    /// All counts as they were when changes were last sent or later, and every change from then on.
    pub(crate) fn join(&self) -> (Events, broadcast::Receiver<Events>) {
        let shared = &self.shared;
        let mut snapshot = shared
            .snapshot
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let live = shared.live();
        let changes = shared.changes.subscribe();
        let sent = shared.sent.load(Ordering::Relaxed);
        // What changed since it was written was not sent yet: it comes with the next changes.
        if let Some((at, events)) = &*snapshot
            && *at == sent
        {
            return (Arc::clone(events), changes);
        }
        let everything = live.everything();
        drop(live);
        let events: Events = everything.events(&shared.shown).into();
        *snapshot = Some((sent, Arc::clone(&events)));
        (events, changes)
    }
}

#[cfg(test)]
impl View {
    /// A view that nothing keeps: it changes when it is told to.
    pub(crate) fn still() -> Self {
        let ask = Ask::counts(Filter::default(), Resolution::Nine, AreaLevel::District);
        let mut live = Kept::new(&ask, &crate::app::tests::city(), 0);
        live.reset(counts::Read::Counts(Counts::default()));
        let shared = Arc::new(Shared::new(live, &ask));
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
        self.shared.live().reset(counts::Read::Counts(counts));
        self.shared.send_changes();
    }

    /// Ends the view as one that knows too much.
    pub(crate) fn end(&self) {
        self.shared.over.cancel();
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
    fn new(live: Kept, ask: &Ask) -> Self {
        let value = match &ask.measure {
            Measure::Count => ("count", String::new()),
            Measure::Value {
                property,
                statistic,
            } => (statistic.as_str(), property.clone()),
        };
        Self {
            live: Mutex::new(live),
            changes: broadcast::Sender::new(CHANGES_KEPT),
            sent: AtomicU64::new(0),
            snapshot: Mutex::new(None),
            shown: Shown {
                resolution: ask.resolution.into(),
                level: ask.level.as_str(),
                detail: ask.detail,
                value,
            },
            over: CancellationToken::new(),
        }
    }

    fn live(&self) -> MutexGuard<'_, Kept> {
        self.live.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Sends what changed; without clients it goes nowhere, and is not written.
    fn send_changes(&self) {
        let mut live = self.live();
        let Some(changes) = live.take_changes() else {
            return;
        };
        self.sent.fetch_add(1, Ordering::Relaxed);
        if self.changes.receiver_count() > 0 {
            let events = changes.events(&self.shown);
            self.changes.send(events.into()).ok();
        }
    }
}

/// The task of a view: reads the counts, folds what is published, sends what changed, and reads anew when it must.
struct Keeper {
    ask: Ask,
    engine: Arc<Engine>,
    shared: Arc<Shared>,
    share: Share,
    first: watch::Sender<First>,
}

impl Keeper {
    async fn keep(mut self) {
        // Subscribed before the snapshot is taken: whatever the snapshot lacks comes through here.
        let mut published = self.engine.writer().watch();
        let mut read_next = Instant::now();
        let mut send_next = Instant::now();
        let mut age_next = Instant::now();
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
                        let known = {
                            let mut live = self.shared.live();
                            live.fold(&batch);
                            live.known()
                        };
                        if !self.share.take(known) {
                            return self.end();
                        }
                        unsent = true;
                    }
                    Err(RecvError::Lagged(_)) => self.shared.live().missed(),
                    Err(RecvError::Closed) => return,
                },
                () = sleep_until(age_next), if self.ask.window.is_some() => {
                    self.shared.live().advance(clock::now().timestamp_micros());
                    age_next = Instant::now() + AGE;
                    unsent = true;
                }
                () = sleep_until(send_next), if unsent => {
                    self.shared.send_changes();
                    send_next = Instant::now() + PACE;
                    unsent = false;
                }
            }
        }
    }

    /// Reads the counts at the newest snapshot; false when the question has no answer, or one that is too large.
    async fn read(&mut self) -> bool {
        metrics::live_reset();
        loop {
            let error = match counts::read(&self.engine, &self.ask).await {
                Ok(read) => {
                    let mut live = self.shared.live();
                    live.reset(read);
                    if self.share.take(live.known()) {
                        if self.first.send_replace(First::Ready).is_waiting() {
                            // Nobody has joined yet: whoever does is sent everything.
                            live.take_changes();
                        }
                        return true;
                    }
                    counts::too_many()
                }
                Err(error) => error,
            };
            if self.first.borrow().is_waiting() {
                self.first.send_replace(First::Failed(Arc::new(error)));
                return false;
            }
            if matches!(error, QueryError::Parameter { .. }) {
                self.end();
                return false;
            }
            tracing::warn!(%error, "live_view_not_read");
            tokio::time::sleep(AFTER_FAILURE).await;
        }
    }

    /// The view would know more than it may: its clients are told, and whoever comes begins anew.
    fn end(&self) {
        tracing::warn!(ask = ?self.ask, "live_view_ended");
        self.shared.over.cancel();
    }
}
