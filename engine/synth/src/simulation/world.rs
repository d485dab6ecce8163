//! The world of one simulation: everything that is settled before the first record, and how many records each hour has.

use std::collections::HashSet;
use std::sync::Arc;

use chrono::DateTime;
use citybrain_grid::City;
use citybrain_model::AreaLevel;
use rand::distr::Distribution;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rand_distr::Poisson;
use rand_distr::weighted::WeightedAliasIndex;

use super::category::{Category, categories};
use super::fact::{Fact, What};
use super::hash::bell;
use super::language::Language;
use super::place::{Place, places};
use super::plant::Planter;
use super::rhythm::spring_festival;
use super::sensor::{Sensor, sensor};
use super::spec::SimulationSpec;
use super::zone::{Clock, Zone};

#[derive(Debug)]
pub(super) struct World {
    pub(super) seed: u64,
    pub(super) language: Language,
    pub(super) zone: Zone,
    /// First second of the window.
    pub(super) from_s: i64,
    /// End of the window, not in it.
    pub(super) to_s: i64,
    pub(super) complaints_per_day: f64,
    pub(super) observation_minutes: u32,
    pub(super) categories: Vec<Category>,
    /// The ordinary city's places, then those of hotspots.
    pub(super) places: Vec<Place>,
    /// Draws one of the ordinary city's places.
    pub(super) pick: WeightedAliasIndex<f64>,
    /// Names of areas by `AreaLevel::index()` of district, subdistrict and community, then by their index in the level.
    pub(super) names: [Vec<Arc<str>>; 3],
    /// The office of each subdistrict, by its index in the level.
    pub(super) offices: Vec<Arc<str>>,
    pub(super) facts: Vec<Fact>,
    pub(super) sensors: Vec<Sensor>,
    /// The label of a complaint that repeats an earlier one.
    pub(super) repeat_tag: Arc<str>,
    /// Complaints of the ordinary city in an hour when all rhythms are at their mean.
    background: f64,
    /// For each fact that is a hotspot: expected complaints of the ordinary city in its cells over its window.
    pub(super) hotspot_background: Vec<f64>,
}

pub(super) const HOUR_S: i64 = 3600;
pub(super) const DAY_S: i64 = 86_400;
/// The stream of random numbers that settles the world; hours have those of their own number.
const WORLD_STREAM: u64 = u64::MAX;
/// At most this share of all complaints is planted.
const PLANTED_MAX: f64 = 0.3;

impl World {
    pub(super) fn new(city: &City, spec: &SimulationSpec) -> Self {
        let mut rng = ChaCha8Rng::seed_from_u64(spec.seed);
        rng.set_stream(WORLD_STREAM);
        let language = Language::of(city);
        let categories = categories(language);
        let (mut places, weights) = places(city, language, &mut rng);
        let pick = WeightedAliasIndex::new(weights.clone()).expect("weights are positive");
        let sensors: Vec<Sensor> = (0..spec.sensors)
            .map(|i| sensor(spec.seed, i, &places[pick.sample(&mut rng)]))
            .collect();
        let (from_s, to_s) = (ceil_s(spec.from), ceil_s(spec.to));
        let from = from_s.div_euclid(HOUR_S) + i64::from(from_s.rem_euclid(HOUR_S) > 0);
        let planter = Planter {
            city,
            categories: &categories,
            sensors: &sensors,
            ordinary: places.len(),
            places: &mut places,
            pick: &pick,
            rng: &mut rng,
            from: from * HOUR_S,
            hours: (to_s.div_euclid(HOUR_S) - from).max(0),
            complaints_per_day: spec.complaints_per_day,
            taken: HashSet::new(),
        };
        let facts = if spec.planted {
            planter.plant()
        } else {
            Vec::new()
        };
        let mut world = Self {
            seed: spec.seed,
            language,
            zone: Zone::new(city.time_zone, from_s - DAY_S, to_s + 400 * DAY_S),
            from_s,
            to_s,
            complaints_per_day: spec.complaints_per_day,
            observation_minutes: spec.observation_minutes,
            categories,
            places,
            pick,
            names: names(city),
            offices: offices(city, language),
            hotspot_background: vec![0.0; facts.len()],
            facts,
            sensors,
            repeat_tag: match language {
                Language::Zh => "重复件".into(),
                Language::En => "repeat".into(),
            },
            background: 0.0,
        };
        world.balance(&weights);
        world
    }

    /// Sets the ordinary city's rate so that it and the facts together make the complaints that were asked for.
    fn balance(&mut self, weights: &[f64]) {
        let mut mean_hours = 0.0;
        let mut planted = 0.0;
        let mut own_hours = vec![0.0; self.facts.len()];
        for hour in self.hours() {
            let clock = self.zone.clock(hour * HOUR_S);
            let share = self.share(hour);
            let mix = self.mix(clock);
            mean_hours += mix.total() * share;
            for (fact, own) in self.facts.iter().zip(&mut own_hours) {
                let rate = fact.rate(hour * HOUR_S, clock, &self.sensors);
                planted += rate * share;
                if rate > 0.0 && matches!(fact.what, What::Hotspot(..)) {
                    *own += mix.of(fact.category) * share;
                }
            }
        }
        #[expect(clippy::cast_precision_loss, reason = "seconds of a window")]
        let asked = self.complaints_per_day * (self.to_s - self.from_s) as f64 / DAY_S as f64;
        if planted > PLANTED_MAX * asked {
            for fact in &mut self.facts {
                fact.per_hour *= PLANTED_MAX * asked / planted;
            }
            planted = PLANTED_MAX * asked;
        }
        if mean_hours > 0.0 {
            self.background = (asked - planted) / mean_hours;
        }
        for (i, fact) in self.facts.iter().enumerate() {
            if let What::Hotspot(_, cells) = &fact.what {
                let cells: HashSet<u64> = cells.iter().map(|&cell| cell.into()).collect();
                let here: f64 = (self.places.iter().zip(weights))
                    .filter(|(place, _)| cells.contains(&place.cell))
                    .map(|(_, weight)| weight)
                    .sum();
                let all: f64 = weights.iter().sum();
                self.hotspot_background[i] = self.background * own_hours[i] * here / all;
            }
        }
    }

    /// The hours (since 1970, UTC) that the window touches.
    pub(super) fn hours(&self) -> std::ops::Range<i64> {
        self.from_s.div_euclid(HOUR_S)..(self.to_s + HOUR_S - 1).div_euclid(HOUR_S)
    }

    /// The part of an hour that lies in the window, as first second and end.
    pub(super) fn span(&self, hour: i64) -> (i64, i64) {
        let start = hour * HOUR_S;
        (start.max(self.from_s), (start + HOUR_S).min(self.to_s))
    }

    fn share(&self, hour: i64) -> f64 {
        let (start, end) = self.span(hour);
        #[expect(clippy::cast_precision_loss, reason = "seconds of an hour")]
        let share = (end - start) as f64 / HOUR_S as f64;
        share
    }

    /// The random numbers of one hour: the same whichever hours were asked for before.
    pub(super) fn hour_rng(&self, hour: i64) -> ChaCha8Rng {
        let mut rng = ChaCha8Rng::seed_from_u64(self.seed);
        rng.set_stream(hour.cast_unsigned());
        rng
    }

    /// How much of each category an hour has.
    pub(super) fn mix(&self, clock: Clock) -> Mix {
        let day = i64::from(chrono::Datelike::num_days_from_ce(&clock.date));
        let luck = (0.07 * bell(self.seed ^ 0xda7, day)).exp();
        let festival = match self.language {
            Language::Zh => spring_festival(clock.date),
            Language::En => 1.0,
        };
        let mut sum = 0.0;
        let categories = self.categories.iter();
        Mix {
            cumulative: categories
                .map(|category| {
                    sum += category.share * category.pattern.factor(clock) * luck * festival;
                    sum
                })
                .collect(),
        }
    }

    /// How many complaints an hour has; the first numbers that its generator gives.
    pub(super) fn counts(&self, hour: i64, rng: &mut impl Rng) -> Counts {
        let clock = self.zone.clock(hour * HOUR_S);
        let share = self.share(hour);
        let mix = self.mix(clock);
        let background = poisson(self.background * mix.total() * share, rng);
        let planted = self
            .facts
            .iter()
            .enumerate()
            .filter_map(|(i, fact)| {
                let rate = fact.rate(hour * HOUR_S, clock, &self.sensors);
                (rate > 0.0).then(|| (i, poisson(rate * share, rng)))
            })
            .collect();
        Counts {
            background,
            planted,
            mix,
        }
    }

    /// Seconds between two observations of a datastream.
    pub(super) fn observation_s(&self) -> i64 {
        i64::from(self.observation_minutes) * 60
    }

    /// The number of observations in the window.
    pub(super) fn observation_count(&self) -> u64 {
        let step = self.observation_s();
        let ticks = |from: i64, to: i64| {
            let first = (from + step - 1).div_euclid(step);
            let end = (to + step - 1).div_euclid(step);
            (end - first).max(0).unsigned_abs()
        };
        let days = self.from_s.div_euclid(DAY_S)..(self.to_s + DAY_S - 1).div_euclid(DAY_S);
        let streams = || self.sensors.iter().flat_map(|sensor| &sensor.streams);
        days.map(|day| {
            let from = self.from_s.max(day * DAY_S);
            let to = self.to_s.min((day + 1) * DAY_S);
            let up = streams().filter(|stream| !stream.is_out(day)).count() as u64;
            up * ticks(from, to)
        })
        .sum()
    }
}

/// The number of complaints in one hour.
pub(super) struct Counts {
    pub(super) background: u64,
    /// By index of the fact.
    pub(super) planted: Vec<(usize, u64)>,
    pub(super) mix: Mix,
}

/// How much of each category an hour has, relative to the mean hour of all.
#[derive(Debug)]
pub(super) struct Mix {
    cumulative: Vec<f64>,
}

impl Mix {
    pub(super) fn total(&self) -> f64 {
        self.cumulative.last().copied().unwrap_or(0.0)
    }

    fn of(&self, category: usize) -> f64 {
        let below = category.checked_sub(1).map_or(0.0, |i| self.cumulative[i]);
        self.cumulative[category] - below
    }

    /// Draws a category.
    pub(super) fn draw(&self, rng: &mut impl Rng) -> usize {
        let at = rng.random::<f64>() * self.total();
        let found = self.cumulative.partition_point(|sum| *sum <= at);
        found.min(self.cumulative.len() - 1)
    }
}

fn poisson(mean: f64, rng: &mut impl Rng) -> u64 {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "means are checked to be far below 2^53"
    )]
    Poisson::new(mean).map_or(0, |poisson| poisson.sample(rng) as u64)
}

/// The first whole second at or after an instant.
fn ceil_s(at: DateTime<chrono::Utc>) -> i64 {
    at.timestamp() + i64::from(at.timestamp_subsec_nanos() > 0)
}

fn names(city: &City) -> [Vec<Arc<str>>; 3] {
    [0, 1, 2].map(|level: usize| {
        let level = city.level(AreaLevel::ALL[level]);
        let areas = level.map_or(&[][..], |level| &level.areas);
        areas.iter().map(|area| area.name.as_str().into()).collect()
    })
}

fn offices(city: &City, language: Language) -> Vec<Arc<str>> {
    let level = city.level(AreaLevel::Subdistrict);
    let areas = level.map_or(&[][..], |level| &level.areas);
    areas
        .iter()
        .map(|area| match language {
            Language::Zh if area.name.ends_with("街道") => format!("{}办事处", area.name).into(),
            Language::Zh => format!("{}人民政府", area.name).into(),
            Language::En => format!("{} Office", area.name).into(),
        })
        .collect()
}
