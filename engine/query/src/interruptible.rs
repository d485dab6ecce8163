//! Keeps queries interruptible, so that the time limit is seen, a client that has gone is noticed, and other queries go on.
//!
//! DataFusion alone lets only the leaves of a plan give the thread back. Here a join that multiplies its inputs does so between batches of
//! its answer; a join that yields nothing, and so has no such moment, looks for the sign to stop at each batch of pairs that it
//! tries; and an analysis looks for it while it computes.

use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use datafusion::arrow::array::RecordBatch;
use datafusion::arrow::datatypes::{DataType, FieldRef, Schema};
use datafusion::common::tree_node::{Transformed, TreeNode};
use datafusion::error::{DataFusionError, Result};
use datafusion::logical_expr::ColumnarValue;
use datafusion::physical_expr::PhysicalExpr;
use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_plan::coop::CooperativeExec;
use datafusion::physical_plan::joins::utils::JoinFilter;
use datafusion::physical_plan::joins::{
    HashJoinExec, NestedLoopJoinExec, NestedLoopJoinExecBuilder,
};

use crate::analyses::AnalysisExec;
use crate::stop::Stop;

/// The plan that stops at the sign.
pub(crate) fn interruptible(
    plan: Arc<dyn ExecutionPlan>,
    stop: &Stop,
) -> Result<Arc<dyn ExecutionPlan>> {
    let plan = plan.transform_up(|node| {
        if let Some(analysis) = node.downcast_ref::<AnalysisExec>() {
            let node: Arc<dyn ExecutionPlan> = Arc::new(analysis.stopping_at(stop));
            return Ok(Transformed::yes(node));
        }
        if node.children().len() < 2 {
            return Ok(Transformed::no(node));
        }
        let node: Arc<dyn ExecutionPlan> =
            Arc::new(CooperativeExec::new(with_looking_filter(node, stop)?));
        Ok(Transformed::yes(node))
    });
    plan.map(|transformed| transformed.data)
}

/// A join whose filter looks for the sign; any other node as it is.
fn with_looking_filter(
    node: Arc<dyn ExecutionPlan>,
    stop: &Stop,
) -> Result<Arc<dyn ExecutionPlan>> {
    let looking = |filter: &JoinFilter| {
        let expression = Looking {
            inner: Arc::clone(filter.expression()),
            stop: stop.clone(),
        };
        JoinFilter::new(
            Arc::new(expression),
            filter.column_indices().to_vec(),
            Arc::clone(filter.schema()),
        )
    };
    if let Some(join) = node.downcast_ref::<NestedLoopJoinExec>()
        && let Some(filter) = join.filter()
    {
        let (left, right) = (Arc::clone(join.left()), Arc::clone(join.right()));
        let join = NestedLoopJoinExecBuilder::new(left, right, *join.join_type())
            .with_filter(Some(looking(filter)))
            .with_projection_ref(join.projection().clone())
            .build()?;
        return Ok(Arc::new(join));
    }
    if let Some(join) = node.downcast_ref::<HashJoinExec>()
        && let Some(filter) = join.filter()
    {
        let filter = Some(looking(filter));
        return join.builder().with_filter(filter).build_exec();
    }
    Ok(node)
}

/// An expression that is not evaluated once the sign was given.
#[derive(Debug)]
struct Looking {
    inner: Arc<dyn PhysicalExpr>,
    stop: Stop,
}

impl PhysicalExpr for Looking {
    fn data_type(&self, input_schema: &Schema) -> Result<DataType> {
        self.inner.data_type(input_schema)
    }

    fn nullable(&self, input_schema: &Schema) -> Result<bool> {
        self.inner.nullable(input_schema)
    }

    fn return_field(&self, input_schema: &Schema) -> Result<FieldRef> {
        self.inner.return_field(input_schema)
    }

    fn evaluate(&self, batch: &RecordBatch) -> Result<ColumnarValue> {
        self.stop.check()?;
        self.inner.evaluate(batch)
    }

    fn children(&self) -> Vec<&Arc<dyn PhysicalExpr>> {
        vec![&self.inner]
    }

    fn with_new_children(
        self: Arc<Self>,
        mut children: Vec<Arc<dyn PhysicalExpr>>,
    ) -> Result<Arc<dyn PhysicalExpr>> {
        let inner = children
            .pop()
            .ok_or_else(|| DataFusionError::Internal("it has one child".to_owned()))?;
        Ok(Arc::new(Self {
            inner,
            stop: self.stop.clone(),
        }))
    }

    fn fmt_sql(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.inner.fmt_sql(f)
    }
}

impl fmt::Display for Looking {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.inner.fmt(f)
    }
}

// The sign is no part of what an expression says.
impl PartialEq for Looking {
    fn eq(&self, other: &Self) -> bool {
        self.inner.eq(&other.inner)
    }
}

impl Eq for Looking {}

impl Hash for Looking {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.inner.hash(state);
    }
}
