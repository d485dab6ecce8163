//! A city's files of names: other names of its areas, and its places.

use std::collections::HashMap;
use std::fs;
use std::path::Path;
use std::sync::Arc;

use citybrain_grid::City;
use citybrain_model::AreaLevel;
use serde::Deserialize;
use xxhash_rust::xxh3::Xxh3;

use super::CityError;
use super::names_spec::NamesSpec;
use super::open::file_with_content;
use super::read::beside;
use super::spec::read_spec;
use crate::place::{Aliases, DeclaredAreas, PlaceNames, read_gazetteer};

/// Reads the files by which records of a city without a position are placed, named by the keys `aliases` and `gazetteer` of its
/// file; `city` was read from the same file. Without them the names of the areas themselves are what there is.
///
/// # Errors
/// The first thing in the files that cannot be read, or that names an area which the city lacks: file, row, field and rule.
pub fn read_place_names(path: &Path, city: Arc<City>) -> Result<PlaceNames, CityError> {
    let NamesSpec { aliases, gazetteer } = read_spec(path)?.names;
    let aliases = match &aliases {
        Some(file) => read_aliases(&beside(path, file), &city)?,
        None => Aliases::new(),
    };
    let declared = DeclaredAreas::try_new(&city, &aliases)
        .expect("each row of the file of aliases was held against the city");
    let gazetteer = gazetteer
        .map(|spec| {
            let file = beside(path, &spec.file);
            file_with_content(&file)?;
            Ok::<_, CityError>(read_gazetteer(&file, spec.crs, &city)?)
        })
        .transpose()?;
    Ok(PlaceNames::new(city, declared, gazetteer))
}

/// A hash of the files' bytes and of how they are read; none without files. Another hash may place the same record elsewhere.
pub(super) fn fingerprint(path: &Path, names: &NamesSpec) -> Result<Option<u64>, CityError> {
    let mut hash = Xxh3::new();
    let gazetteer = names.gazetteer.as_ref();
    let files = [
        ("aliases", names.aliases.as_ref(), ""),
        (
            "gazetteer",
            gazetteer.map(|spec| &spec.file),
            gazetteer.map_or("", |spec| spec.crs.as_str()),
        ),
    ];
    let mut any = false;
    for (key, file, crs) in files {
        let Some(file) = file else { continue };
        any = true;
        let file = beside(path, file);
        file_with_content(&file)?;
        let bytes = fs::read(&file).map_err(|error| CityError::File { path: file, error })?;
        for part in [key.as_bytes(), crs.as_bytes(), bytes.as_slice()] {
            hash.update(&(part.len() as u64).to_le_bytes());
            hash.update(part);
        }
    }
    Ok(any.then(|| hash.digest()))
}

/// A row of a file of aliases.
#[derive(Deserialize)]
struct Row {
    level: String,
    id: String,
    alias: String,
}

/// Reads other names of areas: CSV in UTF-8 with the columns `level`, `id` and `alias`, in any order.
fn read_aliases(path: &Path, city: &City) -> Result<Aliases, CityError> {
    file_with_content(path)?;
    let bytes = fs::read(path).map_err(|error| CityError::File {
        path: path.to_owned(),
        error,
    })?;
    let text = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&bytes);
    let broken = |row: usize, field: &str, rule: String| CityError::Row {
        path: path.to_owned(),
        row,
        field: field.to_owned(),
        rule,
    };
    let mut rows = csv::ReaderBuilder::new()
        .trim(csv::Trim::All)
        .from_reader(text);
    let headers = rows
        .headers()
        .map_err(|error| broken(0, "header", error.to_string()))?;
    if let Some(lacking) = ["level", "id", "alias"]
        .into_iter()
        .find(|column| !headers.iter().any(|header| header == *column))
    {
        let rule = "the column is missing; a file of aliases has level, id and alias";
        return Err(broken(0, lacking, rule.to_owned()));
    }
    let mut aliases = Aliases::new();
    let mut first = HashMap::new();
    for (at, read) in rows.into_deserialize().enumerate() {
        let row = at + 1;
        let Row { level, id, alias } =
            read.map_err(|error| broken(row, "row", error.to_string()))?;
        let level: AreaLevel =
            level
                .parse()
                .map_err(|error: citybrain_model::UnknownAreaLevel| {
                    broken(row, "level", error.to_string())
                })?;
        let areas = city.level(level).map(|level| &level.areas);
        if !areas.is_some_and(|areas| areas.iter().any(|area| area.id == id)) {
            return Err(broken(
                row,
                "id",
                format!("the city has no {level} \"{id}\""),
            ));
        }
        if alias.is_empty() {
            return Err(broken(row, "alias", "is empty".to_owned()));
        }
        let names = aliases.entry(level).or_default();
        if let Some(other) = names.insert(alias.clone(), id.clone())
            && other != id
        {
            let before: usize = first[&(level, alias.clone())];
            let rule = format!("\"{alias}\" stands for \"{other}\" in row {before}");
            return Err(broken(row, "alias", rule));
        }
        first.entry((level, alias)).or_insert(row);
    }
    Ok(aliases)
}

#[cfg(test)]
mod tests;
