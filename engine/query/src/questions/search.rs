//! What a few letters may mean: an address, a complaint, a sensor.

use chrono::{DateTime, Utc};
use serde::Serialize;

use super::read::{self, instant_at, number_at, text_at};
use crate::statement::Statement;
use crate::{QueryError, Session, zone};

/// An address that complaints name.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct FoundAddress {
    /// As the complaints write it.
    pub address: String,
    /// How many complaints name it.
    pub complaints: u64,
    /// When the latest of them was requested, UTC.
    pub latest: Option<DateTime<Utc>>,
    /// Longitude of the latest that has a position, WGS 84 degrees.
    pub lon: Option<f64>,
    /// Latitude of the latest that has a position, WGS 84 degrees.
    pub lat: Option<f64>,
}

/// A complaint that is found by its id, without anybody's words.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct FoundComplaint {
    /// Its id within the source.
    pub id: String,
    /// The source.
    pub source: String,
    /// What it is about.
    pub category: Option<String>,
    /// Its latest state.
    pub status: Option<String>,
    /// When it was made, UTC.
    pub requested_at: DateTime<Utc>,
    /// Where, in words.
    pub address: Option<String>,
    /// Longitude, WGS 84 degrees.
    pub lon: Option<f64>,
    /// Latitude, WGS 84 degrees.
    pub lat: Option<f64>,
    /// The base cell as hex text.
    pub cell: Option<String>,
}

/// A sensor that is found by its name.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct FoundSensor {
    /// The sensor's name.
    pub sensor: String,
    /// One of the properties that it observes.
    pub property: Option<String>,
    /// When its newest value was true, UTC.
    pub latest: Option<DateTime<Utc>>,
    /// Longitude of its newest observation that has a position, WGS 84 degrees.
    pub lon: Option<f64>,
    /// Latitude of its newest observation that has a position, WGS 84 degrees.
    pub lat: Option<f64>,
}

impl Session {
    /// At most `limit` addresses of complaints that hold `wanted`, whatever the case, those that most complaints name first. It reads the
    /// addresses of all complaints.
    ///
    /// # Errors
    /// The limits of the query.
    pub async fn search_addresses(
        &self,
        wanted: &str,
        limit: usize,
    ) -> Result<Vec<FoundAddress>, QueryError> {
        let statement = Statement::new(include_str!("search_addresses.sql"));
        let answer = self
            .rows(&found(statement, &wanted.to_lowercase(), limit))
            .await?;
        let mut addresses = Vec::new();
        for rows in &answer.batches {
            let address = read::text(rows, "address");
            let complaints = read::unsigned(rows, "complaints");
            let latest = read::instant(rows, "latest");
            let [lon, lat] = ["lon", "lat"].map(|name| read::number(rows, name));
            addresses.extend((0..rows.num_rows()).map(|row| FoundAddress {
                address: address.value(row).to_owned(),
                complaints: complaints.value(row),
                latest: instant_at(&latest, row),
                lon: number_at(&lon, row),
                lat: number_at(&lat, row),
            }));
        }
        Ok(addresses)
    }

    /// At most `limit` complaints whose id begins with `wanted`: the one of just this id first, then the newest.
    ///
    /// # Errors
    /// The limits of the query.
    pub async fn search_complaints(
        &self,
        wanted: &str,
        limit: usize,
    ) -> Result<Vec<FoundComplaint>, QueryError> {
        let statement = Statement::new(include_str!("search_complaints.sql"));
        let answer = self.rows(&found(statement, wanted, limit)).await?;
        let mut complaints = Vec::new();
        for rows in &answer.batches {
            let [id, source, category] =
                ["id", "source", "category"].map(|name| read::text(rows, name));
            let [status, address, cell] =
                ["status", "address", "cell"].map(|name| read::text(rows, name));
            let requested_at = read::instant(rows, "requested_at");
            let [lon, lat] = ["lon", "lat"].map(|name| read::number(rows, name));
            complaints.extend((0..rows.num_rows()).map(|row| FoundComplaint {
                id: id.value(row).to_owned(),
                source: source.value(row).to_owned(),
                category: text_at(&category, row),
                status: text_at(&status, row),
                requested_at: zone::instant(requested_at.value(row)),
                address: text_at(&address, row),
                lon: number_at(&lon, row),
                lat: number_at(&lat, row),
                cell: text_at(&cell, row),
            }));
        }
        Ok(complaints)
    }

    /// At most `limit` sensors whose name holds `wanted`, whatever the case, in order of name.
    ///
    /// # Errors
    /// The limits of the query.
    pub async fn search_sensors(
        &self,
        wanted: &str,
        limit: usize,
    ) -> Result<Vec<FoundSensor>, QueryError> {
        let statement = Statement::new(include_str!("search_sensors.sql"));
        let answer = self
            .rows(&found(statement, &wanted.to_lowercase(), limit))
            .await?;
        let mut sensors = Vec::new();
        for rows in &answer.batches {
            let [sensor, property] = ["sensor", "property"].map(|name| read::text(rows, name));
            let latest = read::instant(rows, "latest");
            let [lon, lat] = ["lon", "lat"].map(|name| read::number(rows, name));
            sensors.extend((0..rows.num_rows()).map(|row| FoundSensor {
                sensor: sensor.value(row).to_owned(),
                property: text_at(&property, row),
                latest: instant_at(&latest, row),
                lon: number_at(&lon, row),
                lat: number_at(&lat, row),
            }));
        }
        Ok(sensors)
    }
}

fn found(statement: Statement, wanted: &str, limit: usize) -> Statement {
    statement
        .bind("wanted", wanted)
        .bind("limit", i64::try_from(limit).unwrap_or(i64::MAX))
}
