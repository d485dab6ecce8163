//! The calendar of a city: days that come back, but not after a fixed number of days.

use std::collections::BTreeMap;

use chrono::NaiveDate;

/// One occurrence of a window of a calendar: the Spring Festival of 2026, the heating season that begins in 2025.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CalendarDays {
    /// The calendar that it is from, such as `cn-beijing`.
    pub calendar: String,
    /// What comes back, such as `heating-season`: the same in all its occurrences.
    pub id: String,
    /// Its name by language.
    pub names: BTreeMap<String, String>,
    /// The first day, by the city's clock.
    pub first: NaiveDate,
    /// The last day, which belongs to it.
    pub last: NaiveDate,
}

impl CalendarDays {
    /// The name in a language, or in English, or any; the id when there is none.
    pub fn name(&self, language: &str) -> &str {
        let of = |language: &str| self.names.get(language);
        of(language)
            .or_else(|| of("en"))
            .or_else(|| self.names.values().next())
            .unwrap_or(&self.id)
    }
}
