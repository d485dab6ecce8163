//! Gazetteer files: CSV or GeoJSON points, plain, gzip or zstd by the end of the name.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::{Path, PathBuf};

use citybrain_grid::{City, Crs};
use citybrain_model::Position;
use flate2::bufread::MultiGzDecoder;
use geojson::{FeatureReader, GeometryValue, JsonValue};
use serde::Deserialize;

use super::{Gazetteer, GazetteerEntry, GazetteerKind};

/// Why a gazetteer cannot be made: one line that names the file and the place in it.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum GazetteerError {
    /// The file cannot be read.
    #[error("{}: {error}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What the system or the decoder says.
        error: io::Error,
    },
    /// The file's name does not say what it holds.
    #[error("{}: a gazetteer ends in .csv, .geojson or .json, plain or with .gz or .zst", path.display())]
    FileType {
        /// The file.
        path: PathBuf,
    },
    /// A row or feature cannot be read.
    #[error("{}: entry {entry}: {rule}", path.display())]
    FileEntry {
        /// The file.
        path: PathBuf,
        /// The row without the header, or the feature, from 1.
        entry: usize,
        /// What is wrong with it.
        rule: String,
    },
    /// An entry breaks a rule.
    #[error("entry {entry}: {rule}")]
    Entry {
        /// The entry, from 1.
        entry: usize,
        /// The rule.
        rule: String,
    },
    /// More names than the automaton can hold.
    #[error("the gazetteer is too large: more names than can be searched at once")]
    TooLarge,
}

/// Reads a gazetteer. CSV has the columns `name`, `lon`, `lat` and may have `radius_m`, `kind` (`estate`, `landmark`, `road` or
/// `area`) and `area` (an area's id), GeoJSON the same as properties of points; others are ignored. Positions are in `crs`.
///
/// # Errors
/// The first thing in the file that is no entry: a wrong number, an unknown kind or area, a missing name, a geometry that is no
/// point.
pub fn read_gazetteer(path: &Path, crs: Crs, city: &City) -> Result<Gazetteer, GazetteerError> {
    let (is_csv, bytes) = open(path)?;
    let rows: Vec<Row> = if is_csv {
        csv_rows(path, bytes)?
    } else {
        features(path, bytes)?
    };
    let mut entries = Vec::with_capacity(rows.len());
    for (at, row) in rows.into_iter().enumerate() {
        let (lon, lat) = if row.lon.abs() <= 180.0 && row.lat.abs() <= 90.0 {
            crs.to_wgs84(row.lon, row.lat)
        } else {
            (row.lon, row.lat)
        };
        let position = Position::try_new(lon, lat)
            .map_err(|refusal| entry_error(path, at, refusal.to_string()))?;
        entries.push(GazetteerEntry {
            name: row.name,
            position,
            radius_m: row.radius_m,
            kind: row.kind.unwrap_or_default(),
            area: row.area.filter(|area| !area.is_empty()),
        });
    }
    Gazetteer::try_new(entries, city).map_err(|error| match error {
        GazetteerError::Entry { entry, rule } => GazetteerError::FileEntry {
            path: path.to_owned(),
            entry,
            rule,
        },
        other => other,
    })
}

#[derive(Deserialize)]
struct Row {
    name: String,
    lon: f64,
    lat: f64,
    radius_m: Option<f64>,
    kind: Option<GazetteerKind>,
    area: Option<String>,
}

fn csv_rows(path: &Path, bytes: Box<dyn Read>) -> Result<Vec<Row>, GazetteerError> {
    csv::ReaderBuilder::new()
        .trim(csv::Trim::All)
        .from_reader(bytes)
        .into_deserialize()
        .enumerate()
        .map(|(at, row)| row.map_err(|error| entry_error(path, at, error.to_string())))
        .collect()
}

fn features(path: &Path, bytes: Box<dyn Read>) -> Result<Vec<Row>, GazetteerError> {
    let mut rows = Vec::new();
    for (at, feature) in FeatureReader::from_reader(bytes).features().enumerate() {
        let row = feature
            .map_err(|error| error.to_string())
            .and_then(|feature| {
                let mut properties = feature.properties.unwrap_or_default();
                let Some(GeometryValue::Point { coordinates }) =
                    feature.geometry.map(|geometry| geometry.value)
                else {
                    return Err("is not a Point".to_owned());
                };
                let [lon, lat, ..] = coordinates.as_slice() else {
                    return Err("the point has fewer than two numbers".to_owned());
                };
                properties.insert("lon".to_owned(), (*lon).into());
                properties.insert("lat".to_owned(), (*lat).into());
                if let Some(JsonValue::Number(id)) = properties.get("area") {
                    let id = id.to_string();
                    properties.insert("area".to_owned(), id.into());
                }
                Row::deserialize(JsonValue::Object(properties)).map_err(|error| error.to_string())
            })
            .map_err(|rule| entry_error(path, at, rule))?;
        rows.push(row);
    }
    Ok(rows)
}

fn entry_error(path: &Path, at: usize, rule: String) -> GazetteerError {
    GazetteerError::FileEntry {
        path: path.to_owned(),
        entry: at + 1,
        rule,
    }
}

/// A reader of the decompressed bytes without a byte-order mark, and whether they are CSV.
fn open(path: &Path) -> Result<(bool, Box<dyn Read>), GazetteerError> {
    let of = |error| GazetteerError::File {
        path: path.to_owned(),
        error,
    };
    let name = path.to_string_lossy().to_lowercase();
    let (stem, packed) = match name.rsplit_once('.') {
        Some((stem, ending @ ("gz" | "zst"))) => (stem, ending),
        _ => (name.as_str(), ""),
    };
    let is_csv = match stem.rsplit_once('.') {
        Some((_, "csv")) => true,
        Some((_, "geojson" | "json")) => false,
        _ => {
            return Err(GazetteerError::FileType {
                path: path.to_owned(),
            });
        }
    };
    let file = BufReader::new(File::open(path).map_err(of)?);
    let mut bytes: Box<dyn BufRead> = match packed {
        "gz" => Box::new(BufReader::new(MultiGzDecoder::new(file))),
        "zst" => {
            let decoder = zstd::stream::read::Decoder::with_buffer(file).map_err(of)?;
            Box::new(BufReader::new(decoder))
        }
        _ => Box::new(file),
    };
    if bytes.fill_buf().map_err(of)?.starts_with(b"\xef\xbb\xbf") {
        bytes.consume(3);
    }
    Ok((is_csv, Box::new(bytes)))
}
