//! Why a profile cannot be used.

use std::path::PathBuf;

use super::SHIPPED;

/// A profile that cannot be used: one line.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ProfileError {
    /// The name is that of no shipped profile, and of no file.
    #[error(
        "\"{name}\" is no source profile; give one of {}, or the path of a .toml file",
        SHIPPED.map(|(name, _)| name).join(", ")
    )]
    Unknown {
        /// What was asked for.
        name: String,
    },
    /// The file could not be read.
    #[error("{}: {source}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// The cause.
        source: std::io::Error,
    },
    /// The text is no TOML, or has an unknown key or a value of the wrong kind.
    #[error("profile {name}{}: {message}", line.map(|line| format!(", line {line}")).unwrap_or_default())]
    Form {
        /// The profile.
        name: String,
        /// The line, from 1, when it is known.
        line: Option<usize>,
        /// What is wrong.
        message: String,
    },
    /// Its parts do not fit together.
    #[error("profile {name}: {message}")]
    Rule {
        /// The profile.
        name: String,
        /// What is wrong.
        message: String,
    },
}
