//! From a call in SQL to a node in the plan, and from the node to what runs.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::Arc;

use async_trait::async_trait;
use citybrain_grid::City;
use datafusion::catalog::Session;
use datafusion::common::{DFSchema, ParamValues};
use datafusion::error::{DataFusionError, Result};
use datafusion::execution::context::QueryPlanner;
use datafusion::logical_expr::physical_planning_context::PhysicalPlanningContext;
use datafusion::logical_expr::planner::{
    PlannedRelation, RelationPlanner, RelationPlannerContext, RelationPlanning,
};
use datafusion::logical_expr::{Expr, Extension, LogicalPlan, UserDefinedLogicalNode};
use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_planner::{DefaultPhysicalPlanner, ExtensionPlanner, PhysicalPlanner};
use datafusion::scalar::ScalarValue;
use datafusion::sql::sqlparser::ast::{
    Expr as SqlExpr, FunctionArg, FunctionArgExpr, ObjectName, Query, TableFactor,
};

use super::exec::AnalysisExec;
use super::node::AnalysisNode;
use super::{Analysis, AnalysisError, Arguments, Input, Notes, named};

/// Plans the calls of analyses in one query.
#[derive(Debug)]
pub(crate) struct AnalysisPlanner {
    pub(crate) city: Arc<City>,
    /// What `$1`, `$2` … stand for where an argument is one.
    pub(crate) parameters: ParamValues,
    pub(crate) notes: Notes,
}

/// The analysis that a relation calls.
pub(super) fn called(relation: &TableFactor) -> Option<&'static dyn Analysis> {
    match relation {
        TableFactor::Table {
            name: ObjectName(parts),
            args: Some(_),
            ..
        } => match parts.as_slice() {
            [part] => named(&part.as_ident()?.value.to_lowercase()),
            _ => None,
        },
        _ => None,
    }
}

impl RelationPlanner for AnalysisPlanner {
    fn plan_relation(
        &self,
        relation: TableFactor,
        context: &mut dyn RelationPlannerContext,
    ) -> Result<RelationPlanning> {
        let Some(analysis) = called(&relation) else {
            return Ok(RelationPlanning::Original(Box::new(relation)));
        };
        let TableFactor::Table {
            alias,
            args: Some(arguments),
            ..
        } = relation
        else {
            return Ok(RelationPlanning::Original(Box::new(relation)));
        };
        let function = analysis.name();
        let mut arguments = arguments.args.into_iter();
        let Some(FunctionArg::Unnamed(FunctionArgExpr::Expr(SqlExpr::Subquery(query)))) =
            arguments.next()
        else {
            return Err(AnalysisError::NoQuery { function }.into());
        };
        let input = context.plan(derived(query))?;
        let mut values = BTreeMap::new();
        let mut queries = BTreeMap::new();
        let mut shown = String::new();
        for argument in arguments {
            let (name, value) = named_argument(analysis, argument)?;
            if let (SqlExpr::Subquery(query), true) = (&value, analysis.queries().contains(&&*name))
            {
                let plan = context.plan(derived(query.clone()))?;
                if queries
                    .insert(name.clone(), Input::new(function, plan))
                    .is_some()
                {
                    return Err(AnalysisError::Twice {
                        function,
                        argument: name,
                    }
                    .into());
                }
                continue;
            }
            let value = self.value(function, &name, value, context)?;
            if !shown.is_empty() {
                shown.push_str(", ");
            }
            write!(shown, "{name} => {value}")
                .map_err(|error| DataFusionError::External(Box::new(error)))?;
            if values.insert(name.clone(), value).is_some() {
                return Err(AnalysisError::Twice {
                    function,
                    argument: name,
                }
                .into());
            }
        }
        let mut arguments = Arguments::new(function, values, queries);
        let planned = analysis.plan(Input::new(function, input), &mut arguments, &self.city)?;
        let node = AnalysisNode::try_new(analysis, shown, planned, self.notes.clone())?;
        let plan = LogicalPlan::Extension(Extension {
            node: Arc::new(node),
        });
        Ok(RelationPlanning::Planned(Box::new(PlannedRelation::new(
            plan, alias,
        ))))
    }
}

/// A query in parentheses as a table.
fn derived(subquery: Box<Query>) -> TableFactor {
    TableFactor::Derived {
        lateral: false,
        subquery,
        alias: None,
        sample: None,
    }
}

/// The name and the value of an argument after the first query, as written.
pub(super) fn named_argument(
    analysis: &dyn Analysis,
    argument: FunctionArg,
) -> Result<(String, SqlExpr)> {
    let function = analysis.name();
    let known = analysis.arguments();
    let unnamed = || AnalysisError::Unnamed {
        function,
        example: known.first().copied().unwrap_or_default(),
    };
    let (name, value) = match argument {
        FunctionArg::Named { name, arg, .. }
        | FunctionArg::ExprNamed {
            name: SqlExpr::Identifier(name),
            arg,
            ..
        } => (name.value, arg),
        _ => return Err(unnamed().into()),
    };
    let name = name.to_lowercase();
    if !known.contains(&name.as_str()) {
        return Err(AnalysisError::UnknownArgument {
            function,
            argument: name,
            known: known.join(", "),
        }
        .into());
    }
    let FunctionArgExpr::Expr(value) = value else {
        return Err(unnamed().into());
    };
    Ok((name, value))
}

impl AnalysisPlanner {
    /// The constant that an argument is.
    fn value(
        &self,
        function: &'static str,
        name: &str,
        value: SqlExpr,
        context: &mut dyn RelationPlannerContext,
    ) -> Result<ScalarValue> {
        let written = value.to_string();
        let value = context.sql_to_expr(value, &DFSchema::empty())?;
        self.constant(function, name, &written, value)
    }

    fn constant(
        &self,
        function: &'static str,
        argument: &str,
        written: &str,
        value: Expr,
    ) -> Result<ScalarValue> {
        match value {
            Expr::Literal(value, _) => Ok(value),
            Expr::Placeholder(placeholder) => {
                let value = self
                    .parameters
                    .get_placeholders_with_values(&placeholder.id)?;
                Ok(value.value)
            }
            Expr::Negative(inner) => self
                .constant(function, argument, written, *inner)?
                .arithmetic_negate(),
            _ => Err(AnalysisError::Argument {
                function,
                argument: argument.to_owned(),
                value: written.to_owned(),
                rule: "must be a constant".to_owned(),
            }
            .into()),
        }
    }
}

/// Makes what runs, of plans with analyses as of any other.
#[derive(Debug)]
pub(crate) struct PhysicalAnalyses;

#[async_trait]
impl QueryPlanner for PhysicalAnalyses {
    async fn create_physical_plan(
        &self,
        plan: &LogicalPlan,
        session: &dyn Session,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        DefaultPhysicalPlanner::with_extension_planners(vec![Arc::new(Self)])
            .create_physical_plan(plan, session)
            .await
    }
}

#[async_trait]
impl ExtensionPlanner for PhysicalAnalyses {
    async fn plan_extension(
        &self,
        _planner: &dyn PhysicalPlanner,
        node: &dyn UserDefinedLogicalNode,
        _logical_inputs: &[&LogicalPlan],
        inputs: &[Arc<dyn ExecutionPlan>],
        _session: &dyn Session,
        _context: &PhysicalPlanningContext,
    ) -> Result<Option<Arc<dyn ExecutionPlan>>> {
        let (Some(analysis), [input]) = (node.as_any().downcast_ref::<AnalysisNode>(), inputs)
        else {
            return Ok(None);
        };
        let schema = Arc::clone(node.schema().inner());
        Ok(Some(Arc::new(AnalysisExec::new(
            analysis,
            schema,
            Arc::clone(input),
        ))))
    }
}
