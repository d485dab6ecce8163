//! The shapes of answers that the query engine makes, for the API's document. A test holds real answers against them.
#![expect(clippy::struct_field_names, reason = "the names are those of the API")]
#![expect(
    dead_code,
    reason = "these types only describe; the answers are made in citybrain-query"
)]

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde::Serialize;
use utoipa::ToSchema;

/// What is measured in a cell or an area.
#[derive(Debug, Serialize, ToSchema)]
#[schema(rename_all = "snake_case")]
pub(crate) enum MeasureWord {
    /// Complaints.
    Count,
    /// Complaints per km².
    #[schema(rename = "per_km2")]
    PerKm2,
    /// Complaints per 10,000 residents; areas only.
    #[schema(rename = "per_10k")]
    Per10k,
    /// The mean result of the observations of a property.
    Mean,
}

/// A level of areas.
#[derive(Debug, Serialize, ToSchema)]
#[schema(rename_all = "snake_case")]
pub(crate) enum LevelWord {
    District,
    Subdistrict,
    Community,
    Grid,
}

/// A unit of the city's calendar.
#[derive(Debug, Serialize, ToSchema)]
#[schema(rename_all = "snake_case")]
pub(crate) enum BinWord {
    Hour,
    Day,
    /// From Monday.
    Week,
    Month,
}

/// What complaints are grouped by.
#[derive(Debug, Serialize, ToSchema)]
#[schema(rename_all = "snake_case")]
pub(crate) enum ByWord {
    Category,
    /// The first part of the category path.
    TopCategory,
    Channel,
    Status,
    Agency,
}

/// How cells are answered.
#[derive(Debug, Serialize, ToSchema)]
#[schema(rename_all = "snake_case")]
pub(crate) enum CellsFormat {
    Json,
    /// An Arrow IPC stream with the columns `cell` (`UInt64`) and `value` (`Float64`).
    Arrow,
}

/// A value for each cell.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Cells {
    /// Every record up to this sequence number is in the answer.
    seq: u64,
    /// H3 resolution of the cells.
    resolution: u8,
    measure: MeasureWord,
    /// Cell as hex text, and its value.
    cells: Vec<(String, f64)>,
    #[schema(inline)]
    #[serde(flatten)]
    totals: Totals,
    /// The boundaries by which complaints were placed.
    boundary_version: String,
    /// SQL that gives the same rows.
    sql: String,
}

/// `total = located + outside + not_located`.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Totals {
    /// Complaints that the filter meets.
    total: u64,
    /// In an area of the level, or of the city's largest level.
    located: u64,
    /// With a position, but in no area of that level.
    outside: u64,
    /// Without a usable position.
    not_located: u64,
}

/// A value for each area of a level.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Areas {
    /// Every record up to this sequence number is in the answer.
    seq: u64,
    level: LevelWord,
    measure: MeasureWord,
    /// Every area of the level, in order of id.
    areas: Vec<Area>,
    #[schema(inline)]
    #[serde(flatten)]
    totals: Totals,
    /// The boundaries by which complaints were placed.
    boundary_version: String,
    /// SQL that gives the same rows.
    sql: String,
}

/// An area and its value.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Area {
    id: String,
    /// The name in the city's own language.
    #[schema(required)]
    name: Option<String>,
    /// The id of the area of the next larger level.
    #[schema(required)]
    parent: Option<String>,
    /// The value; null where it cannot be said: a rate without residents, a mean without observations.
    #[schema(required)]
    value: Option<f64>,
    /// Matching records.
    records: u64,
    /// Residents.
    #[schema(required)]
    population: Option<f64>,
    /// Surface, km².
    #[schema(required)]
    area_km2: Option<f64>,
    /// Longitude of a point inside, WGS 84 degrees.
    #[schema(required)]
    lon: Option<f64>,
    /// Latitude of a point inside, WGS 84 degrees.
    #[schema(required)]
    lat: Option<f64>,
}

/// Complaints in each bin of the calendar.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Series {
    /// Every record up to this sequence number is in the answer.
    seq: u64,
    bin: BinWord,
    /// The bin's start as RFC 3339 text with the city's offset, and complaints in it.
    series: Vec<(String, u64)>,
    /// Complaints that the filter meets: the sum of the values.
    total: u64,
    /// SQL that gives the bins that are not empty.
    sql: String,
}

/// Complaints by what they have in common.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Breakdown {
    /// Every record up to this sequence number is in the answer.
    seq: u64,
    by: ByWord,
    /// The largest groups, the largest first.
    groups: Vec<Group>,
    /// Complaints that the filter meets: the groups' values and `other`.
    total: u64,
    /// Complaints in groups that are not listed.
    other: u64,
    /// SQL that gives all groups.
    sql: String,
}

/// A group of complaints.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Group {
    /// What they have in common; null for those that lack it.
    #[schema(required)]
    key: Option<String>,
    /// Complaints.
    value: u64,
}

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

/// The rows of a query.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct SqlAnswer {
    /// The columns.
    schema: Vec<SqlColumn>,
    /// The rows; an H3 cell is hex text.
    rows: Vec<BTreeMap<String, serde_json::Value>>,
    /// Were there more rows than the server gives?
    truncated: bool,
}

/// A column of the answer to a query.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct SqlColumn {
    pub(crate) name: String,
    /// Its Arrow type.
    #[serde(rename = "type")]
    pub(crate) data_type: String,
}

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
}
