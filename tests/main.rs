//! What a user sees, proved through the built binary.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::cast_possible_truncation,
    clippy::format_collect,
    clippy::assigning_clones,
    reason = "a test ends in a panic that says why, and tells on standard output what it skipped"
)]

mod analyses;
mod bad_input;
mod crash;
mod crate_graph;
mod cut_off;
mod import;
mod live;
mod other_engine;
mod place_names;
mod places;
mod replace;
mod simulated;
