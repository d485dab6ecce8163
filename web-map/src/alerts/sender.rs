//! The sender of webhooks and of messages to brokers: empties the outbox, tries again with growing pauses, gives up after about a day and keeps what it gave up.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use citybrain_store::{Attempt, ControlError, Delivery, Webhook};
use futures::StreamExt;
use futures::stream;

use super::{Alerts, link_and_topic, sign::signature};
use crate::clock;
use crate::error::one_line;

/// The outbox is looked at when something came, and this often for what is due again.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// Messages that are sent at the same time.
const AT_ONCE: usize = 8;
/// How long a webhook may take to answer.
const PATIENCE: Duration = Duration::from_secs(10);
/// The first pause; each later one is twice as long, up to an hour.
const PAUSE: TimeDelta = TimeDelta::seconds(5);
const PAUSE_MAX: TimeDelta = TimeDelta::hours(1);
/// Attempts before a message is dead: about a day.
pub(crate) const ATTEMPTS_MAX: u32 = 32;
/// How long what was delivered is remembered.
const REMEMBER: TimeDelta = TimeDelta::days(30);

impl Alerts {
    /// Sends what is due until the task is dropped.
    pub(crate) async fn send(self: Arc<Self>) {
        let client = reqwest::Client::builder()
            .timeout(PATIENCE)
            .redirect(reqwest::redirect::Policy::none())
            .build();
        let client = match client {
            Ok(client) => client,
            Err(error) => {
                tracing::error!(error = %one_line(&error), "webhooks_not_sent");
                return;
            }
        };
        let mut looked = 0_u32;
        loop {
            match self.empty(&client, looked.is_multiple_of(3600)).await {
                // There may be more than was taken at once.
                Ok(sent) if sent >= AT_ONCE => continue,
                Ok(_) => {}
                Err(error) => tracing::error!(%error, "outbox_not_read"),
            }
            looked = looked.wrapping_add(1);
            tokio::time::timeout(LOOK_EVERY, self.due.notified())
                .await
                .ok();
        }
    }

    /// One look at the outbox; how many messages were tried.
    async fn empty(
        self: &Arc<Self>,
        client: &reqwest::Client,
        forget: bool,
    ) -> Result<usize, ControlError> {
        let now = clock::now();
        let control = self.control.clone();
        let look = move || {
            if forget {
                control.forget_deliveries(now - REMEMBER)?;
            }
            let due = control.due_deliveries(now, AT_ONCE * 4)?;
            let webhooks = if due.is_empty() {
                Vec::new()
            } else {
                control.webhooks()?
            };
            Ok((due, webhooks))
        };
        let (due, webhooks) = blocking(look).await?;
        let webhooks: HashMap<String, Webhook> = webhooks
            .into_iter()
            .map(|webhook| (webhook.name.clone(), webhook))
            .collect();
        let count = due.len();
        let tries = due.into_iter().map(|delivery| {
            let webhook = webhooks.get(&delivery.webhook).cloned();
            let (client, control) = (client.clone(), self.control.clone());
            async move {
                let attempt = match webhook {
                    Some(webhook) => match link_and_topic(&webhook.url) {
                        Some((link, topic)) => self.publish(link, topic, &delivery).await,
                        None => attempt(&client, &webhook, &delivery).await,
                    },
                    None => Attempt::Dead {
                        error: "there is no webhook of this name any more".to_owned(),
                    },
                };
                blocking(move || control.delivered(delivery.id, &attempt, clock::now())).await
            }
        });
        let outcomes: Vec<_> = stream::iter(tries)
            .buffer_unordered(AT_ONCE)
            .collect()
            .await;
        outcomes.into_iter().collect::<Result<Vec<()>, _>>()?;
        Ok(count)
    }

    /// Publishes one message over a link. Its number is in the message: MQTT 3.1.1 has no headers.
    async fn publish(&self, link: &str, topic: &str, delivery: &Delivery) -> Attempt {
        let published = match self.broker(link) {
            Some(broker) => {
                let payload = numbered(&delivery.body, delivery.id);
                broker.publish(topic.to_owned(), payload.into_bytes()).await
            }
            None => Err(format!("there is no MQTT link \"{link}\"")),
        };
        match published {
            Ok(()) => Attempt::Done,
            Err(error) => after_failure(delivery.attempts + 1, error, clock::now()),
        }
    }
}

/// The message, a JSON object, with its number as its first member.
fn numbered(body: &str, id: i64) -> String {
    let members = body.strip_prefix('{').unwrap_or(body);
    format!("{{\"delivery\":{id},{members}")
}

/// Sends one message.
async fn attempt(client: &reqwest::Client, webhook: &Webhook, delivery: &Delivery) -> Attempt {
    let timestamp = clock::now().timestamp();
    let sent = client
        .post(&webhook.url)
        .header("content-type", "application/json")
        .header("citybrain-delivery", delivery.id.to_string())
        .header("citybrain-timestamp", timestamp.to_string())
        .header(
            "citybrain-signature",
            signature(&webhook.secret, timestamp, &delivery.body),
        )
        .body(delivery.body.clone())
        .send()
        .await;
    let error = match sent {
        Ok(answer) if answer.status().is_success() => return Attempt::Done,
        Ok(answer) => format!("answered {}", answer.status()),
        Err(error) => one_line(&error.without_url()),
    };
    after_failure(delivery.attempts + 1, error, clock::now())
}

/// What becomes of a message after its `attempts`-th failure.
fn after_failure(attempts: u32, error: String, now: DateTime<Utc>) -> Attempt {
    if attempts >= ATTEMPTS_MAX {
        return Attempt::Dead { error };
    }
    let pause = PAUSE * 2_i32.pow((attempts - 1).min(20));
    Attempt::Again {
        at: now + pause.min(PAUSE_MAX),
        error,
    }
}

async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, ControlError> + Send + 'static,
) -> Result<T, ControlError> {
    match tokio::task::spawn_blocking(work).await {
        Ok(done) => done,
        Err(panic) => std::panic::resume_unwind(panic.into_panic()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_over_mqtt_has_its_number_in_it() {
        let numbered: serde_json::Value =
            serde_json::from_str(&numbered(r#"{"step":"raised","alert":{"id":1}}"#, 7)).unwrap();
        let expected = serde_json::json!({"delivery": 7, "step": "raised", "alert": {"id": 1}});
        assert_eq!(numbered, expected);
    }

    #[test]
    fn pauses_grow_to_an_hour_and_a_message_is_dead_after_about_a_day() {
        let start = DateTime::<Utc>::UNIX_EPOCH;
        let mut now = start;
        let mut pauses = Vec::new();
        for attempts in 1.. {
            match after_failure(attempts, String::new(), now) {
                Attempt::Again { at, .. } => {
                    pauses.push((at - now).num_seconds());
                    now = at;
                }
                _ => break,
            }
        }
        assert_eq!(pauses[..4], [5, 10, 20, 40]);
        assert_eq!(pauses.last(), Some(&3600));
        assert!(now - start > TimeDelta::hours(20), "{}", now - start);
    }
}
