//! Records as they are answered.

use chrono::{DateTime, Utc};
use serde::Serialize;
use utoipa::ToSchema;

/// A page of complaints, newest first.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Complaints {
    complaints: Vec<Complaint>,
    /// The cursor of the next page; null after the last.
    #[schema(required)]
    next: Option<String>,
}

/// One citizen report in its latest state, without what was said. Instants are UTC.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Complaint {
    id: String,
    source: String,
    #[schema(required)]
    channel: Option<String>,
    #[schema(required)]
    kind: Option<String>,
    #[schema(required)]
    category: Option<String>,
    /// The category with its ancestors, from large to small, joined by `->`.
    #[schema(required)]
    category_path: Option<String>,
    requested_at: DateTime<Utc>,
    received_at: DateTime<Utc>,
    #[schema(required)]
    dispatched_at: Option<DateTime<Utc>>,
    #[schema(required)]
    due_at: Option<DateTime<Utc>>,
    #[schema(required)]
    closed_at: Option<DateTime<Utc>>,
    #[schema(required)]
    status: Option<String>,
    #[schema(required)]
    urgency: Option<String>,
    #[schema(required)]
    agency: Option<String>,
    /// Longitude, WGS 84 degrees.
    #[schema(required)]
    lon: Option<f64>,
    /// Latitude, WGS 84 degrees.
    #[schema(required)]
    lat: Option<f64>,
    #[schema(required)]
    address: Option<String>,
    /// The H3 cell at the base resolution, as hex text.
    #[schema(required)]
    cell: Option<String>,
    #[schema(required)]
    district: Option<String>,
    #[schema(required)]
    subdistrict: Option<String>,
    #[schema(required)]
    community: Option<String>,
    #[schema(required)]
    grid: Option<String>,
    /// `point`, `default`, `area`, `gazetteer` or `none`.
    location_quality: String,
    #[schema(required)]
    contacted: Option<bool>,
    #[schema(required)]
    resolved: Option<String>,
    #[schema(required)]
    satisfaction: Option<String>,
    #[schema(required)]
    repeat_of: Option<String>,
    /// Labels, joined by `;`.
    #[schema(required)]
    tags: Option<String>,
}

/// One citizen report with what was said and its steps.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ComplaintDetail {
    #[serde(flatten)]
    complaint: Complaint,
    /// What was said.
    text: Option<String>,
    /// Its steps in order of time.
    events: Vec<ComplaintStep>,
}

/// One step in the life of a complaint. Instants are UTC.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ComplaintStep {
    event: String,
    at: DateTime<Utc>,
    received_at: DateTime<Utc>,
    #[schema(required)]
    actor: Option<String>,
    #[schema(required)]
    reason: Option<String>,
    /// What the step changes, as the text of a JSON object.
    #[schema(required)]
    fields: Option<String>,
}

/// The sensors, in order of name.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Sensors {
    sensors: Vec<Sensor>,
}

/// A sensor and what it last said.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Sensor {
    sensor: String,
    /// Longitude, WGS 84 degrees.
    #[schema(required)]
    lon: Option<f64>,
    /// Latitude, WGS 84 degrees.
    #[schema(required)]
    lat: Option<f64>,
    datastreams: Vec<Datastream>,
}

/// A datastream and its newest observation.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Datastream {
    source: String,
    datastream: String,
    #[schema(required)]
    property: Option<String>,
    /// A UCUM code.
    #[schema(required)]
    unit: Option<String>,
    phenomenon_time: DateTime<Utc>,
    result: f64,
    quality: String,
}

/// A row that is no record.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct RejectedRow {
    id: i64,
    received_at: DateTime<Utc>,
    source: String,
    /// The profile by which it was read.
    profile: String,
    /// Its place in what was sent.
    index: u64,
    /// The field that breaks the rule.
    field: String,
    /// The value of that field, shortened.
    value: String,
    rule: String,
    message: String,
    /// The row as it was read, personal data masked; not in lists, and not for the role `operator`.
    #[serde(skip_serializing_if = "Option::is_none")]
    raw: Option<serde_json::Value>,
}

/// What a sensor observed, newest first.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct SensorObservations {
    sensor: String,
    observations: Vec<SensorObservation>,
    /// `cursor` of the next page; null after the last.
    #[schema(required)]
    next: Option<String>,
}

/// One observation of a sensor.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct SensorObservation {
    source: String,
    datastream: String,
    /// Its id within the source, when it was sent with one.
    #[schema(required)]
    id: Option<String>,
    #[schema(required)]
    property: Option<String>,
    /// A UCUM code.
    #[schema(required)]
    unit: Option<String>,
    phenomenon_time: DateTime<Utc>,
    #[schema(required)]
    result_time: Option<DateTime<Utc>>,
    received_at: DateTime<Utc>,
    /// Null for a result that is no number.
    #[schema(required)]
    result: Option<f64>,
    /// `doubtful` ones are in no mean.
    quality: String,
    /// What speaks against it: `clock`, `range`, `rate`, `stuck`.
    #[schema(required)]
    doubt: Option<String>,
    /// Longitude, WGS 84 degrees.
    #[schema(required)]
    lon: Option<f64>,
    /// Latitude, WGS 84 degrees.
    #[schema(required)]
    lat: Option<f64>,
}

/// An address that complaints name.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct FoundAddress {
    /// As the complaints write it.
    address: String,
    /// How many complaints name it.
    complaints: u64,
    /// When the latest of them was requested, UTC.
    #[schema(required)]
    latest: Option<DateTime<Utc>>,
    /// Longitude of the latest that has a position, WGS 84 degrees.
    #[schema(required)]
    lon: Option<f64>,
    /// Latitude of the latest that has a position, WGS 84 degrees.
    #[schema(required)]
    lat: Option<f64>,
}

/// A complaint that is found by its id.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct FoundComplaint {
    id: String,
    source: String,
    #[schema(required)]
    category: Option<String>,
    #[schema(required)]
    status: Option<String>,
    requested_at: DateTime<Utc>,
    #[schema(required)]
    address: Option<String>,
    /// Longitude, WGS 84 degrees.
    #[schema(required)]
    lon: Option<f64>,
    /// Latitude, WGS 84 degrees.
    #[schema(required)]
    lat: Option<f64>,
    /// The H3 cell at the base resolution, as hex text.
    #[schema(required)]
    cell: Option<String>,
}

/// A sensor that is found by its name.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct FoundSensor {
    sensor: String,
    /// One of the properties that it observes.
    #[schema(required)]
    property: Option<String>,
    /// When its newest value was true, UTC.
    #[schema(required)]
    latest: Option<DateTime<Utc>>,
    /// Longitude of its newest observation that has a position, WGS 84 degrees.
    #[schema(required)]
    lon: Option<f64>,
    /// Latitude of its newest observation that has a position, WGS 84 degrees.
    #[schema(required)]
    lat: Option<f64>,
}
