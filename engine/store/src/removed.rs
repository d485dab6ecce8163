//! What was taken out for good.

use serde::Serialize;

/// What was erased of one complaint.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct Erased {
    /// Rows of `complaints`: 1, or 0 when there was none.
    pub complaints: usize,
    /// Steps of it.
    pub steps: usize,
    /// Refused rows that named it.
    pub rejected: usize,
}

/// What went because of its age.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct Expired {
    /// Records.
    pub rows: usize,
    /// Hours of datastreams that stay of them.
    pub hours: usize,
}
