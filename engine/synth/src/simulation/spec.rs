//! What a simulation is asked to be.

use chrono::{
    DateTime, Datelike, Days, MappedLocalTime, NaiveDate, NaiveTime, TimeDelta, TimeZone, Utc,
};
use chrono_tz::Tz;

/// The window, the seed and the size of a simulation.
#[derive(Debug, Clone, PartialEq)]
pub struct SimulationSpec {
    /// The seed: another one gives another world.
    pub seed: u64,
    /// First instant of the history.
    pub from: DateTime<Utc>,
    /// End of the history, not in it. Complaints are as they stand at this instant: the last ones are still open.
    pub to: DateTime<Utc>,
    /// Mean number of complaints a day over the window.
    pub complaints_per_day: f64,
    /// Number of sensors; each has one to three datastreams.
    pub sensors: usize,
    /// Minutes between two observations of a datastream, 1 to 1440.
    pub observation_minutes: u32,
    /// Are facts planted? Without them the same seed is the same city with nothing to find: what an analysis reports of it
    /// that its rhythms and densities do not explain is a false finding.
    pub planted: bool,
}

impl SimulationSpec {
    /// `days` whole local days from the local day `first` on, with 400 complaints a day, 20 hourly sensors and planted facts.
    pub fn of_days(zone: Tz, first: NaiveDate, days: u32, seed: u64) -> Self {
        let end = first.checked_add_days(Days::new(u64::from(days)));
        Self {
            seed,
            from: local_midnight(zone, first),
            to: local_midnight(zone, end.unwrap_or(NaiveDate::MAX)),
            complaints_per_day: 400.0,
            sensors: 20,
            observation_minutes: 60,
            planted: true,
        }
    }

    /// The `days` days before `now`, with 400 complaints a day, 20 hourly sensors and planted facts.
    pub fn before(now: DateTime<Utc>, days: u32, seed: u64) -> Self {
        let from = now.checked_sub_signed(TimeDelta::days(i64::from(days)));
        Self {
            seed,
            from: from.unwrap_or(DateTime::<Utc>::MIN_UTC),
            to: now,
            complaints_per_day: 400.0,
            sensors: 20,
            observation_minutes: 60,
            planted: true,
        }
    }

    pub(super) fn check(&self) -> Result<(), SimulationError> {
        if self.from >= self.to {
            return Err(SimulationError::Window {
                from: self.from,
                to: self.to,
            });
        }
        // A complaint closes up to a year after its request, and must still lie in the years that records may have.
        if self.from.year() < 1971 || self.to.year() > 2190 {
            return Err(SimulationError::Years {
                from: self.from,
                to: self.to,
            });
        }
        if !(0.0..=COMPLAINTS_PER_DAY_MAX).contains(&self.complaints_per_day) {
            return Err(SimulationError::ComplaintsPerDay(self.complaints_per_day));
        }
        if self.sensors > SENSORS_MAX {
            return Err(SimulationError::Sensors(self.sensors));
        }
        if !(1..=1440).contains(&self.observation_minutes) {
            return Err(SimulationError::ObservationMinutes(
                self.observation_minutes,
            ));
        }
        Ok(())
    }
}

const COMPLAINTS_PER_DAY_MAX: f64 = 1e8;
const SENSORS_MAX: usize = 1_000_000;

/// The instant at which a local day begins; where clocks jump over midnight, the hour after.
fn local_midnight(zone: Tz, day: NaiveDate) -> DateTime<Utc> {
    let midnight = day.and_time(NaiveTime::MIN);
    let local = match zone.from_local_datetime(&midnight) {
        MappedLocalTime::Single(at) | MappedLocalTime::Ambiguous(at, _) => Some(at),
        MappedLocalTime::None => (midnight.checked_add_signed(TimeDelta::hours(1)))
            .and_then(|later| zone.from_local_datetime(&later).earliest()),
    };
    local.map_or(DateTime::<Utc>::MAX_UTC, |at| at.to_utc())
}

/// Why a simulation cannot be made.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SimulationError {
    /// The window ends before it begins.
    #[error("the window from {from} to {to} is empty")]
    Window {
        /// Its beginning.
        from: DateTime<Utc>,
        /// Its end.
        to: DateTime<Utc>,
    },
    /// The window leaves the years that records may lie in.
    #[error("the window from {from} to {to} leaves the years 1971 to 2190")]
    Years {
        /// Its beginning.
        from: DateTime<Utc>,
        /// Its end.
        to: DateTime<Utc>,
    },
    /// Not a number of complaints a day.
    #[error("{0} complaints a day: the number must lie in 0 to {COMPLAINTS_PER_DAY_MAX}")]
    ComplaintsPerDay(f64),
    /// Too many sensors.
    #[error("{0} sensors: at most {SENSORS_MAX}")]
    Sensors(usize),
    /// Not a number of minutes between observations.
    #[error("{0} minutes between observations: the number must lie in 1 to 1440")]
    ObservationMinutes(u32),
}
