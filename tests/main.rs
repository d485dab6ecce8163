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

mod alerts;
mod analyses;
mod bad_input;
mod buckets;
mod crash;
mod crate_graph;
mod cut_off;
mod faults;
mod floods;
mod folders;
mod frost;
mod hostile;
mod import;
mod integrators;
mod keep;
mod live;
mod mqtt;
mod notebook;
mod open311;
mod other_engine;
mod payloads;
mod pictures;
mod place_names;
mod places;
mod power_cut;
mod removal;
mod replace;
mod simulated;
mod snapshots;
mod sql_limits;
mod tls;
mod told;
