//! `complaints`, `complaint_events` and `observations`: the rows of lake and memory that no later row replaces.
//!
//! Each is a plan, not a scan of its own: filters and projections go through it down to the lake's files.

use std::sync::Arc;

use citybrain_store::{Table, TableSnapshot};
use datafusion::arrow::array::{AsArray, BooleanArray, RecordBatch};
use datafusion::arrow::datatypes::{DataType, Int64Type};
use datafusion::catalog::TableProvider;
use datafusion::datasource::{MemTable, ViewTable, provider_as_source};
use datafusion::error::Result;
use datafusion::logical_expr::{
    ColumnarValue, Expr, LogicalPlanBuilder, ScalarUDF, Volatility, cast, col, create_udf,
};

/// The columns that SQL shows, in the order of the public face.
pub(crate) const fn columns(table: Table) -> &'static [&'static str] {
    match table {
        Table::Complaints => &[
            "id",
            "source",
            "channel",
            "kind",
            "category",
            "category_path",
            "requested_at",
            "received_at",
            "dispatched_at",
            "due_at",
            "closed_at",
            "status",
            "urgency",
            "agency",
            "lon",
            "lat",
            "address",
            "cell",
            "district",
            "subdistrict",
            "community",
            "grid",
            "location_quality",
            "contacted",
            "resolved",
            "satisfaction",
            "repeat_of",
            "tags",
            "text",
        ],
        Table::ComplaintEvents => &[
            "source",
            "complaint",
            "event",
            "at",
            "received_at",
            "actor",
            "reason",
            "fields",
        ],
        Table::Observations => &[
            "datastream",
            "sensor",
            "property",
            "unit",
            "phenomenon_time",
            "result_time",
            "received_at",
            "result",
            "quality",
            "lon",
            "lat",
            "cell",
            "district",
            "subdistrict",
            "community",
            "grid",
            "source",
            "id",
            "feature",
            "details",
            "doubt",
        ],
    }
}

/// The table as a view over lake and memory.
pub(super) fn table(snapshot: &TableSnapshot, partitions: usize) -> Result<Arc<dyn TableProvider>> {
    let memory: Arc<dyn TableProvider> = Arc::new(MemTable::try_new(
        Arc::clone(&snapshot.schema),
        dealt(&snapshot.hot, partitions.max(1)),
    )?);
    let lake = snapshot.lake.clone().map(|lake| ("lake", lake));
    let memory = (!snapshot.hot.is_empty() || lake.is_none()).then_some(("memory", memory));
    let mut union: Option<LogicalPlanBuilder> = None;
    for (name, part) in lake.into_iter().chain(memory) {
        let mut plan = LogicalPlanBuilder::scan(
            format!("{}_{name}", snapshot.table),
            provider_as_source(part),
            None,
        )?;
        if !snapshot.superseded.is_empty() {
            plan = plan.filter(latest(snapshot).call(vec![col("row_id")]))?;
        }
        let plan = plan.project(columns(snapshot.table).iter().map(|name| shown(name)))?;
        union = Some(match union {
            Some(before) => before.union(plan.build()?)?,
            None => plan,
        });
    }
    let plan = union
        .expect("memory is a part where there is no lake")
        .build()?;
    Ok(Arc::new(ViewTable::new(plan, None)))
}

/// A column as SQL shows it: the lake keeps cells as signed numbers.
fn shown(name: &str) -> Expr {
    match name {
        "cell" => cast(col(name), DataType::UInt64).alias(name),
        name => col(name),
    }
}

/// Batches dealt out to the threads.
fn dealt(batches: &[RecordBatch], partitions: usize) -> Vec<Vec<RecordBatch>> {
    let mut hands = vec![Vec::new(); partitions];
    for (at, batch) in batches.iter().enumerate() {
        hands[at % partitions].push(batch.clone());
    }
    hands
}

/// `latest(row_id)`: does no later row replace it?
fn latest(snapshot: &TableSnapshot) -> ScalarUDF {
    let superseded = Arc::clone(&snapshot.superseded);
    let body = move |values: &[ColumnarValue]| {
        let row_ids = ColumnarValue::values_to_arrays(values)?;
        let row_ids = row_ids[0].as_primitive::<Int64Type>();
        let latest = BooleanArray::from_unary(row_ids, |row_id| !superseded.contains(&row_id));
        Ok(ColumnarValue::Array(Arc::new(latest)))
    };
    create_udf(
        "latest",
        vec![DataType::Int64],
        DataType::Boolean,
        Volatility::Immutable,
        Arc::new(body),
    )
}
