//! Complaints in each aligned cell.

use citybrain_model::AreaLevel;
use citybrain_store::Table;
use h3o::CellIndex;
use serde::ser::SerializeTuple;
use serde::{Serialize, Serializer};

use super::read;
use crate::statement::Statement;
use crate::{Filter, QueryError, Session};

/// Complaints in each part of a cell that lies in one area of the city's smallest level, the fullest first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct AlignedCounts {
    /// The snapshot that was read.
    pub seq: u64,
    /// The level of the areas.
    #[serde(serialize_with = "word")]
    pub level: AreaLevel,
    /// The parts that hold any.
    pub aligned: Vec<AlignedCount>,
    /// There are more parts than were asked for.
    pub truncated: bool,
    /// SQL that gives these rows.
    pub sql: String,
}

/// An aligned cell and its complaints; in JSON three values: the cell as hex text, the area's id, the number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AlignedCount {
    /// The cell, of the base resolution.
    pub cell: CellIndex,
    /// The area's id.
    pub area: String,
    /// Complaints.
    pub value: u64,
}

impl Session {
    /// The `limit` fullest aligned cells. With all of them the sum over an area is what the area counts of what has a cell.
    ///
    /// # Errors
    /// A filter that does not fit the city; the limits of the query.
    pub async fn aligned(
        &self,
        filter: &Filter,
        limit: usize,
    ) -> Result<AlignedCounts, QueryError> {
        let city = &self.snapshot.city;
        let smallest = city.levels.last().expect("a city has a level").level;
        let fetched = i64::try_from(limit).unwrap_or(i64::MAX).saturating_add(1);
        let statement = Statement::new(include_str!("aligned.sql"))
            .with("level", smallest.as_str())
            .bind("limit", fetched);
        let statement = filter.apply(statement, Table::Complaints, city)?;
        let answer = self.rows(&statement).await?;
        let mut aligned = Vec::with_capacity(answer.rows());
        for rows in &answer.batches {
            let [cell, value] = ["cell", "value"].map(|name| read::unsigned(rows, name));
            let area = read::text(rows, "area");
            aligned.extend((0..rows.num_rows()).map(|row| AlignedCount {
                cell: CellIndex::try_from(cell.value(row)).expect("a cell of a record is a cell"),
                area: area.value(row).to_owned(),
                value: value.value(row),
            }));
        }
        let truncated = aligned.len() > limit;
        aligned.truncate(limit);
        Ok(AlignedCounts {
            seq: self.snapshot.seq,
            level: smallest,
            aligned,
            truncated,
            sql: statement.shown(),
        })
    }
}

impl Serialize for AlignedCount {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut parts = serializer.serialize_tuple(3)?;
        parts.serialize_element(&format_args!("{}", self.cell))?;
        parts.serialize_element(&self.area)?;
        parts.serialize_element(&self.value)?;
        parts.end()
    }
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde hands the field by reference"
)]
fn word<S: Serializer>(level: &AreaLevel, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(level.as_str())
}
