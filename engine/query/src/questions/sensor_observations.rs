//! What one sensor observed, value by value.

use chrono::{DateTime, Utc};
use citybrain_store::Table;
use serde::Serialize;

use super::Cursor;
use super::read::{self, instant_at, number_at, text_at};
use crate::statement::{Statement, instant};
use crate::{Filter, QueryError, Session, zone};

/// A page of a sensor's observations, newest first.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct SensorObservations {
    /// The sensor's name.
    pub sensor: String,
    /// The observations.
    pub observations: Vec<ObservationRow>,
    /// Where the next page begins; none after the last.
    #[serde(serialize_with = "super::complaints::next")]
    pub next: Option<Cursor>,
}

/// One observation.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ObservationRow {
    /// The source.
    pub source: String,
    /// The datastream's name within the source.
    pub datastream: String,
    /// Its id within the source, when it was sent with one.
    pub id: Option<String>,
    /// What is observed.
    pub property: Option<String>,
    /// Its unit, a UCUM code.
    pub unit: Option<String>,
    /// When the value was true, UTC.
    pub phenomenon_time: DateTime<Utc>,
    /// When it was made, UTC.
    pub result_time: Option<DateTime<Utc>>,
    /// When it came in, UTC.
    pub received_at: DateTime<Utc>,
    /// The value; none for a result that is no number.
    pub result: Option<f64>,
    /// Its quality: `good`, `doubtful` or what was sent.
    pub quality: String,
    /// What speaks against it.
    pub doubt: Option<String>,
    /// Longitude, WGS 84 degrees.
    pub lon: Option<f64>,
    /// Latitude, WGS 84 degrees.
    pub lat: Option<f64>,
}

impl Session {
    /// At most `limit` observations of a sensor within the filter, newest first, from behind `cursor` on. A datastream that names no
    /// sensor is one by itself; a sensor that is not there has none.
    ///
    /// # Errors
    /// A filter of complaints, or one that does not fit the city; the limits of the query.
    pub async fn sensor_observations(
        &self,
        sensor: &str,
        filter: &Filter,
        cursor: Option<&Cursor>,
        limit: usize,
    ) -> Result<SensorObservations, QueryError> {
        // One more than the page tells whether there is a next one.
        let fetched = i64::try_from(limit).unwrap_or(i64::MAX).saturating_add(1);
        let mut statement = Statement::new(include_str!("sensor_observations.sql"))
            .bind("sensor", sensor)
            .bind("limit", fetched);
        if let Some(after) = cursor {
            statement = statement
                .with(
                    "filter",
                    include_str!("sensor_observations_after.sql").trim_end(),
                )
                .bind("after", instant(after.requested_at))
                .bind("after_source", after.source.as_str())
                .bind("after_key", after.id.as_str());
        }
        let statement = filter.apply(statement, Table::Observations, &self.snapshot.city)?;
        let answer = self.rows(&statement).await?;
        let mut found: Vec<(ObservationRow, String)> = Vec::new();
        for rows in &answer.batches {
            let [source, datastream, id] =
                ["source", "datastream", "id"].map(|name| read::text(rows, name));
            let [property, unit, quality] =
                ["property", "unit", "quality"].map(|name| read::text(rows, name));
            let [doubt, key] = ["doubt", "key"].map(|name| read::text(rows, name));
            let [phenomenon_time, result_time, received_at] =
                ["phenomenon_time", "result_time", "received_at"]
                    .map(|name| read::instant(rows, name));
            let [result, lon, lat] = ["result", "lon", "lat"].map(|name| read::number(rows, name));
            found.extend((0..rows.num_rows()).map(|row| {
                let told = ObservationRow {
                    source: source.value(row).to_owned(),
                    datastream: datastream.value(row).to_owned(),
                    id: text_at(&id, row),
                    property: text_at(&property, row),
                    unit: text_at(&unit, row),
                    phenomenon_time: zone::instant(phenomenon_time.value(row)),
                    result_time: instant_at(&result_time, row),
                    received_at: zone::instant(received_at.value(row)),
                    result: number_at(&result, row),
                    quality: quality.value(row).to_owned(),
                    doubt: text_at(&doubt, row),
                    lon: number_at(&lon, row),
                    lat: number_at(&lat, row),
                };
                (told, key.value(row).to_owned())
            }));
        }
        let more = found.len() > limit;
        found.truncate(limit);
        let next = found.last().filter(|_| more).map(|(last, key)| Cursor {
            requested_at: last.phenomenon_time,
            source: last.source.clone(),
            id: key.clone(),
        });
        Ok(SensorObservations {
            sensor: sensor.to_owned(),
            observations: found.into_iter().map(|(told, _)| told).collect(),
            next,
        })
    }
}
