//! The server's settings: defaults beside their docs, a TOML file over them, the environment over both.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::time::Duration;

use citybrain_ingest::folder::FolderSettings;
use citybrain_ingest::mqtt::MqttSettings;
use citybrain_ingest::open311::Open311Settings;
use citybrain_store::Role;
use figment::Figment;
use figment::providers::{Env, Format, Serialized, Toml};
use serde::{Deserialize, Serialize};

use crate::retention::Retention;

/// Settings of `citybrain serve`. A file names them as they are named here; the environment as `CITYBRAIN_` and the name in
/// capitals (`CITYBRAIN_BODY_BYTES_MAX=1000000`). An unknown name in a file is refused; the environment belongs to others too, so
/// there it is left alone.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// Address and port to listen on.
    pub listen: SocketAddr,
    /// The certificate, with the chain to its authority (PEM), of a server that speaks TLS.
    pub tls_cert: Option<PathBuf>,
    /// Its key (PEM).
    pub tls_key: Option<PathBuf>,
    /// Host names, besides the loopback ones, under which a browser may ask a server that listens on loopback.
    pub hosts: Vec<String>,
    /// Largest request body after decompression, in bytes.
    pub body_bytes_max: usize,
    /// Bytes of records on their way at a time, from a request's head until they are durable; what comes beyond is told to come again (429).
    pub intake_bytes_max: usize,
    /// Requests with records on their way at a time.
    pub intake_requests_max: usize,
    /// Datastreams that SensorThings shows of feeds that do not speak it, about 11 kB of memory each; the observations of others are
    /// kept all the same, and seen in SQL.
    pub datastreams_max: usize,
    /// How long the head of a request may take, and a connection may be without a request, in seconds.
    pub head_seconds: u64,
    /// Requests a second that a key may make on average, where it has no limit of its own; twice as many at once.
    pub key_requests_per_second: u32,
    /// The same for a key of the role `public`.
    pub public_requests_per_second: u32,
    /// Counts below this are hidden from the role `public`, and all others are told to it in steps of this.
    pub public_count_min: u64,
    /// Hours until a browser has to sign in again.
    pub session_hours: u32,
    /// Memory that one query may use, in bytes.
    pub query_memory_bytes: usize,
    /// Time that one query may take, in seconds.
    pub query_seconds: u64,
    /// Rows that one answer of `POST /v1/sql` may have.
    pub query_rows: usize,
    /// Other limits for the queries of a role, each a `[role_limits.planner]`: only in a file.
    #[serde(skip_serializing_if = "RoleLimitsTable::is_empty")]
    pub role_limits: RoleLimitsTable,
    /// Queries that run at the same time, at least 2; others wait. At most half of them are users' own SQL.
    pub queries_at_once: usize,
    /// Different live views (filter and resolution) that are kept at the same time.
    pub live_views: usize,
    /// Records that the windows of all live views know one by one, about 250 bytes each; a view that would know more ends.
    pub live_records: usize,
    /// Memory for ready map tiles, in bytes.
    pub tile_cache_bytes: u64,
    /// The program that paints pictures by maplibre-rs; empty: `citybrain-snapshot` beside this program, if it is there.
    pub snapshot_helper: PathBuf,
    /// Hot rows of a table before they are sealed to the lake.
    pub seal_rows: usize,
    /// Age of the oldest hot row before it is sealed to the lake, in seconds.
    pub seal_seconds: u64,
    /// Records that are not in the lake yet are in memory, up to so many bytes; beyond that new ones are refused until some are sealed.
    pub hot_bytes_max: usize,
    /// The `jurisdiction_id` of this city in Open311; without it any is taken.
    pub open311_jurisdiction: Option<String>,
    /// Links with MQTT brokers, each a `[[mqtt]]`: only in a file.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub mqtt: Vec<MqttSettings>,
    /// Open311 servers that are polled, each an `[[open311]]`: only in a file.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub open311: Vec<Open311Settings>,
    /// Watched folders, each a `[[folder]]`: only in a file.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub folder: Vec<FolderSettings>,
    /// Folder with files of standing rules (`*.toml`), besides those that are shipped.
    pub rules: Option<PathBuf>,
    /// File of limits of properties and datastreams, before the shipped `data/quality/limits.toml`, in its form.
    pub limits: Option<PathBuf>,
    /// A `PMTiles` file (version 3) with streets, drawn below the data.
    pub basemap: Option<PathBuf>,
    /// How long files of the lake stay that newer ones replaced, for readers of earlier versions, in seconds; as often they are
    /// looked for.
    pub keep_replaced_seconds: u64,
    /// How long records are kept, a `[retention]`: only in a file. Without it for ever, but for refused rows.
    #[serde(skip_serializing_if = "Retention::is_for_ever")]
    pub retention: Retention,
}

/// Limits for the queries of each role; where one has none the general ones hold.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RoleLimitsTable {
    /// Who watches the live map.
    pub operator: RoleLimits,
    /// Who asks about the past.
    pub planner: RoleLimits,
    /// Who may everything, and everybody as long as there is no key.
    pub admin: RoleLimits,
}

/// Limits for the queries of one role.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[expect(
    clippy::struct_field_names,
    reason = "the names are those of the general settings"
)]
pub struct RoleLimits {
    /// As the setting of that name.
    pub query_memory_bytes: Option<usize>,
    /// As the setting of that name.
    pub query_seconds: Option<u64>,
    /// As the setting of that name.
    pub query_rows: Option<usize>,
}

impl RoleLimitsTable {
    fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// The limits of a role; those of `public` and `integrator`, who ask nothing of their own, are the general ones.
    pub(crate) const fn of(&self, role: Role) -> Option<&RoleLimits> {
        match role {
            Role::Operator => Some(&self.operator),
            Role::Planner => Some(&self.planner),
            Role::Admin => Some(&self.admin),
            Role::Public | Role::Integrator => None,
        }
    }
}

impl Default for Config {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 8080)),
            tls_cert: None,
            tls_key: None,
            hosts: Vec::new(),
            body_bytes_max: 64 << 20,
            intake_bytes_max: 16 << 20,
            intake_requests_max: 1_024,
            datastreams_max: 50_000,
            head_seconds: 20,
            key_requests_per_second: 10_000,
            public_requests_per_second: 50,
            public_count_min: 5,
            session_hours: 24 * 30,
            query_memory_bytes: 1 << 30,
            query_seconds: 30,
            query_rows: 1_000_000,
            role_limits: RoleLimitsTable::default(),
            queries_at_once: 8,
            live_views: 256,
            live_records: 4_000_000,
            tile_cache_bytes: 128 << 20,
            snapshot_helper: PathBuf::new(),
            seal_rows: 250_000,
            seal_seconds: 300,
            hot_bytes_max: 2 << 30,
            open311_jurisdiction: None,
            mqtt: Vec::new(),
            open311: Vec::new(),
            folder: Vec::new(),
            rules: None,
            limits: None,
            basemap: None,
            keep_replaced_seconds: 3600,
            retention: Retention::default(),
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

    /// The program that paints pictures, if there is one.
    pub(crate) fn helper_program(&self) -> Option<PathBuf> {
        if self.snapshot_helper.as_os_str().is_empty() {
            let beside = std::env::current_exe()
                .ok()?
                .with_file_name("citybrain-snapshot");
            return beside.is_file().then_some(beside);
        }
        Some(self.snapshot_helper.clone())
    }

    /// Time that one query may take.
    pub(crate) fn query_timeout(&self) -> Duration {
        Duration::from_secs(self.query_seconds)
    }
}

/// Every setting by name.
const NAMES: [&str; 29] = [
    "listen",
    "tls_cert",
    "tls_key",
    "hosts",
    "body_bytes_max",
    "intake_bytes_max",
    "intake_requests_max",
    "datastreams_max",
    "head_seconds",
    "key_requests_per_second",
    "public_requests_per_second",
    "public_count_min",
    "session_hours",
    "query_memory_bytes",
    "query_seconds",
    "query_rows",
    "queries_at_once",
    "live_views",
    "live_records",
    "tile_cache_bytes",
    "snapshot_helper",
    "seal_rows",
    "seal_seconds",
    "hot_bytes_max",
    "open311_jurisdiction",
    "rules",
    "limits",
    "basemap",
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
