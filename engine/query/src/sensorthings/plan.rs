//! A query for observations as the lake understands it, and the rows that come back.

use std::collections::HashMap;

use citybrain_model::{EntityId, EntityKind};
use citybrain_store::Stream;
use datafusion::arrow::array::{Array, RecordBatch};
use datafusion::functions::expr_fn::coalesce;
use datafusion::prelude::{Expr, col, lit};
use serde_json::Value;

use super::evaluate::{Context, Row, holds};
use super::fetch::ObservationQuery;
use super::observation::ObservationRow;
use super::translate::{at, condition, identity, of_feature};
use crate::QueryError;
use crate::odata::Expression;
use crate::questions::read;

/// A datastream that may have some.
#[derive(Debug, Clone)]
pub(super) struct Candidate {
    pub(super) stream: Stream,
    pub(super) first: i64,
    pub(super) last: i64,
    pub(super) count: u64,
}

/// A query as the lake understands it.
pub(super) struct Plan<'a> {
    pub(super) context: Context<'a>,
    pub(super) candidates: Vec<Candidate>,
    /// Conditions on columns, all of them to hold.
    pub(super) conditions: Vec<Expr>,
    /// What is to be interpreted: for every row, or only for rows with details.
    pub(super) check: Option<(Expression, bool)>,
}

/// A row's place in the order of time.
#[derive(Debug, Clone)]
pub(super) struct Key {
    pub(super) time: i64,
    pub(super) datastream: String,
    pub(super) source: String,
    pub(super) id: String,
}

impl Key {
    pub(super) fn token(&self) -> String {
        serde_json::json!([self.time, self.datastream, self.source, self.id]).to_string()
    }

    pub(super) fn read(token: &str) -> Result<Self, QueryError> {
        serde_json::from_str::<(i64, String, String, String)>(token)
            .map(|(time, datastream, source, id)| Self {
                time,
                datastream,
                source,
                id,
            })
            .map_err(|_error| {
                QueryError::parameter(
                    "$skiptoken".to_owned(),
                    "must be the one that the page before gave",
                )
            })
    }

    /// Rows behind the key.
    pub(super) fn behind(&self, descending: bool) -> Expr {
        let further = |column: Expr, value: Expr| {
            if descending {
                column.lt(value)
            } else {
                column.gt(value)
            }
        };
        let (time, datastream, source) = (
            at(self.time),
            lit(self.datastream.as_str()),
            lit(self.source.as_str()),
        );
        let same_source = col("source")
            .eq(source.clone())
            .and(further(own_id(), lit(self.id.as_str())));
        let same_stream = col("datastream")
            .eq(datastream.clone())
            .and(further(col("source"), source).or(same_source));
        let same_time = col("phenomenon_time")
            .eq(time.clone())
            .and(further(col("datastream"), datastream).or(same_stream));
        further(col("phenomenon_time"), time).or(same_time)
    }
}

pub(super) fn own_id() -> Expr {
    coalesce(vec![col("id"), lit("")])
}

/// A query as conditions alone, and whether it is to be interpreted beside: for rows with details (false) or for every row (true). `None`
/// when there can be no such observation.
pub(super) fn streams_condition_of(
    context: Context<'_>,
    query: &ObservationQuery,
) -> Option<(Vec<Expr>, Option<bool>)> {
    let plan = Plan::of(context, query)?;
    let mut conditions = plan.conditions;
    conditions.extend(streams_condition(context, &plan.candidates));
    Some((conditions, plan.check.map(|(_, every_row)| every_row)))
}

/// The rows of these datastreams; none when they are all that there are.
pub(super) fn streams_condition(context: Context<'_>, candidates: &[Candidate]) -> Option<Expr> {
    if !context.streams.beyond() && candidates.len() == context.streams.all().count() {
        return None;
    }
    let mut by_source: HashMap<&str, Vec<Expr>> = HashMap::new();
    for one in candidates {
        by_source
            .entry(&one.stream.source)
            .or_default()
            .push(lit(one.stream.datastream.as_str()));
    }
    let any = by_source
        .into_iter()
        .map(|(source, mut names)| {
            let of_source = col("source").eq(lit(source));
            let named = match names.len() {
                1 => names.pop().map(|name| col("datastream").eq(name)),
                _ => Some(col("datastream").in_list(names, false)),
            };
            named.map_or(of_source.clone(), |named| named.and(of_source))
        })
        .reduce(Expr::or);
    any.or_else(|| Some(lit(false)))
}

impl<'a> Plan<'a> {
    /// `None` when there can be no such observation.
    pub(super) fn of(context: Context<'a>, query: &ObservationQuery) -> Option<Self> {
        let mut conditions = Vec::new();
        let mut streams_only = Vec::new();
        let mut check = None;
        for conjunct in query
            .filter
            .clone()
            .map_or_else(Vec::new, Expression::conjuncts)
        {
            let (mut of_stream, mut paths, mut of_result) = (true, 0, false);
            conjunct.paths(&mut |path| {
                paths += 1;
                of_stream &= path.first().is_some_and(|first| first == "Datastream");
                of_result |= path
                    .first()
                    .is_some_and(|first| first == "result" || first == "phenomenonTime");
            });
            if of_stream && paths > 0 {
                streams_only.push(conjunct);
                continue;
            }
            match condition(context, &conjunct) {
                Some(condition) => {
                    conditions.push(condition);
                    if of_result {
                        check.get_or_insert(false);
                    }
                }
                None => check = Some(true),
            }
        }
        let mut datastreams = query.datastreams.clone();
        if let Some(id) = &query.id {
            datastreams = Some(vec![id.datastream.clone()]);
            conditions.push(identity(context.catalog, id)?);
        }
        if let Some(feature) = &query.feature {
            conditions.push(of_feature(feature));
        }
        let scope: Vec<EntityId> = match datastreams {
            Some(ids) => ids,
            None => context
                .catalog
                .all(EntityKind::Datastream)
                .map(|(id, _)| id.clone())
                .collect(),
        };
        let candidates: Vec<Candidate> = scope
            .iter()
            .filter(|id| {
                let row = nothing_of((*id).clone());
                streams_only
                    .iter()
                    .all(|conjunct| holds(context, conjunct, &Row::Observation(&row)))
            })
            .filter_map(|id| {
                let stream = context
                    .catalog
                    .get(EntityKind::Datastream, id)?
                    .stream
                    .clone()?;
                let range = context.streams.get(&stream)?;
                Some(Candidate {
                    first: range.first,
                    last: range.last,
                    count: range.count,
                    stream,
                })
            })
            .collect();
        // What was deleted, one by one.
        for gone in context.catalog.gone(GONE) {
            if let Some(condition) = gone
                .parse()
                .ok()
                .and_then(|id| identity(context.catalog, &id))
            {
                conditions.push(!condition);
            }
        }
        let check = match (check, &query.filter) {
            (Some(every_row), Some(filter)) => Some((filter.clone(), every_row)),
            _ => None,
        };
        (!candidates.is_empty()).then_some(Self {
            context,
            candidates,
            conditions,
            check,
        })
    }

    pub(super) fn passes(&self, row: &ObservationRow) -> bool {
        match &self.check {
            Some((filter, every_row)) if *every_row || row.details.is_some() => {
                holds(self.context, filter, &Row::Observation(row))
            }
            _ => true,
        }
    }
}

/// How the catalog marks an observation that was deleted: followed by its id.
pub(super) const GONE: &str = "observation ";

/// A row of which only the datastream is known.
pub(super) fn nothing_of(datastream: EntityId) -> ObservationRow {
    ObservationRow {
        datastream,
        source: String::new(),
        own_id: None,
        phenomenon_time: 0,
        result_time: None,
        result: None,
        position: None,
        feature: None,
        details: None,
    }
}

/// The rows of a batch with their keys, but for those whose datastream the catalog does not have.
pub(super) fn decoded<'a>(
    context: Context<'a>,
    rows: &RecordBatch,
) -> impl Iterator<Item = (Key, ObservationRow)> + use<'a> {
    let [datastream, source, id, feature, details] =
        ["datastream", "source", "id", "feature", "details"].map(|name| read::text(rows, name));
    let [time, result_time] =
        ["phenomenon_time", "result_time"].map(|name| read::instant(rows, name));
    let [result, lon, lat] = ["result", "lon", "lat"].map(|name| read::number(rows, name));
    let mut known: HashMap<Stream, Option<EntityId>> = HashMap::new();
    (0..rows.num_rows()).filter_map(move |row| {
        let stream = Stream {
            source: source.value(row).to_owned(),
            datastream: datastream.value(row).to_owned(),
        };
        let entity = if let Some(entity) = known.get(&stream) {
            entity.clone()
        } else {
            let entity = context.catalog.of_stream(&stream).cloned();
            known.insert(stream.clone(), entity.clone());
            entity
        }?;
        let own_id = read::text_at(&id, row);
        let observation = ObservationRow {
            datastream: entity,
            source: stream.source.clone(),
            own_id: own_id.clone(),
            phenomenon_time: time.value(row),
            result_time: result_time.is_valid(row).then(|| result_time.value(row)),
            result: read::number_at(&result, row),
            position: read::number_at(&lon, row).zip(read::number_at(&lat, row)),
            feature: read::text_at(&feature, row),
            details: read::text_at(&details, row).and_then(|text| {
                match serde_json::from_str(&text) {
                    Ok(Value::Object(details)) => Some(details),
                    _ => None,
                }
            }),
        };
        let key = Key {
            time: observation.phenomenon_time,
            datastream: stream.datastream,
            source: stream.source,
            id: own_id.unwrap_or_default(),
        };
        Some((key, observation))
    })
}
