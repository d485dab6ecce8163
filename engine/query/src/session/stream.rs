//! The rows of a query as they come, so that a long answer is never whole in memory.

use std::sync::Arc;
use std::time::Duration;

use datafusion::arrow::array::RecordBatch;
use datafusion::arrow::datatypes::SchemaRef;
use datafusion::common::ParamValues;
use futures::StreamExt as _;
use serde_json::{Map, Value};
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::{Instant, timeout, timeout_at};

use super::{Session, is_table, limited, start};
use crate::analyses::Notes;
use crate::stop::{Stop, StopAtEnd};
use crate::{Answer, QueryError, parameters};

/// Batches that may wait for a slow reader.
const WAITING: usize = 2;
/// How much later than the query itself its reader gives up.
const GRACE: Duration = Duration::from_millis(500);

/// The rows of a query, batch by batch. Dropping it stops the query.
#[derive(Debug)]
pub struct RowStream {
    /// Names and types of the columns.
    pub schema: SchemaRef,
    items: mpsc::Receiver<Item>,
    end: Option<StreamEnd>,
    /// The reader keeps the time as well: threads that a query does not give back cannot.
    limit: Duration,
    _waiting: StopAtEnd,
    _work: JoinSet<()>,
}

/// What is known after the last row.
#[derive(Debug, Clone, Default)]
pub struct StreamEnd {
    /// Were there more rows than the limit?
    pub truncated: bool,
    /// For each analysis that the query called, how it was made.
    pub parameters: Vec<Map<String, Value>>,
}

#[derive(Debug)]
enum Item {
    Rows(RecordBatch),
    Failed(QueryError),
    End(StreamEnd),
}

impl RowStream {
    /// The next rows; `None` after the last.
    ///
    /// # Errors
    /// As [`Session::sql`], at any time: what came before is then no whole answer.
    pub async fn next(&mut self) -> Option<Result<RecordBatch, QueryError>> {
        let Ok(item) = timeout(self.limit + GRACE, self.items.recv()).await else {
            return Some(Err(QueryError::Timeout(self.limit)));
        };
        match item {
            Some(Item::Rows(rows)) => Some(Ok(rows)),
            Some(Item::Failed(error)) => Some(Err(error)),
            Some(Item::End(end)) => {
                self.end = Some(end);
                None
            }
            None if self.end.is_some() => None,
            None => Some(Err(QueryError::stopped())),
        }
    }

    /// What is known after the last row; `None` before.
    pub const fn end(&self) -> Option<&StreamEnd> {
        self.end.as_ref()
    }

    /// All rows that are still to come.
    ///
    /// # Errors
    /// As [`RowStream::next`].
    pub async fn collect(mut self) -> Result<Answer, QueryError> {
        let mut batches = Vec::new();
        while let Some(rows) = self.next().await {
            batches.push(rows?);
        }
        let end = self.end.unwrap_or_default();
        Ok(Answer {
            schema: self.schema,
            batches,
            truncated: end.truncated,
            parameters: end.parameters,
        })
    }
}

impl Session {
    /// As [`Session::sql`], with the rows as they come. The time limit counts the engine's work and, apart from it, how long the reader
    /// leaves a batch waiting.
    ///
    /// # Errors
    /// As [`Session::sql`].
    pub async fn sql_stream(&self, sql: &str, params: &[Value]) -> Result<RowStream, QueryError> {
        let values = params
            .iter()
            .enumerate()
            .map(parameters::scalar)
            .collect::<Result<Vec<_>, _>>()?;
        let values = ParamValues::from(values);
        let notes = self.notes();
        let (session, sql, for_plan) = (self.clone(), sql.to_owned(), notes.clone());
        let plan = self
            .at_work(Box::pin(async move {
                session.plan_with(&sql, values, &for_plan).await
            }))
            .await?;
        let schema = Arc::clone(plan.schema().inner());
        let (sender, items) = mpsc::channel(WAITING);
        let mut work = JoinSet::new();
        let session = self.clone();
        let stop = Stop::default();
        let waiting = stop.at_end();
        let produce = async move {
            let last = match session.produce(plan, &notes, &sender, &stop).await {
                Ok(end) => Item::End(end),
                Err(error) => Item::Failed(error),
            };
            // Nobody reads any more: that is no failure.
            sender.send(last).await.ok();
        };
        match &self.runtime {
            Some(runtime) => work.spawn_on(produce, runtime),
            None => work.spawn(produce),
        };
        Ok(RowStream {
            schema,
            items,
            end: None,
            limit: self.limits.timeout,
            _waiting: waiting,
            _work: work,
        })
    }

    async fn produce(
        &self,
        plan: datafusion::logical_expr::LogicalPlan,
        notes: &Notes,
        sender: &mpsc::Sender<Item>,
        stop: &Stop,
    ) -> Result<StreamEnd, QueryError> {
        let late = |_| QueryError::Timeout(self.limits.timeout);
        let mut left = self.limits.timeout;
        let rows_max = if is_table(&plan) {
            self.limits.rows
        } else {
            usize::MAX
        };
        let frame = limited(self.frame(plan), rows_max).map_err(|error| self.error(error))?;
        let mut stream = timeout(left, start(frame, stop))
            .await
            .map_err(late)?
            .map_err(|error| self.error(error))?;
        let mut room = rows_max;
        let mut truncated = false;
        while !truncated {
            let begun = Instant::now();
            let rows = timeout_at(begun + left, stream.next())
                .await
                .map_err(late)?;
            left = left.saturating_sub(begun.elapsed());
            let Some(rows) = rows else {
                break;
            };
            let mut rows = rows.map_err(|error| self.error(error))?;
            if rows.num_rows() > room {
                truncated = true;
                rows = rows.slice(0, room);
            }
            room -= rows.num_rows();
            let sent = timeout(self.limits.timeout, sender.send(Item::Rows(rows))).await;
            if sent.map_err(late)?.is_err() {
                break;
            }
        }
        Ok(StreamEnd {
            truncated,
            parameters: notes.take(),
        })
    }
}
