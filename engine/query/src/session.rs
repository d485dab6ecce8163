//! One query's view of one snapshot: plans and runs SQL within limits, and cannot write.

mod stream;

use std::fmt;
use std::sync::{Arc, LazyLock};

use citybrain_store::Snapshot;
use datafusion::arrow::error::ArrowError;
use datafusion::catalog::{
    CatalogProvider, CatalogProviderList, MemoryCatalogProvider, MemoryCatalogProviderList,
    SchemaProvider,
};
use datafusion::common::ParamValues;
use datafusion::dataframe::DataFrame;
use datafusion::error::DataFusionError;
use datafusion::execution::context::SQLOptions;
use datafusion::execution::disk_manager::{DiskManagerBuilder, DiskManagerMode};
use datafusion::execution::memory_pool::GreedyMemoryPool;
use datafusion::execution::runtime_env::{RuntimeEnv, RuntimeEnvBuilder};
use datafusion::execution::session_state::SessionState;
use datafusion::execution::{SendableRecordBatchStream, SessionStateBuilder};
use datafusion::logical_expr::LogicalPlan;
use datafusion::physical_optimizer::PhysicalOptimizerRule;
use datafusion::physical_optimizer::optimizer::PhysicalOptimizer;
use datafusion::physical_plan::execute_stream;
use datafusion::prelude::SessionConfig;
use futures::StreamExt;
use tokio::runtime::Handle;
use tokio::task::JoinSet;

use crate::analyses::{AnalysisPlanner, Notes, PhysicalAnalyses, queries_as_subqueries};
use crate::interruptible::interruptible;
use crate::limited_scan::LimitedScan;
use crate::size::{check_constants, check_size};
use crate::statement::Statement;
use crate::stop::Stop;
use crate::tables::Tables;
use crate::{Answer, Limits, QueryError, Told, functions, parameters};

pub use stream::{RowStream, StreamEnd};

/// Whatever must live as long as a query works, such as its place among those that may run.
pub type Held = Arc<dyn std::any::Any + Send + Sync>;

/// One query's view of one snapshot. It plans SQL over the snapshot's tables, refuses all that is no query, runs it within
/// its [`Limits`], and stops working when the call is dropped. It is cheap to make: one for each query.
#[derive(Clone)]
pub struct Session {
    pub(crate) snapshot: Arc<Snapshot>,
    limits: Limits,
    state: SessionState,
    /// Where queries work; none is where they are asked.
    runtime: Option<Handle>,
    held: Option<Held>,
}

impl Session {
    /// A session on `snapshot`, of which all tables of a query read the same moment.
    pub fn new(snapshot: Arc<Snapshot>, limits: Limits) -> Self {
        let tables = Tables::new(Arc::clone(&snapshot), limits.clone(), Told::default());
        let state = state(&snapshot, &limits, Arc::new(tables));
        Self {
            snapshot,
            limits,
            state,
            runtime: None,
            held: None,
        }
    }

    /// The session with what a server tells besides the snapshot.
    #[must_use]
    pub fn telling(mut self, told: Told) -> Self {
        let tables = Tables::new(Arc::clone(&self.snapshot), self.limits.clone(), told);
        self.state = state(&self.snapshot, &self.limits, Arc::new(tables));
        self
    }

    /// The session whose queries work on the threads of `runtime`, so that one that never yields holds up nobody else.
    #[must_use]
    pub fn on(mut self, runtime: Handle) -> Self {
        self.runtime = Some(runtime);
        self
    }

    /// The session with something that lives until the work of its queries has ended, also that of a query nobody waits for any more: an
    /// analysis that computes looks for the sign to stop now and then only.
    #[must_use]
    pub fn holding(mut self, held: Held) -> Self {
        self.held = Some(held);
        self
    }

    /// The snapshot that the session reads.
    pub const fn snapshot(&self) -> &Arc<Snapshot> {
        &self.snapshot
    }

    pub(crate) const fn state(&self) -> &SessionState {
        &self.state
    }

    pub(crate) const fn limits(&self) -> &Limits {
        &self.limits
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
        let notes = self.notes();
        let stop = Stop::default();
        let _waiting = stop.at_end();
        let (session, sql) = (self.clone(), sql.to_owned());
        let work = async move {
            let plan = session.plan_with(&sql, values, &notes).await?;
            let mut answer = session.run(plan, rows_max, &stop).await?;
            answer.parameters = notes.take();
            Ok(answer)
        };
        // It is large, and stays in whoever asks.
        self.at_work(Box::pin(work)).await
    }

    /// Does the work where queries do theirs, within the time that one has. Planning is work too: a short statement can have a long plan.
    async fn at_work<T: Send + 'static>(
        &self,
        work: impl Future<Output = Result<T, QueryError>> + Send + 'static,
    ) -> Result<T, QueryError> {
        let Some(runtime) = &self.runtime else {
            return work.await;
        };
        // Dropped with the call, it stops the work.
        let mut tasks = JoinSet::new();
        tasks.spawn_on(work, runtime);
        // The time is kept here as well: threads that a query does not give back cannot.
        let limit = self.limits.timeout;
        match tokio::time::timeout(limit, tasks.join_next()).await {
            Ok(Some(Ok(done))) => done,
            Ok(Some(Err(error))) => Err(QueryError::lost(error)),
            Ok(None) => Err(QueryError::stopped()),
            Err(_elapsed) => Err(QueryError::Timeout(limit)),
        }
    }

    fn notes(&self) -> Notes {
        Notes::up_to(self.snapshot.seq, self.held.clone())
    }

    async fn plan_with(
        &self,
        sql: &str,
        values: ParamValues,
        notes: &Notes,
    ) -> Result<LogicalPlan, QueryError> {
        let plan = self.plan(sql, &values, notes).await?;
        plan.with_param_values(values)
            .map_err(|error| self.error(error))
    }

    fn frame(&self, plan: LogicalPlan) -> DataFrame {
        DataFrame::new(self.state.clone(), plan)
    }

    /// Reads SQL into a plan that only reads.
    async fn plan(
        &self,
        sql: &str,
        values: &ParamValues,
        notes: &Notes,
    ) -> Result<LogicalPlan, QueryError> {
        check_size(sql)?;
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
    pub(crate) async fn run(
        &self,
        plan: LogicalPlan,
        rows_max: Option<usize>,
        stop: &Stop,
    ) -> Result<Answer, QueryError> {
        let answer = collect(self.frame(plan), rows_max, stop);
        match tokio::time::timeout(self.limits.timeout, answer).await {
            Ok(answer) => answer.map_err(|error| self.error(error)),
            Err(_elapsed) => Err(QueryError::Timeout(self.limits.timeout)),
        }
    }

    /// Adds tables of this session's own.
    pub(crate) fn add_schema(
        &self,
        name: &str,
        schema: Arc<dyn SchemaProvider>,
    ) -> Result<(), DataFusionError> {
        let catalog = self.state.catalog_list().catalog(CATALOG);
        let catalog = catalog.expect("a session has its catalog");
        catalog.register_schema(name, schema).map(|_before| ())
    }

    pub(crate) fn error(&self, error: DataFusionError) -> QueryError {
        let read = QueryError::read(error, &Tables::names(), self.limits.memory_bytes);
        if let QueryError::Failed(cause) = &read
            && is_of_a_file(cause)
        {
            self.snapshot.suspect();
        }
        read
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

/// Could a file not be read?
fn is_of_a_file(error: &DataFusionError) -> bool {
    match error.find_root() {
        DataFusionError::ArrowError(error, _) => matches!(
            **error,
            ArrowError::ParquetError(_) | ArrowError::IoError(..) | ArrowError::ExternalError(_)
        ),
        DataFusionError::External(_)
        | DataFusionError::IoError(_)
        | DataFusionError::ObjectStore(_)
        | DataFusionError::ParquetError(_) => true,
        _ => false,
    }
}

/// The largest LIMIT that a plan holds.
const LIMIT_MAX: usize = usize::MAX >> 1;

/// Has the plan rows of data? One that is explained is no table and has no limit.
const fn is_table(plan: &LogicalPlan) -> bool {
    !matches!(
        plan,
        LogicalPlan::Explain(_) | LogicalPlan::Analyze(_) | LogicalPlan::DescribeTable(_)
    )
}

/// The plan with one row more than the limit, which tells whether there were more.
fn limited(frame: DataFrame, rows_max: usize) -> Result<DataFrame, DataFusionError> {
    if rows_max >= LIMIT_MAX {
        return Ok(frame);
    }
    frame.limit(0, Some(rows_max + 1))
}

/// The frame's rows as they come, from a plan that stops at the sign.
async fn start(
    frame: DataFrame,
    stop: &Stop,
) -> Result<SendableRecordBatchStream, DataFusionError> {
    let context = Arc::new(frame.task_ctx());
    let (state, plan) = frame.into_parts();
    let plan = state.optimize(&plan)?;
    check_constants(&plan)?;
    let plan = state
        .query_planner()
        .create_physical_plan(&plan, &state)
        .await?;
    execute_stream(interruptible(plan, stop)?, context)
}

async fn collect(
    frame: DataFrame,
    rows_max: Option<usize>,
    stop: &Stop,
) -> Result<Answer, DataFusionError> {
    let schema = Arc::clone(frame.schema().inner());
    let frame = match rows_max {
        Some(rows_max) if is_table(frame.logical_plan()) => limited(frame, rows_max)?,
        _ => frame,
    };
    let mut stream = start(frame, stop).await?;
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

const CATALOG: &str = "citybrain";

/// A state with the snapshot's tables and the engine's functions, and nothing else to read.
pub(crate) fn state(snapshot: &Snapshot, limits: &Limits, tables: Arc<Tables>) -> SessionState {
    const SCHEMA: &str = "public";
    // Functions, rules and planners are the same for every session and are made once.
    static TEMPLATE: LazyLock<SessionState> = LazyLock::new(|| {
        let mut builder = SessionStateBuilder::new_with_default_features()
            .with_config(SessionConfig::new().with_create_default_catalog_and_schema(false))
            .with_physical_optimizer_rules(physical_rules())
            .with_query_planner(Arc::new(PhysicalAnalyses));
        let scalar = builder.scalar_functions().get_or_insert_default();
        functions::within_bounds(scalar);
        scalar.extend(functions::h3().iter().cloned());
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
        .with_runtime_env(Arc::new(runtime(limits.memory_bytes)));
    builder
        .scalar_functions()
        .get_or_insert_default()
        .extend(functions::of_city(&snapshot.city));
    let mut state = builder.build();
    // What `now()` means in this query.
    state.mark_start_execution();
    state
}

fn physical_rules() -> Vec<Arc<dyn PhysicalOptimizerRule + Send + Sync>> {
    let mut rules = PhysicalOptimizer::new().rules;
    rules.insert(0, Arc::new(LimitedScan));
    rules
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
