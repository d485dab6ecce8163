//! The life of a link.

use std::{sync::Arc, time::Duration};

use tokio::{
    sync::{mpsc, oneshot},
    task::JoinSet,
    time::timeout,
};

use super::{
    Seen, SettingsError, Surroundings, Told,
    client::{Client, Delivery, Network, Purpose, Step, connect},
    filter,
    intake::Intake,
    publish,
    settings::{Broker, MqttSettings, Subscription},
};

/// Messages that may wait to be read. When it is full the network is not read: the broker waits.
const QUEUE: usize = 8192;
/// The first pause after a connection broke; it doubles up to [`PAUSE_MAX`].
const PAUSE: Duration = Duration::from_millis(200);
const PAUSE_MAX: Duration = Duration::from_secs(30);
/// How long the last acknowledgements may take when the server stops.
const GRACE: Duration = Duration::from_secs(1);

/// A link with one broker, ready to run.
#[derive(Debug)]
pub struct Link {
    settings: MqttSettings,
    broker: Broker,
    subscriptions: Arc<[Subscription]>,
    /// Marks of messages that this server publishes, over all its links.
    marks: Arc<[String]>,
    /// What came over it.
    seen: Seen,
    letters: mpsc::Sender<Letter>,
    /// Taken when the link runs.
    to_deliver: Option<mpsc::Receiver<Letter>>,
}

/// Hands single messages to a link's broker, over a connection of their own that begins with the first of them.
#[derive(Debug, Clone)]
pub struct Publisher(mpsc::Sender<Letter>);

/// A message that somebody waits for.
#[derive(Debug)]
struct Letter {
    topic: String,
    payload: Vec<u8>,
    done: oneshot::Sender<Result<(), String>>,
}

/// Messages that may wait to be delivered; whoever brings another one waits.
const LETTERS: usize = 64;
/// How long a broker may take to take a message, and to be connected with.
const PATIENCE: Duration = Duration::from_secs(10);
const LOOK_EVERY: Duration = Duration::from_millis(20);

impl Publisher {
    /// Publishes at `QoS` 1. **When it returns well the broker has the message.** After an error it may have it too.
    ///
    /// # Errors
    /// The broker is not there, too slow, or does not take the message: why, in one line.
    pub async fn publish(&self, topic: String, payload: Vec<u8>) -> Result<(), String> {
        let (done, heard) = oneshot::channel();
        let letter = Letter {
            topic,
            payload,
            done,
        };
        let ended = || "the link has ended".to_owned();
        self.0.send(letter).await.map_err(|_unsent| ended())?;
        heard.await.unwrap_or_else(|_dropped| Err(ended()))
    }
}

impl Link {
    /// Checks the settings of all links: addresses, profiles, credentials, certificates.
    ///
    /// # Errors
    /// The first setting that cannot be used.
    pub fn all(settings: &[MqttSettings]) -> Result<Vec<Self>, SettingsError> {
        let marks: Arc<[String]> = settings
            .iter()
            .filter(|settings| settings.publish.is_some())
            .map(|settings| publish::mark(&settings.client_id))
            .collect();
        let mut names = std::collections::HashSet::new();
        settings
            .iter()
            .map(|settings| {
                if !names.insert(settings.client_id.clone()) {
                    return Err(SettingsError::Value {
                        client_id: settings.client_id.clone(),
                        field: "client_id",
                        message: "is that of another link".to_owned(),
                    });
                }
                let (letters, to_deliver) = mpsc::channel(LETTERS);
                Ok(Self {
                    letters,
                    to_deliver: Some(to_deliver),
                    broker: settings.broker()?,
                    subscriptions: settings.subscriptions()?.into(),
                    marks: Arc::clone(&marks),
                    seen: Seen::default(),
                    settings: settings.clone(),
                })
            })
            .collect()
    }

    /// The link's name.
    pub fn name(&self) -> &str {
        &self.settings.client_id
    }

    /// For single messages; they are delivered while the link runs.
    pub fn publisher(&self) -> Publisher {
        Publisher(self.letters.clone())
    }

    /// Runs until the server stops: connects, takes messages, publishes, and begins anew after any fault.
    pub async fn run(mut self, surroundings: Surroundings) {
        let to_deliver = self.to_deliver.take();
        let link = Arc::new(self);
        let mut parts = JoinSet::new();
        if let Some(to_deliver) = to_deliver {
            let (link, stop) = (Arc::clone(&link), surroundings.stop.clone());
            parts.spawn(async move {
                stop.run_until_cancelled(link.deliver(to_deliver)).await;
            });
        }
        if !link.subscriptions.is_empty() {
            parts.spawn(Arc::clone(&link).take(surroundings.clone()));
        }
        if link.settings.publish.is_some() {
            parts.spawn(Arc::clone(&link).publish(surroundings));
        }
        while parts.join_next().await.is_some() {}
    }

    async fn take(self: Arc<Self>, surroundings: Surroundings) {
        let filters: Vec<String> = self
            .subscriptions
            .iter()
            .flat_map(|subscription| subscription.filters.clone())
            .collect();
        let filters = filter::needed(&filters);
        while !surroundings.stop.is_cancelled() {
            let (client, network) = connect(&self.settings, &self.broker, Purpose::Take);
            let (sender, receiver) = mpsc::channel(QUEUE);
            // A task of its own, which reads on while messages become durable.
            let mut reading = JoinSet::new();
            reading.spawn(read(
                network,
                client.clone(),
                filters.clone(),
                sender,
                surroundings.clone(),
                self.settings.client_id.clone(),
            ));
            let intake = Intake::new(
                &self.settings,
                Arc::clone(&self.subscriptions),
                Arc::clone(&self.marks),
                self.seen.clone(),
                surroundings.clone(),
            );
            intake.run(receiver, &client).await;
            client.disconnect().await;
            timeout(GRACE, reading.join_next()).await.ok();
            reading.shutdown().await;
            if !surroundings.stop.is_cancelled() {
                let cause = "the connection's task ended";
                (surroundings.tell)(self.name(), Told::Disconnected { cause });
                tokio::time::sleep(PAUSE_MAX).await;
            }
        }
    }

    async fn publish(self: Arc<Self>, surroundings: Surroundings) {
        let Some(what) = &self.settings.publish else {
            return;
        };
        let own: Vec<String> = self
            .subscriptions
            .iter()
            .filter(|taken| !taken.own_ids)
            .map(|taken| {
                let source = taken.source.as_deref();
                source.unwrap_or_else(|| taken.profile.source()).to_owned()
            })
            .collect();
        let (client, network) = connect(&self.settings, &self.broker, Purpose::Publish);
        let mut polling = JoinSet::new();
        polling.spawn(keep_open(network));
        let stop = surroundings.stop.clone();
        let names = publish::Names {
            client_id: &self.settings.client_id,
            own: &own,
            seen: &self.seen,
        };
        let publishing = publish::run(what, names, &client, &surroundings);
        stop.run_until_cancelled(publishing).await;
        polling.shutdown().await;
    }
}

impl Link {
    /// Delivers one message after another, each until the broker has it or is too slow.
    async fn deliver(self: Arc<Self>, mut letters: mpsc::Receiver<Letter>) {
        let Some(mut letter) = letters.recv().await else {
            return;
        };
        let (client, network) = connect(&self.settings, &self.broker, Purpose::Deliver);
        // Ends with this.
        let mut polling = JoinSet::new();
        polling.spawn(keep_open(network));
        loop {
            let delivered = timeout(PATIENCE, async {
                while !client.is_connected() {
                    tokio::time::sleep(LOOK_EVERY).await;
                }
                client.deliver(&letter.topic, &letter.payload).await
            });
            let delivered = delivered
                .await
                .unwrap_or_else(|_elapsed| Err("the broker does not answer".to_owned()));
            letter.done.send(delivered).ok();
            match letters.recv().await {
                Some(next) => letter = next,
                None => return,
            }
        }
    }
}

/// Reads what the network gives and leaves it; after a fault it is connected again.
async fn keep_open(mut network: Network) {
    let mut pause = PAUSE;
    loop {
        if network.next().await.is_ok() {
            pause = PAUSE;
        } else {
            tokio::time::sleep(pause).await;
            pause = (pause * 2).min(PAUSE_MAX);
        }
    }
}

/// Reads the network until the server stops, or until nobody takes messages any more. Subscribes to the filters that are needed, not to
/// those that they cover.
async fn read(
    mut network: Network,
    client: Client,
    (filters, covered): (Vec<String>, Vec<String>),
    sender: mpsc::Sender<Delivery>,
    surroundings: Surroundings,
    name: String,
) {
    let tell = |told: Told<'_>| (surroundings.tell)(&name, told);
    let mut pause = PAUSE;
    let mut subscribed = false;
    let mut spare = Vec::new();
    loop {
        match network.next().await {
            Ok(Step::Connected { resumed }) => {
                tell(Told::Connected { resumed });
                // The first time also in a session that goes on: the settings may name other topics now.
                if !(resumed && subscribed) {
                    client.unsubscribe(&covered).await;
                    subscribed = client.subscribe(&filters).await;
                    spare.clone_from(&covered);
                }
            }
            Ok(Step::Message(delivery)) => {
                pause = PAUSE;
                if sender.send(delivery).await.is_err() {
                    return;
                }
            }
            Ok(Step::Subscribed { refused }) => {
                pause = PAUSE;
                // Where the broker does not let a wide filter be, the narrow ones may still be had.
                if !refused.is_empty() && !spare.is_empty() {
                    client.subscribe(&std::mem::take(&mut spare)).await;
                }
                for at in refused {
                    tell(Told::NotSubscribed { at });
                }
            }
            Ok(Step::Other) => {}
            Err(_) if surroundings.stop.is_cancelled() => return,
            Err(cause) => {
                tell(Told::Disconnected { cause: &cause });
                let paused = tokio::time::sleep(pause);
                pause = (pause * 2).min(PAUSE_MAX);
                if surroundings
                    .stop
                    .run_until_cancelled(paused)
                    .await
                    .is_none()
                {
                    return;
                }
            }
        }
    }
}
