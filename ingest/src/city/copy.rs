//! All files of a city, a copy of them in one folder, and other roads for such a copy.

use std::fs;
use std::path::{Path, PathBuf};

use toml::{Table, Value};
use xxhash_rust::xxh3::Xxh3;

use super::CityError;
use super::calendars::is_file;
use super::features::sidecar;
use super::open::{Format, file_with_content};
use super::read::beside;
use super::spec::{BoundarySpec, CitySpec, read_spec};

/// The city file, its boundary files in the order of the city file, and its files of names and roads.
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
    let names = names_of(&spec).flat_map(|(_, file)| {
        let file = beside(path, file);
        let more = sidecars(&file).map(|(_, file)| file).collect::<Vec<_>>();
        std::iter::once(file).chain(more)
    });
    let calendars = spec.calendars.iter().flatten();
    let calendars = calendars
        .filter(|name| is_file(name))
        .map(|name| beside(path, Path::new(name)));
    Ok(std::iter::once(path.to_owned())
        .chain(boundaries)
        .chain(names)
        .chain(calendars)
        .collect())
}

/// The keys of the files of names and of roads, and the files.
fn names_of(spec: &CitySpec) -> impl Iterator<Item = (&'static str, &Path)> {
    let aliases = spec.names.aliases.as_deref();
    let gazetteer = spec.names.gazetteer.as_ref().map(|spec| &*spec.file);
    let roads = spec.roads.as_ref().map(|spec| &*spec.file);
    let files = [
        ("aliases", aliases),
        ("gazetteer", gazetteer),
        ("roads", roads),
    ];
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
/// its boundary files in `areas/` and its files of names and of roads in `places/`. Returns the path of the new city file.
///
/// # Errors
/// As [`read_city`](super::read_city) for the city file, and [`CityError::File`] for what cannot be read or written.
pub fn copy_city(path: &Path, folder: &Path) -> Result<PathBuf, CityError> {
    let spec = read_spec(path)?;
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
        let name = format!("{key}.{}", endings(file));
        copy_to_places(&beside(path, file), folder, &name)?;
        point_to(&mut city, key, &name);
    }
    put_calendars(path, spec.calendars.as_deref(), folder, &mut city)?;
    let copy = folder.join("city.toml");
    fs::write(&copy, city.to_string()).map_err(failed(&copy))?;
    Ok(copy)
}

/// Gives a copy made by [`copy_city`], at `copy`, the roads of the city file at `path`; true when they were others before. The rest
/// of the copy stays as it is. Cut off at any moment, it has the roads of before or those of now.
///
/// # Errors
/// As [`copy_city`].
pub fn copy_roads(path: &Path, copy: &Path) -> Result<bool, CityError> {
    let table = |path: &Path| -> Result<Table, CityError> {
        read_spec(path)?;
        let text = fs::read_to_string(path).map_err(failed(path))?;
        Ok(toml::from_str(&text).expect("the city file was read before"))
    };
    let (from, mut to) = (table(path)?, table(copy)?);
    let (spec, spec_of_copy) = (read_spec(path)?.roads, read_spec(copy)?.roads);
    let folder = copy.parent().unwrap_or(Path::new(""));
    let before = spec_of_copy.map(|spec| beside(copy, &spec.file));
    let Some(roads) = spec else {
        to.remove("roads");
        if before.is_some() {
            write_whole(copy, &to.to_string())?;
        }
        return Ok(before.is_some());
    };
    let file = beside(path, &roads.file);
    file_with_content(&file)?;
    let mut hash = Xxh3::new();
    for file in std::iter::once(file.clone()).chain(sidecars(&file).map(|(_, file)| file)) {
        hash.update(&fs::read(&file).map_err(failed(&file))?);
    }
    // Another name for other roads: the file that is in use is never written over.
    let name = format!("roads-{:016x}.{}", hash.digest(), endings(&roads.file));
    to.insert("roads".to_owned(), from["roads"].clone());
    point_to(&mut to, "roads", &name);
    let text = to.to_string();
    if fs::read_to_string(copy).map_err(failed(copy))? == text {
        return Ok(false);
    }
    copy_to_places(&file, folder, &name)?;
    write_whole(copy, &text)?;
    Ok(true)
}

/// Gives a copy made by [`copy_city`], at `copy`, the calendars of the city file at `path`. The rest of the copy stays as it is.
///
/// # Errors
/// As [`copy_city`].
pub fn copy_calendars(path: &Path, copy: &Path) -> Result<(), CityError> {
    let spec = read_spec(path)?;
    read_spec(copy)?;
    let before = fs::read_to_string(copy).map_err(failed(copy))?;
    let mut city: Table = toml::from_str(&before).expect("the copy was read before");
    let folder = copy.parent().unwrap_or(Path::new(""));
    put_calendars(path, spec.calendars.as_deref(), folder, &mut city)?;
    let text = city.to_string();
    if text == before {
        return Ok(());
    }
    write_whole(copy, &text)
}

/// Lets the calendars of a copy be those of the city file at `path`: names as they are, files as copies in `places/`, each under a
/// name of its content, so that one in use is never written over.
fn put_calendars(
    path: &Path,
    calendars: Option<&[String]>,
    folder: &Path,
    city: &mut Table,
) -> Result<(), CityError> {
    let Some(calendars) = calendars else {
        city.remove("calendars");
        return Ok(());
    };
    let mut copied = Vec::new();
    for name in calendars {
        if !is_file(name) {
            copied.push(Value::String(name.clone()));
            continue;
        }
        let file = beside(path, Path::new(name));
        file_with_content(&file)?;
        let mut hash = Xxh3::new();
        hash.update(&fs::read(&file).map_err(failed(&file))?);
        let stem = file.file_stem().unwrap_or_default().to_string_lossy();
        let inner = format!("calendar-{:016x}", hash.digest());
        let places = folder.join("places").join(&inner);
        fs::create_dir_all(&places).map_err(failed(&places))?;
        let to = places.join(format!("{stem}.toml"));
        fs::copy(&file, &to).map_err(failed(&to))?;
        copied.push(Value::String(format!("places/{inner}/{stem}.toml")));
    }
    city.insert("calendars".to_owned(), Value::Array(copied));
    Ok(())
}

/// Copies a file with its sidecars to `places/NAME` in a folder.
fn copy_to_places(from: &Path, folder: &Path, name: &str) -> Result<(), CityError> {
    let places = folder.join("places");
    fs::create_dir_all(&places).map_err(failed(&places))?;
    let to = places.join(name);
    file_with_content(from)?;
    fs::copy(from, &to).map_err(failed(&to))?;
    for (ending, from) in sidecars(from) {
        let to = to.with_extension(ending);
        fs::copy(&from, &to).map_err(failed(&to))?;
    }
    Ok(())
}

/// Lets a key of a city file that is a path, or has one in its `file`, point to `places/NAME`.
fn point_to(city: &mut Table, key: &str, name: &str) {
    let copied = Value::String(format!("places/{name}"));
    match city.get_mut(key) {
        Some(Value::Table(table)) => table.insert("file".to_owned(), copied),
        _ => city.insert(key.to_owned(), copied),
    };
}

/// Writes a file so that it is there whole or as it was.
fn write_whole(path: &Path, text: &str) -> Result<(), CityError> {
    let whole = path.with_extension("citybrain-tmp");
    fs::write(&whole, text).map_err(failed(&whole))?;
    fs::rename(&whole, path).map_err(failed(path))
}

fn failed(path: &Path) -> impl FnOnce(std::io::Error) -> CityError {
    let path = path.to_owned();
    move |error| CityError::File { path, error }
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
