//! City files: `city.toml`, its boundary files, and what is to be said about them.
//!
//! [`read_city`] makes a [`City`](citybrain_grid::City) of them, [`check`] looks for what is wrong with the boundaries
//! ([`CityReport`]), [`picture`] draws it, [`read_place_names`] reads the names by which records without a position are placed,
//! [`copy_city`] puts a city into a folder of its own, [`with_boundaries`] gives it other ones. Every error is one line that names the file, the place
//! in it and the rule.

mod boundary;
mod calendars;
mod copy;
mod crs;
mod display;
mod edit;
mod error;
mod features;
mod file_crs;
mod finding;
mod names;
mod names_spec;
mod open;
mod picture;
mod read;
mod report;
mod roads;
mod spec;
mod survey;

pub use copy::{copy_calendars, copy_city, copy_roads, files};
pub use crs::{CrsError, EpsgCrs, PositionError, SourceCrs};
pub use edit::{NewBoundary, NewBoundaryError, with_boundaries};
pub use error::{CityError, FeatureRule};
pub use finding::{Finding, FindingRule, Severity};
pub use names::read_place_names;
pub use picture::picture;
pub use read::read_city;
pub use report::{
    AlignedReport, BoundaryReport, CityReport, LevelReport, ParentSource, RoadsReport,
};
pub use survey::{check, examine};

#[cfg(test)]
mod tests;
