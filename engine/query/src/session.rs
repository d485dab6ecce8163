//! One query's view of one snapshot: plans and runs SQL within limits, and cannot write.

use std::fmt;
use std::sync::{Arc, LazyLock};

use citybrain_store::Snapshot;
use datafusion::catalog::{
    CatalogProvider, CatalogProviderList, MemoryCatalogProvider, MemoryCatalogProviderList,
};
use datafusion::common::ParamValues;
use datafusion::dataframe::DataFrame;
use datafusion::error::DataFusionError;
use datafusion::execution::SessionStateBuilder;
use datafusion::execution::context::SQLOptions;
use datafusion::execution::disk_manager::{DiskManagerBuilder, DiskManagerMode};
use datafusion::execution::memory_pool::GreedyMemoryPool;
use datafusion::execution::runtime_env::{RuntimeEnv, RuntimeEnvBuilder};
use datafusion::execution::session_state::SessionState;
use datafusion::logical_expr::LogicalPlan;
use datafusion::prelude::SessionConfig;
use futures::StreamExt;

use crate::analyses::{AnalysisPlanner, Notes, PhysicalAnalyses, queries_as_subqueries};
use crate::statement::Statement;
use crate::tables::Tables;
use crate::yielding::YieldInJoins;
use crate::{Answer, Limits, QueryError, functions, parameters};

/// One query's view of one snapshot. It plans SQL over the snapshot's tables, refuses all that is no query, runs it within
/// its [`Limits`], and stops working when the call is dropped. It is cheap to make: one for each query.
pub struct Session {
    pub(crate) snapshot: Arc<Snapshot>,
    limits: Limits,
    state: SessionState,
}

impl Session {
    /// A session on `snapshot`, of which all tables of a query read the same moment.
    pub fn new(snapshot: Arc<Snapshot>, limits: Limits) -> Self {
        let tables = Arc::new(Tables::new(Arc::clone(&snapshot), limits.clone()));
        let state = state(&snapshot, &limits, tables);
        Self {
            snapshot,
            limits,
            state,
        }
    }

    /// The snapshot that the session reads.
    pub const fn snapshot(&self) -> &Arc<Snapshot> {
        &self.snapshot
    }

    /// Runs one query. `$1`, `$2` … stand for `params` in order: null, true and false, numbers and texts.
    ///
    /// # Errors
    /// Mistakes in the SQL or the parameters, any statement that is no query, and the limits of time and memory.
    pub async fn sql(&self, sql: &str, params: &[serde_json::Value]) -> Result<Answer, QueryError> {
        let values = params
            .iter()
            .enumerate()
            .map(parameters::scalar)
            .collect::<Result<Vec<_>, _>>()?;
        self.ask(sql, ParamValues::from(values), Some(self.limits.rows))
            .await
    }

    /// Runs one of the engine's own statements and gives all its rows.
    pub(crate) async fn rows(&self, statement: &Statement) -> Result<Answer, QueryError> {
        self.ask(statement.text(), statement.values(), None).await
    }

    /// Runs one of the engine's own statements and gives as many rows as a user's query may have.
    pub(crate) async fn limited_rows(&self, statement: &Statement) -> Result<Answer, QueryError> {
        self.ask(statement.text(), statement.values(), Some(self.limits.rows))
            .await
    }

    async fn ask(
        &self,
        sql: &str,
        values: ParamValues,
        rows_max: Option<usize>,
    ) -> Result<Answer, QueryError> {
        let notes = Notes::default();
        let plan = self.plan(sql, &values, &notes).await?;
        let plan = plan
            .with_param_values(values)
            .map_err(|error| self.error(error))?;
        let mut answer = self.run(plan, rows_max).await?;
        answer.parameters = notes.take();
        Ok(answer)
    }

    /// Reads SQL into a plan that only reads.
    async fn plan(
        &self,
        sql: &str,
        values: &ParamValues,
        notes: &Notes,
    ) -> Result<LogicalPlan, QueryError> {
        let mut state = self.state.clone();
        let planner = AnalysisPlanner {
            city: Arc::clone(&self.snapshot.city),
            parameters: values.clone(),
            notes: notes.clone(),
        };
        let plan = async {
            state.register_relation_planner(Arc::new(planner))?;
            let dialect = state.config_options().sql_parser.dialect;
            let mut statement = state.sql_to_statement(sql, &dialect)?;
            queries_as_subqueries(&mut statement)?;
            state.statement_to_plan(statement).await
        };
        let plan = plan.await.map_err(|error| self.error(error))?;
        let read_only = SQLOptions::new()
            .with_allow_ddl(false)
            .with_allow_dml(false)
            .with_allow_statements(false);
        read_only
            .verify_plan(&plan)
            .map_err(QueryError::forbidden)?;
        Ok(plan)
    }

    /// Runs a plan to its end or to `rows_max` rows, within the limits.
    async fn run(&self, plan: LogicalPlan, rows_max: Option<usize>) -> Result<Answer, QueryError> {
        let answer = collect(DataFrame::new(self.state.clone(), plan), rows_max);
        match tokio::time::timeout(self.limits.timeout, answer).await {
            Ok(answer) => answer.map_err(|error| self.error(error)),
            Err(_elapsed) => Err(QueryError::Timeout(self.limits.timeout)),
        }
    }

    fn error(&self, error: DataFusionError) -> QueryError {
        QueryError::read(error, &Tables::names(), self.limits.memory_bytes)
    }
}

impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Session")
            .field("seq", &self.snapshot.seq)
            .field("limits", &self.limits)
            .finish_non_exhaustive()
    }
}

/// The largest LIMIT that a plan holds.
const LIMIT_MAX: usize = usize::MAX >> 1;

async fn collect(frame: DataFrame, rows_max: Option<usize>) -> Result<Answer, DataFusionError> {
    let schema = Arc::clone(frame.schema().inner());
    // One row more than the limit tells whether there were more. A plan that is explained is no table and has no limit.
    let frame = match (rows_max, frame.logical_plan()) {
        (None, _)
        | (_, LogicalPlan::Explain(_) | LogicalPlan::Analyze(_) | LogicalPlan::DescribeTable(_)) => {
            frame
        }
        (Some(rows_max), _) => frame.limit(0, Some(rows_max.saturating_add(1).min(LIMIT_MAX)))?,
    };
    let mut stream = frame.execute_stream().await?;
    let mut answer = Answer {
        schema,
        batches: Vec::new(),
        truncated: false,
        parameters: Vec::new(),
    };
    let mut room = rows_max.unwrap_or(usize::MAX);
    while let Some(batch) = stream.next().await {
        let batch = batch?;
        if batch.num_rows() > room {
            answer.truncated = true;
            answer.batches.push(batch.slice(0, room));
            break;
        }
        room -= batch.num_rows();
        answer.batches.push(batch);
    }
    Ok(answer)
}

/// A state with the snapshot's tables and the engine's functions, and nothing else to read.
pub(crate) fn state(snapshot: &Snapshot, limits: &Limits, tables: Arc<Tables>) -> SessionState {
    const CATALOG: &str = "citybrain";
    const SCHEMA: &str = "public";
    // Functions, rules and planners are the same for every session and are made once.
    static TEMPLATE: LazyLock<SessionState> = LazyLock::new(|| {
        let mut builder = SessionStateBuilder::new_with_default_features()
            .with_config(SessionConfig::new().with_create_default_catalog_and_schema(false))
            .with_query_planner(Arc::new(PhysicalAnalyses));
        builder
            .scalar_functions()
            .get_or_insert_default()
            .extend(functions::h3().iter().cloned());
        builder.build()
    });
    let config = SessionConfig::new()
        .with_create_default_catalog_and_schema(false)
        .with_default_catalog_and_schema(CATALOG, SCHEMA)
        .with_information_schema(true)
        .with_target_partitions(limits.partitions.max(1));
    let catalog = MemoryCatalogProvider::new();
    catalog
        .register_schema(SCHEMA, tables)
        .expect("a new catalog takes a schema");
    let catalogs = MemoryCatalogProviderList::new();
    catalogs.register_catalog(CATALOG.to_owned(), Arc::new(catalog));
    let mut builder = SessionStateBuilder::new_from_existing(TEMPLATE.clone())
        .with_config(config)
        .with_catalog_list(Arc::new(catalogs))
        .with_runtime_env(Arc::new(runtime(limits.memory_bytes)))
        .with_physical_optimizer_rule(Arc::new(YieldInJoins));
    builder
        .scalar_functions()
        .get_or_insert_default()
        .extend(functions::of_city(&snapshot.city));
    let mut state = builder.build();
    // What `now()` means in this query.
    state.mark_start_execution();
    state
}

/// An environment with its own memory, and with the footers of Parquet files shared by all sessions.
fn runtime(memory_bytes: usize) -> RuntimeEnv {
    static SHARED: LazyLock<RuntimeEnv> = LazyLock::new(|| {
        RuntimeEnvBuilder::new()
            .with_disk_manager_builder(
                DiskManagerBuilder::default().with_mode(DiskManagerMode::Disabled),
            )
            .build()
            .expect("an environment without a disk needs nothing from outside")
    });
    RuntimeEnv {
        memory_pool: Arc::new(GreedyMemoryPool::new(memory_bytes)),
        ..SHARED.clone()
    }
}

#[cfg(test)]
mod tests;
