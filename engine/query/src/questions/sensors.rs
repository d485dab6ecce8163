//! The sensors and the latest value of each of their datastreams.

use chrono::{DateTime, Utc};
use datafusion::arrow::array::Array;
use serde::Serialize;

use super::read::{self, number_at, text_at};
use crate::statement::Statement;
use crate::{QueryError, Session, zone};

/// The sensors, in order of name.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Sensors {
    /// The sensors.
    pub sensors: Vec<SensorRow>,
}

/// One sensor. A datastream that names no sensor is one by itself.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct SensorRow {
    /// The sensor's name.
    pub sensor: String,
    /// Longitude of its newest observation that has a position, WGS 84 degrees.
    pub lon: Option<f64>,
    /// Latitude of its newest observation that has a position, WGS 84 degrees.
    pub lat: Option<f64>,
    /// Its datastreams, in order of source and name.
    pub datastreams: Vec<LatestValue>,
}

/// A datastream and its newest observation.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct LatestValue {
    /// The source.
    pub source: String,
    /// The datastream's name within the source.
    pub datastream: String,
    /// What is observed.
    pub property: Option<String>,
    /// Its unit, a UCUM code.
    pub unit: Option<String>,
    /// When the value was true, UTC.
    pub phenomenon_time: DateTime<Utc>,
    /// The value.
    pub result: f64,
    /// Its quality.
    pub quality: String,
}

impl Session {
    /// All sensors with the latest value of each datastream.
    ///
    /// # Errors
    /// The limits of the query.
    pub async fn sensors(&self) -> Result<Sensors, QueryError> {
        let answer = self
            .rows(&Statement::new(include_str!("sensors.sql")))
            .await?;
        let mut sensors: Vec<(SensorRow, i64)> = Vec::new();
        for rows in &answer.batches {
            let [sensor, source, datastream] =
                ["sensor", "source", "datastream"].map(|name| read::text(rows, name));
            let [property, unit, quality] =
                ["property", "unit", "quality"].map(|name| read::text(rows, name));
            let [result, lon, lat] = ["result", "lon", "lat"].map(|name| read::number(rows, name));
            let phenomenon_time = read::instant(rows, "phenomenon_time");
            for row in 0..rows.num_rows() {
                let name = sensor.value(row);
                if sensors.last().is_none_or(|(last, _)| last.sensor != name) {
                    let sensor = SensorRow {
                        sensor: name.to_owned(),
                        lon: None,
                        lat: None,
                        datastreams: Vec::new(),
                    };
                    sensors.push((sensor, i64::MIN));
                }
                let Some((sensor, placed_at)) = sensors.last_mut() else {
                    continue;
                };
                let at = phenomenon_time.value(row);
                if at > *placed_at && lon.is_valid(row) && lat.is_valid(row) {
                    *placed_at = at;
                    (sensor.lon, sensor.lat) = (number_at(&lon, row), number_at(&lat, row));
                }
                let (source, datastream) = (source.value(row), datastream.value(row));
                // Of several observations of one instant the one that came in last is first.
                if sensor
                    .datastreams
                    .last()
                    .is_some_and(|last| last.source == source && last.datastream == datastream)
                {
                    continue;
                }
                sensor.datastreams.push(LatestValue {
                    source: source.to_owned(),
                    datastream: datastream.to_owned(),
                    property: text_at(&property, row),
                    unit: text_at(&unit, row),
                    phenomenon_time: zone::instant(at),
                    result: result.value(row),
                    quality: quality.value(row).to_owned(),
                });
            }
        }
        Ok(Sensors {
            sensors: sensors.into_iter().map(|(sensor, _)| sensor).collect(),
        })
    }
}
