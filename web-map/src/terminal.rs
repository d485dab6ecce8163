//! The terminal: results on stdout, one line for what went wrong on stderr.

use std::io::{self, BufWriter, IsTerminal, Write};

use tracing_subscriber::EnvFilter;

use crate::commands::Failure;

/// Writes a result to stdout. A reader that has gone away (`| head`) is no error.
///
/// # Errors
/// What `write` says, other than a closed stdout.
pub(crate) fn print<E: Into<Failure>>(
    write: impl FnOnce(&mut dyn Write) -> Result<(), E>,
) -> Result<(), Failure> {
    let mut out = BufWriter::new(io::stdout().lock());
    let written = write(&mut out)
        .map_err(E::into)
        .and_then(|()| Ok(out.flush()?));
    match written {
        Err(Failure::Stdout(error)) if error.kind() == io::ErrorKind::BrokenPipe => {
            // What is still buffered has nowhere to go; dropping the writer would try once more.
            drop(out.into_parts());
            Ok(())
        }
        done => done,
    }
}

/// Says on one line of stderr what went wrong. When stderr is closed there is nobody to tell.
pub(crate) fn complain(message: &str) {
    writeln!(io::stderr(), "citybrain: {message}").ok();
}

/// Sends the log to stderr: one line an event, with colours only on a terminal. `CITYBRAIN_LOG` chooses what is noted
/// (`debug`, `citybrain=debug,warn` …); otherwise it is what `default` says.
pub(crate) fn log(default: &str) {
    let filter =
        EnvFilter::try_from_env("CITYBRAIN_LOG").unwrap_or_else(|_| EnvFilter::new(default));
    let subscriber = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(io::stderr)
        .with_ansi(io::stderr().is_terminal());
    // A subscriber that is there already stays.
    subscriber.try_init().ok();
}
