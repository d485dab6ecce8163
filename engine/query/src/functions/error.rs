//! Why a SQL function refuses a value.

use datafusion::error::DataFusionError;

/// A value that a SQL function cannot take; the message names the function and the value.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum FunctionError {
    /// The number or text is no H3 cell.
    #[error("{function}: {value} is not an H3 cell")]
    NotACell {
        /// The function's name.
        function: &'static str,
        /// The value as written: a number, or text.
        value: String,
    },
    /// A resolution is not between 0 and 15.
    #[error("{function}: resolution {value} is not between 0 and 15")]
    NotAResolution {
        /// The function's name.
        function: &'static str,
        /// The value.
        value: i64,
    },
    /// A parent is asked for at a finer resolution than the cell's, or a child at a coarser one.
    #[error("{function}: cell {cell:x} has no {relation} at resolution {resolution}")]
    NoRelative {
        /// The function's name.
        function: &'static str,
        /// The cell.
        cell: u64,
        /// `parent` or `children`.
        relation: &'static str,
        /// The resolution asked for.
        resolution: u8,
    },
    /// A latitude or longitude is not on the globe; latitude comes first in H3.
    #[error("{function}: {axis} {value} is not between -{limit} and {limit} degrees")]
    NotADegree {
        /// The function's name.
        function: &'static str,
        /// `latitude` or `longitude`.
        axis: &'static str,
        /// The value.
        value: f64,
        /// 90 or 180.
        limit: u8,
    },
    /// A word is not one of those that the function knows.
    #[error("{function}: \"{value}\" is not one of {known}")]
    UnknownWord {
        /// The function's name.
        function: &'static str,
        /// The value.
        value: String,
        /// The words that are known.
        known: &'static str,
    },
    /// A distance is negative or no number.
    #[error("{function}: max_m = {value} is not a distance in metres")]
    NotADistance {
        /// The function's name.
        function: &'static str,
        /// The value.
        value: f64,
    },
    /// The city has no roads to look for.
    #[error(
        "{function}: the city gives no roads; the key `roads` of its city.toml names a file of them"
    )]
    NoRoads {
        /// The function's name.
        function: &'static str,
    },
    /// The number of rings is negative.
    #[error("{function}: k = {value} is negative")]
    NegativeK {
        /// The function's name.
        function: &'static str,
        /// The value.
        value: i64,
    },
    /// Texts or lists of one batch of rows would be too long.
    #[error("{function}: it would make more than {limit} characters or elements at once")]
    TooMuch {
        /// The function's name.
        function: &'static str,
        /// The limit for one batch of rows.
        limit: f64,
    },
    /// The lists of one batch of rows would hold too many cells.
    #[error("{function}: the lists would hold more than {limit} cells")]
    TooManyCells {
        /// The function's name.
        function: &'static str,
        /// The limit for one batch of rows.
        limit: u64,
    },
}

impl From<FunctionError> for DataFusionError {
    fn from(error: FunctionError) -> Self {
        Self::External(Box::new(error))
    }
}
