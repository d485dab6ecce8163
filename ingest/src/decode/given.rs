//! Where a row says that it is, in the words and numbers of the file.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use citybrain_model::Refusal;

use super::{Decoder, Notes, bound::Bound};
use crate::{
    profile::Field,
    rows::{Chunk, FileProblem, Item, Row},
};

/// Coordinates and declared areas of one row as given: not yet in WGS 84, not yet swapped, perhaps no position at all.
#[derive(Debug, Clone, PartialEq)]
pub struct Given {
    /// What the column of the longitude (or easting) holds; NaN when it is empty.
    pub lon: f64,
    /// What the column of the latitude (or northing) holds; NaN when it is empty.
    pub lat: f64,
    /// The profile knows the position as the feed's default for "no address".
    pub is_default: bool,
    /// The names of district, subdistrict and community.
    pub declared: [Option<String>; 3],
    /// When the citizen reported; when this engine read the row, where the row does not tell.
    pub requested_at: DateTime<Utc>,
}

impl Decoder {
    /// Where the rows of a chunk say that they are; none for a row whose coordinates are no numbers or that is no row.
    ///
    /// # Errors
    /// [`FileProblem::Column`] when the file has a header and it lacks a column that every record needs.
    pub fn given(&mut self, chunk: &Chunk) -> Result<Vec<Option<Given>>, FileProblem> {
        let bound = self.bind(&chunk.columns, &mut Notes::default())?;
        let given = chunk.items.iter().map(|item| match item {
            Item::Row(row) => self.given_of(&bound, row).ok(),
            Item::Bad(_) => None,
        });
        let given = given.collect();
        self.bound = Some((Arc::clone(&chunk.columns), bound));
        Ok(given)
    }

    fn given_of(&self, bound: &Bound, row: &Row) -> Result<Given, Refusal> {
        let mut notes = Notes::default();
        let number = |field| Ok::<_, Refusal>(bound.number(row, field)?.unwrap_or(f64::NAN));
        let requested_at = self
            .clockwork
            .instant(bound, row, Field::RequestedAt, &mut notes);
        Ok(Given {
            lon: number(Field::Lon)?,
            lat: number(Field::Lat)?,
            is_default: self.places.of_row(bound, row, &mut notes)?.is_default,
            declared: [
                bound.owned(row, Field::District)?,
                bound.owned(row, Field::Subdistrict)?,
                bound.owned(row, Field::Community)?,
            ],
            requested_at: requested_at.ok().flatten().unwrap_or(self.received_at),
        })
    }
}
