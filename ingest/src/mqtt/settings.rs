//! Settings of a link, as they stand under `[[mqtt]]` in the server's file.

use std::{path::PathBuf, sync::Arc};

use serde::{Deserialize, Serialize};

use crate::{Profile, ProfileError};

/// A link with one broker.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MqttSettings {
    /// `mqtt://HOST[:PORT]`, or `mqtts://` for TLS. It holds no credentials.
    pub url: String,
    /// The client id, one for each server: the broker keeps the session under it. Also the link's name in metrics and the log.
    pub client_id: String,
    /// The protocol's version.
    #[serde(default)]
    pub version: MqttVersion,
    /// The environment variable that holds the user name.
    #[serde(default)]
    pub username_env: Option<String>,
    /// The environment variable that holds the password.
    #[serde(default)]
    pub password_env: Option<String>,
    /// Certificates (PEM) of the authorities that the broker's certificate may come from; the system's when not given.
    #[serde(default)]
    pub ca_file: Option<PathBuf>,
    /// The link's own certificate (PEM), for brokers that ask for one.
    #[serde(default)]
    pub client_cert_file: Option<PathBuf>,
    /// Its key (PEM).
    #[serde(default)]
    pub client_key_file: Option<PathBuf>,
    /// After so long without a packet the connection is probed, in seconds.
    #[serde(default = "keep_alive_seconds")]
    pub keep_alive_seconds: u16,
    /// How long the broker keeps the session, and messages for it, while the server is away, in seconds (version 5; a broker of
    /// version 3.1.1 keeps it as long as it is set up to).
    #[serde(default = "session_expiry_seconds")]
    pub session_expiry_seconds: u32,
    /// Messages that may be on their way and not yet acknowledged (version 5; with version 3.1.1 the broker decides).
    #[serde(default = "receive_maximum")]
    pub receive_maximum: u16,
    /// Largest payload; a larger one is refused by rule `size`, in bytes.
    #[serde(default = "message_bytes_max")]
    pub message_bytes_max: usize,
    /// What is subscribed to.
    #[serde(default)]
    pub topic: Vec<MqttTopic>,
    /// What is published.
    #[serde(default)]
    pub publish: Option<MqttPublish>,
}

/// What is subscribed to, at `QoS` 1.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MqttTopic {
    /// How its messages are read: a shipped source profile, or the path of one.
    pub profile: String,
    /// The topic filters; those of the profile's topics when there are none.
    #[serde(default)]
    pub filter: Vec<String>,
    /// What the broker puts before the profile's topics: `site-7/`.
    #[serde(default)]
    pub prefix: String,
    /// The records' source; the profile's when not given. Without one, messages on SensorThings topics go to the server's own
    /// datastreams of these ids.
    #[serde(default)]
    pub source: Option<String>,
}

/// What is published: observations of all feeds but the link's own, as SensorThings topics.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct MqttPublish {
    /// What stands before `/Datastreams(ID)/Observations`.
    pub prefix: String,
    /// Sources that are published; all when there are none.
    pub sources: Vec<String>,
}

impl Default for MqttPublish {
    fn default() -> Self {
        Self {
            prefix: "v1.1".to_owned(),
            sources: Vec::new(),
        }
    }
}

/// A version of the protocol.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub enum MqttVersion {
    /// Version 3.1.1.
    #[serde(rename = "3.1.1")]
    V311,
    /// Version 5.
    #[default]
    #[serde(rename = "5")]
    V5,
}

const fn keep_alive_seconds() -> u16 {
    30
}

const fn session_expiry_seconds() -> u32 {
    7 * 24 * 3600
}

const fn receive_maximum() -> u16 {
    1000
}

const fn message_bytes_max() -> usize {
    1 << 20
}

/// Settings that cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SettingsError {
    /// The address is none.
    #[error(
        "mqtt {client_id}: url: \"{url}\" must be mqtt://HOST[:PORT] or mqtts://HOST[:PORT], without a user"
    )]
    Url {
        /// The link.
        client_id: String,
        /// The address.
        url: String,
    },
    /// A value does not fit.
    #[error("mqtt {client_id}: {field}: {message}")]
    Value {
        /// The link.
        client_id: String,
        /// The setting.
        field: &'static str,
        /// What it must be.
        message: String,
    },
    /// An environment variable is not there.
    #[error("mqtt {client_id}: {field}: the environment has no {name}")]
    Environment {
        /// The link.
        client_id: String,
        /// The setting.
        field: &'static str,
        /// The variable.
        name: String,
    },
    /// A file cannot be read.
    #[error("mqtt {client_id}: {}: {source}", path.display())]
    File {
        /// The link.
        client_id: String,
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// A profile cannot be used.
    #[error("mqtt {client_id}: {source}")]
    Profile {
        /// The link.
        client_id: String,
        /// Why.
        source: ProfileError,
    },
}

/// The profile of SensorThings topics.
const SENSORTHINGS: &str = "sensorthings";

/// A topic with its profile.
#[derive(Debug, Clone)]
pub(super) struct Subscription {
    pub(super) profile: Arc<Profile>,
    pub(super) filters: Vec<String>,
    pub(super) prefix: String,
    pub(super) source: Option<String>,
    /// The ids in its topics are those of the server's own datastreams.
    pub(super) own_ids: bool,
}

/// Where a broker is and how it is spoken to.
#[derive(Debug, Clone)]
pub(super) struct Broker {
    pub(super) host: String,
    pub(super) port: u16,
    pub(super) tls: Option<Tls>,
    pub(super) credentials: Option<(String, String)>,
}

/// What TLS needs; everything in PEM.
#[derive(Debug, Clone)]
pub(super) struct Tls {
    pub(super) ca: Option<Vec<u8>>,
    pub(super) client: Option<(Vec<u8>, Vec<u8>)>,
}

impl MqttSettings {
    fn value(&self, field: &'static str, message: &str) -> SettingsError {
        SettingsError::Value {
            client_id: self.client_id.clone(),
            field,
            message: message.to_owned(),
        }
    }

    /// The topics with their profiles.
    pub(super) fn subscriptions(&self) -> Result<Vec<Subscription>, SettingsError> {
        if self.client_id.is_empty() || self.client_id.starts_with(' ') {
            return Err(self.value(
                "client_id",
                "must not be empty: the session is kept under it",
            ));
        }
        if self.keep_alive_seconds < 5 {
            return Err(self.value("keep_alive_seconds", "must be at least 5"));
        }
        if self.receive_maximum == 0 {
            return Err(self.value("receive_maximum", "must be at least 1"));
        }
        self.topic
            .iter()
            .map(|topic| self.subscription(topic))
            .collect()
    }

    fn subscription(&self, topic: &MqttTopic) -> Result<Subscription, SettingsError> {
        let profile = Profile::load(&topic.profile).map_err(|source| SettingsError::Profile {
            client_id: self.client_id.clone(),
            source,
        })?;
        let mut filters = topic.filter.clone();
        if filters.is_empty() {
            let patterns = profile.topic.iter();
            filters = patterns
                .map(|pattern| topic.prefix.clone() + &pattern.filter())
                .collect();
        }
        if filters.is_empty() {
            return Err(self.value("topic.filter", "is needed: the profile names no topic"));
        }
        if filters.iter().any(|filter| !is_filter(filter)) {
            return Err(self.value("topic.filter", "must be an MQTT topic filter"));
        }
        Ok(Subscription {
            profile,
            filters,
            prefix: topic.prefix.clone(),
            source: topic.source.clone(),
            own_ids: topic.source.is_none() && topic.profile == SENSORTHINGS,
        })
    }

    /// Where the broker is, with credentials from the environment and certificates from their files.
    pub(super) fn broker(&self) -> Result<Broker, SettingsError> {
        let bad_url = || SettingsError::Url {
            client_id: self.client_id.clone(),
            url: self
                .url
                .split('@')
                .next_back()
                .unwrap_or_default()
                .to_owned(),
        };
        let (scheme, rest) = self.url.split_once("://").ok_or_else(bad_url)?;
        let secure = match scheme {
            "mqtt" | "tcp" => false,
            "mqtts" | "ssl" => true,
            _ => return Err(bad_url()),
        };
        let address = rest.trim_end_matches('/');
        if address.is_empty() || address.contains(['@', '/', '?', ' ']) {
            return Err(bad_url());
        }
        let standard = if secure { 8883 } else { 1883 };
        let (host, port) = match address.rsplit_once(':') {
            // The last colon of an IPv6 address without a port is its own.
            Some((host, port)) if !port.contains(']') => {
                (host, port.parse().map_err(|_no_number| bad_url())?)
            }
            _ => (address, standard),
        };
        Ok(Broker {
            host: host.to_owned(),
            port,
            tls: secure.then(|| self.tls()).transpose()?,
            credentials: self.credentials()?,
        })
    }

    fn credentials(&self) -> Result<Option<(String, String)>, SettingsError> {
        let variable = |field, name: &Option<String>| match name {
            None => Ok(None),
            Some(name) => {
                std::env::var(name)
                    .map(Some)
                    .map_err(|_missing| SettingsError::Environment {
                        client_id: self.client_id.clone(),
                        field,
                        name: name.clone(),
                    })
            }
        };
        let password = variable("password_env", &self.password_env)?.unwrap_or_default();
        let username = variable("username_env", &self.username_env)?;
        Ok(username.map(|username| (username, password)))
    }

    fn tls(&self) -> Result<Tls, SettingsError> {
        let read = |path: &Option<PathBuf>| {
            let read = path.as_ref().map(|path| {
                std::fs::read(path).map_err(|source| SettingsError::File {
                    client_id: self.client_id.clone(),
                    path: path.clone(),
                    source,
                })
            });
            read.transpose()
        };
        let client = match (read(&self.client_cert_file)?, read(&self.client_key_file)?) {
            (Some(cert), Some(key)) => Some((cert, key)),
            (None, None) => None,
            _ => return Err(self.value("client_cert_file", "goes together with client_key_file")),
        };
        let ca = read(&self.ca_file)?;
        if client.is_some() && ca.is_none() {
            return Err(self.value("ca_file", "is needed with client_cert_file"));
        }
        Ok(Tls { ca, client })
    }
}

/// Is it a topic filter: wildcards are levels of their own, `#` the last one?
fn is_filter(filter: &str) -> bool {
    let levels: Vec<&str> = filter.split('/').collect();
    let last = levels.len() - 1;
    !filter.is_empty()
        && u16::try_from(filter.len()).is_ok()
        && !filter.contains('\0')
        && levels.iter().enumerate().all(|(at, level)| match *level {
            "#" => at == last,
            "+" => true,
            level => !level.contains(['+', '#']),
        })
}

#[cfg(test)]
mod tests;
