//! The one place where the server reads the clock; everything below takes time as an argument.

use chrono::{DateTime, Utc};

/// The present instant.
#[expect(
    clippy::disallowed_methods,
    reason = "the edge of the process: from here on time is an argument"
)]
pub(crate) fn now() -> DateTime<Utc> {
    Utc::now()
}
