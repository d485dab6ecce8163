//! An analysis in a logical plan: one input, its own columns. What runs before it is optimised as usual; nothing goes through it.

use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use datafusion::common::{DFSchema, DFSchemaRef};
use datafusion::error::Result;
use datafusion::logical_expr::{Expr, LogicalPlan, UserDefinedLogicalNodeCore};

use super::{Analysis, Compute, Notes, Planned};

/// A call of an analysis.
#[derive(Debug, Clone)]
pub(super) struct AnalysisNode {
    pub(super) name: &'static str,
    /// The arguments as they were given, for EXPLAIN and to tell two calls apart.
    arguments: String,
    pub(super) input: LogicalPlan,
    schema: DFSchemaRef,
    pub(super) compute: Arc<dyn Compute>,
    pub(super) notes: Notes,
}

impl AnalysisNode {
    pub(super) fn try_new(
        analysis: &dyn Analysis,
        arguments: String,
        planned: Planned,
        notes: Notes,
    ) -> Result<Self> {
        let schema = DFSchema::try_from_qualified_schema(analysis.name(), &planned.schema)?;
        Ok(Self {
            name: analysis.name(),
            arguments,
            input: planned.input,
            schema: Arc::new(schema),
            compute: planned.compute,
            notes,
        })
    }
}

impl PartialEq for AnalysisNode {
    fn eq(&self, other: &Self) -> bool {
        (self.name, &self.arguments, &self.input) == (other.name, &other.arguments, &other.input)
    }
}

impl Eq for AnalysisNode {}

impl PartialOrd for AnalysisNode {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        (self.name, &self.arguments, &self.input).partial_cmp(&(
            other.name,
            &other.arguments,
            &other.input,
        ))
    }
}

impl Hash for AnalysisNode {
    fn hash<H: Hasher>(&self, state: &mut H) {
        (self.name, &self.arguments, &self.input).hash(state);
    }
}

impl UserDefinedLogicalNodeCore for AnalysisNode {
    fn name(&self) -> &'static str {
        self.name
    }

    fn inputs(&self) -> Vec<&LogicalPlan> {
        vec![&self.input]
    }

    fn schema(&self) -> &DFSchemaRef {
        &self.schema
    }

    fn expressions(&self) -> Vec<Expr> {
        Vec::new()
    }

    fn fmt_for_explain(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Analysis: {}({})", self.name, self.arguments)
    }

    fn with_exprs_and_inputs(
        &self,
        _expressions: Vec<Expr>,
        mut inputs: Vec<LogicalPlan>,
    ) -> Result<Self> {
        let mut node = self.clone();
        if let Some(input) = inputs.pop() {
            node.input = input;
        }
        Ok(node)
    }
}
