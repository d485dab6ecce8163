//! The sample city as what a [`City`](citybrain_grid::City) is made from, without the way through files.

use std::collections::BTreeMap;

use citybrain_grid::{AreaParts, CityParts, LevelParts, Parents, VersionParts};
use citybrain_model::AreaLevel;

use super::{SampleArea, SampleCity};

/// The levels' words, Chinese and English.
pub(super) const DISTRICT: (&str, &str) = ("区", "District");
pub(super) const SUBDISTRICT: (&str, &str) = ("街道", "Subdistrict");
pub(super) const COMMUNITY: (&str, &str) = ("社区", "Community");

impl SampleCity {
    /// What the reader of the city's files would get from them.
    pub fn parts(&self) -> CityParts {
        CityParts {
            name: self.spec.name.clone(),
            time_zone: self.spec.time_zone,
            base_resolution: self.spec.base_resolution,
            languages: vec!["zh".to_owned(), "en".to_owned()],
            levels: vec![
                level(
                    AreaLevel::District,
                    DISTRICT,
                    Parents::City,
                    &self.districts,
                ),
                level(
                    AreaLevel::Subdistrict,
                    SUBDISTRICT,
                    Parents::Given,
                    &self.subdistricts,
                ),
                level(
                    AreaLevel::Community,
                    COMMUNITY,
                    Parents::Given,
                    &self.communities,
                ),
            ],
        }
    }
}

fn level(
    level: AreaLevel,
    (zh, en): (&str, &str),
    parents: Parents,
    areas: &[SampleArea],
) -> LevelParts {
    let words = [("zh", zh), ("en", en)];
    LevelParts {
        level,
        names: words.map(|(k, v)| (k.to_owned(), v.to_owned())).into(),
        versions: vec![VersionParts {
            valid_from: None,
            parents,
            areas: areas.iter().map(area).collect(),
        }],
    }
}

fn area(area: &SampleArea) -> AreaParts {
    #[expect(clippy::cast_precision_loss, reason = "residents of one area")]
    let population = area.population as f64;
    AreaParts {
        id: area.code.clone(),
        name: area.name.clone(),
        names: BTreeMap::from([("en".to_owned(), area.name_en.clone())]),
        parent: Some(area.parent.clone()),
        population: Some(population),
        boundary: area.geometry.clone(),
    }
}
