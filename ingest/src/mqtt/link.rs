//! The life of a link.

use std::{sync::Arc, time::Duration};

use tokio::{sync::mpsc, task::JoinSet};

use super::{
    Seen, SettingsError, Surroundings, Told,
    client::{Client, Delivery, Network, Purpose, Step, connect},
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
                Ok(Self {
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

    /// Runs until the server stops: connects, takes messages, publishes, and begins anew after any fault.
    pub async fn run(self, surroundings: Surroundings) {
        let link = Arc::new(self);
        let mut parts = JoinSet::new();
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
            tokio::time::timeout(GRACE, reading.join_next()).await.ok();
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
        let (client, mut network) = connect(&self.settings, &self.broker, Purpose::Publish);
        let mut polling = JoinSet::new();
        polling.spawn(async move {
            let mut pause = PAUSE;
            loop {
                if network.next().await.is_ok() {
                    pause = PAUSE;
                } else {
                    tokio::time::sleep(pause).await;
                    pause = (pause * 2).min(PAUSE_MAX);
                }
            }
        });
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

/// Reads the network until the server stops, or until nobody takes messages any more.
async fn read(
    mut network: Network,
    client: Client,
    filters: Vec<String>,
    sender: mpsc::Sender<Delivery>,
    surroundings: Surroundings,
    name: String,
) {
    let tell = |told: Told<'_>| (surroundings.tell)(&name, told);
    let mut pause = PAUSE;
    let mut subscribed = false;
    loop {
        match network.next().await {
            Ok(Step::Connected { resumed }) => {
                tell(Told::Connected { resumed });
                // The first time also in a session that goes on: the settings may name other topics now.
                if !(resumed && subscribed) {
                    subscribed = client.subscribe(&filters).await;
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
