//! Simulated observations.

use std::io::Write;
use std::sync::Arc;

use chrono::{DateTime, FixedOffset, Utc};
use citybrain_model::ObservationDraft;
use serde::Serialize;

use super::complaint::rfc3339;
use super::world::{DAY_S, World};
use super::zone::Clock;

/// An observation as the body of the API and the columns of a file have it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct SimulatedObservation {
    /// Sensor and property: `AIR-0001/PM10`.
    pub datastream: Arc<str>,
    /// When the value was true, in the city's local time.
    pub phenomenon_time: DateTime<FixedOffset>,
    /// The value.
    pub result: f64,
    /// The sensor.
    pub sensor: Arc<str>,
    /// `PM10`, `PM2.5`, `noise`, `water_level`, `temperature` or `humidity`.
    pub property: &'static str,
    /// UCUM code of the unit.
    pub unit: &'static str,
    /// Longitude of the sensor in WGS 84 degrees.
    pub lon: f64,
    /// Latitude of the sensor in WGS 84 degrees.
    pub lat: f64,
}

impl SimulatedObservation {
    /// The columns of a file of observations: names of the API's body.
    pub const COLUMNS: [&'static str; 8] = [
        "datastream",
        "phenomenon_time",
        "result",
        "sensor",
        "property",
        "unit",
        "lon",
        "lat",
    ];

    /// Writes one row with the columns of [`Self::COLUMNS`].
    ///
    /// # Errors
    /// When the writer fails.
    pub fn write_csv<W: Write>(&self, out: &mut csv::Writer<W>) -> csv::Result<()> {
        out.write_record([
            &*self.datastream,
            &rfc3339(self.phenomenon_time),
            &self.result.to_string(),
            &*self.sensor,
            self.property,
            self.unit,
            &self.lon.to_string(),
            &self.lat.to_string(),
        ])
    }

    /// Writes one line of NDJSON.
    ///
    /// # Errors
    /// When the writer fails.
    pub fn write_ndjson<W: Write>(&self, mut out: W) -> std::io::Result<()> {
        serde_json::to_writer(&mut out, self)?;
        out.write_all(b"\n")
    }

    /// The same as an unchecked record of a source, without the way through text.
    pub fn draft(&self, source: &str) -> ObservationDraft {
        ObservationDraft {
            source: Some(source.to_owned()),
            datastream: Some(self.datastream.to_string()),
            sensor: Some(self.sensor.to_string()),
            property: Some(self.property.to_owned()),
            unit: Some(self.unit.to_owned()),
            phenomenon_time: Some(self.phenomenon_time.to_utc()),
            result: Some(self.result),
            lon: Some(self.lon),
            lat: Some(self.lat),
            ..ObservationDraft::default()
        }
    }
}

/// Observations of all sensors in order of `phenomenon_time`, at whole multiples of the interval.
#[derive(Debug)]
pub struct Observations {
    world: Arc<World>,
    at_s: i64,
    /// `None` for an endless stream.
    end_s: Option<i64>,
    clock: Clock,
    sensor: usize,
    stream: usize,
}

impl Observations {
    pub(super) fn history(world: Arc<World>) -> Self {
        let (from, to) = (world.from_s, world.to_s);
        Self::starting(world, from, Some(to))
    }

    pub(super) fn endless(world: Arc<World>, start: DateTime<Utc>) -> Self {
        Self::starting(world, start.timestamp(), None)
    }

    fn starting(world: Arc<World>, from_s: i64, end_s: Option<i64>) -> Self {
        let step = world.observation_s();
        let at_s = (from_s + step - 1).div_euclid(step) * step;
        Self {
            clock: world.zone.clock(at_s),
            world,
            at_s,
            end_s,
            sensor: 0,
            stream: 0,
        }
    }
}

impl Iterator for Observations {
    type Item = SimulatedObservation;

    fn next(&mut self) -> Option<SimulatedObservation> {
        if self.world.sensors.is_empty() {
            return None;
        }
        loop {
            if self.end_s.is_some_and(|end| self.at_s >= end) {
                return None;
            }
            let Some(sensor) = self.world.sensors.get(self.sensor) else {
                self.at_s += self.world.observation_s();
                self.clock = self.world.zone.clock(self.at_s);
                self.sensor = 0;
                continue;
            };
            let Some(stream) = sensor.streams.get(self.stream) else {
                self.sensor += 1;
                self.stream = 0;
                continue;
            };
            self.stream += 1;
            if stream.is_out(self.at_s.div_euclid(DAY_S)) {
                continue;
            }
            return Some(SimulatedObservation {
                datastream: Arc::clone(&stream.id),
                phenomenon_time: self.world.zone.local(self.at_s * 1000),
                result: stream.result(self.at_s, self.clock, sensor.lat),
                sensor: Arc::clone(&sensor.id),
                property: stream.property.as_str(),
                unit: stream.property.unit(),
                lon: sensor.lon,
                lat: sensor.lat,
            });
        }
    }
}
