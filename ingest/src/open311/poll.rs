//! The life of a poll.

use std::{collections::HashSet, sync::Arc, time::Duration};

use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};
use citybrain_store::{AppendError, Control, Receipt, Refused, Writer};
use reqwest::{Client, StatusCode, header::RETRY_AFTER};
use tokio_util::sync::CancellationToken;
use xxhash_rust::xxh3::xxh3_64;

use super::{
    answer::decode_answer,
    settings::{Open311Settings, Open311SettingsError},
};
use crate::{Context, Decoded, Profile};

/// How long a server may take to answer.
const PATIENCE: Duration = Duration::from_mins(1);
/// Largest answer, in bytes.
const ANSWER_BYTES_MAX: usize = 64 << 20;
/// The first pause after a fault; it doubles up to [`PAUSE_MAX`].
const PAUSE: Duration = Duration::from_secs(2);
const PAUSE_MAX: Duration = Duration::from_hours(1);
/// The shortest window: what a server has more of at one moment is taken as it comes.
const WINDOW_MIN: TimeDelta = TimeDelta::minutes(1);
/// How far back a feed begins that says nothing else.
const BEGIN: TimeDelta = TimeDelta::days(90);
/// Refused rows that are known, so that an overlap does not keep them again.
const KNOWN_MAX: usize = 50_000;

/// What a poll needs of the server.
#[derive(Clone)]
pub struct Polling {
    /// Takes the records.
    pub writer: Writer,
    /// Keeps how far the feed has come.
    pub control: Control,
    /// What is the same for all rows; the source and the instant are the poll's own.
    pub context: Context,
    /// Reads the clock.
    pub now: fn() -> DateTime<Utc>,
    /// Is told what happens with the server of a name.
    #[expect(clippy::type_complexity, reason = "said once, where it is documented")]
    pub tell: Arc<dyn Fn(&str, PollTold<'_>) + Send + Sync>,
    /// Ends the polls.
    pub stop: CancellationToken,
}

impl std::fmt::Debug for Polling {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Polling").finish_non_exhaustive()
    }
}

/// What happens with a server that is polled.
#[derive(Debug, Clone, Copy)]
pub enum PollTold<'a> {
    /// An answer became durable.
    Appended {
        /// What became of its requests.
        receipt: &'a Receipt,
        /// Requests that are no record.
        refused: usize,
    },
    /// It could not be asked, or its answer not be read or kept; it is asked again after a pause.
    Failed {
        /// Why.
        cause: &'a str,
        /// The pause.
        pause: Duration,
    },
}

/// A server that is polled, ready to run.
#[derive(Debug)]
pub struct Poll {
    settings: Open311Settings,
    profile: Arc<Profile>,
    client: Client,
    api_key: Option<String>,
}

/// Why a window was not fetched.
struct Fault {
    cause: String,
    retry_after: Option<Duration>,
}

impl Poll {
    /// Checks the settings of all servers.
    ///
    /// # Errors
    /// The first setting that cannot be used.
    pub fn all(settings: &[Open311Settings]) -> Result<Vec<Self>, Open311SettingsError> {
        let mut names = HashSet::new();
        settings
            .iter()
            .map(|settings| {
                settings.check()?;
                let value = |field, message: String| Open311SettingsError::Value {
                    name: settings.name.clone(),
                    field,
                    message,
                };
                if !names.insert(&settings.name) {
                    return Err(value("name", "is that of another server".to_owned()));
                }
                let api_key = settings.api_key_env.as_ref().map(|name| {
                    std::env::var(name).map_err(|_missing| {
                        value("api_key_env", format!("the environment has no {name}"))
                    })
                });
                Ok(Self {
                    profile: Profile::load(&settings.profile).map_err(|source| {
                        Open311SettingsError::Profile {
                            name: settings.name.clone(),
                            source,
                        }
                    })?,
                    client: Client::builder()
                        .timeout(PATIENCE)
                        .build()
                        .map_err(|source| Open311SettingsError::Client {
                            name: settings.name.clone(),
                            source,
                        })?,
                    api_key: api_key.transpose()?,
                    settings: settings.clone(),
                })
            })
            .collect()
    }

    /// Polls until the server stops.
    pub async fn run(self, polling: Polling) {
        let stop = polling.stop.clone();
        let every = Duration::from_secs(self.settings.every_seconds);
        let mut known = HashSet::new();
        let mut faults = 0;
        loop {
            let pause = match stop
                .run_until_cancelled(self.poll(&polling, &mut known))
                .await
            {
                None => return,
                Some(Ok(())) => {
                    faults = 0;
                    every
                }
                Some(Err(fault)) => {
                    let backed_off = PAUSE.saturating_mul(1 << faults.min(12)).min(PAUSE_MAX);
                    faults += 1;
                    let pause = fault.retry_after.unwrap_or(backed_off).max(backed_off);
                    let cause = fault.cause.as_str();
                    (polling.tell)(&self.settings.name, PollTold::Failed { cause, pause });
                    pause
                }
            };
            if stop
                .run_until_cancelled(tokio::time::sleep(pause))
                .await
                .is_none()
            {
                return;
            }
        }
    }

    /// Fetches all that is new, window by window from the oldest.
    async fn poll(&self, polling: &Polling, known: &mut HashSet<u64>) -> Result<(), Fault> {
        let now = (polling.now)();
        let name = &self.settings.name;
        let (control, feed) = (polling.control.clone(), format!("open311:{name}"));
        let until = tokio::task::spawn_blocking({
            let (control, feed) = (control.clone(), feed.clone());
            move || control.fetched_until(&feed)
        });
        let until = until.await.map_err(|error| Fault::of(&error))?;
        let until = until.map_err(|error| Fault::of(&error))?;
        let overlap = TimeDelta::hours(self.settings.overlap_hours.into());
        let begin = self.settings.since.unwrap_or(now - BEGIN);
        let from = until.map_or(begin, |until| (until - overlap).max(begin));

        // The windows that are still to be fetched, the oldest last.
        let longest = TimeDelta::days(self.settings.window_days.into());
        let mut windows = Vec::new();
        let mut start = from;
        while start < now {
            let end = (start + longest).min(now);
            windows.push((start, end));
            start = end;
        }
        windows.reverse();
        while let Some((start, end)) = windows.pop() {
            let (decoded, rows) = self.fetch(polling, start, end, now).await?;
            if rows >= self.settings.rows_max && end - start > WINDOW_MIN {
                let middle = start + (end - start) / 2;
                windows.push((middle, end));
                windows.push((start, middle));
                continue;
            }
            self.append(polling, decoded, known).await?;
            let (control, feed) = (control.clone(), feed.clone());
            let kept = tokio::task::spawn_blocking(move || control.fetch_until(&feed, end));
            let kept = kept.await.map_err(|error| Fault::of(&error))?;
            kept.map_err(|error| Fault::of(&error))?;
        }
        Ok(())
    }

    async fn fetch(
        &self,
        polling: &Polling,
        start: DateTime<Utc>,
        end: DateTime<Utc>,
        now: DateTime<Utc>,
    ) -> Result<(Decoded, u64), Fault> {
        let settings = &self.settings;
        let address = format!(
            "{}/requests.{}",
            settings.url.trim_end_matches('/'),
            settings.format.as_str()
        );
        let instant = |instant: DateTime<Utc>| instant.to_rfc3339_opts(SecondsFormat::Secs, true);
        let mut query = vec![("start_date", instant(start)), ("end_date", instant(end))];
        query.extend(
            settings
                .jurisdiction_id
                .clone()
                .map(|id| ("jurisdiction_id", id)),
        );
        query.extend(self.api_key.clone().map(|key| ("api_key", key)));
        if !settings.service_code.is_empty() {
            query.push(("service_code", settings.service_code.join(",")));
        }
        let answer = self.client.get(&address).query(&query).send().await;
        // The address with its query holds the key: it is not told.
        let mut answer = answer.map_err(|error| Fault::of(&error.without_url()))?;
        if !answer.status().is_success() {
            return Err(Fault::of_status(
                answer.status(),
                answer.headers().get(RETRY_AFTER),
            ));
        }
        let mut bytes = Vec::new();
        while let Some(chunk) = answer
            .chunk()
            .await
            .map_err(|error| Fault::of(&error.without_url()))?
        {
            if bytes.len() + chunk.len() > ANSWER_BYTES_MAX {
                return Err(Fault::new("the answer is larger than 64 MiB".to_owned()));
            }
            bytes.extend_from_slice(&chunk);
        }
        let context = Context {
            source: Some(settings.name.clone()),
            received_at: now,
            ..polling.context.clone()
        };
        let (profile, format) = (Arc::clone(&self.profile), settings.format);
        let decoded =
            tokio::task::spawn_blocking(move || decode_answer(&bytes, format, &profile, &context));
        let decoded = decoded.await.map_err(|error| Fault::of(&error))?;
        decoded.map_err(|error| Fault::new(format!("the answer: {error}")))
    }

    async fn append(
        &self,
        polling: &Polling,
        decoded: Decoded,
        known: &mut HashSet<u64>,
    ) -> Result<(), Fault> {
        let name = &self.settings.name;
        if known.len() > KNOWN_MAX {
            known.clear();
        }
        let hash = |row: &Refused| xxh3_64(row.raw.as_bytes());
        let mut refused = decoded.refused;
        refused.retain(|row| !known.contains(&hash(row)));
        if decoded.batch.is_empty() && refused.is_empty() {
            return Ok(());
        }
        let count = refused.len();
        loop {
            let appended = polling
                .writer
                .append(decoded.batch.clone(), refused.clone());
            match appended.await {
                Ok(receipt) => {
                    known.extend(refused.iter().map(hash));
                    let told = PollTold::Appended {
                        receipt: &receipt,
                        refused: count,
                    };
                    (polling.tell)(name, told);
                    return Ok(());
                }
                Err(AppendError::Full { retry_after, .. }) => tokio::time::sleep(retry_after).await,
                Err(error) => return Err(Fault::of(&error)),
            }
        }
    }
}

impl Fault {
    const fn new(cause: String) -> Self {
        Self {
            cause,
            retry_after: None,
        }
    }

    fn of(error: &dyn std::error::Error) -> Self {
        let mut cause = error.to_string();
        let mut inner = error.source();
        while let Some(error) = inner {
            cause = format!("{cause}: {error}");
            inner = error.source();
        }
        Self::new(cause)
    }

    fn of_status(status: StatusCode, retry_after: Option<&reqwest::header::HeaderValue>) -> Self {
        let seconds = retry_after
            .and_then(|value| value.to_str().ok())
            .and_then(|value| value.parse().ok());
        Self {
            cause: format!("the server answers {status}"),
            retry_after: seconds.map(|seconds: u64| Duration::from_secs(seconds).min(PAUSE_MAX)),
        }
    }
}
