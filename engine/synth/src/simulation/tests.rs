mod anywhere;
mod live;
mod planted;
mod records;

use std::collections::{BTreeMap, HashMap, HashSet};

use chrono::{Datelike, NaiveDate, TimeDelta, Timelike, Weekday};
use chrono_tz::Tz;
use citybrain_grid::{AreaParts, CityParts, LevelParts, NOWHERE, Parents, VersionParts};
use citybrain_model::{AreaLevel, Complaint, Observation};
use geo::{Rect, coord};
use h3o::Resolution;
use rstest::rstest;

use super::*;
use crate::{SampleCitySpec, sample_city};

fn city() -> City {
    let sample = sample_city(3, &SampleCitySpec::with_communities(240)).unwrap();
    City::try_new(sample.parts()).unwrap()
}

/// Forty days of spring, long enough for weekly issues.
fn spec() -> SimulationSpec {
    let first = NaiveDate::from_ymd_opt(2026, 3, 2).unwrap();
    SimulationSpec {
        complaints_per_day: 800.0,
        ..SimulationSpec::of_days(Tz::Asia__Shanghai, first, 40, 5)
    }
}

fn simulate(spec: &SimulationSpec) -> Simulation {
    Simulation::try_new(&city(), spec).unwrap()
}

fn bytes(simulation: &Simulation) -> [Vec<u8>; 4] {
    let mut complaints = csv::Writer::from_writer(Vec::new());
    let mut observations = csv::Writer::from_writer(Vec::new());
    let mut lines = Vec::new();
    for complaint in simulation.complaints() {
        complaint.write_csv(&mut complaints).unwrap();
        complaint.write_ndjson(&mut lines).unwrap();
    }
    for observation in simulation.observations() {
        observation.write_csv(&mut observations).unwrap();
        observation.write_ndjson(&mut lines).unwrap();
    }
    let truth = serde_json::to_vec(simulation.truth()).unwrap();
    [
        complaints.into_inner().unwrap(),
        observations.into_inner().unwrap(),
        lines,
        truth,
    ]
}

/// Is a Poisson count with this mean plausible? Five standard deviations: about one in a million is not.
fn is_plausible(count: usize, mean: f64) -> bool {
    #[expect(clippy::cast_precision_loss, reason = "counts of a test")]
    let off = (count as f64 - mean).abs();
    off <= 5.0 * mean.sqrt() + 1.0
}

#[expect(clippy::cast_precision_loss, reason = "counts of a test")]
fn ratio(a: usize, b: usize) -> f64 {
    a as f64 / b as f64
}
