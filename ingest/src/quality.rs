//! What observed properties can be, from the shipped file `data/quality/limits.toml` and a city's own of the same form.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use chrono::TimeDelta;
use citybrain_model::{Inspector, Limits, PropertyLimits};
use serde::Deserialize;

const SHIPPED: &str = include_str!("../../data/quality/limits.toml");

/// A file of limits.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    /// Grows with each change of a limit.
    #[expect(dead_code, reason = "people and their tools read it")]
    version: u32,
    #[serde(default)]
    property: Vec<Named>,
    /// Datastreams that have limits of their own.
    #[serde(default)]
    datastream: Vec<Named>,
}

/// One property by all of its names, or datastreams by theirs.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Named {
    names: Vec<String>,
    unit: String,
    min: Option<f64>,
    max: Option<f64>,
    ceiling: Option<f64>,
    per_minute: Option<f64>,
    #[serde(default)]
    step: f64,
    still_hours: Option<u32>,
}

/// A file of limits that cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LimitsError {
    /// It cannot be read.
    #[error("{}: {source}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// It is no file of limits.
    #[error("{}: {source}", path.display())]
    Toml {
        /// The file.
        path: PathBuf,
        /// Where and why.
        source: toml::de::Error,
    },
}

/// An inspector that knows the shipped limits, and those of a file before them.
///
/// # Errors
/// The file cannot be read, or is no file of limits.
pub fn inspector(own: Option<&Path>) -> Result<Arc<Inspector>, LimitsError> {
    let mut all: File = toml::from_str(SHIPPED).expect("the shipped file is tested");
    if let Some(path) = own {
        let text = std::fs::read_to_string(path).map_err(|source| LimitsError::File {
            path: path.to_owned(),
            source,
        })?;
        let own: File = toml::from_str(&text).map_err(|source| LimitsError::Toml {
            path: path.to_owned(),
            source,
        })?;
        // The last of a name holds.
        all.property.extend(own.property);
        all.datastream.extend(own.datastream);
    }
    let limits = Limits::new(each(all.property)).with_datastreams(each(all.datastream));
    Ok(Arc::new(Inspector::new(limits)))
}

fn each(all: Vec<Named>) -> impl Iterator<Item = (String, PropertyLimits)> {
    all.into_iter().flat_map(|one| {
        let limits = PropertyLimits {
            unit: one.unit,
            min: one.min,
            max: one.max,
            ceiling: one.ceiling,
            per_minute: one.per_minute,
            step: one.step,
            still: one.still_hours.map(|hours| TimeDelta::hours(hours.into())),
        };
        let names = one.names.into_iter();
        names.map(move |name| (name, limits.clone()))
    })
}

#[cfg(test)]
mod tests {
    use citybrain_model::ucum;

    use super::*;

    #[test]
    fn the_shipped_limits_are_ranges_in_ucum_and_no_name_has_two() {
        let file: File = toml::from_str(SHIPPED).unwrap();
        let mut names = std::collections::HashMap::new();
        for (at, property) in file.property.iter().enumerate() {
            assert_eq!(ucum(&property.unit), property.unit.as_str());
            let (min, max) = (property.min.unwrap(), property.max.unwrap());
            assert!(min < max, "{:?}", property.names);
            for name in &property.names {
                let plain = name.to_lowercase().replace(['.', '_'], "");
                let other = names.insert(plain, at).unwrap_or(at);
                assert_eq!(other, at, "{name}");
            }
        }
        inspector(None).unwrap();
    }

    #[test]
    fn a_file_of_limits_that_cannot_be_used_is_named() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("limits.toml");
        let told = |path: &Path| inspector(Some(path)).unwrap_err().to_string();
        assert!(told(&path).contains("limits.toml"));
        let good =
            "version = 1\n[[datastream]]\nnames = [\"7/pm10\"]\nunit = \"ug/m3\"\nmax = 150\n";
        std::fs::write(&path, good).unwrap();
        inspector(Some(&path)).unwrap();
        std::fs::write(&path, good.replace("max", "most")).unwrap();
        assert!(told(&path).contains("unknown field `most`"));
    }
}
