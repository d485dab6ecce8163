//! Which format a file has.

use std::path::Path;

use serde::Deserialize;

/// A format of rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Format {
    /// Comma separated values.
    Csv,
    /// Tab separated values.
    Tsv,
    /// One JSON object a line.
    Ndjson,
    /// A JSON array of objects, an object that holds one, or one object.
    Json,
    /// A GeoJSON feature collection: properties, and `lon` and `lat` of point features.
    GeoJson,
    /// Parquet.
    Parquet,
    /// Arrow IPC, file or stream.
    Arrow,
    /// An Excel workbook.
    Xlsx,
}

impl Format {
    /// The words of formats, for messages.
    pub const WORDS: &'static str =
        "csv, tsv, ndjson, json, geojson, parquet, arrow or xlsx, also with .gz or .zst";

    /// The format that the file's name tells; `.gz` and `.zst` at its end do not count.
    pub fn of_file(path: &Path) -> Option<Self> {
        let name = path.file_name()?.to_str()?.to_ascii_lowercase();
        let mut name = name.as_str();
        while let Some(inner) = [".gz", ".zst", ".zstd"]
            .iter()
            .find_map(|packed| name.strip_suffix(packed))
        {
            name = inner;
        }
        let (_, extension) = name.rsplit_once('.')?;
        match extension {
            "csv" | "txt" => Some(Self::Csv),
            "tsv" | "tab" => Some(Self::Tsv),
            "ndjson" | "jsonl" | "ldjson" | "geojsonl" => Some(Self::Ndjson),
            "json" => Some(Self::Json),
            "geojson" => Some(Self::GeoJson),
            "parquet" | "geoparquet" => Some(Self::Parquet),
            "arrow" | "arrows" | "ipc" | "feather" => Some(Self::Arrow),
            "xlsx" | "xlsm" => Some(Self::Xlsx),
            _ => None,
        }
    }

    /// The format of an HTTP body of this `Content-Type`; parameters such as `charset` do not count.
    pub fn of_content_type(content_type: &str) -> Option<Self> {
        let media_type = content_type.split(';').next()?.trim();
        match media_type.to_ascii_lowercase().as_str() {
            "application/json" | "text/json" => Some(Self::Json),
            "application/x-ndjson"
            | "application/ndjson"
            | "application/jsonl"
            | "application/x-jsonlines"
            | "application/jsonlines" => Some(Self::Ndjson),
            "application/geo+json" => Some(Self::GeoJson),
            "text/csv" | "application/csv" => Some(Self::Csv),
            "text/tab-separated-values" => Some(Self::Tsv),
            "application/vnd.apache.arrow.stream" => Some(Self::Arrow),
            _ => None,
        }
    }

    /// The word in profiles.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Csv => "csv",
            Self::Tsv => "tsv",
            Self::Ndjson => "ndjson",
            Self::Json => "json",
            Self::GeoJson => "geojson",
            Self::Parquet => "parquet",
            Self::Arrow => "arrow",
            Self::Xlsx => "xlsx",
        }
    }
}
