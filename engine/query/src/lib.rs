//! Reading one snapshot: SQL and the questions of the map.
//!
//! A [`Session`] is bound to one [`Snapshot`](citybrain_store::Snapshot) and lives as long as one query. [`Session::sql`] runs a
//! user's query over the tables of the snapshot, with H3 functions and the city's local time, within [`Limits`]. The questions
//! that the map asks are methods of their own ([`Session::cells`], [`Session::areas`], [`Session::series`] …): they take a
//! [`Filter`], give typed answers, and name the SQL that gives the same rows.
//!
//! Counts of complaints come from the roll-ups that the store keeps where these answer the question, else from a scan; the answer
//! is the same.
//!
//! For any filter the counts add up: areas = located; located + outside + not located = total = `count(*)`; and cells = located + outside
//! but for what is known by its area alone.

mod analyses;
mod answer;
mod error;
mod filter;
#[cfg(test)]
mod fixture;
mod functions;
mod interruptible;
mod limited_scan;
mod limits;
mod nearest;
pub mod odata;
mod parameters;
mod questions;
mod rolled;
pub mod sensorthings;
mod session;
mod size;
mod statement;
mod stop;
mod tables;
mod told;
mod zone;

pub use analyses::AnalysisError;
pub use answer::Answer;
pub use error::QueryError;
pub use filter::{Filter, FilterError, FilterRule};
pub use functions::FunctionError;
pub use limits::Limits;
pub use questions::{
    AlignedCount, AlignedCounts, Analysed, Analysis, AreaValue, Areas, BadCursor, BinValue,
    Breakdown, By, CellValue, Cells, CityRange, ComplaintDetail, ComplaintRow, Complaints, Cursor,
    EventRow, FeedActivity, FoundAddress, FoundComplaint, FoundSensor, Group, History, InOrderOf,
    LatestValue, Measure, ObservationRow, SensorObservations, SensorRow, Sensors, Series,
    ServiceRequestsWanted, ServiceRow, Totals, UnknownBy, UnknownMeasure,
};
pub use session::{Held, RowStream, Session, StreamEnd};
pub use told::Told;
pub use zone::{Bin, UnknownBin, Zone};
