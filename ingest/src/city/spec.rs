//! What stands in a `city.toml`.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use chrono::NaiveDate;
use chrono_tz::Tz;
use citybrain_grid::h3o::Resolution;
use citybrain_model::AreaLevel;
use serde::Deserialize;
use toml::Value;

use super::CityError;
use super::calendars;
use super::crs::{CrsError, SourceCrs};
use super::names_spec::{NamesSpec, RoadsSpec};
use super::open::file_with_content;

/// A city file, checked as far as it can be without its boundary files.
#[derive(Debug)]
pub(super) struct CitySpec {
    pub(super) name: String,
    pub(super) time_zone: Tz,
    pub(super) base_resolution: Resolution,
    pub(super) languages: Vec<String>,
    pub(super) levels: Vec<LevelSpec>,
    pub(super) names: NamesSpec,
    pub(super) roads: Option<RoadsSpec>,
    /// Names and files of calendars; none leaves them to the zone.
    pub(super) calendars: Option<Vec<String>>,
    /// The day on which a month of assessment begins.
    pub(super) assessment_month_day: u32,
}

#[derive(Debug)]
pub(super) struct LevelSpec {
    pub(super) level: AreaLevel,
    pub(super) names: BTreeMap<String, String>,
    pub(super) boundaries: Vec<BoundarySpec>,
}

#[derive(Debug)]
pub(super) struct BoundarySpec {
    /// The file, as the city file has it.
    pub(super) file: PathBuf,
    /// The layer of the file, when it has several.
    pub(super) object: Option<String>,
    /// The property with the id.
    pub(super) id: String,
    /// The property with the name.
    pub(super) label: Option<String>,
    /// The properties with the name in other languages, by language.
    pub(super) labels: BTreeMap<String, String>,
    pub(super) parent: ParentSpec,
    /// The property with the number of residents.
    pub(super) population: Option<String>,
    /// The coordinate system; none leaves it to the file, and WGS 84 when that says nothing.
    pub(super) crs: Option<SourceCrs>,
    pub(super) valid_from: Option<NaiveDate>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum ParentSpec {
    City,
    Property(String),
    Contained,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawCity {
    name: String,
    time_zone: String,
    #[serde(default = "default_resolution")]
    base_resolution: u8,
    languages: Vec<String>,
    #[serde(default)]
    level: Vec<RawLevel>,
    aliases: Option<Value>,
    gazetteer: Option<Value>,
    roads: Option<Value>,
    calendars: Option<Vec<String>>,
    assessment_month_day: Option<u32>,
}

/// The resolution of the design: cells of about 15,000 m².
fn default_resolution() -> u8 {
    10
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawLevel {
    level: String,
    name: BTreeMap<String, String>,
    #[serde(default)]
    boundary: Vec<RawBoundary>,
}

#[derive(Deserialize)]
struct RawBoundary {
    file: PathBuf,
    object: Option<String>,
    id: String,
    label: Option<String>,
    parent: Option<String>,
    population: Option<String>,
    crs: Option<String>,
    valid_from: Option<Value>,
    /// `label_LANGUAGE`, and whatever else stands there.
    #[serde(flatten)]
    more: BTreeMap<String, Value>,
}

/// Reads and checks a city file.
pub(super) fn read_spec(path: &Path) -> Result<CitySpec, CityError> {
    file_with_content(path)?;
    let text = fs::read_to_string(path).map_err(|error| CityError::File {
        path: path.to_owned(),
        error,
    })?;
    let raw: RawCity = toml::from_str(&text).map_err(|error| toml_error(path, &text, &error))?;
    checked(raw).map_err(|(key, rule)| CityError::Key {
        path: path.to_owned(),
        key,
        rule,
    })
}

/// Where a file is no TOML, lacks a key, or has an unknown one.
pub(super) fn toml_error(path: &Path, text: &str, error: &toml::de::Error) -> CityError {
    let at = error.span().map_or(0, |span| span.start);
    CityError::Toml {
        path: path.to_owned(),
        line: 1 + text.bytes().take(at).filter(|byte| *byte == b'\n').count(),
        message: error.message().replace('\n', "; "),
    }
}

/// A key and the rule that its value breaks.
pub(super) type Broken = (String, String);

fn checked(raw: RawCity) -> Result<CitySpec, Broken> {
    let broken = |key: &str, rule: String| Err((key.to_owned(), rule));
    if raw.name.trim().is_empty() {
        return broken("name", "must not be empty".to_owned());
    }
    let Ok(time_zone) = raw.time_zone.parse() else {
        return broken(
            "time_zone",
            format!(
                "\"{}\" is not a zone of the IANA list, such as Asia/Shanghai",
                raw.time_zone
            ),
        );
    };
    let base_resolution = match Resolution::try_from(raw.base_resolution) {
        Ok(resolution) if (5..=12).contains(&raw.base_resolution) => resolution,
        _ => {
            let rule = format!(
                "{} is not an H3 resolution from 5 to 12",
                raw.base_resolution
            );
            return broken("base_resolution", rule);
        }
    };
    if raw.languages.is_empty() {
        return broken(
            "languages",
            "needs at least one language, such as \"en\"".to_owned(),
        );
    }
    if raw.level.is_empty() {
        return broken("level", "a city needs at least one [[level]]".to_owned());
    }
    let assessment_month_day = raw.assessment_month_day.unwrap_or(1);
    if !(1..=28).contains(&assessment_month_day) {
        let rule =
            format!("{assessment_month_day} is not a day that every month has, from 1 to 28");
        return broken("assessment_month_day", rule);
    }
    let mut levels: Vec<LevelSpec> = Vec::new();
    for raw_level in raw.level {
        let level = checked_level(raw_level, &raw.languages, levels.is_empty())?;
        if let Some(larger) = levels.last()
            && larger.level >= level.level
        {
            let rule = format!(
                "{} comes after {}: levels go from large to small (district, subdistrict, community, grid), each once",
                level.level, larger.level
            );
            return broken("level", rule);
        }
        levels.push(level);
    }
    Ok(CitySpec {
        name: raw.name,
        time_zone,
        base_resolution,
        languages: raw.languages,
        levels,
        names: NamesSpec::checked(raw.aliases.as_ref(), raw.gazetteer.as_ref())?,
        roads: raw.roads.as_ref().map(RoadsSpec::checked).transpose()?,
        calendars: match raw.calendars {
            Some(calendars) => calendars::check(&calendars).map(|()| Some(calendars))?,
            None => None,
        },
        assessment_month_day,
    })
}

fn checked_level(raw: RawLevel, languages: &[String], largest: bool) -> Result<LevelSpec, Broken> {
    let level: AreaLevel = raw.level.parse().map_err(|error| {
        let error: citybrain_model::UnknownAreaLevel = error;
        ("level".to_owned(), error.to_string())
    })?;
    if let Some(other) = raw
        .name
        .keys()
        .find(|language| !languages.contains(language))
    {
        return Err((
            format!("level {level}: name.{other}"),
            format!("\"{other}\" is not among the city's languages"),
        ));
    }
    if raw.boundary.is_empty() {
        return Err((
            format!("level {level}"),
            "has no [[level.boundary]]".to_owned(),
        ));
    }
    let mut boundaries: Vec<BoundarySpec> = Vec::new();
    for (at, raw) in raw.boundary.into_iter().enumerate() {
        let of = |(key, rule)| (format!("level {level}, boundary {}: {key}", at + 1), rule);
        let boundary = checked_boundary(raw, languages, largest).map_err(of)?;
        if let Some(before) = boundaries.last()
            && boundary.valid_from <= before.valid_from
        {
            let rule = "boundaries go from old to new, and only the first may lack the date";
            return Err(of(("valid_from".to_owned(), rule.to_owned())));
        }
        boundaries.push(boundary);
    }
    Ok(LevelSpec {
        level,
        names: raw.name,
        boundaries,
    })
}

fn checked_boundary(
    raw: RawBoundary,
    languages: &[String],
    largest: bool,
) -> Result<BoundarySpec, Broken> {
    let mut labels = BTreeMap::new();
    for (key, value) in raw.more {
        let known = key
            .strip_prefix("label_")
            .is_some_and(|l| languages.iter().any(|k| k == l));
        match (known, value) {
            (true, Value::String(property)) => {
                labels.insert(key.trim_start_matches("label_").to_owned(), property);
            }
            (true, _) => return Err((key, "must be the name of a property".to_owned())),
            (false, _) => {
                let rule = "unknown key, expected file, object, id, label, label_LANGUAGE (a language of the city), parent, population, crs or valid_from";
                return Err((key, rule.to_owned()));
            }
        }
    }
    let parent = match raw.parent.as_deref() {
        Some("city") => ParentSpec::City,
        None => ParentSpec::Contained,
        Some(property) if !largest => ParentSpec::Property(property.to_owned()),
        Some(_) => {
            let rule = "the largest level lies in the city: leave it out or say \"city\"";
            return Err(("parent".to_owned(), rule.to_owned()));
        }
    };
    let crs = raw.crs.as_deref().map(str::parse).transpose();
    let crs = crs.map_err(|error: CrsError| ("crs".to_owned(), error.to_string()))?;
    Ok(BoundarySpec {
        file: raw.file,
        object: raw.object,
        id: raw.id,
        label: raw.label,
        labels,
        parent,
        population: raw.population,
        crs,
        valid_from: raw.valid_from.as_ref().map(date).transpose()?,
    })
}

fn date(value: &Value) -> Result<NaiveDate, Broken> {
    let text = match value {
        Value::Datetime(date) => date.to_string(),
        other => other.to_string(),
    };
    let Ok(date) = text.trim_matches('"').parse() else {
        let rule = format!("{text} is not a date, such as 2024-01-01");
        return Err(("valid_from".to_owned(), rule));
    };
    Ok(date)
}
