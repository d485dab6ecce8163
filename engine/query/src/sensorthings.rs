//! SensorThings questions over a snapshot and a catalog: what an expression means, and pages of observations.
//!
//! Entities are few and in memory: [`holds`] and [`values`] interpret an expression on one of them. Observations are many:
//! [`Session::observations`](crate::Session::observations) turns as much of a filter as it can into a plan over the lake and interprets
//! only the rest, row by row.

mod buckets;
mod evaluate;
mod fetch;
mod functions;
mod geometry;
mod observation;
mod plan;
mod streams;
mod translate;
mod value;

pub use buckets::{Bucket, Buckets};
pub use evaluate::{Context, Row, compared, holds, in_order, values};
pub use fetch::{ObservationPage, ObservationQuery, PageEnd};
pub use geometry::{bounds, from_geojson};
pub use observation::{ObservationId, ObservationRow, PlaceId};
pub use streams::{Range, Streams};
pub use value::Datum;
