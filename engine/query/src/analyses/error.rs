//! Why an analysis cannot be made.

use datafusion::error::DataFusionError;

/// Why an analysis cannot be made: mistakes in its call, or data that do not carry an answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AnalysisError {
    /// The first argument is not a query.
    #[error(
        "{function}: the first argument must be a query in parentheses, as in {function}((SELECT … FROM complaints))"
    )]
    NoQuery {
        /// The table function.
        function: &'static str,
    },
    /// An argument after the first has no name.
    #[error("{function}: arguments after the query are named, as in {example} => …")]
    Unnamed {
        /// The table function.
        function: &'static str,
        /// The name of an argument that it has.
        example: &'static str,
    },
    /// There is no such argument.
    #[error("{function}: there is no argument \"{argument}\"; there is {known}")]
    UnknownArgument {
        /// The table function.
        function: &'static str,
        /// As written.
        argument: String,
        /// Those that it has.
        known: String,
    },
    /// An argument is given twice.
    #[error("{function}: {argument} is given twice")]
    Twice {
        /// The table function.
        function: &'static str,
        /// Its name.
        argument: String,
    },
    /// A value breaks its rule.
    #[error("{function}: {argument} {rule}, and is {value}")]
    Argument {
        /// The table function.
        function: &'static str,
        /// Its name.
        argument: String,
        /// As given.
        value: String,
        /// What it must be.
        rule: String,
    },
    /// The query lacks a column.
    #[error("{function}: the query must have {column}; it has {columns}")]
    NoColumn {
        /// The table function.
        function: &'static str,
        /// What is missing, in words.
        column: String,
        /// The columns of the query.
        columns: String,
    },
    /// The data cannot carry the analysis.
    #[error("{function}: {reason}")]
    Refused {
        /// The table function.
        function: &'static str,
        /// What there is and what is needed.
        reason: String,
    },
}

impl From<AnalysisError> for DataFusionError {
    fn from(error: AnalysisError) -> Self {
        Self::External(Box::new(error))
    }
}
