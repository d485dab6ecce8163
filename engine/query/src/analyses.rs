//! Analyses as table functions: `FROM hotspots((SELECT cell FROM complaints WHERE category = 'Noise'), k => 1)`.
//!
//! All have one form. The first argument is a query in parentheses (or the name of a table or of a `WITH` query, or the query as a
//! text): its columns say by their names what is analysed. The others are named, and each has a default. An analysis groups the query's
//! rows in SQL first, so that it reads one small row for each place and time, computes on these, and tells by which parameters it did:
//! they are in [`Answer::parameters`](crate::Answer::parameters).

mod arguments;
mod backtest;
mod bursts;
mod cells;
mod clusters;
mod emerging_hotspots;
mod error;
mod exec;
mod forecast;
mod grouped;
mod hotspots;
mod input;
mod leading_sensors;
mod measured;
mod moran;
mod node;
mod periodic_issues;
mod planner;
mod rewrite;
#[cfg(test)]
mod tests;
mod timeline;

use std::fmt::Debug;
use std::sync::{Arc, Mutex, PoisonError};

use citybrain_grid::City;
use datafusion::arrow::array::RecordBatch;
use datafusion::arrow::datatypes::SchemaRef;
use datafusion::error::Result;
use datafusion::logical_expr::LogicalPlan;
use serde_json::{Map, Value};

pub use error::AnalysisError;
pub(crate) use exec::AnalysisExec;
pub(crate) use planner::{AnalysisPlanner, PhysicalAnalyses};
pub(crate) use rewrite::queries_as_subqueries;

use crate::session::Held;
use crate::stop::Stop;
use arguments::Arguments;
use input::Input;

/// The analyses, in order of name.
static ANALYSES: &[&dyn Analysis] = &[
    &backtest::Backtest,
    &bursts::Bursts,
    &clusters::Clusters,
    &emerging_hotspots::EmergingHotspots,
    &forecast::ForecastAnalysis,
    &moran::GlobalMoranAnalysis,
    &hotspots::Hotspots,
    &leading_sensors::LeadingSensors,
    &moran::LocalMoranAnalysis,
    &periodic_issues::PeriodicIssues,
];

/// The analysis that has this name.
fn named(name: &str) -> Option<&'static dyn Analysis> {
    ANALYSES
        .iter()
        .copied()
        .find(|analysis| analysis.name() == name)
}

/// The names of an analysis' arguments; none when there is no such analysis.
pub(crate) fn arguments_of(function: &str) -> &'static [&'static str] {
    named(function).map_or(&[], Analysis::arguments)
}

/// One analysis: how it groups what a query gives.
trait Analysis: Debug + Send + Sync {
    /// The name of its table function.
    fn name(&self) -> &'static str;

    /// The names of its arguments, in the order of its documentation.
    fn arguments(&self) -> &'static [&'static str];

    /// Those of its arguments that are queries, as the first one is that has no name.
    fn queries(&self) -> &'static [&'static str] {
        &[]
    }

    /// Reads the arguments, groups the query, and says what comes out.
    fn plan(&self, input: Input, arguments: &mut Arguments, city: &Arc<City>) -> Result<Planned>;
}

/// An analysis of one query.
#[derive(Debug)]
struct Planned {
    /// The grouped query.
    input: LogicalPlan,
    /// The columns of the answer.
    schema: SchemaRef,
    compute: Arc<dyn Compute>,
}

/// The part of an analysis that runs on the grouped rows.
trait Compute: Debug + Send + Sync {
    /// All rows of the grouped query, in no order, to the answer's rows and the parameters that made it.
    ///
    /// What takes long looks now and then whether it is to stop.
    fn compute(&self, rows: &[RecordBatch], stop: &Stop) -> Result<Found>;
}

/// What an analysis found.
#[derive(Debug)]
struct Found {
    rows: RecordBatch,
    /// What was chosen, by the caller or by default, and what the data decided: names and values.
    parameters: Map<String, Value>,
}

/// Where the analyses of one query leave their parameters.
#[derive(Debug, Clone)]
pub(crate) struct Notes {
    /// The last record that the query may see: its cut of the data.
    seq: u64,
    left: Arc<Mutex<Vec<Map<String, Value>>>>,
    /// Lives as long as the last analysis computes.
    _held: Option<Held>,
}

impl Notes {
    /// Notes of a query over the records up to `seq`.
    pub(crate) fn up_to(seq: u64, held: Option<Held>) -> Self {
        Self {
            seq,
            left: Arc::default(),
            _held: held,
        }
    }

    fn add(&self, mut parameters: Map<String, Value>) {
        parameters.insert("data_cut".to_owned(), serde_json::json!({"seq": self.seq}));
        self.left
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(parameters);
    }

    /// What was noted so far, in the order in which the analyses ended.
    pub(crate) fn take(&self) -> Vec<Map<String, Value>> {
        std::mem::take(&mut self.left.lock().unwrap_or_else(PoisonError::into_inner))
    }
}
