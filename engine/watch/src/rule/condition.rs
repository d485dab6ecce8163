//! What must be so for a rule to tell.

use citybrain_model::{AreaLevel, EventKind};
use serde::{Deserialize, Serialize};

use super::{Outline, Per, Selection, Span};

/// What must be so. In texts `kind` says which.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Condition {
    /// Many complaints in a window.
    Threshold(Threshold),
    /// Many more complaints in a window than in those before it.
    Rate(Trend),
    /// More complaints today than the days before explain (EARS).
    Burst(Burst),
    /// A sensor's value beyond a limit, or rising or falling fast.
    Value(Value),
    /// Nothing from a feed or a sensor that spoke before.
    Quiet(Silence),
    /// A sensor that moves into an area or out of it.
    Crossing(Crossing),
    /// A sensor's value beyond a limit, and complaints near it.
    Combination(Combination),
    /// An order whose time runs out.
    Clock(Clock),
    /// The same citizen, as far as can be told, again and again.
    Repeat(Repeat),
    /// The same step of one order again and again.
    Steps(Steps),
}

impl Condition {
    /// How far back it looks, µs.
    pub(crate) fn width(&self) -> i64 {
        const DAY: i64 = 86_400_000_000;
        match self {
            Self::Threshold(it) => it.window.micros(),
            Self::Rate(it) => it.window.micros() * (i64::from(it.before) + 1),
            Self::Burst(it) => i64::try_from(it.baseline + 6).unwrap_or(40) * DAY,
            Self::Value(it) => it.window.map_or(DAY, Span::micros),
            // Who spoke within twice the time, and within a day, is known.
            Self::Quiet(it) => (2 * it.after.micros()).max(DAY),
            Self::Crossing(_) => DAY,
            Self::Combination(it) => it.window.micros().max(it.value_age.micros()),
            Self::Clock(_) => 0,
            Self::Repeat(it) => it.window.micros(),
            Self::Steps(it) => it.window.micros(),
        }
    }
}

/// At least so many complaints in the last `window`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Threshold {
    /// Which complaints.
    #[serde(default)]
    pub complaints: Selection,
    /// Counted apart by this.
    #[serde(default)]
    pub per: Per,
    /// Counted apart by category as well?
    #[serde(default, skip_serializing_if = "is_false")]
    pub each_category: bool,
    /// The complaints were made within the last so long.
    pub window: Span,
    /// It is so from this many on.
    pub at_least: u64,
    /// It stays so until there are fewer than this; `at_least` by default.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub clear_below: Option<u64>,
}

/// At least `at_least` complaints in the last `window`, and at least `factor` times the mean of the `before` windows before it
/// (a mean below 1 counts as 1).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Trend {
    /// Which complaints.
    #[serde(default)]
    pub complaints: Selection,
    /// Counted apart by this.
    #[serde(default)]
    pub per: Per,
    /// Counted apart by category as well?
    #[serde(default, skip_serializing_if = "is_false")]
    pub each_category: bool,
    /// The window.
    pub window: Span,
    /// How many windows before it are compared with, 1 to 100; 1 by default.
    #[serde(default = "one")]
    pub before: u32,
    /// How many times as much.
    pub factor: f64,
    /// It stays so until it is less than this many times as much; `factor` by default.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub clear_factor: Option<f64>,
    /// Not below this many.
    pub at_least: u64,
}

/// More complaints since the local day began than EARS expects after the days before.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Burst {
    /// Which complaints.
    #[serde(default)]
    pub complaints: Selection,
    /// Counted apart by this.
    #[serde(default)]
    pub per: Per,
    /// Counted apart by category as well?
    #[serde(default, skip_serializing_if = "is_false")]
    pub each_category: bool,
    /// Which statistic; C2 by default.
    #[serde(default)]
    pub method: EarsKind,
    /// Days of the baseline, 3 to 28; 7 by default.
    #[serde(default = "seven")]
    pub baseline: usize,
    /// Not below this many; 3 by default.
    #[serde(default = "three")]
    pub at_least: u64,
    /// One-sided level, between 0 and 1; by default EARS' own (0.001; C3 0.025).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub alpha: Option<f64>,
}

/// Which EARS statistic (Hutwagner et al. 2003).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub enum EarsKind {
    /// Baseline up to yesterday.
    C1,
    /// Two guard days between.
    #[default]
    C2,
    /// C2 over three days.
    C3,
}

/// A value of a datastream beyond a limit. Values marked doubtful are left out.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Value {
    /// The observed property: `PM10`.
    pub property: String,
    /// Of which areas (`LEVEL:ID`); all by default.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub areas: Vec<String>,
    /// What is compared.
    #[serde(default)]
    pub statistic: Statistic,
    /// Over the last so long; needed by every statistic but `latest`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub window: Option<Span>,
    /// It is so above this, in the datastream's unit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub above: Option<f64>,
    /// It is so below this, in the datastream's unit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub below: Option<f64>,
    /// It stays so until the value is back on the good side of this; the limit itself by default.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub clear: Option<f64>,
}

/// What of a datastream's values is compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Statistic {
    /// The value with the latest phenomenon time.
    #[default]
    Latest,
    /// The mean over the window.
    Mean,
    /// The largest in the window.
    Max,
    /// The smallest in the window.
    Min,
    /// The latest less the first in the window: how it moved.
    Change,
}

impl Statistic {
    /// The word in rules and in the API.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Latest => "latest",
            Self::Mean => "mean",
            Self::Max => "max",
            Self::Min => "min",
            Self::Change => "change",
        }
    }
}

/// No record for `after` from something that spoke before.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Silence {
    /// Of which records.
    #[serde(default)]
    pub records: Records,
    /// Each source, each sensor or each datastream by itself.
    #[serde(default)]
    pub every: Every,
    /// Only of these sources; all by default. A source that is named here is missed also when it never spoke.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub sources: Vec<String>,
    /// How long without a record (by when records came in).
    pub after: Span,
    /// Is one that is used to pause waited for longer: half as long again as its longest pause that was no alert? What is remembered is
    /// what this process heard.
    #[serde(default, skip_serializing_if = "is_false")]
    pub habit: bool,
}

/// Which records.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Records {
    /// Complaints, steps and observations.
    #[default]
    Any,
    /// Complaints.
    Complaints,
    /// Observations.
    Observations,
}

/// What is missed by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Every {
    /// Each source (feed).
    #[default]
    Source,
    /// Each sensor; a datastream that names none is one.
    Sensor,
    /// Each datastream.
    Datastream,
}

/// A sensor whose positions move into an area or out of it. Every area of every level is a fence, and so is what is drawn.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Crossing {
    /// Which ways; both by default. It is so from the crossing until the sensor crosses back.
    #[serde(default = "both_ways")]
    pub on: Vec<Direction>,
    /// The fence.
    pub fence: Fence,
    /// Only sensors whose name begins so; all by default.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sensors: Option<String>,
}

/// Which way a fence is crossed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Direction {
    /// Into it. A sensor that is first seen inside has not come in.
    Enter,
    /// Out of it.
    Exit,
}

/// A fence: areas of the city, or a drawn one.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fence {
    /// Each area of this level.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub level: Option<AreaLevel>,
    /// Of the level, only these ids; all by default.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub ids: Vec<String>,
    /// A drawn area instead of a level.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub polygon: Option<Outline>,
}

/// A sensor's latest value beyond a limit, and at least `at_least` complaints within `within_m` metres of it in the last `window`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Combination {
    /// The observed property.
    pub property: String,
    /// Above this, in the datastream's unit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub above: Option<f64>,
    /// Below this.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub below: Option<f64>,
    /// A value older than this is none; 2 h by default.
    #[serde(default = "two_hours")]
    pub value_age: Span,
    /// How near, metres on the sphere, 1 to 20,000.
    pub within_m: f64,
    /// Which complaints.
    #[serde(default)]
    pub complaints: Selection,
    /// How many.
    pub at_least: u64,
    /// The complaints were made within the last so long.
    pub window: Span,
}

/// An open order with less than `before` left of its time.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Clock {
    /// Which orders.
    #[serde(default)]
    pub complaints: Selection,
    /// Told when so much is left; 0: when the time is up.
    #[serde(default)]
    pub before: Span,
    /// The time of an order that states none (`due_at`), from when it was made; without it such an order has no clock.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<Span>,
    /// Steps that stop the clock besides a closing time; `closed` by default. `reopened` starts it again.
    #[serde(default = "closed")]
    pub until: Vec<EventKind>,
    /// An order that is overdue for longer than this is no longer watched; 7 d by default.
    #[serde(default = "week")]
    pub give_up: Span,
}

/// At least `at_least` complaints of the same citizen, as far as can be told, in the last `window`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Repeat {
    /// Which complaints.
    #[serde(default)]
    pub complaints: Selection,
    /// What tells that it is the same citizen, the first that a complaint has: names and numbers of callers are never kept.
    #[serde(default = "any_same")]
    pub by: Vec<Same>,
    /// How many.
    pub at_least: u64,
    /// Made within the last so long.
    pub window: Span,
}

/// What tells that two complaints are of the same citizen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Same {
    /// Tag `caller=…`: a hash that the feed itself gives.
    Caller,
    /// One says that it repeats the other (`repeat_of`), or both the same third one.
    RepeatOf,
    /// The same address and the same category.
    Address,
}

/// At least `at_least` steps of one kind of one order in the last `window`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Steps {
    /// The step: `returned`, `extended`, `reopened` …
    pub step: EventKind,
    /// How many.
    pub at_least: u64,
    /// Taken within the last so long.
    pub window: Span,
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde asks by reference whether a field is written"
)]
const fn is_false(value: &bool) -> bool {
    !*value
}

const fn one() -> u32 {
    1
}

const fn three() -> u64 {
    3
}

const fn seven() -> usize {
    7
}

const fn two_hours() -> Span {
    Span::seconds(7_200)
}

const fn week() -> Span {
    Span::seconds(7 * 86_400)
}

fn both_ways() -> Vec<Direction> {
    vec![Direction::Enter, Direction::Exit]
}

fn closed() -> Vec<EventKind> {
    vec![EventKind::Closed]
}

fn any_same() -> Vec<Same> {
    vec![Same::Caller, Same::RepeatOf, Same::Address]
}
