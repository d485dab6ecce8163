//! One level of areas, with all its boundary versions.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::OnceLock;

use chrono::NaiveDate;
use citybrain_model::AreaLevel;
use geo::{MultiPolygon, Point};

use crate::planar::PlanarIndex;
use crate::tile::WorldAreas;
use crate::{BBox, NOWHERE, RingFault};

/// One level of areas. `areas` holds every boundary version, oldest first; within a version areas are in byte order of id.
#[derive(Debug)]
pub struct Level {
    /// Which level.
    pub level: AreaLevel,
    /// The city's own word for the level, by language.
    pub names: BTreeMap<String, String>,
    /// The areas of all versions.
    pub areas: Vec<Area>,
    /// The boundary versions, oldest first; at least one.
    pub(crate) versions: Vec<Version>,
    world_areas: OnceLock<WorldAreas>,
}

impl Level {
    pub(crate) fn new(level: AreaLevel, names: BTreeMap<String, String>) -> Self {
        Self {
            level,
            names,
            areas: Vec::new(),
            versions: Vec::new(),
            world_areas: OnceLock::new(),
        }
    }

    /// The boundary versions, oldest first; at least one.
    pub fn versions(&self) -> &[Version] {
        &self.versions
    }

    /// The areas of the latest boundary version, in byte order of id.
    pub fn latest(&self) -> &[Area] {
        &self.areas[self.latest_range()]
    }

    /// The latest version's place in `areas`.
    pub fn latest_range(&self) -> Range<usize> {
        self.latest_version().range()
    }

    /// The area that has this id in the latest boundary version.
    pub fn area(&self, id: &str) -> Option<&Area> {
        let areas = self.latest();
        let at = areas
            .binary_search_by(|area| area.id.as_str().cmp(id))
            .ok()?;
        areas.get(at)
    }

    /// The version in force on a local date: the last one that begins by then, or the first for every earlier date.
    pub fn version_on(&self, date: NaiveDate) -> &Version {
        let later = self
            .versions
            .partition_point(|version| version.valid_from.is_none_or(|from| from <= date));
        &self.versions[later.max(1) - 1]
    }

    /// The latest areas as tiles need them.
    pub(crate) fn world_areas(&self) -> &WorldAreas {
        self.world_areas
            .get_or_init(|| WorldAreas::of(self.latest()))
    }

    pub(crate) fn latest_version(&self) -> &Version {
        self.versions.last().expect("a level has a version")
    }
}

/// One version of a level's boundaries.
#[derive(Debug)]
pub struct Version {
    /// First local day on which it is in force; the first version also serves every day before.
    pub valid_from: Option<NaiveDate>,
    /// Its areas' place in [`Level::areas`].
    pub(crate) areas: Range<u32>,
    pub(crate) index: PlanarIndex,
}

impl Version {
    /// Its areas' place in [`Level::areas`].
    pub fn range(&self) -> Range<usize> {
        self.areas.start as usize..self.areas.end as usize
    }

    /// The area that holds the position, as an index into [`Level::areas`], or [`NOWHERE`].
    pub(crate) fn locate(&self, lon: f64, lat: f64) -> u32 {
        match self.index.locate(lon, lat) {
            NOWHERE => NOWHERE,
            area => self.areas.start + area,
        }
    }
}

/// One area in one version of its level's boundaries.
#[derive(Debug, Clone)]
pub struct Area {
    /// The id, unique within level and version.
    pub id: String,
    /// The name in the city's own language.
    pub name: String,
    /// The name in other languages, by language.
    pub names: BTreeMap<String, String>,
    /// The id of the area of the next larger level that this one belongs to; none at the largest level, and where no larger
    /// area holds the label point.
    pub parent: Option<String>,
    /// Residents.
    pub population: Option<f64>,
    /// The boundary for display and measure, lon/lat degrees: cleaned by the even-odd rule where `faults` says so, outer
    /// rings counter-clockwise, holes clockwise. Placing goes by the rings as given, not by this.
    pub geometry: MultiPolygon<f64>,
    /// Area on the WGS 84 ellipsoid, km²: see [`area_km2`](crate::area_km2()).
    pub area_km2: f64,
    /// A point inside, for a label.
    pub label: Point<f64>,
    /// The rectangle around the rings as given.
    pub bbox: BBox,
    /// First local day of its version.
    pub valid_from: Option<NaiveDate>,
    /// First local day after its version.
    pub valid_to: Option<NaiveDate>,
    /// What is wrong with the rings as given; empty for a valid boundary.
    pub faults: Vec<RingFault>,
}
