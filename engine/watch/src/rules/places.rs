//! Places and categories as numbers, and what a key stands for.

use std::collections::HashMap;

use citybrain_model::AreaLevel;
use h3o::{CellIndex, LatLng};

use super::Subject;
use super::desk::{Desk, Key};
use super::report::Report;
use crate::Per;
use crate::fast::Fast;

/// The areas of all levels that a point lies in, as one number: there are no more than the city has smallest areas, and few more on
/// borders of levels that do not nest.
#[derive(Debug, Default)]
pub(crate) struct Places {
    ids: HashMap<[u32; 4], u32, Fast>,
    areas: Vec<[u32; 4]>,
}

impl Places {
    pub(crate) fn id(&mut self, areas: [u32; 4]) -> u32 {
        let next = u32::try_from(self.areas.len()).unwrap_or(u32::MAX);
        let areas_known = &mut self.areas;
        *self.ids.entry(areas).or_insert_with(|| {
            areas_known.push(areas);
            next
        })
    }

    /// The words of the areas, by [`AreaLevel::index`].
    pub(crate) fn areas(&self, place: u32) -> [u32; 4] {
        self.areas[place as usize]
    }
}

/// Pairs of category and path as one number.
#[derive(Debug, Default)]
pub(crate) struct Whats {
    ids: HashMap<(u32, u32), u32, Fast>,
    pairs: Vec<(u32, u32)>,
}

impl Whats {
    pub(crate) fn id(&mut self, category: u32, path: u32) -> u32 {
        let next = u32::try_from(self.pairs.len()).unwrap_or(u32::MAX);
        let pairs = &mut self.pairs;
        *self.ids.entry((category, path)).or_insert_with(|| {
            pairs.push((category, path));
            next
        })
    }

    /// The words of category and path.
    pub(crate) fn pair(&self, what: u32) -> (u32, u32) {
        self.pairs[what as usize]
    }
}

/// The second number of a key that does not count by category.
pub(crate) const ANY: u32 = u32::MAX;

impl Per {
    /// What a complaint counts by; none when it has no such place.
    pub(crate) fn key(self, each_category: bool, report: &Report, places: &Places) -> Option<Key> {
        let place = match self {
            Self::City => 1,
            Self::Area(level) => u64::from(places.areas(report.place)[level.index()]),
            Self::Cell(resolution) => CellIndex::try_from(report.cell)
                .ok()
                .and_then(|cell| cell.parent(resolution))
                .map_or(0, u64::from),
        };
        (place != 0).then_some(Key {
            place,
            what: if each_category { report.what } else { ANY },
        })
    }
}

impl Desk {
    /// What a key of a count stands for.
    pub(crate) fn counted(&self, per: Per, key: Key) -> Subject {
        let mut subject = Subject::default();
        if key.what != ANY {
            let (category, path) = self.whats.pair(key.what);
            let word = self.words.text(category).or_else(|| self.words.text(path));
            subject.category = word.map(str::to_owned);
        }
        match per {
            Per::City => {}
            Per::Area(level) => {
                let word = u32::try_from(key.place).unwrap_or(0);
                if let Some(id) = self.words.text(word) {
                    self.put_area(&mut subject, level, id);
                }
            }
            Per::Cell(_) => {
                if let Ok(cell) = CellIndex::try_from(key.place) {
                    let centre = LatLng::from(cell);
                    subject.cell = Some(cell.to_string());
                    (subject.lon, subject.lat) = (Some(centre.lng()), Some(centre.lat()));
                }
            }
        }
        subject
    }

    /// The area, and a point in it where the subject has none.
    pub(crate) fn put_area(&self, subject: &mut Subject, level: AreaLevel, id: &str) {
        subject.level = Some(level);
        subject.area = Some(id.to_owned());
        if subject.lon.is_none()
            && let Some(area) = self.city.level(level).and_then(|level| level.area(id))
        {
            (subject.lon, subject.lat) = (Some(area.label.x()), Some(area.label.y()));
        }
    }

    /// The smallest area of a place.
    pub(crate) fn put_place(&self, subject: &mut Subject, place: u32) {
        let areas = self.places.areas(place);
        let smallest = AreaLevel::ALL
            .into_iter()
            .rev()
            .find_map(|level| Some((level, self.words.text(areas[level.index()])?.to_owned())));
        if let Some((level, id)) = smallest {
            self.put_area(subject, level, &id);
        }
    }
}
