//! How the store of one city is written and asked: what everything else goes through.

use std::num::NonZero;
use std::ops::Deref;
use std::sync::Arc;
use std::time::{Duration, Instant};

use citybrain_grid::City;
use citybrain_query::{Held, Limits, Session, Told};
use citybrain_store::{Role, Writer};
use tokio::runtime::{Builder, Handle, Runtime};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::config::{Config, RoleLimitsTable};
use crate::metrics;

/// A handle on the store of one city, with the limits of its queries.
#[derive(Debug)]
pub(crate) struct Engine {
    writer: Writer,
    city: Arc<City>,
    limits: Limits,
    role_limits: RoleLimitsTable,
    /// Queries that may run at the same time: each may take its whole memory.
    queries: Arc<Semaphore>,
    /// Of these, how many may be users' own SQL: the map always has the others.
    sql: Arc<Semaphore>,
    /// Threads of their own for queries: one that never yields holds up neither what comes in nor the stream.
    runtime: QueryRuntime,
}

impl Engine {
    pub(crate) fn new(writer: Writer, city: Arc<City>, config: &Config) -> Self {
        let limits = Limits {
            memory_bytes: config.query_memory_bytes,
            timeout: config.query_timeout(),
            rows: config.query_rows,
            partitions: std::thread::available_parallelism().map_or(2, NonZero::get),
        };
        let queries = config.queries_at_once.max(2);
        Self {
            writer,
            city,
            runtime: QueryRuntime::start(limits.partitions),
            limits,
            role_limits: config.role_limits.clone(),
            queries: Arc::new(Semaphore::new(queries)),
            sql: Arc::new(Semaphore::new(queries / 2)),
        }
    }

    pub(crate) const fn writer(&self) -> &Writer {
        &self.writer
    }

    pub(crate) const fn city(&self) -> &Arc<City> {
        &self.city
    }

    /// A session on the newest snapshot, as soon as a query may run. `what` names the question in the metrics.
    pub(crate) async fn ask(&self, what: &'static str) -> Asking {
        self.asking(what, None, self.limits.clone()).await
    }

    /// A session for the SQL of a user of this role.
    pub(crate) async fn ask_sql(&self, role: Role) -> Asking {
        let place = Arc::clone(&self.sql).acquire_owned().await;
        let place = Some(place.expect(NEVER_CLOSED));
        self.asking("sql", place, self.limits_of(role)).await
    }

    fn limits_of(&self, role: Role) -> Limits {
        let mut limits = self.limits.clone();
        if let Some(own) = self.role_limits.of(role) {
            limits.memory_bytes = own.query_memory_bytes.unwrap_or(limits.memory_bytes);
            limits.timeout = own
                .query_seconds
                .map_or(limits.timeout, Duration::from_secs);
            limits.rows = own.query_rows.unwrap_or(limits.rows);
        }
        limits
    }

    async fn asking(
        &self,
        what: &'static str,
        sql: Option<OwnedSemaphorePermit>,
        limits: Limits,
    ) -> Asking {
        let place = Arc::clone(&self.queries).acquire_owned().await;
        let places: Held = Arc::new((place.expect(NEVER_CLOSED), sql));
        let session = Session::new(self.writer.snapshot(), limits)
            .on(self.runtime.handle().clone())
            .holding(places);
        Asking {
            session,
            what,
            start: Instant::now(),
        }
    }
}

const NEVER_CLOSED: &str = "the semaphore is never closed";

/// The threads on which queries work, until it is dropped.
#[derive(Debug)]
struct QueryRuntime(Option<Runtime>);

impl QueryRuntime {
    fn start(threads: usize) -> Self {
        let runtime = Builder::new_multi_thread()
            .worker_threads(threads.max(1))
            .thread_name("query")
            // Plans are trees, and trees are walked by recursion; what is not used costs nothing.
            .thread_stack_size(64 << 20)
            .enable_all()
            .build()
            .expect("a process that serves may start threads");
        Self(Some(runtime))
    }

    fn handle(&self) -> &Handle {
        self.0
            .as_ref()
            .expect("it is there until it is dropped")
            .handle()
    }
}

impl Drop for QueryRuntime {
    fn drop(&mut self) {
        // The last holder may be a task of another runtime, which must not wait.
        if let Some(runtime) = self.0.take() {
            runtime.shutdown_background();
        }
    }
}

impl Asking {
    /// With what the server tells besides the snapshot.
    pub(crate) fn telling(mut self, told: Told) -> Self {
        self.session = self.session.clone().telling(told);
        self
    }
}

/// A session that holds its place among the queries that run; its time counts until it is dropped.
#[derive(Debug)]
pub(crate) struct Asking {
    session: Session,
    what: &'static str,
    start: Instant,
}

impl Deref for Asking {
    type Target = Session;

    fn deref(&self) -> &Session {
        &self.session
    }
}

impl Drop for Asking {
    fn drop(&mut self) {
        metrics::queried(self.what, self.start.elapsed());
    }
}
