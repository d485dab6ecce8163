//! The questions of the map, as methods of [`Session`](crate::Session): one a file, with its SQL beside it.
//!
//! Each runs one statement over the same tables that a user's SQL reads, and gives its text with the values written out, so
//! that what the map shows can be asked again by hand.

mod aligned;
mod analysis;
mod areas;
mod breakdown;
mod cells;
mod city_range;
mod complaint;
mod complaints;
mod cursor;
mod feed_activity;
mod feed_times;
mod history;
mod measure;
mod number;
pub(crate) mod read;
mod search;
mod sensor_observations;
mod sensors;
mod series;
mod service_requests;
mod totals;

pub use aligned::{AlignedCount, AlignedCounts};
pub use analysis::{Analysed, Analysis};
pub use areas::{AreaValue, Areas};
pub use breakdown::{Breakdown, By, Group, UnknownBy};
pub use cells::{CellValue, Cells};
pub use city_range::CityRange;
pub use complaint::{ComplaintDetail, EventRow};
pub use complaints::{ComplaintRow, Complaints};
pub use cursor::{BadCursor, Cursor};
pub use feed_activity::FeedActivity;
pub use history::{History, InOrderOf};
pub use measure::{Measure, UnknownMeasure};
pub use search::{FoundAddress, FoundComplaint, FoundSensor};
pub use sensor_observations::{ObservationRow, SensorObservations};
pub use sensors::{LatestValue, SensorRow, Sensors};
pub use series::{BinValue, Series};
pub use service_requests::{ServiceRequestsWanted, ServiceRow};
pub use totals::Totals;

#[cfg(test)]
mod tests;
