//! The language that a city's records are written in.

use citybrain_grid::City;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Language {
    Zh,
    En,
}

impl Language {
    /// The first of the city's languages that the simulation can write; English when there is none.
    pub(super) fn of(city: &City) -> Self {
        let known = |language: &String| match language.as_str() {
            "zh" => Some(Self::Zh),
            "en" => Some(Self::En),
            _ => None,
        };
        city.languages.iter().find_map(known).unwrap_or(Self::En)
    }
}
