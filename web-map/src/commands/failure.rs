//! Why a command did not do what it was asked to.

use std::io;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use citybrain_ingest::city::CityError;
use citybrain_ingest::quality::LimitsError;
use citybrain_ingest::{ImportError, PlaceCheckError, ProfileError};
use citybrain_query::QueryError;
use citybrain_store::{
    AppendError, BackupError, CloseError, ControlError, JournalError, OpenError, RemoveError,
    ReplaceError,
};
use citybrain_synth::{SampleCityError, SimulationError};

use crate::alerts::RulesError;
use crate::basemap::BasemapError;
use crate::config::ConfigError;
use crate::error::one_line;
use crate::format::FormatError;
use crate::links::LinksError;
use crate::replay::ReplayError;
use crate::server::{CertificateError, ServeError};

/// Why a command did not do what it was asked to; each message says what and where.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    #[error("{}: {source}", path.display())]
    File { path: PathBuf, source: io::Error },
    #[error("{}, line {line}: {message}", path.display())]
    Row {
        path: PathBuf,
        line: u64,
        message: String,
    },
    #[error("the output cannot be written: {0}")]
    Stdout(#[from] io::Error),
    #[error("{address}: {source}")]
    Listen {
        address: SocketAddr,
        source: io::Error,
    },
    #[error(
        "{0}: others could reach this address, and what is sent to it is not encrypted; say --tls-cert and --tls-key, listen on 127.0.0.1 (behind a proxy that speaks TLS), or say --insecure"
    )]
    Exposed(SocketAddr),
    #[error(
        "{0}: others could reach this address, and without a key everything is open to them; make one (citybrain key create), listen on 127.0.0.1, or say --insecure"
    )]
    Keyless(SocketAddr),
    #[error("tls_cert and tls_key go together")]
    HalfTls,
    #[error("{}: is a state directory, but not one that `citybrain demo` made", .0.display())]
    NoDemo(PathBuf),
    #[error("{}: is there already and belongs to no state directory; name another one", .0.display())]
    Occupied(PathBuf),
    #[error("the user has no data folder (HOME is not set): name one with --state-dir")]
    NoHome,
    #[error("{}: has no refused row {id}", state_dir.display())]
    NoRejected { state_dir: PathBuf, id: i64 },
    #[error("{0}")]
    Picture(String),
    #[error("{}: has no key {id} that could be used", state_dir.display())]
    NoKey { state_dir: PathBuf, id: i64 },
    #[error(
        "\"{0}\" is no time: say 90d, 12h, or an instant with an offset such as 2027-01-01T00:00:00Z"
    )]
    NoInstant(String),
    #[error("{address}: {message}")]
    Push { address: String, message: String },
    #[error(transparent)]
    Config(#[from] ConfigError),
    #[error(transparent)]
    Links(#[from] LinksError),
    #[error(transparent)]
    Rules(#[from] RulesError),
    #[error(transparent)]
    Basemap(#[from] BasemapError),
    #[error(transparent)]
    Limits(#[from] LimitsError),
    #[error(transparent)]
    City(#[from] CityError),
    #[error(transparent)]
    State(#[from] OpenError),
    #[error(transparent)]
    Backup(#[from] BackupError),
    #[error(transparent)]
    Replace(#[from] ReplaceError),
    #[error(transparent)]
    Remove(#[from] RemoveError),
    #[error(transparent)]
    Journal(#[from] JournalError),
    #[error(transparent)]
    Control(#[from] ControlError),
    #[error(transparent)]
    Profile(#[from] ProfileError),
    #[error(transparent)]
    Import(#[from] ImportError),
    #[error(transparent)]
    PlaceCheck(#[from] PlaceCheckError),
    #[error(transparent)]
    SampleCity(#[from] SampleCityError),
    #[error(transparent)]
    Simulation(#[from] SimulationError),
    #[error(transparent)]
    Append(#[from] AppendError),
    #[error(transparent)]
    Query(#[from] QueryError),
    #[error(transparent)]
    Format(FormatError),
    #[error(transparent)]
    Close(#[from] CloseError),
    #[error(transparent)]
    Replay(#[from] ReplayError),
    #[error(transparent)]
    Certificate(#[from] CertificateError),
    #[error(transparent)]
    Serve(#[from] ServeError),
    /// What is wrong was already told as the command's result.
    #[error("told already")]
    Told,
}

impl Failure {
    /// A failed operation on the file or directory `path`.
    pub(crate) fn file(path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_owned();
        |source| Self::File { path, source }
    }

    /// A server that was not reached.
    pub(crate) fn push(address: &str, error: &reqwest::Error) -> Self {
        Self::Push {
            address: address.to_owned(),
            message: one_line(error),
        }
    }

    /// The line to tell, if there is something to tell.
    pub(crate) fn message(&self) -> Option<String> {
        match self {
            Self::Told => None,
            failure => Some(one_line(failure)),
        }
    }
}

impl From<FormatError> for Failure {
    fn from(error: FormatError) -> Self {
        error.into_io().map_or_else(Self::Format, Self::Stdout)
    }
}
