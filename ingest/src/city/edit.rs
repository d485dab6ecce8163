//! A city file with other boundary files.

use std::fs;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use chrono::NaiveDate;
use citybrain_model::AreaLevel;
use toml::{Table, Value};

use super::CityError;
use super::copy::tables;
use super::read::beside;
use super::spec::read_spec;

/// A boundary file for a level of a city, as `LEVEL=FILE` or `LEVEL@DATE=FILE`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewBoundary {
    /// The level.
    pub level: AreaLevel,
    /// First local day of a further version; none exchanges the file of the newest version that there is.
    pub valid_from: Option<NaiveDate>,
    /// The file, relative to the working directory.
    pub file: PathBuf,
}

/// Why a text names no boundary file for a level.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NewBoundaryError {
    /// There is no file.
    #[error("\"{0}\" is not LEVEL=FILE or LEVEL@DATE=FILE")]
    Form(String),
    /// The level is none.
    #[error("\"{0}\" is not an area level (district, subdistrict, community or grid)")]
    Level(String),
    /// The date is none.
    #[error("\"{0}\" is not a date, such as 2024-01-01")]
    Date(String),
}

impl FromStr for NewBoundary {
    type Err = NewBoundaryError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let form = || NewBoundaryError::Form(text.to_owned());
        let (level, file) = text.split_once('=').ok_or_else(form)?;
        if file.is_empty() {
            return Err(form());
        }
        let (level, date) = match level.split_once('@') {
            Some((level, date)) => (level, Some(date)),
            None => (level, None),
        };
        let unknown = |_| NewBoundaryError::Level(level.to_owned());
        let no_date = |date: &str| NewBoundaryError::Date(date.to_owned());
        Ok(Self {
            level: level.parse().map_err(unknown)?,
            valid_from: date
                .map(|date| date.parse().map_err(|_bad| no_date(date)))
                .transpose()?,
            file: file.into(),
        })
    }
}

/// The text of the city file `path` with these boundary files in it, in order. A new file is read as the newest one of its level:
/// the same properties, the same coordinate system. Files are named by their whole paths, so that the text reads the same
/// wherever it lies.
///
/// # Errors
/// As [`read_city`](super::read_city()) for the city file, and [`CityError::NoLevel`]; the boundary files are not opened.
pub fn with_boundaries(path: &Path, boundaries: &[NewBoundary]) -> Result<String, CityError> {
    let spec = read_spec(path)?;
    let failed = |path: &Path| {
        let path = path.to_owned();
        move |error| CityError::File { path, error }
    };
    let text = fs::read_to_string(path).map_err(failed(path))?;
    let mut city: Table = toml::from_str(&text).expect("the city file was read before");
    for (level, spec) in tables(&mut city, "level").zip(&spec.levels) {
        for (boundary, spec) in tables(level, "boundary").zip(&spec.boundaries) {
            let file = beside(path, &spec.file);
            let whole = std::path::absolute(&file).map_err(failed(&file))?;
            boundary.insert("file".to_owned(), text_of(&whole));
        }
    }
    for new in boundaries {
        let whole = std::path::absolute(&new.file).map_err(failed(&new.file))?;
        let at = spec
            .levels
            .iter()
            .position(|level| level.level == new.level);
        let level = at.and_then(|at| tables(&mut city, "level").nth(at));
        let Some(level) = level else {
            let has = spec.levels.iter().map(|level| level.level.as_str());
            return Err(CityError::NoLevel {
                path: path.to_owned(),
                level: new.level,
                has: has.collect::<Vec<_>>().join(", "),
            });
        };
        put(level, new.valid_from, &whole);
    }
    Ok(city.to_string())
}

/// Puts a file into a level: for the newest version, for the version of this very day, or as a further one in order of dates.
fn put(level: &mut Table, valid_from: Option<NaiveDate>, file: &Path) {
    let versions = level.get_mut("boundary").and_then(Value::as_array_mut);
    let Some(versions) = versions else { return };
    let Some(date) = valid_from.map(|date| date.to_string()) else {
        if let Some(newest) = versions.last_mut().and_then(Value::as_table_mut) {
            newest.insert("file".to_owned(), text_of(file));
        }
        return;
    };
    let day = |version: &Value| {
        let day = version.get("valid_from")?.to_string();
        Some(day.trim_matches('"').to_owned())
    };
    // Dates as text are in order of time.
    let later = versions
        .iter()
        .position(|v| day(v).is_some_and(|day| day >= date));
    let mut new = versions
        .last()
        .and_then(Value::as_table)
        .cloned()
        .unwrap_or_default();
    new.insert("file".to_owned(), text_of(file));
    new.insert("valid_from".to_owned(), Value::String(date.clone()));
    match later {
        Some(at) if day(&versions[at]).as_ref() == Some(&date) => versions[at] = Value::Table(new),
        Some(at) => versions.insert(at, Value::Table(new)),
        None => versions.push(Value::Table(new)),
    }
}

fn text_of(path: &Path) -> Value {
    Value::String(path.to_string_lossy().into_owned())
}

#[cfg(test)]
mod tests;
