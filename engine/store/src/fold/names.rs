//! The areas that a corrected complaint names, where no position places it.

use citybrain_grid::{Area, City};
use citybrain_model::AreaLevel;

/// The areas, by `AreaLevel::index()`, whose id or name in any language is the one given for district, subdistrict and community,
/// each within the one before it where that is known; in the boundaries that were valid at `at` (µs since 1970, UTC) as far as
/// the city's versions say. A name that is none of the city's gives no area: the gazetteer and aliases belong to the way in.
pub(super) fn areas(city: &City, names: [Option<&str>; 3], at: Option<i64>) -> [Option<String>; 4] {
    let mut found: [Option<String>; 4] = [const { None }; 4];
    let day = at
        .and_then(chrono::DateTime::from_timestamp_micros)
        .map(|at| at.with_timezone(&city.time_zone).date_naive());
    let mut within: Option<&str> = None;
    let levels = [
        AreaLevel::District,
        AreaLevel::Subdistrict,
        AreaLevel::Community,
    ];
    for (level, name) in levels.into_iter().zip(names) {
        let Some((level, name)) = city.level(level).zip(name) else {
            continue;
        };
        let valid = |area: &&Area| {
            day.is_none_or(|day| {
                area.valid_from.is_none_or(|from| from <= day)
                    && area.valid_to.is_none_or(|to| day < to)
            })
        };
        let called = |area: &&Area| {
            area.id == name || area.name == name || area.names.values().any(|other| other == name)
        };
        let inside = |area: &&Area| match (within, area.parent.as_deref()) {
            (Some(within), Some(parent)) => within == parent,
            _ => true,
        };
        let area = level.areas.iter().filter(valid).filter(called).find(inside);
        if let Some(area) = area {
            found[level.level.index()] = Some(area.id.clone());
            within = Some(&area.id);
        }
    }
    found
}
