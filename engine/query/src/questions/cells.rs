//! A value for each H3 cell.

use std::collections::HashMap;

use citybrain_grid::City;
use datafusion::arrow::array::Array;
use h3o::{CellIndex, Resolution};
use serde::ser::SerializeTuple;
use serde::{Serialize, Serializer};

use super::{Measure, Totals, number, read};
use crate::statement::Statement;
use crate::{Filter, QueryError, Session};

/// A value for each H3 cell that holds a matching record, in no order. Cells count what has a cell: their counts add up to
/// located - area only + outside.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Cells {
    /// The snapshot that was read.
    pub seq: u64,
    /// The cells' resolution.
    #[serde(serialize_with = "resolution")]
    pub resolution: Resolution,
    /// What the values measure.
    pub measure: &'static str,
    /// The cells.
    pub cells: Vec<CellValue>,
    /// The sums; located is by the city's largest level.
    #[serde(flatten)]
    pub totals: Totals,
    /// The boundaries by which records were placed.
    pub boundary_version: String,
    /// SQL that gives these rows, and one more with a NULL cell for what has no position.
    pub sql: String,
}

/// A cell and its value; in JSON a pair: hex text and number.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct CellValue {
    /// The cell.
    pub cell: CellIndex,
    /// The value.
    pub value: f64,
}

impl Session {
    /// Values for each cell at `resolution`, which is at most the city's base resolution.
    ///
    /// # Errors
    /// A filter, resolution or measure that does not fit the city or cells; the limits of the query.
    pub async fn cells(
        &self,
        filter: &Filter,
        resolution: Resolution,
        measure: &Measure,
    ) -> Result<Cells, QueryError> {
        let city = &self.snapshot.city;
        let statement = statement(city, filter, resolution, measure)?;
        if matches!(measure, Measure::Count | Measure::PerKm2)
            && let Some((counts, totals)) = self.cells_rolled(filter, resolution).await?
        {
            let value = |cell: CellIndex, records: u64| match measure {
                #[expect(clippy::cast_precision_loss, reason = "counts are far below 2^53")]
                Measure::PerKm2 => records as f64 / cell.area_km2(),
                #[expect(clippy::cast_precision_loss, reason = "counts are far below 2^53")]
                _ => records as f64,
            };
            let cells = counts
                .into_iter()
                .map(|(cell, records)| CellValue {
                    cell,
                    value: value(cell, records),
                })
                .collect();
            return Ok(Cells {
                seq: self.snapshot.seq,
                resolution,
                measure: measure.as_str(),
                cells,
                totals,
                boundary_version: city.boundary_version(),
                sql: statement.shown(),
            });
        }
        let answer = self.rows(&statement).await?;

        let mut totals = Totals::default();
        let mut cells = Vec::with_capacity(answer.rows());
        for rows in &answer.batches {
            let (cell, value) = (read::unsigned(rows, "cell"), read::number(rows, "value"));
            let (records, located) = (
                read::unsigned(rows, "records"),
                read::unsigned(rows, "located"),
            );
            for row in 0..rows.num_rows() {
                if cell.is_null(row) {
                    totals.add_without_cell(records.value(row), located.value(row));
                    continue;
                }
                totals.add_placed(records.value(row), located.value(row));
                let cell =
                    CellIndex::try_from(cell.value(row)).expect("a parent of a cell is a cell");
                cells.push(CellValue {
                    cell,
                    value: value.value(row),
                });
            }
        }
        Ok(Cells {
            seq: self.snapshot.seq,
            resolution,
            measure: measure.as_str(),
            cells,
            totals,
            boundary_version: city.boundary_version(),
            sql: statement.shown(),
        })
    }
}

impl Session {
    /// Complaints in each cell from roll-ups, and the sums; none when these cannot tell.
    pub(super) async fn cells_rolled(
        &self,
        filter: &Filter,
        resolution: Resolution,
    ) -> Result<Option<(HashMap<CellIndex, u64>, Totals)>, QueryError> {
        let Some(rolled) = self.rolled(filter).await? else {
            return Ok(None);
        };
        let city = &self.snapshot.city;
        let largest = city.largest().level.index();
        let mut totals = Totals::default();
        let mut cells: HashMap<CellIndex, u64> = HashMap::new();
        for ((cell, located), records) in
            rolled.by_place(|place| (place.cell, place.areas[largest].is_some()))
        {
            let located = if located { records } else { 0 };
            let cell = cell.and_then(|cell| CellIndex::try_from(cell).ok()?.parent(resolution));
            match cell {
                Some(cell) => {
                    totals.add_placed(records, located);
                    *cells.entry(cell).or_default() += records;
                }
                None => totals.add_without_cell(records, located),
            }
        }
        for part in &rolled.rest {
            let answer = self
                .rows(&statement(city, part, resolution, &Measure::Count)?)
                .await?;
            for rows in &answer.batches {
                let [cell, records, located] =
                    ["cell", "records", "located"].map(|name| read::unsigned(rows, name));
                for row in 0..rows.num_rows() {
                    let (records, located) = (records.value(row), located.value(row));
                    if cell.is_null(row) {
                        totals.add_without_cell(records, located);
                        continue;
                    }
                    totals.add_placed(records, located);
                    let cell =
                        CellIndex::try_from(cell.value(row)).expect("a parent of a cell is a cell");
                    *cells.entry(cell).or_default() += records;
                }
            }
        }
        Ok(Some((cells, totals)))
    }
}

fn statement(
    city: &City,
    filter: &Filter,
    resolution: Resolution,
    measure: &Measure,
) -> Result<Statement, QueryError> {
    if resolution > city.base_resolution {
        let rule = format!(
            "must not be finer than the city's base resolution {}",
            city.base_resolution
        );
        return Err(QueryError::parameter("resolution", rule));
    }
    let value = match measure {
        Measure::Count => "count(*)",
        Measure::PerKm2 => "count(*) / h3_cell_area(h3_cell_to_parent(cell, $resolution), 'km^2')",
        Measure::Per10k => {
            return Err(QueryError::parameter(
                "measure",
                "per_10k is for areas: a cell has no residents of its own",
            ));
        }
        Measure::Mean { .. } => "avg(result) FILTER (WHERE quality <> 'doubtful')",
    };
    let statement = Statement::new(include_str!("cells.sql"))
        .with("value", value)
        .with("level", city.largest().level.as_str())
        .bind("resolution", i64::from(u8::from(resolution)));
    measure.records(statement, filter, city)
}

impl Measure {
    /// Puts the table and the filter's conditions in their places.
    pub(super) fn records(
        &self,
        statement: Statement,
        filter: &Filter,
        city: &City,
    ) -> Result<Statement, QueryError> {
        let statement = statement.with("table", self.table().as_str());
        match self {
            Self::Mean { property } => {
                let statement = statement.with("filter", ":filter\n  AND property = $property");
                filter.apply(
                    statement.bind("property", property.as_str()),
                    self.table(),
                    city,
                )
            }
            _ => filter.apply(statement, self.table(), city),
        }
    }
}

impl Serialize for CellValue {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut pair = serializer.serialize_tuple(2)?;
        pair.serialize_element(&format_args!("{}", self.cell))?;
        pair.serialize_element(&number::Number(self.value))?;
        pair.end()
    }
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde hands the field by reference"
)]
fn resolution<S: Serializer>(resolution: &Resolution, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_u8((*resolution).into())
}
