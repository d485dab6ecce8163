//! Watched folders: their metrics and their lines in the log.

use std::path::Path;
use std::sync::Arc;

use citybrain_ingest::folder::{Folder, FolderTold, Watching};

use crate::state::AppState;
use crate::{clock, metrics};

/// Starts to watch on the server's tasks.
pub(super) fn start(folder: Folder, state: &AppState) {
    let watching = Watching {
        writer: state.engine.writer().clone(),
        control: state.control.clone(),
        context: super::context(state),
        now: clock::now,
        tell: Arc::new(tell),
        stop: state.stop.clone(),
    };
    state.tasks.spawn(folder.run(watching));
}

fn tell(folder: &Path, told: FolderTold<'_>) {
    let folder = folder.display().to_string();
    match told {
        FolderTold::Read(fetched, summary) => {
            metrics::files(if fetched.error.is_none() {
                "read"
            } else {
                "failed"
            });
            let (accepted, updated, duplicate, rejected) = (
                summary.accepted,
                summary.updated,
                summary.duplicate,
                summary.rejected,
            );
            let (name, error) = (&fetched.file.name, fetched.error.as_deref());
            tracing::info!(
                folder,
                name,
                accepted,
                updated,
                duplicate,
                rejected,
                error,
                "file_read"
            );
        }
        FolderTold::Refused { name, cause } => {
            metrics::files("refused");
            tracing::warn!(folder, name, cause, "file_refused");
        }
        FolderTold::Failed { cause } => tracing::warn!(folder, cause, "folder_failed"),
    }
}
