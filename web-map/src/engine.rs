//! How the store of one city is written and asked: what everything else goes through.

use std::num::NonZero;
use std::ops::Deref;
use std::sync::Arc;
use std::time::Instant;

use citybrain_grid::City;
use citybrain_query::{Limits, Session};
use citybrain_store::Writer;
use tokio::sync::{Semaphore, SemaphorePermit};

use crate::config::Config;
use crate::metrics;

/// A handle on the store of one city, with the limits of its queries.
#[derive(Debug)]
pub(crate) struct Engine {
    writer: Writer,
    city: Arc<City>,
    limits: Limits,
    /// Queries that may run at the same time: each may take its whole memory.
    queries: Semaphore,
    /// Of these, how many may be users' own SQL: the map always has the others.
    sql: Semaphore,
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
            limits,
            queries: Semaphore::new(queries),
            sql: Semaphore::new(queries / 2),
        }
    }

    pub(crate) const fn writer(&self) -> &Writer {
        &self.writer
    }

    pub(crate) const fn city(&self) -> &Arc<City> {
        &self.city
    }

    /// A session on the newest snapshot, as soon as a query may run. `what` names the question in the metrics.
    pub(crate) async fn ask(&self, what: &'static str) -> Asking<'_> {
        self.asking(what, None).await
    }

    /// A session for a user's own SQL.
    pub(crate) async fn ask_sql(&self) -> Asking<'_> {
        let place = self.sql.acquire().await.expect(NEVER_CLOSED);
        self.asking("sql", Some(place)).await
    }

    async fn asking<'a>(
        &'a self,
        what: &'static str,
        sql: Option<SemaphorePermit<'a>>,
    ) -> Asking<'a> {
        let place = self.queries.acquire().await.expect(NEVER_CLOSED);
        let session = Session::new(self.writer.snapshot(), self.limits.clone());
        Asking {
            session,
            what,
            start: Instant::now(),
            _places: (place, sql),
        }
    }
}

const NEVER_CLOSED: &str = "the semaphore is never closed";

/// A session with its place among the queries that run; its time counts until it is dropped.
#[derive(Debug)]
pub(crate) struct Asking<'a> {
    session: Session,
    what: &'static str,
    start: Instant,
    _places: (SemaphorePermit<'a>, Option<SemaphorePermit<'a>>),
}

impl Deref for Asking<'_> {
    type Target = Session;

    fn deref(&self) -> &Session {
        &self.session
    }
}

impl Drop for Asking<'_> {
    fn drop(&mut self) {
        metrics::queried(self.what, self.start.elapsed());
    }
}
