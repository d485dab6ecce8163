//! Complaints and observations of a city that could have been, with facts planted in them that analyses should find.

mod answer;
mod behaviour;
mod category;
mod complaint;
mod complaints;
mod fact;
mod hash;
mod language;
mod live;
mod observation;
mod place;
mod plant;
mod report;
mod rhythm;
mod sensor;
mod spec;
mod text;
mod truth;
mod world;
mod zone;

use std::sync::Arc;

use chrono::{DateTime, Utc};
use citybrain_grid::City;

pub use complaint::SimulatedComplaint;
pub use complaints::Complaints;
pub use live::Live;
pub use observation::{Observations, SimulatedObservation};
pub use spec::{SimulationError, SimulationSpec};
pub use truth::{
    AreaTruth, BurstTruth, CityTruth, HotspotKind, HotspotTruth, LeadTruth, PeriodicTruth, Rhythm,
    Totals, Truth, WindowTruth,
};

use self::world::World;

/// A simulated history of a city, and its live continuation.
///
/// The same city and spec give the same records, byte for byte. Records come as iterators that hold one hour at a time, so a
/// history of any length takes the same memory.
///
/// ```
/// # use chrono::NaiveDate;
/// # use citybrain_grid::City;
/// # use citybrain_synth::{SampleCitySpec, Simulation, SimulationSpec, sample_city};
/// let city = City::try_new(sample_city(1, &SampleCitySpec::with_communities(40))?.parts())?;
/// let first = NaiveDate::from_ymd_opt(2026, 9, 1).expect("a date");
/// let simulation = Simulation::try_new(&city, &SimulationSpec::of_days(city.time_zone, first, 3, 11))?;
/// let complaints = simulation.complaints().count() as u64;
/// assert_eq!(complaints, simulation.truth().totals.complaints);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone)]
pub struct Simulation {
    world: Arc<World>,
    truth: Arc<Truth>,
}

impl Simulation {
    /// Settles the world (places, sensors, planted facts) for a city.
    ///
    /// # Errors
    /// When the window is empty or leaves the years that records may lie in, or when a number is out of bounds.
    pub fn try_new(city: &City, spec: &SimulationSpec) -> Result<Self, SimulationError> {
        spec.check()?;
        let world = World::new(city, spec);
        let truth = Truth::of(&world, city);
        Ok(Self {
            world: Arc::new(world),
            truth: Arc::new(truth),
        })
    }

    /// The history's complaints in order of `requested_at`, in the state that they have at the end of the window.
    pub fn complaints(&self) -> Complaints {
        Complaints::new(Arc::clone(&self.world))
    }

    /// The history's observations in order of `phenomenon_time`.
    pub fn observations(&self) -> Observations {
        Observations::history(Arc::clone(&self.world))
    }

    /// What was planted, and how many records there are.
    pub fn truth(&self) -> &Truth {
        &self.truth
    }

    /// An endless stream of new complaints from `start` on, `per_second` of them on average.
    pub fn live(&self, start: DateTime<Utc>, per_second: f64) -> Live {
        Live::new(Arc::clone(&self.world), start, per_second)
    }

    /// An endless stream of observations from `start` on: the same sensors, the same values as a history over that time.
    pub fn live_observations(&self, start: DateTime<Utc>) -> Observations {
        Observations::endless(Arc::clone(&self.world), start)
    }
}

#[cfg(test)]
mod tests;
