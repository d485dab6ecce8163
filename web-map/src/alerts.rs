//! Standing rules and what they tell: which rules there are, the thread that follows the records for them, and the sender of webhooks.
//!
//! What is told is on disk before anybody hears of it: the page by the live stream, others by the outbox of webhooks, which sends to
//! servers and to brokers (`mqtt://LINK/TOPIC`).

mod book;
mod keeper;
mod sender;
mod sign;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use citybrain_grid::City;
use citybrain_ingest::mqtt::Publisher;
use citybrain_store::{Alert, Control};
use citybrain_watch::Memory;
use tokio::sync::{Notify, broadcast, watch};

pub(crate) use book::{Book, Entry, RulesError};

use crate::engine::Engine;

/// What the routes and the tasks of rules share.
#[derive(Debug)]
pub(crate) struct Alerts {
    pub(crate) book: Book,
    control: Control,
    engine: Arc<Engine>,
    /// Counts the changes of rules: the keeper begins anew with each.
    changes: watch::Sender<u64>,
    told: broadcast::Sender<Arc<Vec<Alert>>>,
    /// Something is to be sent.
    due: Notify,
    /// Held for a copy.
    memory: Mutex<Memory>,
    /// Brokers that can be told, by the name of their link. Held to look one up.
    brokers: Mutex<BTreeMap<String, Publisher>>,
}

/// Tellings that a client of the stream may fall behind.
const TOLD_KEPT: usize = 64;

impl Alerts {
    pub(crate) fn new(book: Book, control: Control, engine: Arc<Engine>) -> Self {
        Self {
            book,
            control,
            engine,
            changes: watch::Sender::new(0),
            told: broadcast::Sender::new(TOLD_KEPT),
            due: Notify::new(),
            memory: Mutex::default(),
            brokers: Mutex::default(),
        }
    }

    /// The rules changed.
    pub(crate) fn rules_changed(&self) {
        self.changes.send_modify(|changes| *changes += 1);
    }

    /// Alerts changed: the page is told and the sender looks at its outbox.
    pub(crate) fn tell(&self, alerts: Vec<Alert>) {
        if alerts.is_empty() {
            return;
        }
        // Nobody listening is no error.
        self.told.send(Arc::new(alerts)).ok();
        self.due.notify_one();
    }

    /// Alerts as they change, from now on.
    pub(crate) fn listen(&self) -> broadcast::Receiver<Arc<Vec<Alert>>> {
        self.told.subscribe()
    }

    /// There is something to send.
    pub(crate) fn send_now(&self) {
        self.due.notify_one();
    }

    /// From now on the broker of a link can be told.
    pub(crate) fn add_broker(&self, link: &str, publisher: Publisher) {
        self.brokers().insert(link.to_owned(), publisher);
    }

    /// The broker of a link.
    pub(crate) fn broker(&self, link: &str) -> Option<Publisher> {
        self.brokers().get(link).cloned()
    }

    fn brokers(&self) -> MutexGuard<'_, BTreeMap<String, Publisher>> {
        self.brokers.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What the rules keep in memory.
    pub(crate) fn memory(&self) -> Memory {
        *self.memory.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The link and the topic of an address `mqtt://LINK/TOPIC`; none for another address.
pub(crate) fn link_and_topic(url: &str) -> Option<(&str, &str)> {
    url.strip_prefix("mqtt://")?.split_once('/')
}

/// The levels of a city from small to large, and the city: whose turn an alert is.
pub(crate) fn ladder(city: &City) -> Vec<&'static str> {
    let levels = city.levels.iter().rev().map(|level| level.level.as_str());
    levels.chain(["city"]).collect()
}
