//! Where a test may end the process: only in builds for development.

/// The work has come to `point`. A development build ends here, as by kill -9, when `CITYBRAIN_ABORT_AT` names the point.
#[cfg(debug_assertions)]
pub(crate) fn reached(point: &str) {
    if std::env::var("CITYBRAIN_ABORT_AT").is_ok_and(|at| at == point) {
        std::process::abort();
    }
}

/// The work has come to `point`.
#[cfg(not(debug_assertions))]
pub(crate) const fn reached(_point: &str) {}
