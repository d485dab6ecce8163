//! When a server is told to stop.

use tokio::signal::unix::{Signal, SignalKind, signal};

/// The signals that ask a process to end: SIGINT (Ctrl-C) and SIGTERM.
#[derive(Debug)]
pub(crate) struct Asked {
    interrupt: Signal,
    terminate: Signal,
}

impl Asked {
    /// Listens for the signals from now on.
    ///
    /// # Errors
    /// When the system refuses it.
    pub(crate) fn listen() -> std::io::Result<Self> {
        Ok(Self {
            interrupt: signal(SignalKind::interrupt())?,
            terminate: signal(SignalKind::terminate())?,
        })
    }

    /// Done when one of the signals came.
    pub(crate) async fn done(mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
        }
    }
}
