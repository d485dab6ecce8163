//! Settings of a server that is polled, as they stand under `[[open311]]` in the server's file.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::ProfileError;

/// A server that is polled.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Open311Settings {
    /// The records' source, one for each server.
    pub name: String,
    /// The address that `/requests.json` is put after: `https://city.example/open311/v2`.
    pub url: String,
    /// What it is asked for.
    #[serde(default)]
    pub format: Open311Format,
    /// How its requests are read: a shipped source profile, or the path of one.
    #[serde(default = "profile")]
    pub profile: String,
    /// The city, where a server has several.
    #[serde(default)]
    pub jurisdiction_id: Option<String>,
    /// The environment variable that holds the key.
    #[serde(default)]
    pub api_key_env: Option<String>,
    /// The services that are asked for; all when there are none.
    #[serde(default)]
    pub service_code: Vec<String>,
    /// The pause after each poll, in seconds.
    #[serde(default = "every_seconds")]
    pub every_seconds: u64,
    /// How much of what was fetched is asked for again, to see changes, in hours.
    #[serde(default = "overlap_hours")]
    pub overlap_hours: u32,
    /// From when on; 90 days before the first poll when not given.
    #[serde(default)]
    pub since: Option<DateTime<Utc>>,
    /// The longest span that is asked for at once, in days, up to 90.
    #[serde(default = "window_days")]
    pub window_days: u32,
    /// The most requests that the server answers with at once: when so many come, the window is halved.
    #[serde(default = "rows_max")]
    pub rows_max: u64,
}

/// A format of answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Open311Format {
    /// JSON.
    #[default]
    Json,
    /// XML.
    Xml,
}

impl Open311Format {
    /// The ending of an address.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Json => "json",
            Self::Xml => "xml",
        }
    }
}

fn profile() -> String {
    "open311".to_owned()
}

const fn every_seconds() -> u64 {
    300
}

const fn overlap_hours() -> u32 {
    72
}

const fn window_days() -> u32 {
    30
}

const fn rows_max() -> u64 {
    1000
}

/// Settings that cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Open311SettingsError {
    /// A value does not fit.
    #[error("open311 {name}: {field}: {message}")]
    Value {
        /// The server.
        name: String,
        /// The setting.
        field: &'static str,
        /// What it must be.
        message: String,
    },
    /// A profile cannot be used.
    #[error("open311 {name}: {source}")]
    Profile {
        /// The server.
        name: String,
        /// Why.
        source: ProfileError,
    },
    /// Nothing can be fetched here.
    #[error("open311 {name}: {source}")]
    Client {
        /// The server.
        name: String,
        /// Why.
        source: reqwest::Error,
    },
}

impl Open311Settings {
    pub(super) fn check(&self) -> Result<(), Open311SettingsError> {
        let wrong = |field, message: &str| {
            Err(Open311SettingsError::Value {
                name: self.name.clone(),
                field,
                message: message.to_owned(),
            })
        };
        if self.name.trim().is_empty() {
            return wrong("name", "must not be empty: it is the records' source");
        }
        let is_address = ["http://", "https://"].iter().any(|scheme| {
            self.url
                .strip_prefix(scheme)
                .is_some_and(|rest| !rest.is_empty())
        });
        if !is_address || self.url.contains(['?', '#', '@']) {
            return wrong(
                "url",
                "must be http:// or https:// with a host and a path, without a query",
            );
        }
        if !(1..=90).contains(&self.window_days) {
            return wrong("window_days", "must be from 1 to 90");
        }
        if self.every_seconds == 0 || self.rows_max < 2 {
            return wrong(
                "every_seconds",
                "must be at least 1, and rows_max at least 2",
            );
        }
        Ok(())
    }
}
