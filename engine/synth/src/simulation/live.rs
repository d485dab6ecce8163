//! Complaints as they come in now.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use rand::distr::Distribution;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rand_distr::Exp1;

use super::complaint::SimulatedComplaint;
use super::complaints::{About, accepted, ordinary_place};
use super::world::{HOUR_S, Mix, World};

/// An endless stream of new complaints of a simulated world, in order of `requested_at`.
///
/// It reads no clock: each complaint says when it is due, and whoever sends it waits until then. What people complain about
/// follows the local hour, and from time to time one place has a burst of some minutes. An id is made from the instant, so a
/// stream that starts later never repeats one.
#[derive(Debug)]
pub struct Live {
    world: Arc<World>,
    rng: ChaCha8Rng,
    /// Milliseconds since 1970, with what is left of one.
    now_ms: f64,
    /// Mean milliseconds between two complaints.
    gap_ms: f64,
    hour: Option<(i64, Mix)>,
    burst: Burst,
    number: u64,
}

/// Some minutes in which most complaints are about one thing in one neighbourhood.
#[derive(Debug)]
struct Burst {
    from_ms: f64,
    to_ms: f64,
    category: usize,
    places: Vec<u32>,
}

const MINUTE_MS: f64 = 60_000.0;
/// Share of a burst in the complaints of its minutes.
const BURST_SHARE: f64 = 0.6;
const SUDDEN: [&str; 4] = ["no-water", "power-cut", "gas", "construction-dust"];

impl Live {
    pub(super) fn new(world: Arc<World>, start: DateTime<Utc>, per_second: f64) -> Self {
        let mut rng = ChaCha8Rng::seed_from_u64(world.seed);
        rng.set_stream(start.timestamp_millis().cast_unsigned());
        #[expect(
            clippy::cast_precision_loss,
            reason = "milliseconds of this century fit"
        )]
        let now_ms = start.timestamp_millis() as f64;
        let mut live = Self {
            world,
            rng,
            now_ms,
            gap_ms: 1000.0 / per_second.clamp(1e-6, 1e6),
            hour: None,
            burst: Burst {
                from_ms: now_ms,
                to_ms: now_ms,
                category: 0,
                places: Vec::new(),
            },
            number: 0,
        };
        live.plan_burst(1.0);
        live
    }

    /// Goes on from `now`, leaving out what was due before: for a sender that slept.
    pub fn skip_to(&mut self, now: DateTime<Utc>) {
        #[expect(
            clippy::cast_precision_loss,
            reason = "milliseconds of this century fit"
        )]
        let now_ms = now.timestamp_millis() as f64;
        self.now_ms = self.now_ms.max(now_ms);
    }

    /// Settles the next burst, some `minutes` or a few more from now, around a place where people live.
    fn plan_burst(&mut self, minutes: f64) {
        let code = SUDDEN[self.rng.random_range(0..SUDDEN.len())];
        let categories = &self.world.categories;
        let middle = &self.world.places[ordinary_place(&self.world, &mut self.rng) as usize];
        let near = |place: &super::place::Place| {
            let (x, y) = (place.lon - middle.lon, place.lat - middle.lat);
            x * x + y * y < 0.008 * 0.008
        };
        let from_ms = self.now_ms + MINUTE_MS * minutes * self.rng.random_range(1.0..2.0);
        self.burst = Burst {
            from_ms,
            to_ms: from_ms + MINUTE_MS * self.rng.random_range(2.0..5.0),
            category: categories.iter().position(|c| c.code == code).unwrap_or(0),
            places: (0_u32..)
                .zip(&self.world.places)
                .filter(|(_, place)| near(place))
                .map(|(i, _)| i)
                .collect(),
        };
    }
}

impl Iterator for Live {
    type Item = SimulatedComplaint;

    fn next(&mut self) -> Option<SimulatedComplaint> {
        let gap: f64 = Exp1.sample(&mut self.rng);
        self.now_ms += gap * self.gap_ms;
        if self.now_ms >= self.burst.to_ms {
            self.plan_burst(8.0);
        }
        #[expect(
            clippy::cast_possible_truncation,
            reason = "milliseconds of this century fit"
        )]
        let at_ms = self.now_ms as i64;
        let in_burst = self.now_ms >= self.burst.from_ms && self.rng.random_bool(BURST_SHARE);
        let (category, place) = if in_burst && !self.burst.places.is_empty() {
            let i = self.rng.random_range(0..self.burst.places.len());
            (self.burst.category, self.burst.places[i])
        } else {
            let hour = at_ms.div_euclid(HOUR_S * 1000);
            let mix = match self.hour.take() {
                Some((of, mix)) if of == hour => mix,
                _ => self.world.mix(self.world.zone.clock(hour * HOUR_S)),
            };
            let category = mix.draw(&mut self.rng);
            self.hour = Some((hour, mix));
            (category, ordinary_place(&self.world, &mut self.rng))
        };
        self.number += 1;
        let about = About {
            category: &self.world.categories[category],
            place,
            exactly: in_burst,
        };
        let id = format!("L{at_ms}-{}", self.number);
        Some(accepted(&self.world, id, at_ms, &about, &mut self.rng))
    }
}
