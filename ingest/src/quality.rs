//! What observed properties can be, from the shipped file `data/quality/limits.toml`.

use std::sync::Arc;

use chrono::TimeDelta;
use citybrain_model::{Inspector, Limits, PropertyLimits};
use serde::Deserialize;

const SHIPPED: &str = include_str!("../../data/quality/limits.toml");

/// The file.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    /// Grows with each change of a limit.
    #[expect(dead_code, reason = "people and their tools read it")]
    version: u32,
    property: Vec<Property>,
}

/// One property, by all of its names.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Property {
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

/// An inspector that knows the shipped limits.
pub fn inspector() -> Arc<Inspector> {
    Arc::new(Inspector::new(
        limits(SHIPPED).expect("the shipped file is tested"),
    ))
}

fn limits(text: &str) -> Result<Limits, toml::de::Error> {
    let file: File = toml::from_str(text)?;
    let each = file.property.into_iter().flat_map(|property| {
        let limits = PropertyLimits {
            unit: property.unit,
            min: property.min,
            max: property.max,
            ceiling: property.ceiling,
            per_minute: property.per_minute,
            step: property.step,
            still: property
                .still_hours
                .map(|hours| TimeDelta::hours(hours.into())),
        };
        let names = property.names.into_iter();
        names.map(move |name| (name, limits.clone()))
    });
    Ok(Limits::new(each))
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
        limits(SHIPPED).unwrap();
    }
}
