//! Keeps LIMIT over scans that need no column, such as `SELECT 1 FROM complaints LIMIT 10`: they are answered from the lake's log alone,
//! by a node that says that it takes limits and then loses them (deltalake 1.1).

use std::sync::Arc;

use datafusion::common::tree_node::{Transformed, TreeNode};
use datafusion::config::ConfigOptions;
use datafusion::error::Result;
use datafusion::physical_expr::expressions::lit;
use datafusion::physical_optimizer::PhysicalOptimizerRule;
use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_plan::filter::FilterExec;

/// The node in question.
const LOSES_LIMITS: &str = "DeltaScanMetaExec";

/// Puts a filter that lets everything through over every such node, before limits are pushed down: a filter keeps them.
#[derive(Debug)]
pub(crate) struct LimitedScan;

impl PhysicalOptimizerRule for LimitedScan {
    fn optimize(
        &self,
        plan: Arc<dyn ExecutionPlan>,
        _config: &ConfigOptions,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let kept = plan.transform_up(|node| {
            if node.name() != LOSES_LIMITS {
                return Ok(Transformed::no(node));
            }
            let node: Arc<dyn ExecutionPlan> = Arc::new(FilterExec::try_new(lit(true), node)?);
            Ok(Transformed::yes(node))
        });
        kept.map(|transformed| transformed.data)
    }

    fn name(&self) -> &'static str {
        "limited_scan"
    }

    fn schema_check(&self) -> bool {
        true
    }
}
