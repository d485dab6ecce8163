//! Standing questions over the placed stream.
//!
//! A [`LiveView`] holds the answer to one [`Question`] as counts per H3 cell and per area. It starts from counts that were read
//! once, folds in each batch that the store publishes, and says what changed since it was last asked. Nothing here reads a
//! clock, a disk or a socket; the caller owns the subscription and decides when changes go out.

mod live_view;
mod question;

pub use live_view::{Changes, Counts, LiveView, Totals};
pub use question::Question;
