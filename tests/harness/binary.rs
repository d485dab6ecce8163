//! The built `citybrain`, run as a user runs it.

use std::path::PathBuf;
use std::process::{Command, Output, Stdio};

use serde_json::Value;

/// The binary that was built with these tests: beside them in the target directory, or at `CITYBRAIN`.
///
/// # Panics
/// When it was not built.
pub fn binary() -> PathBuf {
    if let Some(path) = std::env::var_os("CITYBRAIN") {
        return path.into();
    }
    let test = std::env::current_exe().expect("a running test has a path");
    let profile = test.ancestors().nth(2).expect("tests run in PROFILE/deps");
    let path = profile.join("citybrain");
    assert!(
        path.exists(),
        "{} is not there: build the workspace first",
        path.display()
    );
    path
}

/// A command line of `citybrain`.
pub fn citybrain<S: AsRef<std::ffi::OsStr>>(args: impl IntoIterator<Item = S>) -> Command {
    let mut command = Command::new(binary());
    command.args(args).stdin(Stdio::null());
    command
}

/// A finished run.
#[derive(Debug)]
pub struct Finished {
    /// The exit code; -1 when a signal ended it.
    pub code: i32,
    /// What it wrote on standard output.
    pub out: String,
    /// What it wrote on standard error.
    pub err: String,
}

impl Finished {
    /// The output as one JSON value.
    ///
    /// # Panics
    /// When it is none.
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.out).unwrap_or_else(|error| panic!("{error} in {self:?}"))
    }

    /// Holds the run to having ended well.
    ///
    /// # Panics
    /// When it did not.
    pub fn succeeded(&self) {
        assert_eq!(self.code, 0, "{self:?}");
    }

    /// The run, when it ended well.
    ///
    /// # Panics
    /// When it did not.
    #[must_use]
    pub fn good(self) -> Self {
        self.succeeded();
        self
    }
}

/// Runs `citybrain` with these arguments to its end.
///
/// # Panics
/// When it cannot be started.
pub fn run<S: AsRef<std::ffi::OsStr>>(args: impl IntoIterator<Item = S>) -> Finished {
    run_with(args, &[])
}

/// As [`run`], with variables in the environment.
///
/// # Panics
/// When it cannot be started.
pub fn run_with<S: AsRef<std::ffi::OsStr>>(
    args: impl IntoIterator<Item = S>,
    environment: &[(&str, String)],
) -> Finished {
    let mut command = citybrain(args);
    command.envs(environment.iter().cloned());
    let Output {
        status,
        stdout,
        stderr,
    } = command.output().expect("the binary starts");
    Finished {
        code: status.code().unwrap_or(-1),
        out: String::from_utf8_lossy(&stdout).into_owned(),
        err: String::from_utf8_lossy(&stderr).into_owned(),
    }
}
