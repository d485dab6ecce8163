//! All files of a city, and a copy of them in one folder.

use std::fs;
use std::path::{Path, PathBuf};

use toml::{Table, Value};

use super::CityError;
use super::features::sidecar;
use super::open::{Format, file_with_content};
use super::read::beside;
use super::spec::{BoundarySpec, CitySpec, read_spec};

/// The city file, its boundary files in the order of the city file, and its files of names.
///
/// # Errors
/// As [`read_city`](super::read_city), as far as the city file goes; the boundary files are not opened.
pub fn files(path: &Path) -> Result<Vec<PathBuf>, CityError> {
    let spec = read_spec(path)?;
    let boundaries = spec.levels.iter().flat_map(|level| &level.boundaries);
    let boundaries = boundaries.flat_map(|boundary| {
        let file = beside(path, &boundary.file);
        let more = sidecars(&file).map(|(_, file)| file).collect::<Vec<_>>();
        std::iter::once(file).chain(more)
    });
    let names = names_of(&spec).map(|(_, file)| beside(path, file));
    Ok(std::iter::once(path.to_owned())
        .chain(boundaries)
        .chain(names)
        .collect())
}

/// The keys of the files of names, and the files.
fn names_of(spec: &CitySpec) -> impl Iterator<Item = (&'static str, &Path)> {
    let aliases = spec.names.aliases.as_deref();
    let gazetteer = spec.names.gazetteer.as_ref().map(|spec| &*spec.file);
    let files = [("aliases", aliases), ("gazetteer", gazetteer)];
    files
        .into_iter()
        .filter_map(|(key, file)| Some((key, file?)))
}

/// What lies beside a `.shp` and belongs to it, by ending.
fn sidecars(file: &Path) -> impl Iterator<Item = (&'static str, PathBuf)> {
    let shapefile = matches!(Format::of(file), Ok((Format::Shapefile, _)));
    let endings: &[_] = if shapefile {
        &["dbf", "prj", "cpg"]
    } else {
        &[]
    };
    let file = file.to_owned();
    endings
        .iter()
        .filter_map(move |ending| Some((*ending, sidecar(&file, ending)?)))
}

/// Copies a city into a folder of its own, so that it reads the same wherever the folder goes: `city.toml`, written last, with
/// its boundary files in `areas/` and its files of names in `places/`. Returns the path of the new city file.
///
/// # Errors
/// As [`read_city`](super::read_city) for the city file, and [`CityError::File`] for what cannot be read or written.
pub fn copy_city(path: &Path, folder: &Path) -> Result<PathBuf, CityError> {
    let spec = read_spec(path)?;
    let failed = |path: &Path| {
        let path = path.to_owned();
        move |error| CityError::File { path, error }
    };
    let text = fs::read_to_string(path).map_err(failed(path))?;
    let mut city: Table = toml::from_str(&text).expect("the city file was read before");
    let areas = folder.join("areas");
    fs::create_dir_all(&areas).map_err(failed(&areas))?;
    for (level, spec) in tables(&mut city, "level").zip(&spec.levels) {
        for (boundary, spec_of) in tables(level, "boundary").zip(&spec.boundaries) {
            let name = name_in_copy(spec.level.as_str(), spec_of);
            let (from, to) = (beside(path, &spec_of.file), areas.join(&name));
            file_with_content(&from)?;
            fs::copy(&from, &to).map_err(failed(&to))?;
            for (ending, from) in sidecars(&from) {
                let to = to.with_extension(ending);
                fs::copy(&from, &to).map_err(failed(&to))?;
            }
            boundary.insert("file".to_owned(), Value::String(format!("areas/{name}")));
        }
    }
    for (key, file) in names_of(&spec) {
        let places = folder.join("places");
        fs::create_dir_all(&places).map_err(failed(&places))?;
        let name = format!("{key}.{}", endings(file));
        let (from, to) = (beside(path, file), places.join(&name));
        file_with_content(&from)?;
        fs::copy(&from, &to).map_err(failed(&to))?;
        let copied = Value::String(format!("places/{name}"));
        match city.get_mut(key) {
            Some(Value::Table(table)) => table.insert("file".to_owned(), copied),
            _ => city.insert(key.to_owned(), copied),
        };
    }
    let copy = folder.join("city.toml");
    fs::write(&copy, city.to_string()).map_err(failed(&copy))?;
    Ok(copy)
}

/// The tables under a key of an array of tables.
pub(super) fn tables<'a>(table: &'a mut Table, key: &str) -> impl Iterator<Item = &'a mut Table> {
    let array = table.get_mut(key).and_then(Value::as_array_mut);
    array.into_iter().flatten().filter_map(Value::as_table_mut)
}

/// `LEVEL[-DATE]` with the endings that tell the file's format.
fn name_in_copy(level: &str, boundary: &BoundarySpec) -> String {
    let date = boundary
        .valid_from
        .map_or_else(String::new, |date| format!("-{date}"));
    format!("{level}{date}.{}", endings(&boundary.file))
}

/// The endings of a file's name that tell its format and its compression.
fn endings(file: &Path) -> String {
    let name = file.file_name().unwrap_or_default();
    let name = name.to_string_lossy().to_lowercase();
    let mut endings: Vec<&str> = name.rsplit('.').take(2).collect();
    if !matches!(endings.first(), Some(&"gz" | &"zst")) {
        endings.truncate(1);
    }
    endings.reverse();
    endings.join(".")
}
