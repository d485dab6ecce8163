//! The areas that a record declares by name.

mod names;
mod search;

use std::collections::{BTreeMap, HashMap};

use chrono::NaiveDate;
use citybrain_grid::City;
use citybrain_model::{AreaLevel, LocationQuality};
use serde::Serialize;

use self::names::{LevelNames, VersionNames};
use super::fold;

/// Other names of a city's areas, as its file gives them: for each level, name to id. An area's own name is stronger.
pub type Aliases = BTreeMap<AreaLevel, BTreeMap<String, String>>;

/// An alias that leads nowhere.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("level {level}: the alias \"{alias}\" is for \"{id}\", which is no area of the city")]
pub struct UnknownAlias {
    /// The level under which it stands.
    pub level: AreaLevel,
    /// The other name.
    pub alias: String,
    /// The id that no area of the level has.
    pub id: String,
}

/// Matches the district, subdistrict and community that a record names to the city's areas. Levels are gone through from large to
/// small; each looks inside what the larger ones left possible:
///
/// 1. the text is an area's id; or, compared as [`fold`] makes them, one of its names; or an alias of it. The city's name and the
///    larger area's before it do not matter (北京市海淀区八里庄街道);
/// 2. or it is a name without or with another word for its class (海淀, 东风地区 for 东风乡), when nothing else inside has that
///    stem and no area outside has the very name. Below a larger area that is declared but unknown this step is left out.
///
/// Two areas inside make the level ambiguous; a smaller level may still tell which. A name that only areas outside have contradicts
/// the larger level: then neither is believed, and only what both share is left.
///
/// **A match is never a guess among several.** The areas have no point: a record that is known by its area alone gets no
/// position, for the middle of an area would become its first hotspot.
///
/// Cost: a few hash look-ups for each declared level; memory of some hundred bytes for each area.
#[derive(Debug)]
pub struct DeclaredAreas {
    /// The city's folded name.
    city: String,
    /// The city's levels, from large to small.
    levels: Vec<LevelNames>,
}

/// Where a record is by its own words.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DeclaredPlace {
    /// For each level, by `AreaLevel::index()`: the area as an index into `Level::areas`. The smallest area that is sure, and all
    /// that it lies in.
    pub areas: [Option<u32>; 4],
    /// What became of district, subdistrict and community, in this order.
    pub levels: [LevelMatch; 3],
    /// The record as a whole.
    pub outcome: Outcome,
}

impl DeclaredPlace {
    /// `Area` when some area is sure, `None` otherwise.
    pub fn quality(&self) -> LocationQuality {
        match self.areas {
            [None, None, None, None] => LocationQuality::None,
            _ => LocationQuality::Area,
        }
    }

    /// The smallest area that is sure, as an index into `Level::areas`.
    pub fn smallest(&self) -> Option<(AreaLevel, u32)> {
        AreaLevel::ALL
            .into_iter()
            .rev()
            .find_map(|level| Some((level, self.areas[level.index()]?)))
    }
}

/// What became of one declared level. Areas are indices into `Level::areas`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum LevelMatch {
    /// The record does not name it, or the city lacks the level.
    NotDeclared,
    /// This area by its id, its name or an alias.
    Exact(u32),
    /// This area, whose name has another word for its class.
    Stem(u32),
    /// One of several by its own words; a smaller level tells that it is this one.
    BySmaller(u32),
    /// No area is called so.
    Unknown,
    /// It may be each of these.
    Ambiguous(Vec<u32>),
    /// Only these are called so, and they lie elsewhere than the larger level says.
    Contradictory(Vec<u32>),
}

/// What became of a record's declared areas.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// The record names no area of a level that the city has.
    NotDeclared,
    /// The smallest level that it names is one area.
    Matched,
    /// The smallest level that it names is called like no area; a larger one may be sure.
    Unknown,
    /// Several areas are left; a larger one may be sure.
    Ambiguous,
    /// Two levels exclude each other.
    Contradictory,
}

impl DeclaredAreas {
    /// The names of all areas of all boundary versions.
    ///
    /// # Errors
    /// The first alias whose id no area of its level has.
    pub fn try_new(city: &City, aliases: &Aliases) -> Result<Self, UnknownAlias> {
        let none = BTreeMap::new();
        for (&level, names) in aliases {
            let known = |id: &String| {
                city.level(level)
                    .is_some_and(|level| level.areas.iter().any(|area| area.id == *id))
            };
            if let Some((alias, id)) = names.iter().find(|(_, id)| !known(id)) {
                return Err(UnknownAlias {
                    level,
                    alias: alias.clone(),
                    id: id.clone(),
                });
            }
        }
        let levels = city.levels.iter().map(|level| {
            let aliases = aliases.get(&level.level).unwrap_or(&none);
            LevelNames::new(level, aliases)
        });
        Ok(Self {
            city: fold(&city.name),
            levels: levels.collect(),
        })
    }

    /// The names of all areas of all boundary versions, without aliases.
    pub fn of(city: &City) -> Self {
        Self::try_new(city, &Aliases::new()).expect("no alias leads nowhere")
    }

    /// The areas that a record declares, from its district, subdistrict and community, by the boundaries in force on a local date;
    /// without it by the latest.
    pub fn find(&self, declared: [Option<&str>; 3], on: Option<NaiveDate>) -> DeclaredPlace {
        search::find(self, declared, on)
    }

    /// The versions in force, from large to small.
    fn on(&self, date: Option<NaiveDate>) -> Vec<(AreaLevel, &VersionNames)> {
        self.levels
            .iter()
            .map(|level| (level.level, level.on(date)))
            .collect()
    }
}

/// Areas of one version by a text.
type ByText = HashMap<String, Vec<u32>>;

#[cfg(test)]
mod tests;
