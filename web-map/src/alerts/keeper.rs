//! The thread that follows the records for the rules.

use std::sync::{Arc, PoisonError};
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use citybrain_model::AreaLevel;
use citybrain_query::{History, InOrderOf, QueryError};
use citybrain_store::{AlertChange, AlertChangeKind, Published, Table};
use citybrain_watch::{Change, Resume, ResumeState, Rule, Rules, Span, Subject, Told};
use datafusion::arrow::array::{AsArray, RecordBatch};
use datafusion::arrow::datatypes::TimestampMicrosecondType;
use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::{RecvError, TryRecvError};
use tokio::time::{MissedTickBehavior, interval};
use tokio_util::sync::CancellationToken;

use super::{Alerts, ladder};
use crate::clock;
use crate::engine::Asking;

/// How often time passes for the rules.
const TICK: Duration = Duration::from_secs(1);
/// How often it is written down up to when records were judged.
const NOTE_EVERY: TimeDelta = TimeDelta::seconds(10);
/// A record may be published so long after it was received: so much is judged again after a restart.
const MARGIN: TimeDelta = TimeDelta::seconds(60);
/// After a longer rest the rules begin with how things stand, and do not play what happened meanwhile.
const CATCH_UP: TimeDelta = TimeDelta::days(7);
/// Most steps in which what happened meanwhile is played.
const CATCH_UP_STEPS: i32 = 20_000;
/// Pause after a failure.
const AFTER_FAILURE: Duration = Duration::from_secs(2);
/// With less of the past the rules do not begin.
const SHORTEST_PAST: TimeDelta = TimeDelta::minutes(30);
/// Batches that are folded before what they told is written down.
const AT_ONCE: usize = 256;

impl Alerts {
    /// Follows the records until told to stop. It computes and writes to disk: it has a thread of its own.
    pub(crate) fn keep(self: &Arc<Self>, stop: &CancellationToken) {
        let runtime = tokio::runtime::Handle::current();
        runtime.block_on(stop.run_until_cancelled(async {
            loop {
                if let Err(error) = self.follow().await {
                    tracing::error!(%error, "rules_failed");
                    tokio::time::sleep(AFTER_FAILURE).await;
                }
            }
        }));
    }

    /// Follows the records with the rules as they are now; returns when the rules changed, or records were missed or went for good.
    async fn follow(&self) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
        // Subscribed before anything is read: nothing is missed between the two.
        let mut published = self.engine.writer().watch();
        let mut changes = self.changes.subscribe();
        changes.mark_unchanged();

        let (mut rules, seq) = self.begin().await?;
        let mut keeping = Keeping::default();
        self.write_down(&mut rules, &mut keeping, clock::now())?;

        let mut tick = interval(TICK);
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                received = published.recv() => match received {
                    Ok(batch) => {
                        if fold(&mut rules, &batch, seq) || drain(&mut rules, &mut published, seq) {
                            return Ok(());
                        }
                    }
                    Err(RecvError::Lagged(_)) => return Ok(()),
                    // The store is closed: what is left is the stop.
                    Err(RecvError::Closed) => std::future::pending().await,
                },
                _ = tick.tick() => {
                    let now = clock::now();
                    rules.tick(now.timestamp_micros());
                    self.tell(self.control.escalate_alerts(now, &ladder(self.engine.city()))?);
                    *self.memory.lock().unwrap_or_else(PoisonError::into_inner) = rules.memory();
                }
                news = changes.changed() => {
                    news?;
                    return Ok(());
                }
            }
            self.write_down(&mut rules, &mut keeping, clock::now())?;
        }
    }

    /// The rules with everything that was there counted, and up to which sequence number that is.
    async fn begin(&self) -> Result<(Rules, u64), Box<dyn std::error::Error + Send + Sync>> {
        let city = self.engine.city();
        let now = clock::now();
        let on: Vec<Rule> = self
            .book
            .entries(&self.control, city)?
            .into_iter()
            .filter(|entry| entry.rule.on && entry.problem.is_none())
            .map(|entry| entry.rule)
            .collect();
        let from = self
            .control
            .judged_to()?
            .map_or(now, |to| to.clamp(now - CATCH_UP, now));
        let resume = self.resume(&on, now)?;
        let mut rules = Rules::new(city, &on, resume, from.timestamp_micros())?;

        let asking = self.engine.ask("rules").await;
        let seq = asking.snapshot().seq;
        let first = from - TimeDelta::microseconds(rules.horizon());
        let mut later = Vec::new();
        for table in Table::ALL {
            if !rules.reads(table) {
                continue;
            }
            let rows = past(&asking, table, first, from, now).await?;
            let received = rows
                .column_by_name("received_at")
                .expect("records say when they came")
                .as_primitive::<TimestampMicrosecondType>()
                .values()
                .clone();
            let before = received.partition_point(|at| *at <= from.timestamp_micros());
            rules.seed(table, &rows.slice(0, before));
            later.push((table, rows, received, before));
        }
        drop(asking);
        rules.begin();

        let step = ((now - from) / CATCH_UP_STEPS).max(TimeDelta::seconds(1));
        let mut at = from;
        while at < now {
            at = (at + step).min(now);
            for (table, rows, received, next) in &mut later {
                let count = received[*next..].partition_point(|it| *it <= at.timestamp_micros());
                if count > 0 {
                    let part = rows.slice(*next, count);
                    rules.fold(*table, &part, at.timestamp_micros(), false);
                    *next += count;
                }
            }
            rules.tick(at.timestamp_micros());
        }
        for (table, rows, _, next) in later {
            let left = rows.slice(next, rows.num_rows() - next);
            rules.fold(table, &left, now.timestamp_micros(), false);
        }
        rules.tick(now.timestamp_micros());
        rules.end_resuming();
        Ok((rules, seq))
    }

    /// How things stood when the rules last watched; what is open of rules that no longer are is over.
    fn resume(
        &self,
        on: &[Rule],
        now: DateTime<Utc>,
    ) -> Result<Vec<Resume>, Box<dyn std::error::Error + Send + Sync>> {
        let again = on.iter().map(|rule| rule.again.micros()).max().unwrap_or(0);
        let mut resume = Vec::new();
        let mut over = Vec::new();
        let standings = self
            .control
            .alert_standings(now - TimeDelta::microseconds(again))?;
        for (rule, about, state, at) in standings {
            let subject: Subject = serde_json::from_str(&about)?;
            if !on.iter().any(|known| known.id == rule) {
                let kind = match state {
                    "told" => AlertChangeKind::Cleared,
                    "waiting" => AlertChangeKind::Dropped,
                    _ => continue,
                };
                over.push(AlertChange {
                    subject: subject.text(),
                    rule,
                    about,
                    at: now,
                    kind,
                });
                continue;
            }
            let state = match state {
                "told" => ResumeState::Told { since: at },
                "waiting" => ResumeState::Waiting { since: at },
                _ => ResumeState::Cleared { at },
            };
            resume.push(Resume {
                rule,
                subject,
                state,
            });
        }
        self.tell(self.control.change_alerts(&over, None)?);
        Ok(resume)
    }

    /// Writes down what the rules told, and tells it.
    fn write_down(
        &self,
        rules: &mut Rules,
        keeping: &mut Keeping,
        now: DateTime<Utc>,
    ) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
        let ladder = ladder(self.engine.city());
        let told = rules.take();
        let is_due = keeping.noted.is_none_or(|noted| now - noted >= NOTE_EVERY);
        if told.is_empty() && !is_due {
            return Ok(());
        }
        let changes = told
            .iter()
            .map(|told| change(told, &ladder))
            .collect::<Result<Vec<_>, _>>()?;
        let alerts = self.control.change_alerts(&changes, Some(now - MARGIN))?;
        keeping.noted = Some(now);
        self.tell(alerts);
        Ok(())
    }
}

/// The records from `first` on in the order in which they came. Where there are more than can be read at once the rules begin with
/// half as long a past, and so on: what they then lack they have after that time.
async fn past(
    asking: &Asking,
    table: Table,
    mut first: DateTime<Utc>,
    from: DateTime<Utc>,
    now: DateTime<Utc>,
) -> Result<RecordBatch, QueryError> {
    // The future has no end: clocks of senders run ahead.
    let end = now + TimeDelta::days(366);
    loop {
        let error = match asking.history(table, first, end, InOrderOf::Received).await {
            Ok(History {
                rows,
                truncated: false,
            }) => return Ok(rows),
            Ok(_) => None,
            Err(error @ (QueryError::Memory { .. } | QueryError::Timeout(_))) => Some(error),
            Err(error) => return Err(error),
        };
        if from - first < SHORTEST_PAST {
            return Err(error.unwrap_or_else(|| QueryError::Parameter {
                parameter: "query_rows".into(),
                rule: "is less than the records of an hour: the rules cannot begin".into(),
            }));
        }
        first += (from - first) / 2;
        tracing::warn!(%table, %first, "rules_begin_with_a_shorter_past");
    }
}

/// When it was last written down how far records were judged.
#[derive(Debug, Default)]
struct Keeping {
    noted: Option<DateTime<Utc>>,
}

/// True when records went for good that the rules may know: they begin anew.
fn fold(rules: &mut Rules, batch: &Published, seq: u64) -> bool {
    // The snapshot that the rules began with may hold it.
    if batch.seq <= seq {
        return false;
    }
    if batch.is_removal() {
        return rules.reads(batch.table);
    }
    let now = clock::now().timestamp_micros();
    rules.fold(batch.table, &batch.rows, now, false);
    false
}

/// Folds what waits; true when batches were missed or records went.
fn drain(rules: &mut Rules, published: &mut Receiver<Arc<Published>>, seq: u64) -> bool {
    for _ in 0..AT_ONCE {
        match published.try_recv() {
            Ok(batch) if fold(rules, &batch, seq) => return true,
            Ok(_) => {}
            Err(TryRecvError::Lagged(_)) => return true,
            Err(TryRecvError::Empty | TryRecvError::Closed) => return false,
        }
    }
    false
}

fn change(told: &Told, ladder: &[&str]) -> Result<AlertChange, serde_json::Error> {
    let instant = |micros| DateTime::from_timestamp_micros(micros).unwrap_or_default();
    let rule = &told.rule;
    let kind = match told.change {
        Change::Waiting => AlertChangeKind::Waiting,
        Change::Dropped => AlertChangeKind::Dropped,
        Change::Cleared => AlertChangeKind::Cleared,
        Change::Raised { since } => AlertChangeKind::Raised {
            since: instant(since),
            severity: rule.severity.as_str().to_owned(),
            value: told.value,
            level: told
                .subject
                .home(rule)
                .map(AreaLevel::as_str)
                .filter(|level| ladder.contains(level))
                .unwrap_or("city")
                .to_owned(),
            escalate_after: rule.escalate.map(Span::micros),
        },
    };
    Ok(AlertChange {
        rule: rule.id.clone(),
        subject: told.subject.text(),
        about: serde_json::to_string(&told.subject)?,
        at: instant(told.at),
        kind,
    })
}
