//! Settings of a watched folder, as they stand under `[[folder]]` in the server's file.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::ProfileError;

/// A watched folder.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FolderSettings {
    /// The folder. Its own subfolders are not looked into.
    pub path: PathBuf,
    /// How its files are read: a shipped source profile, or the path of one.
    pub profile: String,
    /// The records' source; the profile's when not given.
    #[serde(default)]
    pub source: Option<String>,
    /// How often it is looked through, in seconds.
    #[serde(default = "every_seconds")]
    pub every_seconds: u64,
    /// How long a file must have stayed the same, in seconds.
    #[serde(default = "settle_seconds")]
    pub settle_seconds: u64,
    /// What becomes of a file that was read.
    #[serde(default)]
    pub after: After,
}

/// What becomes of a file that was read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum After {
    /// It stays.
    #[default]
    Leave,
    /// It is moved into the folder's subfolder `done`, or `failed` when it could not be read.
    Move,
}

const fn every_seconds() -> u64 {
    5
}

const fn settle_seconds() -> u64 {
    10
}

/// Settings that cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FolderSettingsError {
    /// The folder is none.
    #[error("folder {}: {message}", path.display())]
    Value {
        /// The folder.
        path: PathBuf,
        /// What is wrong.
        message: String,
    },
    /// A profile cannot be used.
    #[error("folder {}: {source}", path.display())]
    Profile {
        /// The folder.
        path: PathBuf,
        /// Why.
        source: ProfileError,
    },
}
