//! An analysis as it runs: it collects its small input within the query's memory, then computes on a thread of its own.

use std::fmt;
use std::sync::Arc;

use datafusion::arrow::array::RecordBatch;
use datafusion::arrow::datatypes::SchemaRef;
use datafusion::common::runtime::SpawnedTask;
use datafusion::common::tree_node::TreeNodeRecursion;
use datafusion::error::{DataFusionError, Result};
use datafusion::execution::memory_pool::MemoryConsumer;
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::physical_expr::{EquivalenceProperties, PhysicalExpr};
use datafusion::physical_plan::execution_plan::{
    Boundedness, EmissionType, ReplaceChildrenOptions,
};
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use datafusion::physical_plan::{
    DisplayAs, DisplayFormatType, Distribution, ExecutionPlan, Partitioning, PlanProperties,
};
use futures::TryStreamExt as _;

use super::node::AnalysisNode;
use super::{Compute, Notes};
use crate::stop::Stop;

/// The running form of an [`AnalysisNode`].
#[derive(Debug)]
pub(crate) struct AnalysisExec {
    name: &'static str,
    input: Arc<dyn ExecutionPlan>,
    compute: Arc<dyn Compute>,
    notes: Notes,
    stop: Stop,
    properties: Arc<PlanProperties>,
}

impl AnalysisExec {
    pub(super) fn new(
        node: &AnalysisNode,
        schema: SchemaRef,
        input: Arc<dyn ExecutionPlan>,
    ) -> Self {
        let properties = PlanProperties::new(
            EquivalenceProperties::new(schema),
            Partitioning::UnknownPartitioning(1),
            EmissionType::Final,
            Boundedness::Bounded,
        );
        Self {
            name: node.name,
            input,
            compute: Arc::clone(&node.compute),
            notes: node.notes.clone(),
            stop: Stop::default(),
            properties: Arc::new(properties),
        }
    }

    /// The same, stopping at the sign.
    pub(crate) fn stopping_at(&self, stop: &Stop) -> Self {
        Self {
            stop: stop.clone(),
            ..self.over(Arc::clone(&self.input))
        }
    }

    fn over(&self, input: Arc<dyn ExecutionPlan>) -> Self {
        Self {
            name: self.name,
            input,
            compute: Arc::clone(&self.compute),
            notes: self.notes.clone(),
            stop: self.stop.clone(),
            properties: Arc::clone(&self.properties),
        }
    }
}

impl DisplayAs for AnalysisExec {
    fn fmt_as(&self, _format: DisplayFormatType, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "AnalysisExec: {}", self.name)
    }
}

impl ExecutionPlan for AnalysisExec {
    fn name(&self) -> &'static str {
        "AnalysisExec"
    }

    fn properties(&self) -> &Arc<PlanProperties> {
        &self.properties
    }

    fn required_input_distribution(&self) -> Vec<Distribution> {
        vec![Distribution::SinglePartition]
    }

    fn benefits_from_input_partitioning(&self) -> Vec<bool> {
        vec![false]
    }

    fn children(&self) -> Vec<&Arc<dyn ExecutionPlan>> {
        vec![&self.input]
    }

    fn apply_expressions(
        &self,
        _f: &mut dyn FnMut(&Arc<dyn PhysicalExpr>) -> Result<TreeNodeRecursion>,
    ) -> Result<TreeNodeRecursion> {
        Ok(TreeNodeRecursion::Continue)
    }

    fn replace_children(
        self: Arc<Self>,
        mut children: Vec<Arc<dyn ExecutionPlan>>,
        _options: ReplaceChildrenOptions,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let input = children
            .pop()
            .ok_or_else(|| DataFusionError::Internal("an analysis has one input".to_owned()))?;
        Ok(Arc::new(self.over(input)))
    }

    fn with_new_children(
        self: Arc<Self>,
        children: Vec<Arc<dyn ExecutionPlan>>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        use datafusion::physical_plan::execution_plan::ChildrenPropertiesMode;
        self.replace_children(
            children,
            ReplaceChildrenOptions::new(ChildrenPropertiesMode::Recompute),
        )
    }

    fn execute(
        &self,
        partition: usize,
        context: Arc<TaskContext>,
    ) -> Result<SendableRecordBatchStream> {
        let memory = MemoryConsumer::new(self.name).register(context.memory_pool());
        let mut input = self.input.execute(partition, context)?;
        let (compute, notes) = (Arc::clone(&self.compute), self.notes.clone());
        let stop = self.stop.clone();
        let found = async move {
            let mut rows: Vec<RecordBatch> = Vec::new();
            while let Some(batch) = input.try_next().await? {
                memory.try_grow(batch.get_array_memory_size())?;
                rows.push(batch);
            }
            // What computes looks for the sign now and then only: it keeps its memory and its place until it ends.
            let held = notes.clone();
            let found = SpawnedTask::spawn_blocking(move || {
                let found = compute.compute(&rows, &stop);
                drop((memory, held));
                found
            });
            let found = found
                .join()
                .await
                .map_err(|error| DataFusionError::ExecutionJoin(Box::new(error)))??;
            notes.add(found.parameters);
            Ok(found.rows)
        };
        Ok(Box::pin(RecordBatchStreamAdapter::new(
            self.schema(),
            futures::stream::once(found),
        )))
    }
}
