//! Why a city cannot be read.

use std::io;
use std::path::PathBuf;

use citybrain_grid::BuildError;

/// Why a city cannot be read: one line that names the file, the place in it and the rule.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CityError {
    /// A file cannot be read or written.
    #[error("{}: {error}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What the system says.
        error: io::Error,
    },
    /// A folder stands where a file should be.
    #[error("{}: is a directory, not a file", path.display())]
    Directory {
        /// The folder.
        path: PathBuf,
    },
    /// A file has no bytes.
    #[error("{}: is empty", path.display())]
    Empty {
        /// The file.
        path: PathBuf,
    },
    /// A compressed file is cut off or damaged.
    #[error("{}: the {method} data are cut off or damaged: {error}", path.display())]
    Compression {
        /// The file.
        path: PathBuf,
        /// `gzip` or `zstd`.
        method: &'static str,
        /// What the decoder says.
        error: io::Error,
    },
    /// A file's name does not say that it holds GeoJSON.
    #[error("{}: a boundary file ends in .geojson or .json, plain or with .gz or .zst", path.display())]
    FileType {
        /// The file.
        path: PathBuf,
    },
    /// A city file is no TOML, lacks a key, or has an unknown one.
    #[error("{}: line {line}: {message}", path.display())]
    Toml {
        /// The city file.
        path: PathBuf,
        /// The line, from 1.
        line: usize,
        /// What the reader says.
        message: String,
    },
    /// A key of a city file has a value that breaks a rule.
    #[error("{}: {key}: {rule}", path.display())]
    Key {
        /// The city file.
        path: PathBuf,
        /// The key, with the level and boundary it belongs to.
        key: String,
        /// The rule.
        rule: String,
    },
    /// A boundary file is no GeoJSON feature collection.
    #[error("{}: is not a GeoJSON FeatureCollection: {message}", path.display())]
    NotGeoJson {
        /// The boundary file.
        path: PathBuf,
        /// What is wrong, with line and column.
        message: String,
    },
    /// A boundary file has no features.
    #[error("{}: has no features", path.display())]
    NoFeature {
        /// The boundary file.
        path: PathBuf,
    },
    /// A boundary file says that it is in a coordinate system which is not longitude and latitude.
    #[error("{}: crs: the file says {crs}, which is not longitude and latitude in degrees; convert it to WGS 84", path.display())]
    FileCrs {
        /// The boundary file.
        path: PathBuf,
        /// What the file says.
        crs: String,
    },
    /// A feature of a boundary file breaks a rule.
    #[error("{}: feature {feature}: {rule}", path.display())]
    Feature {
        /// The boundary file.
        path: PathBuf,
        /// The feature, from 1.
        feature: usize,
        /// The rule.
        rule: FeatureRule,
    },
    /// The boundaries make no city.
    #[error("{}: {error}", path.display())]
    Build {
        /// The city file.
        path: PathBuf,
        /// The rule.
        error: BuildError,
    },
}

/// The rule that a feature of a boundary file breaks.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum FeatureRule {
    /// A property that the city file names is missing.
    #[error("has no property \"{property}\" (it has {has})")]
    NoProperty {
        /// The property.
        property: String,
        /// The properties that it has.
        has: String,
    },
    /// A property is neither text nor number.
    #[error("the property \"{property}\" is {value}, neither text nor a number")]
    NoText {
        /// The property.
        property: String,
        /// Its value.
        value: String,
    },
    /// An id is empty.
    #[error("the id in \"{property}\" is empty")]
    EmptyId {
        /// The property.
        property: String,
    },
    /// Two features have one id.
    #[error("has the id \"{id}\" of feature {first}")]
    DuplicateId {
        /// The id.
        id: String,
        /// The first feature that has it, from 1.
        first: usize,
    },
    /// A population is no number.
    #[error("the population in \"{property}\" is {value}, which is no count of people")]
    Population {
        /// The property.
        property: String,
        /// Its value.
        value: String,
    },
    /// The geometry is null or without coordinates.
    #[error("\"{id}\" has an empty geometry")]
    EmptyGeometry {
        /// The area.
        id: String,
    },
    /// The geometry is a point, a line or a collection.
    #[error("\"{id}\" is a {geometry}, not a Polygon or MultiPolygon")]
    NotPolygon {
        /// The area.
        id: String,
        /// The kind of geometry.
        geometry: &'static str,
    },
    /// A position has fewer than two numbers, or they are no longitude and latitude.
    #[error("\"{id}\" has the position {position}, which is no longitude and latitude in degrees")]
    Position {
        /// The area.
        id: String,
        /// The position.
        position: String,
    },
}
