//! Open files: a connection is one, and so is what the store reads and writes, which must never wait for clients.

/// Most connections at a time; others wait for their turn.
const CONNECTIONS_MAX: u64 = 4096;
/// Files that connections leave: journal, roll-ups, control and identity files, and those of the lake that are being written or read.
const FILES_KEPT: u64 = 256;

/// Lets the process open as many files as the system allows it, and tells how many of them connections may take.
pub(super) fn connections() -> usize {
    let files = match rlimit::increase_nofile_limit(CONNECTIONS_MAX + FILES_KEPT) {
        Ok(files) => files,
        Err(error) => {
            tracing::warn!(%error, "files_limit_unknown");
            // What systems give a process that says nothing.
            1024
        }
    };
    let places = places(files);
    if places < CONNECTIONS_MAX {
        tracing::info!(files, connections = places, "files_limit");
    }
    usize::try_from(places).unwrap_or(usize::MAX)
}

/// Connections of a process with so many files; where there are few, the store has the larger part.
fn places(files: u64) -> u64 {
    let kept = FILES_KEPT.min(files - files / 4);
    (files - kept).clamp(1, CONNECTIONS_MAX)
}

#[cfg(test)]
mod tests {
    use super::places;

    #[test]
    fn the_store_always_has_files_of_its_own() {
        let of = |files| (files, places(files));
        let all = [1, 96, 256, 1024, 4096, 1 << 20].map(of);
        let expected = [
            (1, 1),
            (96, 24),
            (256, 64),
            (1024, 768),
            (4096, 3840),
            (1 << 20, 4096),
        ];
        assert_eq!(all, expected);
    }
}
