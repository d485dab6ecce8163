//! MQTT 3.1.1 and 5: the server is a client of brokers.
//!
//! A link has one persistent session with one broker. A message goes one way:
//! 1. one task takes packets from the network (`client`, `wire`) and hands messages on through a bounded queue;
//! 2. another takes all that wait, up to a thousand, reads them by the profiles of their topics ([`MessageReader`]), and appends
//!    them (`intake`);
//! 3. only when [`Writer::append`] has returned, **after the journal's fsync, they are acknowledged**. What the store cannot take is
//!    not acknowledged: the broker keeps it. A message that comes again is a duplicate by its identity.
//!
//! A refused message is kept with topic and payload, and acknowledged: it never comes again and blocks nothing. A filter that another one
//! of the link covers is not subscribed to, so that it comes once. Filters of which none covers the other may have a topic in common
//! (`a/+/c` and `a/b/+`): a broker of version 3.1.1 may send its messages once for each. Their records are counted once all the same, and
//! what is refused of them is kept twice.
//!
//! Observations are published on SensorThings topics (`publish`) over a connection of its own, but for those that came over the link,
//! marked with the link's client id; a message that carries the mark of this server is dropped, so that nothing is echoed. A
//! [`Publisher`] hands single messages to the broker and hears when it has them.
//!
//! A topic that is read by the profile `sensorthings` without a source of its own is that of the server's own SensorThings API: a message
//! to a datastream that is there is taken as if it had been posted to it. With a source the ids are those of another server.

mod client;
mod filter;
mod intake;
mod link;
mod publish;
mod seen;
mod settings;
mod wire;

use std::{future::Future, pin::Pin, sync::Arc};

use chrono::{DateTime, Utc};
use citybrain_model::EntityId;
use citybrain_store::{Catalog, Receipt, Table, Writer};
use serde_json::Value;
use tokio_util::sync::CancellationToken;

pub use self::{
    filter::filter_matches,
    link::{Link, Publisher},
    seen::Seen,
    settings::{MqttPublish, MqttSettings, MqttTopic, MqttVersion, SettingsError},
};
use crate::{Context, MessageReader};

/// What a link needs of the server.
#[derive(Clone)]
pub struct Surroundings {
    /// Takes the records.
    pub writer: Writer,
    /// What is the same for all messages; the source and the instant are the link's own.
    pub context: Context,
    /// Reads the clock.
    pub now: fn() -> DateTime<Utc>,
    /// The entities of the server's own SensorThings API as they are now; none when they cannot be read.
    pub catalog: Arc<dyn Fn() -> Soon<Option<Arc<Catalog>>> + Send + Sync>,
    /// Takes observations as that API takes them. Told the identity of each before it is published. An error means that the store does not
    /// take records now.
    #[expect(clippy::type_complexity, reason = "said once, where it is documented")]
    pub post: Arc<dyn Fn(Vec<Posted>, Seen) -> Soon<Result<Taken, String>> + Send + Sync>,
    /// Is told what happens on the link of a name.
    #[expect(clippy::type_complexity, reason = "said once, where it is documented")]
    pub tell: Arc<dyn Fn(&str, Told<'_>) + Send + Sync>,
    /// Ends the links.
    pub stop: CancellationToken,
}

impl std::fmt::Debug for Surroundings {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Surroundings")
            .field("context", &self.context)
            .finish_non_exhaustive()
    }
}

/// An answer that takes a while.
pub type Soon<T> = Pin<Box<dyn Future<Output = T> + Send>>;

/// An observation for a datastream of the server's own SensorThings API.
#[derive(Debug, Clone)]
pub struct Posted {
    /// The datastream's id.
    pub datastream: EntityId,
    /// The observation, in the form of that API.
    pub body: Value,
}

/// What became of posted observations.
#[derive(Debug, Clone, Default)]
pub struct Taken {
    /// What became of those that are observations.
    pub receipt: Receipt,
    /// How many are none; they are kept with their reasons.
    pub refused: usize,
}

/// What happens on a link.
#[derive(Debug, Clone, Copy)]
pub enum Told<'a> {
    /// The broker took the connection; `resumed` when it still had the session.
    Connected {
        /// The session of before goes on.
        resumed: bool,
    },
    /// The connection broke or was refused; it is tried again after a pause.
    Disconnected {
        /// Why.
        cause: &'a str,
    },
    /// The broker does not let the link subscribe to a filter.
    NotSubscribed {
        /// Which of the filters, from 0.
        at: usize,
    },
    /// Messages became durable and were acknowledged.
    Appended {
        /// How many.
        messages: usize,
        /// Of these, those that this server had published itself.
        echoes: usize,
        /// Where the records went and what became of them; none when no message held a record.
        receipt: Option<(Table, &'a Receipt)>,
        /// Refusals, by rule.
        refused: &'a [&'a str],
    },
    /// The store does not take records now; the messages wait unacknowledged.
    Waiting {
        /// Why.
        cause: &'a str,
    },
    /// Observations were published.
    Published {
        /// How many.
        observations: usize,
    },
    /// Observations were not published because the broker is too slow, or not there.
    Missed {
        /// How many batches.
        batches: u64,
    },
}
