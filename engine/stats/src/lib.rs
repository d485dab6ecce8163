//! Space-time statistics of counts, as pure functions over slices: no clock, no files, no SQL.
//!
//! Where is there more than elsewhere, when does it come back, what is suddenly wrong: each module answers one question and
//! names the definition that it computes.

pub mod autocorrelation;
pub mod automatic;
pub mod backtest;
pub mod calendar;
mod count_interval;
mod dot;
pub mod ears;
pub mod emerging;
pub mod farrington;
pub mod fdr;
pub mod forecast;
mod fourier;
pub mod getis_ord;
pub mod glm;
pub mod global_moran;
mod gumbel;
pub mod holes;
#[cfg(test)]
mod invariances;
pub mod leading;
pub mod local_moran;
pub mod lomb_scargle;
pub mod mann_kendall;
mod moments;
pub mod mstl;
pub mod neighbours;
mod parallel;
pub mod parameter;
pub mod periodic;
pub mod periodogram;
pub mod permutation;
pub mod profile;
pub mod rayleigh;
#[cfg(test)]
mod real;
pub mod scan;
pub mod share;
pub mod significance;
pub mod sources;
pub mod space_time;
pub mod stl;
pub mod theil_sen;
pub mod timeline;
