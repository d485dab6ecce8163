//! City files: `city.toml`, its boundary files, and what is to be said about them.
//!
//! [`read_city`] makes a [`City`](citybrain_grid::City) of them, [`check`] looks for what is wrong with the boundaries
//! ([`CityReport`]), [`copy_city`] puts a city into a folder of its own. Every error is one line that names the file, the place
//! in it and the rule.

mod boundary;
mod copy;
mod display;
mod error;
mod features;
mod open;
mod read;
mod report;
mod spec;
mod survey;

pub use copy::{copy_city, files};
pub use error::{CityError, FeatureRule};
pub use read::read_city;
pub use report::{
    BoundaryReport, CityReport, Finding, FindingRule, LevelReport, ParentSource, Severity,
};
pub use survey::check;

#[cfg(test)]
mod tests;
