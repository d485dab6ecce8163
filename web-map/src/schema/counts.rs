//! Counts, values and rows of queries.

use std::collections::BTreeMap;

use serde::Serialize;
use utoipa::ToSchema;

use super::{BinWord, ByWord, LevelWord, MeasureWord};

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

/// Complaints in each part of a cell that lies in one area of the city's smallest level.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct AlignedCells {
    /// Every record up to this sequence number is in the answer.
    seq: u64,
    level: LevelWord,
    /// Cell as hex text, the area's id, and complaints; the fullest first.
    aligned: Vec<(String, String, u64)>,
    /// There are more than `limit`.
    truncated: bool,
    /// SQL that gives the same rows.
    sql: String,
}

/// `total = located + outside + not_located`. Areas add up to `located`, cells to `located - area_only + outside`.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Totals {
    /// Complaints that the filter meets.
    total: u64,
    /// In an area of the level, or of the city's largest level.
    located: u64,
    /// Of the located: known by their area alone; they count in areas and in no cell.
    area_only: u64,
    /// With a position, but in no area of that level.
    outside: u64,
    /// In no cell and in no area of that level.
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
    /// The name in the city's other languages, by language.
    names: BTreeMap<String, String>,
    /// The id of the area of the next larger level.
    #[schema(required)]
    parent: Option<String>,
    /// The value; null where it cannot be said: a rate without residents, a mean without observations.
    #[schema(required)]
    value: Option<f64>,
    /// Matching records.
    records: u64,
    /// Of these, known by their area alone: they are in no cell.
    area_only: u64,
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

/// The rows of a query.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct SqlAnswer {
    /// The columns.
    schema: Vec<SqlColumn>,
    /// The rows; an H3 cell is hex text.
    rows: Vec<BTreeMap<String, serde_json::Value>>,
    /// Were there more rows than the server gives?
    truncated: bool,
    /// For each analysis that the query called, how it was made.
    parameters: Vec<BTreeMap<String, serde_json::Value>>,
}

/// What an analysis found.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Analysis {
    /// Every record up to this sequence number is in the answer.
    seq: u64,
    /// The boundaries by which complaints were placed.
    boundary_version: String,
    /// How it was made: what was asked for, the defaults, and what the data decided.
    parameters: BTreeMap<String, serde_json::Value>,
    /// SQL that gives the same rows.
    sql: String,
    /// Were there more rows than the server gives?
    truncated: bool,
    /// The rows; an H3 cell is hex text.
    rows: Vec<BTreeMap<String, serde_json::Value>>,
}

/// A column of the answer to a query.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct SqlColumn {
    pub(crate) name: String,
    /// Its Arrow type.
    #[serde(rename = "type")]
    pub(crate) data_type: String,
}
