//! Cities and records that do not exist but could.
//!
//! - [`sample_city`] makes a city: nested areas with shared curved borders, names and residents; [`write_files`] gives its files.
//! - [`Simulation`] makes a history of complaints and observations for any city, a [`Truth`] that says what was planted in it,
//!   and a [`Live`] stream that goes on from there.
//! - [`random_points`] and [`resident_points`] make positions for measurements.
//!
//! Everything comes from a seed: the same seed gives the same bytes. Nothing here reads a file or a clock.

mod points;
mod sample_city;
mod simulation;

pub use points::{random_points, resident_points};
pub use sample_city::{
    SampleArea, SampleCity, SampleCityError, SampleCitySpec, sample_city, write_files,
};
pub use simulation::{
    AreaTruth, BurstTruth, CityTruth, Complaints, HotspotKind, HotspotTruth, LeadTruth, Live,
    Observations, PeriodicTruth, Rhythm, SimulatedComplaint, SimulatedObservation, Simulation,
    SimulationError, SimulationSpec, Totals, Truth, WindowTruth,
};
