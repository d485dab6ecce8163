//! Pages of observations.
//!
//! The lake is sorted by datastream and time within a month. A page in order of time is read in windows that grow until the page is full,
//! and the next page goes on behind the last row of this one (its key is in the page's end), so that a page costs the same however many
//! observations there are before and behind it.

use std::collections::HashMap;
use std::time::Instant;

use citybrain_model::EntityId;
use citybrain_store::Stream;
use datafusion::arrow::array::RecordBatch;
use datafusion::common::Column;
use datafusion::functions_aggregate::expr_fn::count;
use datafusion::logical_expr::SortExpr;
use datafusion::prelude::{DataFrame, Expr, SessionContext, col, lit};

use super::evaluate::{Context, Row, in_order, values};
use super::observation::{ObservationId, ObservationRow};
use super::plan::{Candidate, Key, Plan, decoded, own_id, streams_condition};
use super::translate::{at, sort_key};
use crate::odata::{Expression, OrderBy};
use crate::questions::read;
use crate::stop::Stop;
use crate::{QueryError, Session};

/// Which observations are wanted.
#[derive(Debug, Clone, Default)]
pub struct ObservationQuery {
    /// Only of these datastreams.
    pub datastreams: Option<Vec<EntityId>>,
    /// Only of this feature of interest.
    pub feature: Option<EntityId>,
    /// Only this one.
    pub id: Option<ObservationId>,
    /// `$filter`.
    pub filter: Option<Expression>,
    /// `$orderby`; by datastream and time when there is none.
    pub order: Vec<OrderBy>,
    /// The end of the page before.
    pub after: Option<String>,
    /// How many to leave out first.
    pub skip: usize,
    /// How many at most.
    pub top: usize,
}

/// A page.
#[derive(Debug, Clone)]
pub struct ObservationPage {
    /// The observations in order.
    pub rows: Vec<ObservationRow>,
    /// Where the next page begins.
    pub end: PageEnd,
}

/// How a page ends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PageEnd {
    /// There are no more.
    Last,
    /// The next page begins behind this key.
    Key(String),
    /// The next page leaves out this many.
    Skip(usize),
}

/// Most rows that are sorted in memory, when the order is by something that the lake does not have.
const SORTED_MAX: usize = 100_000;
/// Rows that one step reads at most.
const STEP_ROWS: usize = 20_000;

const COLUMNS: [&str; 10] = [
    "datastream",
    "source",
    "id",
    "phenomenon_time",
    "result_time",
    "result",
    "lon",
    "lat",
    "feature",
    "details",
];

impl Session {
    /// A page of observations.
    ///
    /// # Errors
    /// The limits of the query, a key that no page gave, an order by something of which there are too many.
    pub async fn observations(
        &self,
        context: Context<'_>,
        query: &ObservationQuery,
    ) -> Result<ObservationPage, QueryError> {
        let order = order_of(query);
        let key = match order {
            Order::Other => None,
            _ => query.after.as_deref().map(Key::read).transpose()?,
        };
        let Some(plan) = Plan::of(context, query) else {
            return Ok(ObservationPage {
                rows: Vec::new(),
                end: PageEnd::Last,
            });
        };
        let mut page = Filling {
            rows: Vec::new(),
            skip: query.skip,
            want: query.top + 1,
            started: Instant::now(),
        };
        match order {
            Order::Time { descending } => {
                self.by_time(&plan, &plan.candidates, descending, key, &mut page)
                    .await?;
            }
            Order::Id { descending } => {
                self.by_id(&plan, descending, key, &mut page).await?;
            }
            Order::Other => return self.by_other(&plan, query).await,
        }
        let more = page.rows.len() > query.top;
        page.rows.truncate(query.top);
        let end = match page.rows.last() {
            Some((key, _)) if more => PageEnd::Key(key.token()),
            _ => PageEnd::Last,
        };
        Ok(ObservationPage {
            rows: page.rows.into_iter().map(|(_, row)| row).collect(),
            end,
        })
    }

    /// How many observations there are.
    ///
    /// # Errors
    /// The limits of the query.
    pub async fn count_observations(
        &self,
        context: Context<'_>,
        query: &ObservationQuery,
    ) -> Result<u64, QueryError> {
        let Some(plan) = Plan::of(context, query) else {
            return Ok(0);
        };
        let of_streams = streams_condition(context, &plan.candidates);
        if plan.conditions.is_empty() && plan.check.is_none() {
            return Ok(plan.candidates.iter().map(|one| one.count).sum());
        }
        let mut conditions = plan.conditions.clone();
        conditions.extend(of_streams);
        let checked = match &plan.check {
            None => 0,
            Some((_, every_row)) => {
                let mut to_check = conditions.clone();
                if !every_row {
                    to_check.push(col("details").is_not_null());
                    conditions.push(col("details").is_null());
                }
                let frame = self.under(to_check).await?;
                let rows = self.batches(frame).await?;
                let mut found = 0_u64;
                for batch in &rows {
                    for (_, row) in decoded(context, batch) {
                        found += u64::from(plan.passes(&row));
                    }
                }
                if *every_row {
                    return Ok(found);
                }
                found
            }
        };
        let frame = self.under(conditions).await?;
        let counted = frame
            .aggregate(Vec::new(), vec![count(lit(1)).alias("count")])
            .map_err(|error| self.error(error))?;
        let answer = self
            .run(counted.into_unoptimized_plan(), None, &Stop::default())
            .await?;
        let counted = answer
            .batches
            .iter()
            .filter(|rows| rows.num_rows() > 0)
            .map(|rows| read::unsigned(rows, "count").value(0))
            .sum::<u64>();
        Ok(counted + checked)
    }

    /// Observations under these conditions.
    pub(super) async fn under(&self, conditions: Vec<Expr>) -> Result<DataFrame, QueryError> {
        let context = SessionContext::new_with_state(self.state().clone());
        let mut frame = context
            .table("observations")
            .await
            .map_err(|error| self.error(error))?;
        if let Some(all) = conditions.into_iter().reduce(Expr::and) {
            frame = frame.filter(all).map_err(|error| self.error(error))?;
        }
        Ok(frame)
    }

    async fn batches(&self, frame: DataFrame) -> Result<Vec<RecordBatch>, QueryError> {
        let columns = COLUMNS.map(|name| Expr::Column(Column::from_name(name)));
        let frame = frame.select(columns).map_err(|error| self.error(error))?;
        Ok(self
            .run(frame.into_unoptimized_plan(), None, &Stop::default())
            .await?
            .batches)
    }

    /// Fills a page in order of time, from `key` on.
    async fn by_time(
        &self,
        plan: &Plan<'_>,
        candidates: &[Candidate],
        descending: bool,
        mut key: Option<Key>,
        page: &mut Filling,
    ) -> Result<(), QueryError> {
        let (Some(first), Some(last)) = (
            candidates.iter().map(|one| one.first).min(),
            candidates.iter().map(|one| one.last).max(),
        ) else {
            return Ok(());
        };
        let streams = streams_condition(plan.context, candidates);
        let total = candidates.iter().map(|one| one.count).sum::<u64>().max(1);
        let wanted = u64::try_from(page.skip + page.want).unwrap_or(u64::MAX);
        let share = i64::try_from(total / wanted.saturating_mul(2).max(1)).unwrap_or(i64::MAX);
        // A window in which the page would lie if the observations were spread evenly.
        let mut width = ((last - first) / share.max(1)).max(1_000_000);
        let mut edge = match (&key, descending) {
            (Some(key), _) => key.time,
            (None, false) => first,
            (None, true) => last,
        };
        loop {
            let far = if descending {
                edge.saturating_sub(width)
            } else {
                edge.saturating_add(width)
            };
            let (from, to) = if descending { (far, edge) } else { (edge, far) };
            loop {
                let limit = (page.skip + page.want - page.rows.len()).clamp(64, STEP_ROWS);
                let mut conditions = vec![
                    col("phenomenon_time").gt_eq(at(from)),
                    col("phenomenon_time").lt_eq(at(to)),
                ];
                conditions.extend(streams.clone());
                conditions.extend(plan.conditions.iter().cloned());
                conditions.extend(key.as_ref().map(|key| key.behind(descending)));
                let frame = self.under(conditions).await?;
                let frame = frame
                    .sort(time_order(descending))
                    .and_then(|frame| frame.limit(0, Some(limit)))
                    .map_err(|error| self.error(error))?;
                let mut read = 0;
                for batch in &self.batches(frame).await? {
                    for (row_key, row) in decoded(plan.context, batch) {
                        read += 1;
                        key = Some(row_key.clone());
                        page.take(plan, row_key, row);
                    }
                }
                if page.is_full() {
                    return Ok(());
                }
                page.in_time(self)?;
                if read < limit {
                    break;
                }
            }
            if (descending && far < first) || (!descending && far > last) {
                return Ok(());
            }
            edge = far;
            width = width.saturating_mul(4);
        }
    }

    /// Fills a page in order of datastream and time: one datastream after another.
    async fn by_id(
        &self,
        plan: &Plan<'_>,
        descending: bool,
        mut key: Option<Key>,
        page: &mut Filling,
    ) -> Result<(), QueryError> {
        let mut order: Vec<&Candidate> = plan.candidates.iter().collect();
        if descending {
            order.reverse();
        }
        let mut start = 0;
        if let Some(key) = &key {
            start = order
                .iter()
                .position(|one| {
                    one.stream.datastream == key.datastream && one.stream.source == key.source
                })
                .ok_or_else(|| {
                    QueryError::parameter(
                        "$skiptoken".to_owned(),
                        "names a datastream that is gone",
                    )
                })?;
        }
        let unfiltered = plan.conditions.is_empty() && plan.check.is_none();
        while let Some(&one) = order.get(start) {
            let whole = usize::try_from(one.count).unwrap_or(usize::MAX);
            if unfiltered && key.is_none() && page.skip >= whole {
                page.skip -= whole;
                start += 1;
                continue;
            }
            // Small ones that follow each other are read at once.
            let room = page.skip + page.want - page.rows.len();
            let mut group = 1;
            let mut rows = whole;
            while key.is_none()
                && group < 256
                && let Some(next) = order.get(start + group)
            {
                rows = rows.saturating_add(usize::try_from(next.count).unwrap_or(usize::MAX));
                if rows > room.max(500) {
                    break;
                }
                group += 1;
            }
            if group == 1 {
                let one = [one.clone()];
                self.by_time(plan, &one, descending, key.take(), page)
                    .await?;
            } else {
                let members: Vec<Candidate> = order[start..start + group]
                    .iter()
                    .map(|one| (*one).clone())
                    .collect();
                self.whole_streams(plan, &members, descending, page).await?;
            }
            if page.is_full() {
                return Ok(());
            }
            page.in_time(self)?;
            start += group;
        }
        Ok(())
    }

    /// All rows of a few small datastreams, in their order.
    async fn whole_streams(
        &self,
        plan: &Plan<'_>,
        members: &[Candidate],
        descending: bool,
        page: &mut Filling,
    ) -> Result<(), QueryError> {
        let mut conditions: Vec<Expr> = streams_condition(plan.context, members)
            .into_iter()
            .collect();
        conditions.extend(plan.conditions.iter().cloned());
        let places: HashMap<&Stream, usize> = members
            .iter()
            .enumerate()
            .map(|(at, one)| (&one.stream, at))
            .collect();
        let frame = self.under(conditions).await?;
        let mut rows: Vec<(Option<usize>, Key, ObservationRow)> = Vec::new();
        for batch in &self.batches(frame).await? {
            for (key, row) in decoded(plan.context, batch) {
                let stream = Stream {
                    source: key.source.clone(),
                    datastream: key.datastream.clone(),
                };
                rows.push((places.get(&stream).copied(), key, row));
            }
        }
        rows.sort_by(|(a, key_a, _), (b, key_b, _)| {
            let within = (key_a.time, &key_a.id).cmp(&(key_b.time, &key_b.id));
            a.cmp(b)
                .then(if descending { within.reverse() } else { within })
        });
        for (_, key, row) in rows {
            page.take(plan, key, row);
            if page.is_full() {
                break;
            }
        }
        Ok(())
    }

    /// A page in an order that is not that of the lake.
    async fn by_other(
        &self,
        plan: &Plan<'_>,
        query: &ObservationQuery,
    ) -> Result<ObservationPage, QueryError> {
        let context = plan.context;
        let mut conditions = plan.conditions.clone();
        conditions.extend(streams_condition(context, &plan.candidates));
        let frame = self.under(conditions).await?;
        let keys: Option<Vec<SortExpr>> = query
            .order
            .iter()
            .map(|by| Some(sort_key(context, &by.by)?.sort(!by.descending, !by.descending)))
            .collect();
        let wanted = query.skip.saturating_add(query.top).saturating_add(1);
        let (frame, sorted) = match keys {
            Some(mut keys) if plan.check.is_none() => {
                keys.extend(time_order(false));
                let frame = frame
                    .sort(keys)
                    .and_then(|frame| frame.limit(0, Some(wanted)));
                (frame, true)
            }
            _ => (frame.limit(0, Some(SORTED_MAX + 1)), false),
        };
        let frame = frame.map_err(|error| self.error(error))?;
        let mut rows = Vec::new();
        for batch in &self.batches(frame).await? {
            rows.extend(decoded(context, batch).map(|(_, row)| row));
        }
        if !sorted {
            if rows.len() > SORTED_MAX {
                return Err(QueryError::parameter(
                    "$orderby".to_owned(),
                    "can sort 100,000 observations by this; narrow them with $filter",
                ));
            }
            rows.retain(|row| plan.passes(row));
            let mut keyed: Vec<_> = rows
                .into_iter()
                .map(|row| {
                    let here = Row::Observation(&row);
                    let keys: Vec<_> = query
                        .order
                        .iter()
                        .map(|by| values(context, &by.by, &here).into_iter().next())
                        .collect();
                    (keys, row)
                })
                .collect();
            keyed.sort_by(|(a, row_a), (b, row_b)| {
                in_order(&query.order, a, b).then_with(|| row_a.id().cmp(&row_b.id()))
            });
            rows = keyed.into_iter().map(|(_, row)| row).collect();
        }
        let mut rows: Vec<_> = rows.into_iter().skip(query.skip).collect();
        let more = rows.len() > query.top;
        rows.truncate(query.top);
        Ok(ObservationPage {
            end: if more {
                PageEnd::Skip(query.skip + query.top)
            } else {
                PageEnd::Last
            },
            rows,
        })
    }
}

/// A page while it fills: the rows, what is still to be left out, and one row more than wanted to know whether there are more.
struct Filling {
    rows: Vec<(Key, ObservationRow)>,
    skip: usize,
    want: usize,
    started: Instant,
}

impl Filling {
    fn take(&mut self, plan: &Plan<'_>, key: Key, row: ObservationRow) {
        if self.is_full() || !plan.passes(&row) {
            return;
        }
        if self.skip > 0 {
            self.skip -= 1;
        } else {
            self.rows.push((key, row));
        }
    }

    const fn is_full(&self) -> bool {
        self.rows.len() >= self.want
    }

    fn in_time(&self, session: &Session) -> Result<(), QueryError> {
        let limit = session.limits().timeout;
        if self.started.elapsed() > limit {
            return Err(QueryError::Timeout(limit));
        }
        Ok(())
    }
}

enum Order {
    Id { descending: bool },
    Time { descending: bool },
    Other,
}

fn order_of(query: &ObservationQuery) -> Order {
    let named = |by: &OrderBy, names: &[&str]| matches!(&by.by, Expression::Path(path) if path.len() == 1 && names.contains(&path[0].as_str()));
    match query.order.as_slice() {
        // With a filter there may be few in each datastream: one pass over time finds them sooner.
        [] if query.filter.is_some() => Order::Time { descending: false },
        [] => Order::Id { descending: false },
        [by] if named(by, &["id", "@iot.id"]) => Order::Id {
            descending: by.descending,
        },
        [by] if named(by, &["phenomenonTime"]) => Order::Time {
            descending: by.descending,
        },
        [by, then] if named(by, &["phenomenonTime"]) && named(then, &["id", "@iot.id"]) => {
            Order::Time {
                descending: by.descending,
            }
        }
        _ => Order::Other,
    }
}

fn time_order(descending: bool) -> Vec<SortExpr> {
    ["phenomenon_time", "datastream", "source"]
        .map(col)
        .into_iter()
        .chain([own_id()])
        .map(|by| by.sort(!descending, false))
        .collect()
}
