//! The server's settings: defaults beside their docs, a TOML file over them, the environment over both.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::time::Duration;

use figment::Figment;
use figment::providers::{Env, Format, Serialized, Toml};
use serde::{Deserialize, Serialize};

/// Settings of `citybrain serve`. A file names them as they are named here; the environment as `CITYBRAIN_` and the name in
/// capitals (`CITYBRAIN_BODY_BYTES_MAX=1000000`). An unknown name in a file is refused; the environment belongs to others too, so
/// there it is left alone.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// Address and port to listen on.
    pub listen: SocketAddr,
    /// Host names, besides the loopback ones, under which a browser may ask a server that listens on loopback.
    pub hosts: Vec<String>,
    /// Largest request body after decompression, in bytes.
    pub body_bytes_max: usize,
    /// Memory that one query may use, in bytes.
    pub query_memory_bytes: usize,
    /// Time that one query may take, in seconds.
    pub query_seconds: u64,
    /// Rows that one answer of `POST /v1/sql` may have.
    pub query_rows: usize,
    /// Queries that run at the same time, at least 2; others wait. At most half of them are users' own SQL.
    pub queries_at_once: usize,
    /// Different live views (filter and resolution) that are kept at the same time.
    pub live_views: usize,
    /// Memory for ready map tiles, in bytes.
    pub tile_cache_bytes: u64,
    /// Hot rows of a table before they are sealed to the lake.
    pub seal_rows: usize,
    /// Age of the oldest hot row before it is sealed to the lake, in seconds.
    pub seal_seconds: u64,
    /// How long files of the lake stay that newer ones replaced, for readers of earlier versions, in seconds; as often they are
    /// looked for.
    pub keep_replaced_seconds: u64,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 8080)),
            hosts: Vec::new(),
            body_bytes_max: 64 << 20,
            query_memory_bytes: 1 << 30,
            query_seconds: 30,
            query_rows: 1_000_000,
            queries_at_once: 8,
            live_views: 256,
            tile_cache_bytes: 128 << 20,
            seal_rows: 250_000,
            seal_seconds: 300,
            keep_replaced_seconds: 3600,
        }
    }
}

impl Config {
    /// Reads the settings: defaults, then `file`, then the environment.
    ///
    /// # Errors
    /// The file is not there or is no TOML; a name is unknown; a value has the wrong type.
    pub fn read(file: Option<&Path>) -> Result<Self, ConfigError> {
        let mut figment = Figment::from(Serialized::defaults(Self::default()));
        if let Some(path) = file {
            if !path.is_file() {
                return Err(ConfigError::NoFile(path.to_owned()));
            }
            figment = figment.merge(Toml::file_exact(path));
        }
        figment
            .merge(
                Env::prefixed("CITYBRAIN_").filter(|name| NAMES.iter().any(|known| name == *known)),
            )
            .extract()
            .map_err(|source| ConfigError::Invalid(Box::new(source)))
    }

    /// Time that one query may take.
    pub(crate) fn query_timeout(&self) -> Duration {
        Duration::from_secs(self.query_seconds)
    }
}

/// Every setting by name.
const NAMES: [&str; 12] = [
    "listen",
    "hosts",
    "body_bytes_max",
    "query_memory_bytes",
    "query_seconds",
    "query_rows",
    "queries_at_once",
    "live_views",
    "tile_cache_bytes",
    "seal_rows",
    "seal_seconds",
    "keep_replaced_seconds",
];

/// Why the settings could not be read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ConfigError {
    /// There is no such file.
    #[error("{}: no such file", .0.display())]
    NoFile(PathBuf),
    /// A name is unknown or a value does not fit.
    #[error("settings: {0}")]
    Invalid(#[source] Box<figment::Error>),
}

#[cfg(test)]
mod tests;
