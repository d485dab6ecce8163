//! What a user sees, proved through the built binary.

mod bad_input;
mod crash;
mod crate_graph;
mod import;
mod live;
mod places;
mod simulated;
