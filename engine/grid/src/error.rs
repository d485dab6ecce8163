//! Why boundaries make no city.

use chrono::NaiveDate;
use citybrain_model::AreaLevel;

/// The first thing in [`CityParts`](crate::CityParts) that makes a city impossible.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum BuildError {
    /// A city needs at least one level.
    #[error("a city needs at least one level of areas")]
    NoLevel,
    /// Levels go from large to small, each at most once.
    #[error(
        "level {level} comes after {after}: levels go from large to small (district, subdistrict, community, grid), each once"
    )]
    LevelOrder {
        /// The level that is out of order.
        level: AreaLevel,
        /// The level before it.
        after: AreaLevel,
    },
    /// A level has no boundaries.
    #[error("level {level} has no boundaries")]
    NoVersion {
        /// The level.
        level: AreaLevel,
    },
    /// Boundary versions go from old to new; only the first may lack its date.
    #[error(
        "level {level}: boundary versions must go from old to new, and only the first may lack valid_from (at {})",
        valid_from.map_or_else(|| "a version without a date".to_owned(), |date| date.to_string())
    )]
    VersionOrder {
        /// The level.
        level: AreaLevel,
        /// The date that does not come after the one before it.
        valid_from: Option<NaiveDate>,
    },
    /// A boundary version has no areas.
    #[error("level {level} has no areas")]
    NoArea {
        /// The level.
        level: AreaLevel,
    },
    /// More vertices or areas than the index can number.
    #[error("level {level} is too large: at most 2^31 areas or edges")]
    TooLarge {
        /// The level.
        level: AreaLevel,
    },
    /// An id stands twice in one boundary version.
    #[error("level {level}: the id \"{id}\" stands twice")]
    DuplicateId {
        /// The level.
        level: AreaLevel,
        /// The id.
        id: String,
    },
    /// An id is empty.
    #[error("level {level}: the area \"{name}\" has an empty id")]
    EmptyId {
        /// The level.
        level: AreaLevel,
        /// The area's name.
        name: String,
    },
    /// A boundary encloses nothing.
    #[error("level {level}: the boundary of \"{id}\" is empty")]
    EmptyBoundary {
        /// The level.
        level: AreaLevel,
        /// The area.
        id: String,
    },
    /// A vertex is no position on the earth.
    #[error(
        "level {level}: the boundary of \"{id}\" has a vertex at {lon} {lat}, which is no longitude and latitude in degrees"
    )]
    Coordinate {
        /// The level.
        level: AreaLevel,
        /// The area.
        id: String,
        /// The vertex's first coordinate.
        lon: f64,
        /// The vertex's second coordinate.
        lat: f64,
    },
    /// An area names a parent that the next larger level lacks.
    #[error(
        "level {level}: the area \"{id}\" has the parent \"{parent}\", which is no {parent_level}"
    )]
    UnknownParent {
        /// The level.
        level: AreaLevel,
        /// The area.
        id: String,
        /// The parent that it names.
        parent: String,
        /// The next larger level.
        parent_level: AreaLevel,
    },
    /// An area has no parent although its level says that areas name theirs.
    #[error("level {level}: the area \"{id}\" has no parent")]
    MissingParent {
        /// The level.
        level: AreaLevel,
        /// The area.
        id: String,
    },
    /// Not one area of a level lies in an area of the next larger level.
    #[error("level {level} has no parents: none of its areas lies in a {parent_level}")]
    NoParent {
        /// The level.
        level: AreaLevel,
        /// The next larger level.
        parent_level: AreaLevel,
    },
    /// A population is negative or no number.
    #[error(
        "level {level}: the population of \"{id}\" is {population}, which is no count of people"
    )]
    Population {
        /// The level.
        level: AreaLevel,
        /// The area.
        id: String,
        /// The value.
        population: f64,
    },
}
