//! The words that parameters take.

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

/// What the live stream tells of each cell.
#[derive(Debug, Serialize, ToSchema)]
#[schema(rename_all = "snake_case")]
pub(crate) enum LiveMeasureWord {
    /// Complaints.
    Count,
    /// The value with the latest phenomenon time.
    Latest,
    Mean,
    Max,
    Min,
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
    Urgency,
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

/// How the rows of an analysis are answered.
#[derive(Debug, Serialize, ToSchema)]
#[schema(rename_all = "lowercase")]
pub(crate) enum AnalysisFormat {
    Json,
    /// A feature for each row, with the outline of its cell or area (RFC 7946).
    GeoJson,
    Csv,
    /// An Arrow IPC stream.
    Arrow,
    Parquet,
    /// With a column `geometry` in WKB.
    GeoParquet,
}
