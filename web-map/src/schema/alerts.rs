//! Rules and alerts.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde::Serialize;
use utoipa::ToSchema;

/// A standing rule. Lengths of time are texts: `90s`, `30min`, `2h`, `7d`.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct RuleBody {
    /// Letters, digits, `-`, `_` and `.`, at most 64.
    id: String,
    /// Its name by language.
    name: Option<BTreeMap<String, String>>,
    /// What it is for, by language.
    about: Option<BTreeMap<String, String>>,
    /// Does it watch? Yes by default.
    on: Option<bool>,
    /// `warning` by default.
    severity: Option<SeverityWord>,
    when: RuleWhen,
    /// How long it must be so before anybody is told.
    hold: Option<String>,
    /// Local hours in which nobody is told.
    quiet: Option<RuleHours>,
    /// Days of the year on which it watches.
    season: Option<RuleHours>,
    /// The same is not told again for so long after it was over.
    again: Option<String>,
    /// The level whose people are told first.
    level: Option<super::LevelWord>,
    /// Not acknowledged for so long, it goes one level up.
    escalate: Option<String>,
}

/// What must be so; further fields by `kind` (docs/alerts.md).
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct RuleWhen {
    kind: RuleKindWord,
    #[serde(flatten)]
    fields: BTreeMap<String, serde_json::Value>,
}

/// From and to: times of day `HH:MM`, or days of the year `MM-DD`.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct RuleHours {
    from: String,
    to: String,
}

/// Kinds of conditions.
#[derive(Debug, Serialize, ToSchema)]
#[schema(rename_all = "snake_case")]
pub(crate) enum RuleKindWord {
    Threshold,
    Rate,
    Burst,
    Value,
    Quiet,
    Crossing,
    Combination,
    Clock,
    Repeat,
    Steps,
}

/// How bad it is.
#[derive(Debug, Serialize, ToSchema)]
#[schema(rename_all = "snake_case")]
pub(crate) enum SeverityWord {
    Info,
    Warning,
    Critical,
}

/// States of alerts to ask for.
#[derive(Debug, Serialize, ToSchema)]
#[schema(rename_all = "snake_case")]
pub(crate) enum AlertStateWord {
    Open,
    Raised,
    Acknowledged,
    Resolved,
}

/// States of deliveries.
#[derive(Debug, Serialize, ToSchema)]
#[schema(rename_all = "snake_case")]
pub(crate) enum DeliveryStateWord {
    Due,
    Done,
    Dead,
}

/// An alert as it stands.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Alert {
    id: i64,
    /// The id of its rule.
    rule: String,
    about: AlertAbout,
    /// `info`, `warning` or `critical`.
    severity: String,
    /// The value that decided: a count, a sensor's value, minutes.
    value: f64,
    /// Whose turn it is: `grid`, `community`, `subdistrict`, `district` or `city`.
    level: String,
    /// `raised`, `acknowledged` or `resolved`.
    state: String,
    /// Since when it is so.
    since: DateTime<Utc>,
    raised_at: DateTime<Utc>,
    #[schema(required)]
    acknowledged_at: Option<DateTime<Utc>>,
    #[schema(required)]
    acknowledged_by: Option<String>,
    #[schema(required)]
    escalated_at: Option<DateTime<Utc>>,
    /// When it goes a level up unless somebody acknowledges it.
    #[schema(required)]
    escalate_at: Option<DateTime<Utc>>,
    #[schema(required)]
    resolved_at: Option<DateTime<Utc>>,
    /// A person, or `rule`: it is no longer so.
    #[schema(required)]
    resolved_by: Option<String>,
}

/// What an alert is about.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct AlertAbout {
    /// The level of `area`.
    level: Option<super::LevelWord>,
    area: Option<String>,
    /// H3 cell, hex text.
    cell: Option<String>,
    category: Option<String>,
    /// The source of the order, or the feed.
    source: Option<String>,
    /// The order's id within the source.
    complaint: Option<String>,
    /// What the orders of one citizen have in common, as a hash.
    same: Option<String>,
    sensor: Option<String>,
    datastream: Option<String>,
    /// `enter` or `exit`.
    direction: Option<String>,
    lon: Option<f64>,
    lat: Option<f64>,
}

/// One step in an alert's life.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct AlertStep {
    at: DateTime<Utc>,
    /// A person, or `rule`.
    actor: String,
    /// `raised`, `acknowledged`, `escalated` or `resolved`.
    step: String,
    /// Whose turn it was from then on.
    level: String,
    #[schema(required)]
    note: Option<String>,
}

/// One message to one webhook.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Delivery {
    id: i64,
    webhook: String,
    alert: i64,
    step: String,
    /// `due`, `done` or `dead`.
    state: String,
    attempts: u32,
    next_at: DateTime<Utc>,
    made_at: DateTime<Utc>,
    #[schema(required)]
    ended_at: Option<DateTime<Utc>>,
    /// Why the last attempt failed.
    #[schema(required)]
    error: Option<String>,
}
