//! From when to when there are complaints.

use chrono::{DateTime, Utc};
use serde::Serialize;

use super::read::{self, instant_at};
use crate::statement::Statement;
use crate::{QueryError, Session};

/// From when to when there are complaints; all UTC, all none while there is no complaint.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct CityRange {
    /// Complaints.
    pub complaints: u64,
    /// `requested_at` of the first complaint.
    pub from: Option<DateTime<Utc>>,
    /// `requested_at` of the last complaint.
    pub to: Option<DateTime<Utc>>,
    /// When the last one came in.
    pub received_at: Option<DateTime<Utc>>,
}

impl Session {
    /// From when to when there are complaints.
    ///
    /// # Errors
    /// The limits of the query.
    pub async fn city_range(&self) -> Result<CityRange, QueryError> {
        let answer = self
            .rows(&Statement::new(include_str!("city_range.sql")))
            .await?;
        let Some(row) = answer.batches.iter().find(|rows| rows.num_rows() > 0) else {
            return Ok(CityRange::default());
        };
        let instant = |name| instant_at(&read::instant(row, name), 0);
        Ok(CityRange {
            complaints: read::unsigned(row, "complaints").value(0),
            from: instant("first_at"),
            to: instant("last_at"),
            received_at: instant("received_at"),
        })
    }
}
