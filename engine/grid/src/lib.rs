//! Where a point is.
//!
//! A [`City`] is made from already parsed boundaries ([`CityParts`]) and then never changes. It answers these questions:
//! [`City::locate`] gives the areas and the H3 cell of points, exactly; [`cover`] gives the cells that touch the city;
//! [`tile`] gives its areas and cells as vector tiles; [`survey`] looks for overlaps and gaps. [`Crs`] brings foreign coordinates to WGS 84.
//!
//! Everywhere longitude comes before latitude, in WGS 84 degrees; nothing here reads a file or a clock.

pub mod aligned;
mod area_km2;
mod arrow;
mod bbox;
mod build;
mod city;
mod clean;
mod cover;
mod crs;
mod error;
mod faults;
mod fingerprint;
mod hexagon;
mod label;
mod level;
mod locate;
#[cfg(test)]
mod oracle;
mod parts;
mod planar;
mod predicate;
#[cfg(test)]
mod random;
#[cfg(test)]
mod real;
mod repair;
mod ring;
mod roads;
#[cfg(test)]
mod sample;
mod share;
pub mod survey;
pub mod tile;

pub use {geo, h3o};

pub use area_km2::area_km2;
pub use arrow::PlaceColumns;
pub use bbox::BBox;
pub use city::City;
pub use cover::cover;
pub use crs::{Crs, UnknownCrs};
pub use error::BuildError;
pub use faults::{RingFault, RingRule};
pub use hexagon::h3_cells;
pub use level::{Area, Level, Version};
pub use locate::{NOWHERE, Places};
pub use parts::{AreaParts, CityParts, LevelParts, Parents, VersionParts};
pub use roads::{RoadError, RoadParts, Roads};
