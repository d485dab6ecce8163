//! From a message to its acknowledgement.

use std::{sync::Arc, time::Duration};

use citybrain_model::{EntityId, EntityKind, Refusal};
use citybrain_store::{AppendError, Batch, Catalog, Receipt, Refused, Table};
use serde_json::Value;
use tokio::sync::mpsc;

use super::{
    Context, MessageReader, MqttSettings, Posted, Seen, Surroundings, Taken, Told,
    client::{Client, Delivery},
    filter::filter_matches,
    settings::Subscription,
};
use crate::{Decoded, Message, Profile, RecordKind};

/// Most messages that become durable together.
const BATCH: usize = 1000;
/// Batches of more messages than this are read on a thread for blocking work.
const SMALL: usize = 32;
/// The first pause after the store did not take a batch; it doubles up to [`PAUSE_MAX`].
const PAUSE: Duration = Duration::from_millis(250);
const PAUSE_MAX: Duration = Duration::from_secs(30);

/// Reads, appends, acknowledges.
pub(super) struct Intake {
    name: String,
    message_bytes_max: usize,
    subscriptions: Arc<[Subscription]>,
    /// One for each subscription.
    readers: Vec<MessageReader>,
    marks: Arc<[String]>,
    seen: Seen,
    surroundings: Surroundings,
}

/// What a batch of messages holds.
struct Held {
    kinds: Vec<Decoded>,
    /// Observations for the server's own SensorThings API.
    posted: Vec<Posted>,
    echoes: usize,
}

impl Intake {
    pub(super) fn new(
        settings: &MqttSettings,
        subscriptions: Arc<[Subscription]>,
        marks: Arc<[String]>,
        seen: Seen,
        surroundings: Surroundings,
    ) -> Self {
        let readers = subscriptions.iter().map(|subscription| {
            let context = Context {
                source: subscription.source.clone(),
                ..surroundings.context.clone()
            };
            MessageReader::new(&subscription.profile, &context)
        });
        Self {
            name: settings.client_id.clone(),
            message_bytes_max: settings.message_bytes_max,
            readers: readers.collect(),
            subscriptions,
            marks,
            seen,
            surroundings,
        }
    }

    /// Takes messages until the server stops or the network's task is gone.
    pub(super) async fn run(mut self, mut messages: mpsc::Receiver<Delivery>, client: &Client) {
        let stop = self.surroundings.stop.clone();
        let mut waiting = Vec::with_capacity(BATCH);
        loop {
            let taken = stop.run_until_cancelled(messages.recv_many(&mut waiting, BATCH));
            if taken.await.is_none_or(|taken| taken == 0) {
                return;
            }
            let batch = std::mem::take(&mut waiting);
            let Some(batch) = self.batch(batch).await else {
                return;
            };
            client.acknowledge(&batch).await;
        }
    }

    /// Makes a batch durable; `None` when the store is closed, and nothing may be acknowledged.
    async fn batch(&mut self, batch: Vec<Delivery>) -> Option<Vec<Delivery>> {
        let own_ids = self.subscriptions.iter().any(|taken| taken.own_ids);
        let catalog = if own_ids {
            (self.surroundings.catalog)().await
        } else {
            None
        };
        let (batch, held) = if batch.len() <= SMALL {
            let held = self.held(&batch, catalog.as_deref());
            (batch, held)
        } else {
            let mut readers = std::mem::take(&mut self.readers);
            let mut reading = Self {
                name: String::new(),
                readers: Vec::new(),
                subscriptions: Arc::clone(&self.subscriptions),
                marks: Arc::clone(&self.marks),
                seen: self.seen.clone(),
                surroundings: self.surroundings.clone(),
                message_bytes_max: self.message_bytes_max,
            };
            let read = tokio::task::spawn_blocking(move || {
                std::mem::swap(&mut reading.readers, &mut readers);
                let held = reading.held(&batch, catalog.as_deref());
                (batch, held, reading.readers)
            });
            let (batch, held, readers) = read.await.ok()?;
            self.readers = readers;
            (batch, held)
        };
        let mut told = batch.len();
        let mut echoes = held.echoes;
        if !held.posted.is_empty() {
            let taken = self.post(held.posted).await?;
            self.tell(Told::Appended {
                messages: std::mem::take(&mut told),
                echoes: std::mem::take(&mut echoes),
                receipt: Some((Table::Observations, &taken.receipt)),
                refused: &vec!["sensorthings"; taken.refused],
            });
        }
        for decoded in held.kinds {
            self.note(&decoded.batch);
            let rules: Vec<String> = decoded
                .refused
                .iter()
                .map(|refused| refused.refusal.rule.clone().into_owned())
                .collect();
            let rules: Vec<&str> = rules.iter().map(String::as_str).collect();
            let table = decoded.batch.table();
            let receipt = self.append(decoded.batch, decoded.refused).await?;
            self.tell(Told::Appended {
                messages: std::mem::take(&mut told),
                echoes: std::mem::take(&mut echoes),
                receipt: Some((table, &receipt)),
                refused: &rules,
            });
        }
        if told > 0 {
            self.tell(Told::Appended {
                messages: told,
                echoes,
                receipt: None::<(Table, &Receipt)>,
                refused: &[],
            });
        }
        Some(batch)
    }

    /// Appends until the store takes it; `None` when the store is closed.
    async fn append(&self, batch: Batch, refused: Vec<Refused>) -> Option<Receipt> {
        let mut pause = PAUSE;
        loop {
            let appended = self
                .surroundings
                .writer
                .append(batch.clone(), refused.clone());
            let wait = match appended.await {
                Ok(receipt) => return Some(receipt),
                Err(AppendError::Closed) => return None,
                Err(AppendError::Full { retry_after, .. }) => retry_after,
                Err(error) => {
                    let cause = error.to_string();
                    self.tell(Told::Waiting { cause: &cause });
                    pause = (pause * 2).min(PAUSE_MAX);
                    pause
                }
            };
            let paused = tokio::time::sleep(wait);
            self.surroundings.stop.run_until_cancelled(paused).await?;
        }
    }

    /// Posts observations until the store takes them; `None` when the server stops.
    async fn post(&self, posted: Vec<Posted>) -> Option<Taken> {
        let mut pause = PAUSE;
        loop {
            let taken = (self.surroundings.post)(posted.clone(), self.seen.clone()).await;
            match taken {
                Ok(taken) => return Some(taken),
                Err(cause) => self.tell(Told::Waiting { cause: &cause }),
            }
            let paused = tokio::time::sleep(pause);
            self.surroundings.stop.run_until_cancelled(paused).await?;
            pause = (pause * 2).min(PAUSE_MAX);
        }
    }

    /// The observations of a batch are not to be published by the link that they came by.
    fn note(&self, batch: &Batch) {
        if let Batch::Observations(rows) = batch {
            for row in rows {
                self.seen.note(row.identity());
            }
        }
    }

    /// What the messages hold, by kind of record, in their order.
    fn held(&mut self, batch: &[Delivery], catalog: Option<&Catalog>) -> Held {
        let now = (self.surroundings.now)();
        let mut held = Held {
            kinds: Vec::new(),
            posted: Vec::new(),
            echoes: 0,
        };
        for delivery in batch {
            if self.is_echo(&delivery.payload) {
                held.echoes += 1;
                continue;
            }
            let subscription = self.subscription(&delivery.topic);
            let (Some(reader), Some(subscription)) = (
                self.readers.get_mut(subscription.unwrap_or_default()),
                subscription.map(|at| &self.subscriptions[at]),
            ) else {
                // What an earlier session subscribed to and these settings do not name.
                continue;
            };
            let topic = delivery.topic.as_str();
            let message = Message {
                topic: topic
                    .strip_prefix(subscription.prefix.as_str())
                    .unwrap_or(topic),
                payload: &delivery.payload,
                retained: delivery.retained,
            };
            if subscription.own_ids
                && delivery.size <= self.message_bytes_max
                && let Some(posted) = posted(&subscription.profile, message, catalog)
            {
                held.posted.push(posted);
                continue;
            }
            let decoded = if delivery.size > self.message_bytes_max {
                let found = delivery.size.to_string();
                let rule = format!("a payload has at most {} bytes", self.message_bytes_max);
                let refusal = Refusal::new("payload", found, "size", rule);
                reader.refuse(message, now, refusal)
            } else {
                reader.read(message, now)
            };
            held.add(subscription.profile.record, decoded);
        }
        held
    }

    fn subscription(&self, topic: &str) -> Option<usize> {
        let matching = |subscription: &Subscription| {
            let mut filters = subscription.filters.iter();
            filters.any(|filter| filter_matches(filter, topic))
        };
        self.subscriptions.iter().position(matching)
    }

    fn is_echo(&self, payload: &[u8]) -> bool {
        // The mark stands at the end of what this server publishes.
        self.marks
            .iter()
            .any(|mark| payload.ends_with(mark.as_bytes()))
    }

    fn tell(&self, told: Told<'_>) {
        (self.surroundings.tell)(&self.name, told);
    }
}

/// An observation for a datastream that the server's own API has. What is none, or was kept by the broker without a time of its own, is
/// read by the profile, which says why not.
fn posted(profile: &Profile, message: Message<'_>, catalog: Option<&Catalog>) -> Option<Posted> {
    let mut parts = profile
        .topic
        .iter()
        .find_map(|pattern| pattern.parts(message.topic))?;
    let (_, id) = parts.pop()?;
    let body: Value = serde_json::from_slice(message.payload).ok()?;
    let dated = body.get("phenomenonTime").is_some_and(Value::is_string);
    if !body.is_object() || (message.retained && !dated) {
        return None;
    }
    let ids = id.parse::<EntityId>().ok().into_iter();
    let mut ids = ids.chain([EntityId::Text(id.to_owned())]);
    let datastream =
        ids.find(|id| catalog.is_some_and(|all| all.get(EntityKind::Datastream, id).is_some()))?;
    Some(Posted { datastream, body })
}

impl Held {
    fn add(&mut self, record: RecordKind, decoded: Decoded) {
        let table = decoded.batch.table();
        if let Some(kind) = self
            .kinds
            .iter_mut()
            .find(|kind| kind.batch.table() == table)
        {
            kind.extend(decoded);
        } else {
            let mut kind = Decoded::empty(record);
            kind.extend(decoded);
            self.kinds.push(kind);
        }
    }
}
