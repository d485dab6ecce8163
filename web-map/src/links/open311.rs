//! Open311 servers that are polled: their metrics and their lines in the log.

use std::sync::Arc;

use citybrain_ingest::open311::{Poll, PollTold, Polling};

use crate::state::AppState;
use crate::{clock, metrics};

/// Starts to poll on the server's tasks.
pub(super) fn start(poll: Poll, state: &AppState) {
    let polling = Polling {
        writer: state.engine.writer().clone(),
        control: state.control.clone(),
        context: super::context(state),
        now: clock::now,
        tell: Arc::new(tell),
        stop: state.stop.clone(),
    };
    state.tasks.spawn(poll.run(polling));
}

fn tell(server: &str, told: PollTold<'_>) {
    match told {
        PollTold::Appended { receipt, refused } => {
            metrics::records("complaints", receipt, refused);
            if receipt.accepted + receipt.updated > 0 || refused > 0 {
                let (accepted, updated) = (receipt.accepted, receipt.updated);
                tracing::info!(server, accepted, updated, refused, "open311_fetched");
            }
        }
        PollTold::Failed { cause, pause } => {
            tracing::warn!(server, cause, pause_s = pause.as_secs(), "open311_failed");
        }
    }
}
