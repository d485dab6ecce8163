//! A value for each area of a level.

use std::collections::{BTreeMap, HashMap};

use citybrain_grid::City;
use citybrain_model::AreaLevel;
use serde::Serialize;

use super::read::{self, number_at, text_at};
use super::{Measure, Totals, number};
use crate::rolled::area_counts;
use crate::statement::Statement;
use crate::{Filter, QueryError, Session};

/// A value for each area of a level, in order of id: every area of the latest boundary version, also those without a record, and
/// areas of earlier versions that hold matching records.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Areas {
    /// The snapshot that was read.
    pub seq: u64,
    /// The level.
    pub level: AreaLevel,
    /// What the values measure.
    pub measure: &'static str,
    /// The areas.
    pub areas: Vec<AreaValue>,
    /// The sums; located is by this level.
    #[serde(flatten)]
    pub totals: Totals,
    /// The boundaries by which records were placed.
    pub boundary_version: String,
    /// SQL that gives these rows, and one without an id for what is outside or not located.
    pub sql: String,
}

/// An area and its value.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct AreaValue {
    /// The area's id.
    pub id: String,
    /// The name in the city's own language; none for an area of an earlier boundary version.
    pub name: Option<String>,
    /// The name in the city's other languages, by language.
    pub names: BTreeMap<String, String>,
    /// The id of the area of the next larger level.
    pub parent: Option<String>,
    /// The value; none where it cannot be said: a rate without residents, a mean without observations.
    #[serde(serialize_with = "number::option")]
    pub value: Option<f64>,
    /// Matching records.
    pub records: u64,
    /// Of these, those that are known by their area alone and are in no cell.
    pub area_only: u64,
    /// Residents.
    #[serde(serialize_with = "number::option")]
    pub population: Option<f64>,
    /// Surface, km².
    pub area_km2: Option<f64>,
    /// Longitude of a point inside, WGS 84 degrees.
    pub lon: Option<f64>,
    /// Latitude of a point inside, WGS 84 degrees.
    pub lat: Option<f64>,
}

impl Session {
    /// Values for each area of `level`.
    ///
    /// # Errors
    /// A filter or level that does not fit the city; the limits of the query.
    pub async fn areas(
        &self,
        filter: &Filter,
        level: AreaLevel,
        measure: &Measure,
    ) -> Result<Areas, QueryError> {
        let city = &self.snapshot.city;
        let statement = statement(city, filter, level, measure)?;
        let rolled = match measure {
            Measure::Mean { .. } => None,
            _ => self.areas_rolled(filter, level).await?,
        };
        let answer = if let Some(counts) = rolled {
            self.put_rolled("counted", area_counts(counts))?;
            let value = value_of(measure).0;
            let of_counts = Statement::new(include_str!("areas.sql"))
                .with("counted", "rolled.counted")
                .with("value", value)
                .bind("level", level.as_str());
            self.rows(&of_counts).await?
        } else {
            self.rows(&statement).await?
        };
        let names = |id: &str| {
            let area = city.level(level)?.area(id)?;
            Some(area.names.clone())
        };

        let mut totals = Totals::default();
        let mut areas = Vec::with_capacity(answer.rows());
        for rows in &answer.batches {
            let [id, name, parent] =
                ["id", "name", "parent"].map(|column| read::text(rows, column));
            let [population, area_km2] =
                ["population", "area_km2"].map(|column| read::number(rows, column));
            let [lon, lat, value] =
                ["lon", "lat", "value"].map(|column| read::number(rows, column));
            let [with_cell, records] =
                ["placed", "records"].map(|column| read::unsigned(rows, column));
            for row in 0..rows.num_rows() {
                let (placed, records) = (with_cell.value(row), records.value(row));
                let Some(id) = text_at(&id, row) else {
                    totals.add_placed(placed, 0);
                    totals.add_without_cell(records - placed, 0);
                    continue;
                };
                totals.add_placed(placed, placed);
                totals.add_without_cell(records - placed, records - placed);
                areas.push(AreaValue {
                    names: names(&id).unwrap_or_default(),
                    id,
                    name: text_at(&name, row),
                    parent: text_at(&parent, row),
                    value: number_at(&value, row),
                    records,
                    area_only: records - placed,
                    population: number_at(&population, row),
                    area_km2: number_at(&area_km2, row),
                    lon: number_at(&lon, row),
                    lat: number_at(&lat, row),
                });
            }
        }
        Ok(Areas {
            seq: self.snapshot.seq,
            level,
            measure: measure.as_str(),
            areas,
            totals,
            boundary_version: city.boundary_version(),
            sql: statement.shown(),
        })
    }
}

impl Session {
    /// Complaints with a cell, and all, in each area of a level from roll-ups; none when these cannot tell.
    async fn areas_rolled(
        &self,
        filter: &Filter,
        level: AreaLevel,
    ) -> Result<Option<HashMap<Option<String>, (u64, u64)>>, QueryError> {
        let Some(rolled) = self.rolled(filter).await? else {
            return Ok(None);
        };
        let mut counts: HashMap<Option<String>, (u64, u64)> = HashMap::new();
        let mut add = |id: Option<String>, placed: u64, records: u64| {
            let sums = counts.entry(id).or_default();
            sums.0 += placed;
            sums.1 += records;
        };
        let places = rolled.by_place(|place| {
            let id = place.areas[level.index()].map(str::to_owned);
            (id, place.cell.is_some())
        });
        for ((id, has_cell), records) in places {
            add(id, if has_cell { records } else { 0 }, records);
        }
        for part in &rolled.rest {
            let statement =
                Statement::new(include_str!("areas_part.sql")).with("level", level.as_str());
            let statement = Measure::Count.records(statement, part, &self.snapshot.city)?;
            let answer = self.rows(&statement).await?;
            for rows in &answer.batches {
                let id = read::text(rows, "id");
                let [with_cell, records] =
                    ["placed", "records"].map(|name| read::unsigned(rows, name));
                for row in 0..rows.num_rows() {
                    add(text_at(&id, row), with_cell.value(row), records.value(row));
                }
            }
        }
        Ok(Some(counts))
    }
}

/// The value as SQL, and the mean that it needs.
const fn value_of(measure: &Measure) -> (&'static str, &'static str) {
    match measure {
        Measure::Count => ("coalesce(counted.records, 0)", ""),
        Measure::PerKm2 => ("coalesce(counted.records, 0) / area.area_km2", ""),
        Measure::Per10k => (
            "10000.0 * coalesce(counted.records, 0) / nullif(area.population, 0)",
            "",
        ),
        Measure::Mean { .. } => (
            "counted.mean",
            ", avg(result) FILTER (WHERE quality <> 'doubtful') AS mean",
        ),
    }
}

fn statement(
    city: &City,
    filter: &Filter,
    level: AreaLevel,
    measure: &Measure,
) -> Result<Statement, QueryError> {
    if city.level(level).is_none() {
        return Err(QueryError::NoLevel(level));
    }
    let (value, mean) = value_of(measure);
    let statement = Statement::new(include_str!("areas.sql"))
        .with("counted", include_str!("areas_counted.sql").trim_end())
        .with("value", value)
        .with("mean", mean)
        .with("level", level.as_str())
        .bind("level", level.as_str());
    measure.records(statement, filter, city)
}
