//! Records as they are sent.

use std::collections::BTreeMap;

use serde::Serialize;
use utoipa::ToSchema;

/// A complaint as it is sent. Times are RFC 3339 with an offset.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ComplaintBody {
    /// Unique within the source.
    id: String,
    requested_at: String,
    /// `http` by default.
    source: Option<String>,
    channel: Option<String>,
    kind: Option<String>,
    /// A code, or a path `a->b->c`.
    category: Option<String>,
    /// Longitude, WGS 84 degrees.
    lon: Option<f64>,
    /// Latitude, WGS 84 degrees.
    lat: Option<f64>,
    address: Option<String>,
    /// The area that the citizen names.
    district: Option<String>,
    /// The area that the citizen names.
    subdistrict: Option<String>,
    /// The area that the citizen names.
    community: Option<String>,
    /// What was said; names and numbers of persons are masked before it is kept.
    text: Option<String>,
    status: Option<String>,
    urgency: Option<String>,
    agency: Option<String>,
    dispatched_at: Option<String>,
    due_at: Option<String>,
    closed_at: Option<String>,
    tags: Option<Vec<String>>,
    /// Masked before it is kept.
    caller: Option<String>,
    contacted: Option<bool>,
    resolved: Option<String>,
    satisfaction: Option<String>,
    /// The id of the complaint that this one repeats.
    repeat_of: Option<String>,
}

/// A step of a complaint as it is sent. Times are RFC 3339 with an offset.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ComplaintEventBody {
    /// The complaint's id within its source.
    complaint: String,
    /// `accepted`, `classified`, `dispatched`, `signed`, `returned`, `extended`, `answered`, `called_back`, `closed`, `reopened`,
    /// `listed`, `merged` or `corrected`.
    event: String,
    at: String,
    /// `http` by default.
    source: Option<String>,
    actor: Option<String>,
    reason: Option<String>,
    /// What the step changes.
    fields: Option<BTreeMap<String, serde_json::Value>>,
}

/// An observation as it is sent. Times are RFC 3339 with an offset.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ObservationBody {
    datastream: String,
    phenomenon_time: String,
    result: f64,
    /// Unique within the source; otherwise the datastream and the time are the observation's identity.
    id: Option<String>,
    /// `http` by default.
    source: Option<String>,
    sensor: Option<String>,
    result_time: Option<String>,
    property: Option<String>,
    /// A UCUM code.
    unit: Option<String>,
    /// Longitude, WGS 84 degrees.
    lon: Option<f64>,
    /// Latitude, WGS 84 degrees.
    lat: Option<f64>,
    quality: Option<String>,
    /// The sender's running number, to find what is missing.
    sequence: Option<u64>,
}
