//! Feeds that the server fetches itself: brokers, other servers, folders.
//!
//! Each is set up in the settings' file, checked before the server answers, and runs on the server's tasks until it stops.

mod folder;
mod mqtt;
mod open311;

use citybrain_ingest::Context;
use citybrain_ingest::folder::{Folder, FolderSettingsError};
use citybrain_ingest::mqtt::{Link, SettingsError};
use citybrain_ingest::open311::{Open311SettingsError, Poll};

use crate::clock;
use crate::config::Config;
use crate::state::AppState;

/// The feeds of the settings, checked.
#[derive(Debug)]
pub(crate) struct Links {
    mqtt: Vec<Link>,
    open311: Vec<Poll>,
    folder: Vec<Folder>,
}

impl Links {
    /// Checks the settings of every feed.
    ///
    /// # Errors
    /// The first that cannot be used.
    pub(crate) fn of(config: &Config) -> Result<Self, LinksError> {
        Ok(Self {
            mqtt: Link::all(&config.mqtt)?,
            open311: Poll::all(&config.open311)?,
            folder: Folder::all(&config.folder)?,
        })
    }

    /// Starts every feed on the server's tasks.
    pub(crate) fn start(self, state: &AppState) {
        for link in self.mqtt {
            mqtt::start(link, state);
        }
        for poll in self.open311 {
            open311::start(poll, state);
        }
        for folder in self.folder {
            folder::start(folder, state);
        }
    }
}

/// What is the same for all rows that feeds bring.
fn context(state: &AppState) -> Context {
    Context {
        source: None,
        city_zone: state.engine.city().time_zone,
        received_at: clock::now(),
        place_names: Some(std::sync::Arc::clone(&state.place_names)),
    }
}

/// A feed that cannot be used as it is set up.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub(crate) enum LinksError {
    /// A link with a broker.
    #[error(transparent)]
    Mqtt(#[from] SettingsError),
    /// A server that is polled.
    #[error(transparent)]
    Open311(#[from] Open311SettingsError),
    /// A watched folder.
    #[error(transparent)]
    Folder(#[from] FolderSettingsError),
}
