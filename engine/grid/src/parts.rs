//! What a city is made from.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use chrono_tz::Tz;
use citybrain_model::AreaLevel;
use geo::MultiPolygon;
use h3o::Resolution;

/// What [`City::try_new`](crate::City::try_new) makes a city from.
#[derive(Debug, Clone)]
pub struct CityParts {
    /// The city's name.
    pub name: String,
    /// The zone of its local time.
    pub time_zone: Tz,
    /// The H3 resolution at which every record is counted.
    pub base_resolution: Resolution,
    /// Its languages, the main one first.
    pub languages: Vec<String>,
    /// Its levels, from large to small.
    pub levels: Vec<LevelParts>,
}

/// One level of a city in the making.
#[derive(Debug, Clone)]
pub struct LevelParts {
    /// Which level.
    pub level: AreaLevel,
    /// The city's own word for the level, by language.
    pub names: BTreeMap<String, String>,
    /// Its boundary versions, oldest first.
    pub versions: Vec<VersionParts>,
}

/// One version of a level's boundaries in the making.
#[derive(Debug, Clone)]
pub struct VersionParts {
    /// First local day on which it is in force; only the first version may lack it.
    pub valid_from: Option<NaiveDate>,
    /// Where its areas' parents come from.
    pub parents: Parents,
    /// Its areas, in any order.
    pub areas: Vec<AreaParts>,
}

/// Where the parents of a version's areas come from. The areas of the largest level have none, whatever is said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Parents {
    /// The areas lie in the city and in nothing smaller.
    City,
    /// Each area names an area of the next larger level.
    Given,
    /// Each area belongs to the area of the next larger level that holds its label point.
    Contained,
}

/// One area in the making.
#[derive(Debug, Clone)]
pub struct AreaParts {
    /// The id, unique within level and version.
    pub id: String,
    /// The name in the city's own language.
    pub name: String,
    /// The name in other languages, by language.
    pub names: BTreeMap<String, String>,
    /// The id of its parent, for [`Parents::Given`].
    pub parent: Option<String>,
    /// Residents.
    pub population: Option<f64>,
    /// The rings as given, lon/lat WGS 84 degrees. A point is inside by the even-odd rule over all of them.
    pub boundary: MultiPolygon<f64>,
}
