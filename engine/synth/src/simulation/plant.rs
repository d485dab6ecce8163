//! Which facts a simulation plants, and where.

use std::collections::HashSet;
use std::sync::Arc;

use citybrain_grid::{City, NOWHERE};
use citybrain_model::AreaLevel;
use h3o::{CellIndex, LatLng};
use rand::Rng;
use rand::distr::Distribution;
use rand_distr::weighted::WeightedAliasIndex;

use super::category::Category;
use super::fact::{Fact, What, When};
use super::place::{Place, located, rounded};
use super::sensor::{Property, Sensor};
use super::truth::{AreaTruth, HotspotKind, Rhythm};
use crate::points::smallest;

/// Plants facts in one world.
pub(super) struct Planter<'a, R> {
    pub(super) city: &'a City,
    pub(super) categories: &'a [Category],
    pub(super) sensors: &'a [Sensor],
    /// The places of the ordinary city, to which the hotspots' are added.
    pub(super) places: &'a mut Vec<Place>,
    /// How many places are the ordinary city's.
    pub(super) ordinary: usize,
    pub(super) pick: &'a WeightedAliasIndex<f64>,
    pub(super) rng: &'a mut R,
    /// First whole hour of the window, seconds since 1970, and the number of whole hours.
    pub(super) from: i64,
    pub(super) hours: i64,
    pub(super) complaints_per_day: f64,
    /// Areas that have an issue already.
    pub(super) taken: HashSet<u32>,
}

const HOUR_S: i64 = 3600;

impl<R: Rng> Planter<'_, R> {
    /// All facts. They grow with the square root of the city's complaints: a larger city has not much larger hotspots.
    pub(super) fn plant(mut self) -> Vec<Fact> {
        let size = self.complaints_per_day.sqrt();
        let mut facts = Vec::new();
        self.hotspots(size, &mut facts);
        self.periodic_issues(size, &mut facts);
        self.bursts(size, &mut facts);
        self.leading_sensors(size, &mut facts);
        facts
    }

    fn hotspots(&mut self, size: f64, facts: &mut Vec<Fact>) {
        use HotspotKind::{Intensifying, New, Persistent};
        let (all, new) = (self.hours, (self.hours / 10).clamp(24, 21 * 24));
        let mut spots = vec![("elevator", Persistent, 0, all)];
        if self.hours >= 72 {
            spots.extend([
                ("neighbour-noise", Persistent, all / 4, all * 3 / 4),
                ("ebike-charging", Persistent, 0, all),
                ("kitchen-fumes", New, all - new, all),
                ("property-service", Intensifying, 0, all),
            ]);
        }
        let mut used = HashSet::new();
        for (code, kind, from, to) in spots {
            let Some((cells, places)) = self.disk(&mut used) else {
                continue;
            };
            let (first, last) = match kind {
                Intensifying => (0.2, 1.8),
                Persistent | New => (1.0, 1.0),
            };
            facts.push(Fact {
                category: self.category(code),
                places,
                per_hour: 0.05 * size / 24.0,
                when: When::Between {
                    from: self.from + from * HOUR_S,
                    to: self.from + to * HOUR_S,
                    first,
                    last,
                },
                what: What::Hotspot(kind, cells),
            });
        }
    }

    fn periodic_issues(&mut self, size: f64, facts: &mut Vec<Fact>) {
        let saturday = Rhythm::Weekly { weekday: 6 };
        let tuesday = Rhythm::Weekly { weekday: 2 };
        let month = Rhythm::Monthly { day: 1, days: 3 };
        let year = Rhythm::Yearly {
            month: 7,
            day: 10,
            days: 20,
        };
        for (days, code, rhythm, from_hour, hours, share) in [
            (3, "construction-noise", Rhythm::Daily, 22, 4, 0.025),
            (21, "street-vendors", saturday, 7, 5, 0.08),
            (21, "flyers", tuesday, 9, 8, 0.05),
            (90, "prepaid-card", month, 9, 9, 0.045),
            (400, "trees", year, 8, 12, 0.025),
        ] {
            if self.hours < days * 24 {
                continue;
            }
            let Some((area, places)) = self.area() else {
                continue;
            };
            facts.push(Fact {
                category: self.category(code),
                places,
                per_hour: share * size,
                when: When::Periodic {
                    rhythm,
                    from_hour,
                    hours,
                },
                what: What::Periodic(area),
            });
        }
    }

    fn bursts(&mut self, size: f64, facts: &mut Vec<Fact>) {
        const SUDDEN: [&str; 5] = [
            "no-water",
            "power-cut",
            "gas",
            "water-quality",
            "blocked-drain",
        ];
        if self.hours < 12 {
            return;
        }
        for i in 0..(self.hours / 24 / 20).clamp(1, 60) {
            let length = self.rng.random_range(6..=30).min(self.hours / 2);
            let from = self.from + self.rng.random_range(0..=self.hours - length) * HOUR_S;
            let complaints = 1.5 * size * self.rng.random_range(0.7..1.5);
            let code = usize::try_from(i).map_or(SUDDEN[0], |i| SUDDEN[i % SUDDEN.len()]);
            let Some((area, places)) = self.area() else {
                continue;
            };
            #[expect(clippy::cast_precision_loss, reason = "at most 30 hours")]
            let per_hour = complaints / length as f64;
            facts.push(Fact {
                category: self.category(code),
                places,
                per_hour,
                when: When::Between {
                    from,
                    to: from + length * HOUR_S,
                    first: 1.7,
                    last: 0.3,
                },
                what: What::Burst(area),
            });
        }
    }

    fn leading_sensors(&mut self, size: f64, facts: &mut Vec<Fact>) {
        if self.hours < 48 {
            return;
        }
        for (property, code, lag_h) in [
            (Property::Pm10, "construction-dust", 5),
            (Property::WaterLevel, "road-flooding", 2),
            (Property::Noise, "traffic-noise", 3),
        ] {
            let found = self.sensors.iter().enumerate().find_map(|(i, sensor)| {
                let streams = sensor.streams.iter();
                let stream = streams
                    .clone()
                    .position(|stream| stream.property == property)?;
                Some((i, stream, sensor.areas))
            });
            let Some((sensor, stream, areas)) = found else {
                continue;
            };
            let Some((area, places)) = self.around(areas) else {
                continue;
            };
            facts.push(Fact {
                category: self.category(code),
                places,
                per_hour: 0.15 * size,
                when: When::After {
                    sensor,
                    stream,
                    lag_h,
                },
                what: What::Lead(area),
            });
        }
    }

    fn category(&self, code: &str) -> usize {
        let mut categories = self.categories.iter();
        categories
            .position(|category| category.code == code)
            .expect("planted categories are in the tree")
    }

    /// The level at which issues are planted: subdistricts, or what the city has next to them.
    fn unit(&self) -> usize {
        let has = |level: AreaLevel| self.city.level(level).is_some_and(|l| l.latest().len() > 1);
        let level = if has(AreaLevel::Subdistrict) {
            AreaLevel::Subdistrict
        } else {
            smallest(self.city).level
        };
        level.index()
    }

    /// The area of a place that is drawn as complaints are, with its places; no area twice while others are left.
    fn area(&mut self) -> Option<(AreaTruth, Vec<u32>)> {
        let level = self.unit();
        let mut area = NOWHERE;
        for _ in 0..200 {
            area = self.places[self.pick.sample(self.rng)].areas[level];
            if area != NOWHERE && self.taken.insert(area) {
                break;
            }
        }
        self.members(level, area)
    }

    /// The largest area around a sensor that is not the whole city, with its places.
    fn around(&self, areas: [u32; 4]) -> Option<(AreaTruth, Vec<u32>)> {
        let districts = self.city.level(AreaLevel::District);
        let level = match districts {
            Some(level) if level.latest().len() > 1 => level.level.index(),
            _ => self.unit(),
        };
        self.members(level, areas[level])
    }

    fn members(&self, level: usize, area: u32) -> Option<(AreaTruth, Vec<u32>)> {
        let level = self.city.level(AreaLevel::ALL[level])?;
        let found = level.areas.get(area as usize)?;
        let index = level.level.index();
        let members = (0_u32..)
            .zip(self.places.iter().take(self.ordinary))
            .filter(|(_, place)| place.areas[index] == area)
            .map(|(i, _)| i)
            .collect();
        let truth = AreaTruth {
            level: level.level.to_string(),
            id: found.id.clone(),
            name: found.name.clone(),
        };
        Some((truth, members))
    }

    /// A cell where people live, with those around it that lie in the city and are not `used`; adds places in them.
    fn disk(&mut self, used: &mut HashSet<CellIndex>) -> Option<(Vec<CellIndex>, Vec<u32>)> {
        for _ in 0..100 {
            let middle = self.busy_place();
            let Ok(cell) = CellIndex::try_from(middle.cell) else {
                continue;
            };
            let mut disk: Vec<CellIndex> = cell.grid_disk(1);
            disk.sort_by_key(|&other| (other != cell, other));
            if disk.iter().any(|cell| used.contains(cell)) {
                continue;
            }
            let places = self.places_in(&disk, &middle);
            if places.first().is_none_or(|place| place.cell != middle.cell) {
                continue;
            }
            disk.retain(|&cell| places.iter().any(|place| place.cell == u64::from(cell)));
            used.extend(&disk);
            let first = index(self.places.len());
            self.places.extend(places);
            return Some((disk, (first..index(self.places.len())).collect()));
        }
        None
    }

    /// Of a few places that are drawn as complaints are, the one with most places around: hotspots lie where the city is dense.
    fn busy_place(&mut self) -> Place {
        let neighbours = |middle: &Place| {
            let near = |place: &&Place| {
                (place.lon - middle.lon).abs() < 0.002 && (place.lat - middle.lat).abs() < 0.0015
            };
            self.places.iter().filter(near).count()
        };
        let drawn: Vec<&Place> = (0..8)
            .map(|_| &self.places[self.pick.sample(self.rng)])
            .collect();
        let busiest = drawn.into_iter().max_by_key(|place| neighbours(place));
        busiest.expect("eight places were drawn").clone()
    }

    /// Places well inside each cell and in the city: four in the first cell, two in the others.
    fn places_in(&mut self, cells: &[CellIndex], near: &Place) -> Vec<Place> {
        let (mut lon, mut lat, mut addresses) = (vec![], vec![], vec![]);
        for (i, &cell) in cells.iter().enumerate() {
            let centre = LatLng::from(cell);
            let reach = cell.resolution().edge_length_m() / 111_000.0 / 3.0;
            for _ in 0..(if i == 0 { 4 } else { 2 }) {
                let mut off = || self.rng.random_range(-reach..reach);
                lon.push(rounded(centre.lng() + off()));
                lat.push(rounded(centre.lat() + off()));
                addresses.push(Arc::clone(&near.address));
            }
        }
        let largest = self.city.largest().level.index();
        let mut places = located(self.city, &lon, &lat, addresses);
        places.retain(|place| {
            place.area(largest).is_some() && cells.iter().any(|&cell| u64::from(cell) == place.cell)
        });
        places
    }
}

fn index(places: usize) -> u32 {
    u32::try_from(places).expect("tens of thousands of places")
}
