//! An import that keeps nothing.

use citybrain_grid::{City, NOWHERE};
use citybrain_model::{AreaLevel, Position};
use citybrain_store::{AppendError, Batch, Receipt, Refused};

use super::Sink;

/// Counts what an import would do without a store: every valid record counts as accepted, for only the store knows what is there
/// already; places are those of the city.
#[derive(Debug, Clone, Copy)]
pub struct DryRun<'a> {
    city: &'a City,
}

impl<'a> DryRun<'a> {
    /// A dry run over a city.
    pub const fn new(city: &'a City) -> Self {
        Self { city }
    }
}

impl Sink for DryRun<'_> {
    fn append(&mut self, batch: Batch, _refused: Vec<Refused>) -> Result<Receipt, AppendError> {
        let level = self.city.largest().level;
        let (positions, at) = placed(&batch);
        let degrees = |of: fn(Position) -> f64| -> Vec<f64> {
            positions.iter().map(|at| at.map_or(f64::NAN, of)).collect()
        };
        let places = self
            .city
            .locate(&degrees(Position::lon), &degrees(Position::lat), Some(&at));
        let largest = &places.areas[level.index()];
        let mut receipt = Receipt {
            accepted: batch.len() as u64,
            ..Receipt::default()
        };
        for (row, (position, area)) in positions.iter().zip(largest).enumerate() {
            match (position, *area) {
                (None, _) if is_in_area(&batch, row, level) => {
                    receipt.located += 1;
                    receipt.area_only += 1;
                }
                (None, _) => receipt.not_located += 1,
                (Some(_), NOWHERE) => receipt.outside += 1,
                (Some(_), _) => receipt.located += 1,
            }
        }
        Ok(receipt)
    }
}

/// Is the record known to lie in an area of the level, by its area alone?
fn is_in_area(batch: &Batch, row: usize, level: AreaLevel) -> bool {
    match batch {
        Batch::Complaints(rows) => rows[row].area(level).is_some(),
        Batch::Events(_) | Batch::Observations(_) => false,
    }
}

/// The usable positions of a batch and the instants that they are for, in µs since 1970.
fn placed(batch: &Batch) -> (Vec<Option<Position>>, Vec<i64>) {
    match batch {
        Batch::Complaints(rows) => rows
            .iter()
            .map(|row| (row.placed_at(), row.requested_at.timestamp_micros()))
            .unzip(),
        Batch::Observations(rows) => rows
            .iter()
            .map(|row| (row.position, row.phenomenon_time.timestamp_micros()))
            .unzip(),
        // A step has no place of its own.
        Batch::Events(rows) => rows
            .iter()
            .map(|row| (None, row.at.timestamp_micros()))
            .unzip(),
    }
}
