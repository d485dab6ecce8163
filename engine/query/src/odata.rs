//! The query language of the SensorThings API: the system query options of `OData` 4.01 as OGC 18-088 (section 9.3) has them.
//!
//! [`Options::parse`] reads a query string into a tree; it is total, bounded in depth, and touches nothing. What the tree means is in
//! [`sensorthings`](crate::sensorthings).

mod error;
mod expression;
mod options;
mod parse;
mod time;
mod token;

pub use error::ODataError;
pub use expression::{Expression, Function, Literal, Operator};
pub use options::{Aggregate, Expand, Options, OrderBy, ResultFormat};
pub use parse::parse_expression;
pub use time::{parse_duration, parse_interval, parse_time};
