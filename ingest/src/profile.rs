//! Source profiles: how a foreign file or feed becomes records, as data.
//!
//! A profile is a TOML file. It says how the file is written (format, encoding, delimiter), how its clock and its coordinates are
//! to be read, and which columns become which fields. Column names are compared by letters and digits alone, whatever their case.
//! Every key has its meaning beside it here; an unknown key is refused. The project ships a profile for each source that it knows,
//! see [`SHIPPED`].

mod error;
mod field;
mod load;
mod rule;
mod shipped;
mod spread;
mod topic;
mod unwanted;

use std::collections::{BTreeMap, BTreeSet};

use chrono_tz::Tz;
use serde::{Deserialize, Deserializer, de::Error as _};

pub use self::{
    error::ProfileError,
    field::{Field, RecordKind},
    rule::{ColumnRule, FieldRule, Other, TimeColumns},
    shipped::SHIPPED,
    spread::Spread,
    topic::TopicPattern,
    unwanted::Unwanted,
};
use crate::{
    city::SourceCrs,
    rows::{Encoding, Format, Shape},
};

/// A source profile.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Profile {
    /// The profile's name: its file name without `.toml`.
    #[serde(skip)]
    pub name: String,
    /// Each field is the column of its own name.
    #[serde(skip)]
    has_native_names: bool,
    /// What it reads, in one sentence.
    pub title: String,
    /// What a row is.
    pub record: RecordKind,
    /// The records' `source`; the profile's name when not given.
    #[serde(default)]
    pub source: Option<String>,

    /// The format when the file's name does not tell it.
    #[serde(default)]
    format: Option<Format>,
    /// The encoding, or several: then the first in which the beginning of the file is valid. A byte-order mark goes before.
    #[serde(default, deserialize_with = "one_or_many")]
    encoding: Vec<Encoding>,
    /// What becomes of bytes that are no text.
    #[serde(default)]
    invalid: Invalid,
    /// The character between cells.
    #[serde(default)]
    delimiter: Option<char>,
    /// Column names of a file without a header line.
    #[serde(default)]
    header: Vec<String>,
    /// Lines before the header.
    #[serde(default)]
    skip_rows: u32,
    /// The sheet of a workbook; the first when not given.
    #[serde(default)]
    sheet: Option<String>,
    /// The member of a JSON document that holds the rows; `.` for the document itself.
    #[serde(default)]
    records: Option<String>,
    /// A list inside of a JSON row, by its path: the row is one row for each element of it, whose members are columns `list.member`.
    #[serde(default)]
    each: Option<String>,
    /// The topics of MQTT messages that it reads; their parts are columns `topic.part`, the whole topic is the column `topic`, and a
    /// payload that is no JSON object the column `payload`.
    #[serde(default, deserialize_with = "one_or_many")]
    pub topic: Vec<TopicPattern>,
    /// Rows that are refused for what they hold.
    #[serde(default)]
    pub refuse: Vec<Unwanted>,

    /// The zone of times without an offset: an IANA name, or `city`. Without it such a time is refused.
    #[serde(default)]
    pub zone: Option<Zone>,
    /// How the source's clock is wrong.
    #[serde(default)]
    pub clock: Clock,
    /// How times are written: chrono patterns, `epoch_s` or `epoch_ms`, tried in this order, then RFC 3339 and ISO 8601 without
    /// an offset. A pattern without an hour means the beginning of the day.
    #[serde(default)]
    pub times: Vec<String>,

    /// What becomes of an observation without a time of its own.
    #[serde(default)]
    pub undated: Undated,

    /// How positions are written; needed when a record has a position.
    #[serde(default)]
    pub position: Option<PositionRule>,

    /// Are complaints without a position placed by the areas and places that they name? Without it they are not located.
    #[serde(default = "yes")]
    pub place_by_name: bool,

    /// Texts that mean "no value" in every column, whatever their case; an empty or blank cell always does.
    #[serde(default)]
    pub nulls: Vec<String>,
    /// Columns with personal data that are never kept, not even of a refused row.
    #[serde(default)]
    pub personal: Vec<String>,
    /// Columns that are known and not needed: no note says that they were left out.
    #[serde(default)]
    pub ignore: Vec<String>,
    /// What is done to a column's cells before anything else.
    #[serde(default)]
    pub columns: BTreeMap<String, ColumnRule>,
    /// Which columns become which field; when there are none, each field is the column of its own name.
    #[serde(default)]
    pub fields: BTreeMap<Field, Rules>,
    /// How category names are spelled.
    #[serde(default)]
    pub category: CategoryRule,

    /// The observation's datastream from other fields: `{sensor}/{property}`.
    #[serde(default)]
    pub datastream: Option<String>,
    /// Columns that each hold the result of one property: a row gives one observation for each that has a value.
    #[serde(default)]
    pub melt: Vec<Melt>,
    /// Objects of which every number is the result of one property.
    #[serde(default)]
    pub spread: Vec<Spread>,
    /// Where the sensors are, when the rows do not say.
    #[serde(default)]
    pub sensor: Vec<SensorPlace>,
}

const fn yes() -> bool {
    true
}

/// What becomes of bytes that are no text in the file's encoding.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Invalid {
    /// The row is refused by rule `encoding`.
    #[default]
    Refuse,
    /// They become U+FFFD.
    Replace,
}

/// What becomes of an observation without a time of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Undated {
    /// It is refused by rule `required`.
    #[default]
    Refuse,
    /// It was true when it came in. Such an observation cannot be told from its repetition, unless it has an id.
    Received,
}

/// The zone of times without an offset.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub enum Zone {
    /// The city's own.
    City,
    /// A zone by its IANA name.
    Named(Tz),
}

impl TryFrom<String> for Zone {
    type Error = chrono_tz::ParseError;

    fn try_from(name: String) -> Result<Self, Self::Error> {
        match name.as_str() {
            "city" => Ok(Self::City),
            name => name.parse().map(Self::Named),
        }
    }
}

/// How a source's clock is wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Clock {
    /// It is right.
    #[default]
    Right,
    /// The times are local, but the offset from UTC was added once more: somewhere on its way the local time was taken for UTC and
    /// converted to local time again. A report of 14:00 in New York's winter is written 09:00. Reading undoes the second
    /// conversion, also across changes of daylight-saving time.
    OffsetTwice,
}

/// How positions are written.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PositionRule {
    /// The coordinate system, `wgs84`, `cgcs2000`, `gcj02`, `bd09` or `epsg:NUMBER`; required, a wrong one moves points by hundreds of
    /// metres. In a projected system the column named for longitude holds the easting.
    #[serde(deserialize_with = "crs")]
    pub crs: SourceCrs,
    /// The columns named for longitude hold the latitude and the other way round.
    #[serde(default)]
    pub swap: bool,
    /// Positions that stand for "no address".
    #[serde(default)]
    pub default: Vec<DefaultPosition>,
}

/// One value or a list of them.
fn one_or_many<'de, D, T>(deserializer: D) -> Result<Vec<T>, D::Error>
where
    D: Deserializer<'de>,
    T: TryFrom<String, Error: std::fmt::Display>,
{
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum OneOrMany {
        One(String),
        Many(Vec<String>),
    }
    let words = match OneOrMany::deserialize(deserializer)? {
        OneOrMany::One(word) => vec![word],
        OneOrMany::Many(words) => words,
    };
    words
        .into_iter()
        .map(|word| T::try_from(word).map_err(D::Error::custom))
        .collect()
}

fn crs<'de, D: Deserializer<'de>>(deserializer: D) -> Result<SourceCrs, D::Error> {
    let word = String::deserialize(deserializer)?;
    word.parse().map_err(D::Error::custom)
}

/// A position that stands for "no address".
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DefaultPosition {
    /// Longitude in degrees, in the source's coordinate system.
    pub lon: f64,
    /// Latitude in degrees, in the source's coordinate system.
    pub lat: f64,
    /// How far from it, in degrees of each coordinate, still counts.
    #[serde(default = "DefaultPosition::tolerance_deg")]
    pub tolerance_deg: f64,
}

impl DefaultPosition {
    /// A tenth of a metre: equal but for the last printed digit.
    const fn tolerance_deg() -> f64 {
        1e-6
    }
}

/// How category names are spelled.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CategoryRule {
    /// One spelling for names that differ by case alone.
    #[serde(default)]
    pub case: Case,
    /// Names that keep this spelling.
    #[serde(default)]
    pub spelling: BTreeSet<String>,
}

/// The spelling of names that differ by case alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Case {
    /// As written: names that differ by case are different.
    #[default]
    Keep,
    /// English title case, whatever the case was: see [`crate::decode`].
    Title,
}

/// A column that holds the results of one property.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Melt {
    /// The column.
    pub column: String,
    /// The observed property; the column's name when not given.
    #[serde(default)]
    pub property: Option<String>,
    /// The unit as a UCUM code; none when it is not known.
    #[serde(default)]
    pub unit: Option<String>,
    /// The sensor's ceiling: a result at or above it is kept with quality `doubtful`.
    #[serde(default)]
    pub ceiling: Option<f64>,
}

/// Where a sensor is.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SensorPlace {
    /// The sensor, as the rows name it.
    pub id: String,
    /// Longitude in degrees, in the source's coordinate system.
    pub lon: f64,
    /// Latitude in degrees, in the source's coordinate system.
    pub lat: f64,
}

/// The rules of one field: one, or several whose values are gathered (only `tags` takes more than one value).
#[derive(Debug, Clone)]
pub struct Rules(pub Vec<FieldRule>);

impl Profile {
    /// The outer form of the files that this profile reads.
    pub fn shape(&self) -> Shape {
        Shape {
            format: self.format,
            encodings: self.encoding.clone(),
            replace_invalid: self.invalid == Invalid::Replace,
            delimiter: self.delimiter.and_then(|c| u8::try_from(c).ok()),
            header: self.header.clone(),
            skip_rows: self.skip_rows,
            sheet: self.sheet.clone(),
            records: self.records.clone(),
            each: self.each.clone(),
            whole: self
                .mapped_columns()
                .chain(self.personal.iter().map(String::as_str))
                .map(str::to_owned)
                .collect(),
        }
    }

    /// The records' source.
    pub fn source(&self) -> &str {
        self.source.as_deref().unwrap_or(&self.name)
    }

    /// The path of the list that makes one row several.
    pub(crate) fn each(&self) -> Option<&str> {
        self.each.as_deref()
    }

    /// Are rows read as the HTTP API's bodies are: each field under its own name, no value changed but times and positions?
    pub(crate) fn is_native(&self) -> bool {
        let swaps = self.position.as_ref().is_some_and(|rule| rule.swap);
        self.has_native_names
            && !swaps
            && self.nulls.is_empty()
            && self.columns.is_empty()
            && self.melt.is_empty()
            && self.spread.is_empty()
            && self.refuse.is_empty()
            && self.each.is_none()
            && self.undated == Undated::Refuse
            && self.sensor.is_empty()
            && self.datastream.is_none()
    }

    /// The columns that some rule reads.
    pub fn mapped_columns(&self) -> impl Iterator<Item = &str> {
        let of_fields = self.fields.values().flat_map(|rules| &rules.0);
        let of_fields = of_fields.flat_map(FieldRule::columns);
        of_fields.chain(self.melt.iter().map(|melt| melt.column.as_str()))
    }
}

#[cfg(test)]
mod tests;
