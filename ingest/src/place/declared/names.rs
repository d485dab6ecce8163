//! The names of a level's areas.

use std::collections::{BTreeMap, HashMap};

use chrono::NaiveDate;
use citybrain_grid::{Area, Level};
use citybrain_model::AreaLevel;

use super::ByText;
use crate::place::{fold, stem::stems};

/// The names of a level, version by version.
#[derive(Debug)]
pub(super) struct LevelNames {
    pub(super) level: AreaLevel,
    /// Oldest first; at least one.
    versions: Vec<VersionNames>,
}

impl LevelNames {
    pub(super) fn new(level: &Level, aliases: &BTreeMap<String, String>) -> Self {
        let versions = level.versions().iter().map(|version| {
            let range = version.range();
            let start = range.start;
            let areas = &level.areas[range];
            VersionNames::new(level.level, version.valid_from, start, areas, aliases)
        });
        Self {
            level: level.level,
            versions: versions.collect(),
        }
    }

    /// The version in force on a date: the last that begins by then, or the first for every earlier date.
    pub(super) fn on(&self, date: Option<NaiveDate>) -> &VersionNames {
        let at = match date {
            None => self.versions.len(),
            Some(date) => self
                .versions
                .partition_point(|version| version.valid_from.is_none_or(|from| from <= date)),
        };
        &self.versions[at.max(1) - 1]
    }
}

/// The names of one boundary version. Areas go by their number in the version, in byte order of id.
#[derive(Debug)]
pub(super) struct VersionNames {
    valid_from: Option<NaiveDate>,
    /// The first area's index in `Level::areas`.
    pub(super) start: u32,
    ids: Vec<String>,
    parents: Vec<Option<String>>,
    /// Folded names of each area.
    pub(super) names: Vec<Vec<String>>,
    pub(super) by_name: ByText,
    pub(super) by_alias: ByText,
    pub(super) by_stem: ByText,
}

impl VersionNames {
    fn new(
        level: AreaLevel,
        valid_from: Option<NaiveDate>,
        start: usize,
        areas: &[Area],
        aliases: &BTreeMap<String, String>,
    ) -> Self {
        let number = |n: usize| u32::try_from(n).expect("a level has fewer than 2^32 areas");
        let mut version = Self {
            valid_from,
            start: number(start),
            ids: areas.iter().map(|area| area.id.clone()).collect(),
            parents: areas.iter().map(|area| area.parent.clone()).collect(),
            names: Vec::with_capacity(areas.len()),
            by_name: HashMap::new(),
            by_alias: HashMap::new(),
            by_stem: HashMap::new(),
        };
        for (at, area) in areas.iter().enumerate() {
            let mut names: Vec<_> = std::iter::once(&area.name)
                .chain(area.names.values())
                .map(|name| fold(name))
                .filter(|name| !name.is_empty())
                .collect();
            names.sort();
            names.dedup();
            for name in &names {
                add(&mut version.by_name, name.clone(), number(at));
                for stem in stems(level, name) {
                    add(&mut version.by_stem, stem, number(at));
                }
            }
            version.names.push(names);
        }
        for (alias, id) in aliases {
            if let Some(area) = version.with_id(id) {
                add(&mut version.by_alias, fold(alias), area);
            }
        }
        version
    }

    /// The area with that very id.
    pub(super) fn with_id(&self, id: &str) -> Option<u32> {
        let at = self.ids.binary_search_by(|other| other.as_str().cmp(id));
        u32::try_from(at.ok()?).ok()
    }

    /// The area of the next larger level's version in force that the area lies in.
    pub(super) fn parent(&self, area: u32, larger: &Self) -> Option<u32> {
        larger.with_id(self.parents[area as usize].as_deref()?)
    }
}

fn add(map: &mut ByText, text: String, area: u32) {
    let areas = map.entry(text).or_default();
    // An area comes with all its names at once, so a repetition is the last entry.
    if areas.last() != Some(&area) {
        areas.push(area);
    }
}
