//! Space-time statistics of counts, as pure functions over slices: no clock, no files, no SQL.
//!
//! Where is there more than elsewhere, when does it come back, what is suddenly wrong: each module answers one question and
//! names the definition that it computes.

pub mod ears;
pub mod farrington;
pub mod glm;
pub mod scan;
pub mod sources;
