//! Tells what works on a query that nobody waits for its answer any more: its time is up, or its client has gone.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use datafusion::error::DataFusionError;

/// The sign to stop, shared by all that works on one query. Tasks that wait are stopped by dropping them; this is for what computes
/// for long without waiting: joins that yield nothing, and analyses.
#[derive(Debug, Clone, Default)]
pub(crate) struct Stop(Arc<AtomicBool>);

impl Stop {
    /// Has the sign been given?
    pub(crate) fn is_set(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }

    /// # Errors
    /// When the sign has been given. Nobody reads the message.
    pub(crate) fn check(&self) -> Result<(), DataFusionError> {
        if self.is_set() {
            let message = "the query was stopped".to_owned();
            return Err(DataFusionError::Execution(message));
        }
        Ok(())
    }

    /// Gives the sign once it is dropped, by whoever waits for the answer.
    pub(crate) fn at_end(&self) -> StopAtEnd {
        StopAtEnd(self.clone())
    }
}

/// Whoever holds it waits for the answer.
#[derive(Debug)]
pub(crate) struct StopAtEnd(Stop);

impl Drop for StopAtEnd {
    fn drop(&mut self) {
        self.0.0.store(true, Ordering::Relaxed);
    }
}
