//! Objects whose members are each the result of one property.

use std::collections::BTreeMap;

use serde::Deserialize;

/// An object of which every number at any depth is an observation: its property is the path of names below the object, `a.b`. What is
/// no number there is left out, but a truth value is 1 or 0.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Spread {
    /// The path of the object: `object`, `uplink_message.decoded_payload`.
    pub under: String,
    /// Units as UCUM codes, by property, compared by letters and digits alone whatever their case.
    #[serde(default)]
    pub units: BTreeMap<String, String>,
    /// Other names for properties, compared likewise.
    #[serde(default)]
    pub properties: BTreeMap<String, String>,
    /// Properties that are none: positions, counters.
    #[serde(default)]
    pub ignore: Vec<String>,
}
