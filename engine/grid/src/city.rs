//! A city: its levels of areas and all that places a point in them.

use std::sync::OnceLock;

use arrow_array::ArrayRef;
use chrono_tz::Tz;
use citybrain_model::{AreaLevel, CalendarDays};
use h3o::{CellIndex, Resolution};

use crate::aligned::{AlignedError, AlignedGrid, Source};
use crate::build::build_level;
use crate::fingerprint::{boundary_version, of_city, with_names};
use crate::{BBox, BuildError, CityParts, Level, Roads};

/// A city, made once from checked parts and never changed.
#[derive(Debug)]
pub struct City {
    /// The city's name.
    pub name: String,
    /// The zone of its local time.
    pub time_zone: Tz,
    /// The H3 resolution at which every record is counted.
    pub base_resolution: Resolution,
    /// Its languages, the main one first.
    pub languages: Vec<String>,
    /// Its levels, from large to small; at least one.
    pub levels: Vec<Level>,
    /// A hash of everything that decides where a record is placed: zone, base resolution, levels, versions, ids, vertices, and
    /// the names of [`City::with_names`].
    pub fingerprint: u64,
    boundary_version: String,
    roads: Option<Roads>,
    calendar: Vec<CalendarDays>,
    /// The day on which a month of assessment begins, from 1 to 28; 1 is the calendar's month. It places no record.
    pub assessment_month_day: u32,
    bbox: BBox,
    pub(crate) covers: [OnceLock<Box<[CellIndex]>>; 16],
    pub(crate) aligned: OnceLock<Result<AlignedGrid, AlignedError>>,
    pub(crate) aligned_source: Source,
    /// See [`crate::PlaceColumns`].
    pub(crate) ids: OnceLock<[ArrayRef; 4]>,
}

impl City {
    /// A city from its parts, level by level from large to small.
    ///
    /// # Errors
    /// The first [`BuildError`] in order of levels, versions and areas. Invalid rings are no error: `Area::faults` lists them.
    pub fn try_new(parts: CityParts) -> Result<Self, BuildError> {
        let mut place = of_city(parts.time_zone, parts.base_resolution);
        let mut levels: Vec<Level> = Vec::new();
        for level in parts.levels {
            let level = build_level(level, levels.last(), &mut place)?;
            levels.push(level);
        }
        if levels.is_empty() {
            return Err(BuildError::NoLevel);
        }
        let fingerprint = place.digest();
        let bbox = levels
            .iter()
            .flat_map(|level| &level.areas)
            .fold(BBox::EMPTY, |bbox, area| bbox.union(area.bbox));
        Ok(Self {
            boundary_version: boundary_version(fingerprint, &levels),
            roads: None,
            calendar: Vec::new(),
            assessment_month_day: 1,
            bbox,
            name: parts.name,
            time_zone: parts.time_zone,
            base_resolution: parts.base_resolution,
            languages: parts.languages,
            levels,
            fingerprint,
            covers: Default::default(),
            aligned: OnceLock::new(),
            aligned_source: Source::default(),
            ids: OnceLock::new(),
        })
    }

    /// The city whose records are placed by names as well; `names` is a hash of what the names lead to. The same record may then
    /// have another place, so fingerprint and boundary version are others.
    #[must_use]
    pub fn with_names(mut self, names: u64) -> Self {
        self.fingerprint = with_names(self.fingerprint, names);
        self.boundary_version = boundary_version(self.fingerprint, &self.levels);
        self
    }

    /// The city with its named roads. They place no record: fingerprint and boundary version stay.
    #[must_use]
    pub fn with_roads(mut self, roads: Roads) -> Self {
        self.roads = Some(roads);
        self
    }

    /// The city with its calendar, in any order. It places no record: fingerprint and boundary version stay.
    #[must_use]
    pub fn with_calendar(mut self, mut calendar: Vec<CalendarDays>) -> Self {
        calendar.sort_by(|a, b| (&a.calendar, &a.id, a.first).cmp(&(&b.calendar, &b.id, b.first)));
        self.calendar = calendar;
        self
    }

    /// The city whose months of assessment begin on this day, from 1 to 28. It places no record: fingerprint and boundary version stay.
    #[must_use]
    pub const fn with_assessment_month_day(mut self, day: u32) -> Self {
        self.assessment_month_day = day;
        self
    }

    /// The days that come back, by calendar, id and first day; none when the city has no calendar.
    pub fn calendar(&self) -> &[CalendarDays] {
        &self.calendar
    }

    /// The named roads, when the city gives any.
    pub fn roads(&self) -> Option<&Roads> {
        self.roads.as_ref()
    }

    /// The level, when the city has it.
    pub fn level(&self, level: AreaLevel) -> Option<&Level> {
        self.levels.iter().find(|other| other.level == level)
    }

    /// The largest level: a point is *located* when it lies in one of its areas.
    pub fn largest(&self) -> &Level {
        self.levels.first().expect("a city has a level")
    }

    /// The rectangle that holds every area of every level and version.
    pub fn bbox(&self) -> BBox {
        self.bbox
    }

    /// Names the boundaries in use, for `ETag`s and answers: the first day of the newest version, if it has one, and a hash over
    /// all that places points or shows in a tile. The same text means the same tiles and the same placing.
    pub fn boundary_version(&self) -> String {
        self.boundary_version.clone()
    }
}

#[cfg(test)]
mod tests;
