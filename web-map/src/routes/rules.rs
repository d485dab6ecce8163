//! `/v1/rules`: the standing rules, and what one would have told.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use chrono::{DateTime, TimeDelta, Utc};
use citybrain_query::{History, InOrderOf};
use citybrain_store::Table;
use citybrain_watch::{Fired, Rule, RuleError, Rules, rehearse};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use crate::alerts::Entry;
use crate::clock;
use crate::error::HttpError;
use crate::http::answer::json;
use crate::http::body;
use crate::http::gate::Caller;
use crate::http::params::Params;
use crate::http::segments::Segments;
use crate::problem::Problem;
use crate::schema;
use crate::state::AppState;

/// All rules.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct RuleList {
    /// The rules by id.
    rules: Vec<RuleEntry>,
    memory: RulesMemory,
}

/// A rule and where it comes from.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct RuleEntry {
    #[schema(value_type = schema::RuleBody)]
    rule: Rule,
    /// `shipped` with the program, `file` from the folder of rules, or `api`: made or changed by somebody.
    origin: &'static str,
    #[schema(required)]
    changed_at: Option<DateTime<Utc>>,
    #[schema(required)]
    changed_by: Option<String>,
    /// Why it does not watch although it is on.
    #[schema(required)]
    problem: Option<String>,
}

/// What the rules keep in memory, and the bounds of it.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct RulesMemory {
    /// Complaints that may still change a count.
    complaints: usize,
    complaints_max: usize,
    /// Entries of windows, open orders, values, and what else is counted.
    entries: usize,
    entries_max: usize,
    /// Texts.
    words: usize,
    words_max: usize,
    /// Things that are so now.
    open: usize,
    /// What was not counted because a bound was reached.
    dropped: u64,
}

/// A rule to be played over history.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RuleTest {
    #[schema(value_type = schema::RuleBody)]
    rule: Value,
    /// From when; 30 days before `to` by default.
    from: Option<DateTime<Utc>>,
    /// Until when; now by default, or the newest complaint when that is older.
    to: Option<DateTime<Utc>>,
}

/// When and where a rule would have told.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct RuleTested {
    /// How often it would have been told.
    fired: usize,
    from: DateTime<Utc>,
    to: DateTime<Utc>,
    /// Records that were played.
    records: usize,
    /// The first thousand times, in order.
    hits: Vec<RuleHit>,
}

/// One time that a rule would have been told.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct RuleHit {
    at: DateTime<Utc>,
    /// When it would have been over; null: it still is so at the end.
    #[schema(required)]
    cleared_at: Option<DateTime<Utc>>,
    #[schema(value_type = schema::AlertAbout)]
    about: citybrain_watch::Subject,
    /// The value that decided.
    value: f64,
}

/// Longest rule, bytes: a drawn area may have ten thousand corners.
const RULE_BYTES_MAX: usize = 1 << 20;
/// Longest stretch of history that a rule is played over.
const TEST_MAX: TimeDelta = TimeDelta::days(400);
/// Times that are told one by one.
const HITS_MAX: usize = 1000;
const JSON: &str = "application/json";

/// All standing rules.
#[utoipa::path(get, path = "/v1/rules", operation_id = "rules", tag = "alerts", responses((status = 200, body = RuleList)))]
pub(crate) async fn list(
    State(state): State<Arc<AppState>>,
    params: Params,
) -> Result<Response, HttpError> {
    params.finish()?;
    let memory = state.alerts.memory();
    let rules = entries(&state).await?;
    json(&RuleList {
        rules: rules.into_iter().map(RuleEntry::from).collect(),
        memory: RulesMemory {
            complaints: memory.complaints,
            complaints_max: memory.complaints_max,
            entries: memory.entries,
            entries_max: memory.entries_max,
            words: memory.words,
            words_max: memory.words_max,
            open: memory.open,
            dropped: memory.dropped,
        },
    })
}

/// One standing rule.
#[utoipa::path(
    get, path = "/v1/rules/{id}", operation_id = "rule", tag = "alerts",
    params(("id" = String, Path, description = "The rule's id")),
    responses((status = 200, body = RuleEntry), (status = 404, body = Problem)),
)]
pub(crate) async fn one(
    State(state): State<Arc<AppState>>,
    Segments(id): Segments<String>,
    params: Params,
) -> Result<Response, HttpError> {
    params.finish()?;
    json(&entry(&state, &id).await?)
}

/// Makes or changes a rule; it watches at once.
///
/// What is open already when it begins is raised at once. A shipped rule or one from a file is replaced by this one.
#[utoipa::path(
    put, path = "/v1/rules/{id}", operation_id = "keep_rule", tag = "alerts",
    params(("id" = String, Path, description = "The rule's id")),
    request_body = schema::RuleBody,
    responses((status = 200, body = RuleEntry), (status = 400, body = Problem), (status = 415, body = Problem)),
)]
pub(crate) async fn keep(
    State(state): State<Arc<AppState>>,
    Segments(id): Segments<String>,
    caller: Caller,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, HttpError> {
    let mut value = read(&headers, body).await?;
    if let Value::Object(fields) = &mut value {
        let named = fields.entry("id").or_insert_with(|| id.clone().into());
        if named.as_str() != Some(&id) {
            return Err(HttpError::Body(
                "id is not the one of the address".to_owned(),
            ));
        }
    }
    let rule = rule(value, &state)?;
    let text = serde_json::to_string(&rule).map_err(HttpError::internal)?;
    change(&state, &caller, id.clone(), Some(text)).await?;
    json(&entry(&state, &id).await?)
}

/// Takes a rule away; what is open of it is resolved.
#[utoipa::path(
    delete, path = "/v1/rules/{id}", operation_id = "remove_rule", tag = "alerts",
    params(("id" = String, Path, description = "The rule's id")),
    responses((status = 200, body = RuleEntry, description = "The rule as it was"), (status = 404, body = Problem)),
)]
pub(crate) async fn remove(
    State(state): State<Arc<AppState>>,
    Segments(id): Segments<String>,
    caller: Caller,
    params: Params,
) -> Result<Response, HttpError> {
    params.finish()?;
    let entry = entry(&state, &id).await?;
    change(&state, &caller, id, None).await?;
    json(&entry)
}

/// Plays a rule over history: when and where it would have been told.
///
/// Each record counts as it is now and as received at its own time; time passes by the minute.
#[utoipa::path(
    post, path = "/v1/rules/test", operation_id = "test_rule", tag = "alerts",
    request_body = RuleTest,
    responses(
        (status = 200, body = RuleTested),
        (status = 400, body = Problem),
        (status = 422, body = Problem, description = "There are too many records in the stretch"),
    ),
)]
pub(crate) async fn test(
    State(state): State<Arc<AppState>>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, HttpError> {
    let asked: RuleTest = serde_json::from_value(read(&headers, body).await?)
        .map_err(|error| HttpError::Body(format!("the body is no test of a rule: {error}")))?;
    let rule = rule(asked.rule, &state)?;
    let asking = state.engine.ask("rule_test").await;
    let to = if let Some(to) = asked.to {
        to
    } else {
        let newest = asking.city_range().await?.to;
        let now = clock::now();
        newest.map_or(now, |newest| now.min(newest + TimeDelta::seconds(1)))
    };
    let from = asked.from.unwrap_or(to - TimeDelta::days(30));
    if from >= to || to - from > TEST_MAX {
        return Err(HttpError::parameter(
            "from",
            "must lie before `to`, at most 400 days",
        ));
    }

    let city = Arc::clone(state.engine.city());
    let probe = Rules::new(
        &city,
        std::slice::from_ref(&Rule {
            on: true,
            ..rule.clone()
        }),
        Vec::new(),
        from.timestamp_micros(),
    )
    .map_err(HttpError::from)?;
    let first = from - TimeDelta::microseconds(probe.horizon());
    let mut history = Vec::new();
    for table in Table::ALL.into_iter().filter(|table| probe.reads(*table)) {
        let History { rows, truncated } =
            asking.history(table, first, to, InOrderOf::OwnTime).await?;
        if truncated {
            return Err(HttpError::Limit(format!(
                "there are more than {} {table} between {first} and {to}; test a shorter stretch",
                rows.num_rows()
            )));
        }
        history.push((table, rows));
    }
    drop(asking);
    let records = history.iter().map(|(_, rows)| rows.num_rows()).sum();
    let play = move || {
        rehearse(
            &city,
            &rule,
            &history,
            from.timestamp_micros(),
            to.timestamp_micros(),
        )
    };
    let fired = tokio::task::spawn_blocking(play)
        .await
        .map_err(HttpError::internal)??;
    json(&RuleTested {
        fired: fired.len(),
        from,
        to,
        records,
        hits: fired
            .into_iter()
            .take(HITS_MAX)
            .map(RuleHit::from)
            .collect(),
    })
}

async fn read(headers: &HeaderMap, body: Body) -> Result<Value, HttpError> {
    body::check_type(headers, &[JSON], JSON)?;
    let bytes = body::read(body, RULE_BYTES_MAX).await?;
    serde_json::from_slice(&bytes)
        .map_err(|error| HttpError::Body(format!("the body is no JSON: {error}")))
}

/// The rule that a body says, when it fits the city.
fn rule(value: Value, state: &AppState) -> Result<Rule, HttpError> {
    let rule: Rule = serde_json::from_value(value)
        .map_err(|error| HttpError::Body(format!("the body is no rule: {error}")))?;
    rule.check(state.engine.city())?;
    Ok(rule)
}

async fn entries(state: &Arc<AppState>) -> Result<Vec<Entry>, HttpError> {
    let state = Arc::clone(state);
    let read = move || {
        state
            .alerts
            .book
            .entries(&state.control, state.engine.city())
    };
    tokio::task::spawn_blocking(read)
        .await
        .map_err(HttpError::internal)?
        .map_err(HttpError::internal)
}

async fn entry(state: &Arc<AppState>, id: &str) -> Result<RuleEntry, HttpError> {
    entries(state)
        .await?
        .into_iter()
        .find(|entry| entry.rule.id == id)
        .map(RuleEntry::from)
        .ok_or_else(|| HttpError::NotFound(format!("rule \"{id}\"")))
}

async fn change(
    state: &Arc<AppState>,
    caller: &Caller,
    id: String,
    rule: Option<String>,
) -> Result<(), HttpError> {
    let (this, actor) = (Arc::clone(state), caller.actor());
    let write = move || {
        this.control
            .keep_rule(&id, rule.as_deref(), &actor, clock::now())
    };
    tokio::task::spawn_blocking(write)
        .await
        .map_err(HttpError::internal)?
        .map_err(|error| HttpError::Unavailable(error.to_string()))?;
    state.alerts.rules_changed();
    Ok(())
}

impl From<Entry> for RuleEntry {
    fn from(entry: Entry) -> Self {
        let (changed_at, changed_by) = entry.changed.unzip();
        Self {
            rule: entry.rule,
            origin: entry.origin,
            changed_at,
            changed_by,
            problem: entry.problem,
        }
    }
}

impl From<Fired> for RuleHit {
    fn from(fired: Fired) -> Self {
        let instant = |micros| DateTime::from_timestamp_micros(micros).unwrap_or_default();
        Self {
            at: instant(fired.raised_at),
            cleared_at: fired.cleared_at.map(instant),
            about: fired.subject,
            value: fired.value,
        }
    }
}

impl From<RuleError> for HttpError {
    fn from(error: RuleError) -> Self {
        Self::Body(error.to_string())
    }
}
