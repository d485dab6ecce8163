//! Space-time statistics of counts, as pure functions over slices: no clock, no files, no SQL.
//!
//! Where is there more than elsewhere, when does it come back, what is suddenly wrong: each module answers one question and
//! names the definition that it computes.

pub mod autocorrelation;
pub mod backtest;
pub mod calendar;
mod count_interval;
mod dot;
pub mod ears;
pub mod farrington;
pub mod forecast;
mod fourier;
pub mod glm;
pub mod holes;
pub mod leading;
pub mod lomb_scargle;
pub mod mstl;
pub mod periodic;
pub mod periodogram;
pub mod profile;
pub mod rayleigh;
#[cfg(test)]
mod real;
pub mod scan;
pub mod sources;
pub mod stl;
pub mod timeline;
