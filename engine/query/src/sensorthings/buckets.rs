//! Observations summed up by buckets of time.

use citybrain_model::EntityId;
use citybrain_store::Stream;
use datafusion::arrow::array::Array;
use datafusion::functions::expr_fn::date_bin;
use datafusion::functions_aggregate::expr_fn::{
    avg, count, first_value, last_value, max, median, min, stddev, sum,
};
use datafusion::prelude::{Expr, col, lit};
use datafusion::scalar::ScalarValue;

use super::evaluate::Context;
use super::fetch::ObservationQuery;
use super::plan::streams_condition_of;
use super::translate::at;
use crate::odata::Aggregate;
use crate::questions::read;
use crate::stop::Stop;
use crate::{QueryError, Session};

/// One bucket of one datastream.
#[derive(Debug, Clone, PartialEq)]
pub struct Bucket {
    /// The datastream.
    pub datastream: EntityId,
    /// Its beginning: µs since 1970, UTC.
    pub start: i64,
    /// The values asked for, in their order; none for a bucket whose results are no numbers.
    pub values: Vec<Option<f64>>,
}

/// Buckets in order of datastream and time.
#[derive(Debug, Clone)]
pub struct Buckets {
    /// The buckets that have observations.
    pub buckets: Vec<Bucket>,
    /// There are more than may be answered.
    pub truncated: bool,
}

impl Session {
    /// The numbers of the observations summed up by buckets of `width` µs, aligned to `origin` (µs since 1970, UTC). Only good values.
    ///
    /// # Errors
    /// The limits of the query, and a filter that columns cannot say.
    pub async fn buckets(
        &self,
        context: Context<'_>,
        query: &ObservationQuery,
        width: i64,
        origin: i64,
        aggregates: &[Aggregate],
    ) -> Result<Buckets, QueryError> {
        let mut answer = Buckets {
            buckets: Vec::new(),
            truncated: false,
        };
        let Some((mut conditions, interpreted)) = streams_condition_of(context, query) else {
            return Ok(answer);
        };
        if interpreted == Some(true) {
            return Err(QueryError::parameter(
                "$filter".to_owned(),
                "beside $bucket may compare times, results and what belongs to datastreams",
            ));
        }
        conditions.push(col("result").is_not_null());
        conditions.push(col("quality").eq(lit("good")));
        let by_time = || vec![col("phenomenon_time").sort(true, false)];
        let values = aggregates.iter().enumerate().map(|(at, aggregate)| {
            let result = || col("result");
            let value = match aggregate {
                Aggregate::Mean => avg(result()),
                Aggregate::Min => min(result()),
                Aggregate::Max => max(result()),
                Aggregate::Sum => sum(result()),
                Aggregate::Count => count(result()),
                Aggregate::First => first_value(result(), by_time()),
                Aggregate::Last => last_value(result(), by_time()),
                Aggregate::StdDev => stddev(result()),
                Aggregate::Median => median(result()),
            };
            value.alias(format!("value_{at}"))
        });
        let values: Vec<Expr> = values.collect();
        let width_literal = lit(ScalarValue::new_interval_mdn(
            0,
            0,
            width.saturating_mul(1_000),
        ));
        let bucket = date_bin(width_literal, col("phenomenon_time"), at(origin)).alias("bucket");
        let failed = |error| self.error(error);
        let rows_max = self.limits().rows;
        let frame = self
            .under(conditions)
            .await?
            .aggregate(vec![col("source"), col("datastream"), bucket], values)
            .and_then(|frame| {
                frame.sort(vec![
                    col("datastream").sort(true, false),
                    col("source").sort(true, false),
                    col("bucket").sort(true, false),
                ])
            })
            .map_err(failed)?;
        let rows = self
            .run(
                frame.into_unoptimized_plan(),
                Some(rows_max),
                &Stop::default(),
            )
            .await?;
        answer.truncated = rows.truncated;
        for batch in &rows.batches {
            let [source, datastream] = ["source", "datastream"].map(|name| read::text(batch, name));
            let start = read::instant(batch, "bucket");
            let columns: Vec<_> = (0..aggregates.len())
                .map(|at| read::number(batch, &format!("value_{at}")))
                .collect();
            for row in 0..batch.num_rows() {
                let stream = Stream {
                    source: source.value(row).to_owned(),
                    datastream: datastream.value(row).to_owned(),
                };
                let Some(id) = context.catalog.of_stream(&stream) else {
                    continue;
                };
                answer.buckets.push(Bucket {
                    datastream: id.clone(),
                    start: start.value(row),
                    values: columns
                        .iter()
                        .map(|column| column.is_valid(row).then(|| column.value(row)))
                        .collect(),
                });
            }
        }
        answer
            .buckets
            .sort_by(|a, b| (&a.datastream, a.start).cmp(&(&b.datastream, b.start)));
        Ok(answer)
    }
}
