//! What one query may use.

use std::time::Duration;

/// What one query may use; a role's limits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// Memory for sorting, grouping and joining, in bytes. Nothing is spilled to disk: citizens' words stay out of temporary
    /// files.
    pub memory_bytes: usize,
    /// How long the query may run.
    pub timeout: Duration,
    /// Rows of an answer; what is over is cut and the answer says so.
    pub rows: usize,
    /// Threads that work on the query at the same time.
    pub partitions: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            memory_bytes: 1 << 30,
            timeout: Duration::from_secs(30),
            rows: 100_000,
            partitions: 2,
        }
    }
}
