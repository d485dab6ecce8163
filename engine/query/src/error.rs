//! Why a query has no answer, in one line for the person who asked.

use std::time::Duration;

use citybrain_model::AreaLevel;
use datafusion::arrow::error::ArrowError;
use datafusion::common::{Column, SchemaError};
use datafusion::error::DataFusionError;

use crate::nearest::nearest;
use crate::{AnalysisError, FunctionError};

/// Why a query has no answer. All but [`QueryError::Memory`], [`QueryError::Timeout`] and [`QueryError::Failed`] are mistakes in
/// the question.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum QueryError {
    /// The text is not SQL.
    #[error("the SQL cannot be read: {0}")]
    Syntax(String),
    /// No table has this column.
    #[error("there is no column \"{column}\"{}", hint(candidates))]
    UnknownColumn {
        /// As written.
        column: String,
        /// Columns with a similar name, or all when none is similar.
        candidates: Vec<String>,
    },
    /// There is no such table.
    #[error("there is no table \"{table}\"{}", hint(candidates))]
    UnknownTable {
        /// As written.
        table: String,
        /// Tables with a similar name, or all when none is similar.
        candidates: Vec<String>,
    },
    /// The SQL is readable but does not make sense: an unknown function, types that do not fit, a value that cannot be read …
    #[error("{0}")]
    Invalid(String),
    /// A function refused a value.
    #[error(transparent)]
    Value(#[from] FunctionError),
    /// An analysis cannot be made of this query.
    #[error(transparent)]
    Analysis(#[from] AnalysisError),
    /// The statement is too long a chain of operators, which makes too deep a plan.
    #[error(
        "the SQL has {operators} operators and keywords, {limit} is the most: take IN (…) for many values, or a WITH query"
    )]
    TooLong {
        /// How many there are.
        operators: usize,
        /// The limit.
        limit: usize,
    },
    /// The statement would do something other than read.
    #[error("only queries are allowed: {0}")]
    Forbidden(String),
    /// A parameter is missing, superfluous or of the wrong kind.
    #[error("{parameter}: {rule}")]
    Parameter {
        /// The parameter's name.
        parameter: String,
        /// What it must be.
        rule: String,
    },
    /// The city has no such level.
    #[error("the city has no level \"{0}\"")]
    NoLevel(AreaLevel),
    /// The city has no such area.
    #[error("the city has no {level} with the id \"{id}\"")]
    NoArea {
        /// The level.
        level: AreaLevel,
        /// The id as given.
        id: String,
    },
    /// The query took longer than its limit.
    #[error("the query took longer than {} s", .0.as_secs_f64())]
    Timeout(Duration),
    /// The query wanted more memory than its limit.
    #[error("the query needs more than its {} MB of memory: narrow the time or select fewer columns", .bytes / 1_000_000)]
    Memory {
        /// The limit.
        bytes: usize,
    },
    /// The engine failed: a file of the lake cannot be read, or a fault in the engine.
    #[error("the query failed: {}", one_line(.0))]
    Failed(#[source] Box<DataFusionError>),
}

impl QueryError {
    /// Is it a mistake in the question, as against a limit or a fault of the engine?
    pub const fn is_mistake(&self) -> bool {
        !matches!(
            self,
            Self::Timeout(_) | Self::Memory { .. } | Self::Failed(_)
        )
    }

    /// The query's work was stopped from outside.
    pub(crate) fn stopped() -> Self {
        let message = "the query was stopped".to_owned();
        Self::Failed(Box::new(DataFusionError::Execution(message)))
    }

    /// The thread that worked on the query is gone.
    pub(crate) fn lost(error: tokio::task::JoinError) -> Self {
        Self::Failed(Box::new(DataFusionError::ExecutionJoin(Box::new(error))))
    }

    pub(crate) fn parameter(parameter: impl Into<String>, rule: impl Into<String>) -> Self {
        Self::Parameter {
            parameter: parameter.into(),
            rule: rule.into(),
        }
    }

    /// The statement is not a query, as DataFusion says.
    pub(crate) fn forbidden(error: DataFusionError) -> Self {
        match error {
            DataFusionError::Plan(message) => Self::Forbidden(one_line(&message)),
            other => Self::Failed(Box::new(other)),
        }
    }

    /// Reads what DataFusion says. `tables` are the names that a query may use, `memory_bytes` its limit.
    pub(crate) fn read(error: DataFusionError, tables: &[&str], memory_bytes: usize) -> Self {
        // It comes as a fault of whatever evaluated it.
        const REGULAR_EXPRESSION: &str = "Regular expression did not compile";
        let said = one_line(&error);
        if let Some(at) = said.find(REGULAR_EXPRESSION) {
            return Self::Invalid(said.get(at..).unwrap_or(REGULAR_EXPRESSION).to_owned());
        }
        match error.find_root() {
            DataFusionError::ResourcesExhausted(_) => Self::Memory {
                bytes: memory_bytes,
            },
            root => mistake(root, tables).unwrap_or_else(|| Self::Failed(Box::new(error))),
        }
    }
}

/// The mistake in the question that an error of DataFusion stands for, if it is one.
fn mistake(error: &DataFusionError, tables: &[&str]) -> Option<QueryError> {
    match error {
        DataFusionError::SQL(error, _) => {
            let said = one_line(error);
            // The sentence before it says so already.
            let said = said
                .strip_prefix("sql parser error: ")
                .or_else(|| said.strip_prefix("SQL parser error: "))
                .unwrap_or(&said);
            Some(QueryError::Syntax(said.to_owned()))
        }
        DataFusionError::SchemaError(error, _) => Some(schema_error(error)),
        DataFusionError::Plan(message) => Some(plan_error(message, tables)),
        DataFusionError::NotImplemented(message)
        | DataFusionError::Configuration(message)
        | DataFusionError::Execution(message) => Some(QueryError::Invalid(one_line(message))),
        DataFusionError::External(cause) => cause
            .downcast_ref::<FunctionError>()
            .cloned()
            .map(QueryError::Value)
            .or_else(|| {
                cause
                    .downcast_ref::<AnalysisError>()
                    .cloned()
                    .map(QueryError::Analysis)
            }),
        DataFusionError::ArrowError(error, _) => match error.as_ref() {
            ArrowError::CastError(message)
            | ArrowError::ParseError(message)
            | ArrowError::ComputeError(message)
            | ArrowError::ArithmeticOverflow(message)
            | ArrowError::InvalidArgumentError(message) => {
                Some(QueryError::Invalid(one_line(message)))
            }
            ArrowError::DivideByZero => Some(QueryError::Invalid("division by zero".to_owned())),
            _ => None,
        },
        _ => None,
    }
}

fn schema_error(error: &SchemaError) -> QueryError {
    match error {
        SchemaError::FieldNotFound {
            field,
            valid_fields,
        } => {
            let known: Vec<&str> = valid_fields.iter().map(Column::name).collect();
            QueryError::UnknownColumn {
                column: field.name.clone(),
                candidates: nearest(&field.name, &known),
            }
        }
        SchemaError::AmbiguousReference { field } => QueryError::Invalid(format!(
            "the column \"{}\" is in several tables: name the table",
            field.name
        )),
        _ => QueryError::Invalid(one_line(error)),
    }
}

fn plan_error(message: &str, tables: &[&str]) -> QueryError {
    if let Some(name) = message
        .strip_prefix("table '")
        .and_then(|rest| rest.strip_suffix("' not found"))
    {
        let name = name.rsplit('.').next().unwrap_or(name);
        return QueryError::UnknownTable {
            table: name.to_owned(),
            candidates: nearest(name, tables),
        };
    }
    QueryError::Invalid(one_line(message))
}

fn hint(candidates: &[String]) -> String {
    match candidates {
        [] => String::new(),
        candidates => format!("; there is {}", candidates.join(", ")),
    }
}

/// Line breaks and runs of blanks become one blank.
fn one_line(message: &(impl ToString + ?Sized)) -> String {
    message
        .to_string()
        .split_whitespace()
        .collect::<Vec<_>>()
        .join(" ")
}

#[cfg(test)]
mod tests;
