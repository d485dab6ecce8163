//! Why a city cannot be read.

use std::io;
use std::path::PathBuf;

use citybrain_grid::{BuildError, RoadError};
use citybrain_model::AreaLevel;

use super::PositionError;
use crate::place::GazetteerError;

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
    /// A file's name does not say what it holds.
    #[error(
        "{}: a boundary file ends in .geojson, .json, .geojsonl, .geojsonseq or .topojson (plain or with .gz or .zst), .parquet, .zip or .shp",
        path.display()
    )]
    FileType {
        /// The file.
        path: PathBuf,
    },
    /// A file of a format that is compressed inside, or of several files, was compressed once more.
    #[error("{}: Parquet, zip and shapefiles are read without .gz or .zst around them", path.display())]
    CompressedTwice {
        /// The file.
        path: PathBuf,
    },
    /// A file's first bytes are those of another format than its name says.
    #[error("{}: its name says {expected}, its content is {content}", path.display())]
    Content {
        /// The file.
        path: PathBuf,
        /// What the name says.
        expected: &'static str,
        /// What the first bytes say.
        content: &'static str,
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
    /// A boundary file is for a level that the city lacks.
    #[error("{}: there is no level {level} (it has {has})", path.display())]
    NoLevel {
        /// The city file.
        path: PathBuf,
        /// The level.
        level: AreaLevel,
        /// The levels that there are.
        has: String,
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
    /// A Parquet file, shapefile or archive cannot be read.
    #[error("{}: is not a readable {format}: {message}", path.display())]
    Unreadable {
        /// The boundary file, or the part of it.
        path: PathBuf,
        /// What it should be.
        format: &'static str,
        /// What is wrong.
        message: String,
    },
    /// A boundary file lacks the layer that the city file names.
    #[error("{}: object: there is no \"{object}\", {has}", path.display())]
    Object {
        /// The boundary file.
        path: PathBuf,
        /// The layer.
        object: String,
        /// The layers that there are.
        has: String,
    },
    /// A boundary file has several layers and the city file names none.
    #[error("{}: has several layers ({has}); say which one with object = \"name\"", path.display())]
    Layers {
        /// The boundary file.
        path: PathBuf,
        /// The layers that there are.
        has: String,
    },
    /// A boundary file says that it is in a coordinate system which cannot be read.
    #[error("{}: crs: the file says {crs}: {reason}", path.display())]
    FileCrs {
        /// The boundary file.
        path: PathBuf,
        /// What the file says.
        crs: String,
        /// Why it cannot be read.
        reason: String,
    },
    /// A boundary file does not tell its coordinate system, or too late.
    #[error("{}: crs: the file says {crs}; say which system that is with crs = \"epsg:NNNN\"", path.display())]
    CrsNeeded {
        /// The boundary file.
        path: PathBuf,
        /// What the file says.
        crs: String,
    },
    /// A boundary file and the city file name different coordinate systems.
    #[error("{}: crs: the file says {crs}, the city file {key}", path.display())]
    CrsConflict {
        /// The boundary file.
        path: PathBuf,
        /// What the file says.
        crs: String,
        /// What the city file says.
        key: String,
    },
    /// A file that should be in metres or feet holds degrees.
    #[error("{}: crs: every position is a longitude and latitude in degrees, not easting and northing of {crs}", path.display())]
    Degrees {
        /// The boundary file.
        path: PathBuf,
        /// The system that it should be in.
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
    /// A row of a file of names breaks a rule.
    #[error("{}: row {row}: {field}: {rule}", path.display())]
    Row {
        /// The file.
        path: PathBuf,
        /// The row without the header, from 1; 0 is the header.
        row: usize,
        /// The column.
        field: String,
        /// The rule.
        rule: String,
    },
    /// No feature of a file of roads has a name.
    #[error("{}: no feature has a name in the property \"{property}\" (they have {has}): roads.name says which property it is", path.display())]
    NoRoadName {
        /// The file.
        path: PathBuf,
        /// The property.
        property: String,
        /// The properties that there are.
        has: String,
    },
    /// The roads cannot be searched.
    #[error("{}: {error}", path.display())]
    Roads {
        /// The file.
        path: PathBuf,
        /// The rule.
        error: RoadError,
    },
    /// A gazetteer cannot be read.
    #[error(transparent)]
    Gazetteer(#[from] GazetteerError),
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
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
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
        geometry: String,
    },
    /// A named road is a point or an area.
    #[error("\"{name}\" is a {geometry}, not a LineString or MultiLineString")]
    NotLine {
        /// The road.
        name: String,
        /// The kind of geometry.
        geometry: String,
    },
    /// A position is none of the coordinate system.
    #[error("\"{id}\" has the position {position}, which is {reason}")]
    Position {
        /// The area.
        id: String,
        /// The position.
        position: String,
        /// Why not.
        reason: PositionError,
    },
    /// A ring names an arc that the topology lacks.
    #[error("a ring names the arc {arc}, and there are {arcs} (from 0, or from -1 backwards)")]
    NoArc {
        /// The arc as the ring names it.
        arc: i64,
        /// How many there are.
        arcs: usize,
    },
    /// The arcs of a polygon are no lists of whole numbers, or too deep or too flat.
    #[error("its arcs cannot be read: {message}")]
    Arcs {
        /// What the reader says.
        message: String,
    },
}
