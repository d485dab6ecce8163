//! The keys of a `city.toml` for files of names and of roads.

use std::path::PathBuf;

use citybrain_grid::Crs;
use toml::{Table, Value};

use super::crs::{CrsError, SourceCrs};
use super::spec::Broken;

/// The files by which records without a position are placed, as the city file has them.
#[derive(Debug, Default)]
pub(super) struct NamesSpec {
    /// Other names of areas.
    pub(super) aliases: Option<PathBuf>,
    pub(super) gazetteer: Option<GazetteerSpec>,
}

/// The file of place names.
#[derive(Debug)]
pub(super) struct GazetteerSpec {
    pub(super) file: PathBuf,
    /// The system of its positions.
    pub(super) crs: Crs,
}

impl NamesSpec {
    /// The keys `aliases` (a file) and `gazetteer` (a file, or a table of `file` and `crs`).
    pub(super) fn checked(
        aliases: Option<&Value>,
        gazetteer: Option<&Value>,
    ) -> Result<Self, Broken> {
        let aliases = aliases
            .map(|value| Keys::of("aliases", value, &["file"])?.file())
            .transpose()?;
        let gazetteer = gazetteer.map(|value| {
            let keys = Keys::of("gazetteer", value, &["file", "crs"])?;
            let crs = keys.text("crs")?.map_or(Ok(Crs::Wgs84), |word| {
                word.parse().map_err(|error: citybrain_grid::UnknownCrs| {
                    ("gazetteer.crs".to_owned(), error.to_string())
                })
            })?;
            let file = keys.file()?;
            Ok::<_, Broken>(GazetteerSpec { file, crs })
        });
        Ok(Self {
            aliases,
            gazetteer: gazetteer.transpose()?,
        })
    }
}

/// The file of roads.
#[derive(Debug)]
pub(super) struct RoadsSpec {
    pub(super) file: PathBuf,
    /// The layer of the file, when it has several.
    pub(super) object: Option<String>,
    /// The property with the name.
    pub(super) name: String,
    /// The coordinate system; none leaves it to the file, and WGS 84 when that says nothing.
    pub(super) crs: Option<SourceCrs>,
}

impl RoadsSpec {
    /// The key `roads`: a file, or a table of `file`, `object`, `name` and `crs`.
    pub(super) fn checked(value: &Value) -> Result<Self, Broken> {
        let keys = Keys::of("roads", value, &["file", "object", "name", "crs"])?;
        let text = |key| Ok::<_, Broken>(keys.text(key)?.map(ToOwned::to_owned));
        let crs = keys.text("crs")?.map(str::parse).transpose();
        Ok(Self {
            object: text("object")?,
            name: text("name")?.unwrap_or_else(|| "name".to_owned()),
            crs: crs.map_err(|error: CrsError| ("roads.crs".to_owned(), error.to_string()))?,
            file: keys.file()?,
        })
    }
}

/// The keys of a table, or the path that stands for its `file`.
pub(super) struct Keys {
    key: &'static str,
    table: Table,
}

impl Keys {
    pub(super) fn of(key: &'static str, value: &Value, known: &[&str]) -> Result<Self, Broken> {
        let table = match value {
            Value::String(_) => Table::from_iter([("file".to_owned(), value.clone())]),
            Value::Table(table) => table.clone(),
            _ => {
                let rule = "must be a path, or a table with the key file";
                return Err((key.to_owned(), rule.to_owned()));
            }
        };
        if let Some(unknown) = table.keys().find(|name| !known.contains(&name.as_str())) {
            let rule = format!("unknown key, expected {}", known.join(", "));
            return Err((format!("{key}.{unknown}"), rule));
        }
        Ok(Self { key, table })
    }

    pub(super) fn text(&self, name: &str) -> Result<Option<&str>, Broken> {
        match self.table.get(name) {
            None => Ok(None),
            Some(Value::String(text)) if !text.trim().is_empty() => Ok(Some(text)),
            Some(_) => Err((
                format!("{}.{name}", self.key),
                "must be a text that is not empty".to_owned(),
            )),
        }
    }

    pub(super) fn file(&self) -> Result<PathBuf, Broken> {
        let file = self.text("file")?;
        file.map(PathBuf::from)
            .ok_or_else(|| (self.key.to_owned(), "needs the key file".to_owned()))
    }
}
