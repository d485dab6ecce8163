//! `hotspots((SELECT cell FROM complaints))`: where there is more, or less, than elsewhere, by Gi\*.
//!
//! Counts of one category are high wherever people are many. `hotspots((SELECT cell, category = 'Noise' AS chosen FROM complaints))`
//! asks where the category is more than all complaints of the place explain: the share of the chosen records against that of the
//! whole city, by an exact binomial test (`measure => 'share'`, the default when there is a column `chosen`).
//!
//! Every cell of the city is in the answer, also those without a record: they are part of what is compared.

use std::collections::HashMap;
use std::sync::Arc;

use citybrain_grid::City;
use citybrain_stats::automatic::{Aggregation, AutomaticParameters, Disk, Ground, choose};
use citybrain_stats::getis_ord::{GetisOrdParameters, getis_ord};
use citybrain_stats::neighbours::Neighbours;
use citybrain_stats::share::{ShareParameters, shares};
use citybrain_stats::significance::{Correction, Scores};
use citybrain_stats::space_time::Cube;
use datafusion::arrow::array::{
    Array, ArrayRef, AsArray, Float64Array, Int8Array, RecordBatch, UInt32Array, UInt64Array,
};
use datafusion::arrow::compute::cast;
use datafusion::arrow::datatypes::{DataType, Field, Float64Type, Schema, SchemaRef, UInt64Type};
use datafusion::error::{DataFusionError, Result};
use datafusion::functions_aggregate::expr_fn::{count, sum};
use h3o::{CellIndex, Resolution};
use serde_json::{Map, json};

use super::arguments::Arguments;
use super::grouped::{CHOSEN, PLACE, RECORDS};
use super::input::Input;
use super::{Analysis, AnalysisError, Compute, Found, Planned, cells};

const NAME: &str = "hotspots";
const TOTAL: &str = "total";
const VALUED: &str = "valued";
/// The coarsest resolution that is chosen.
const COARSEST: Resolution = Resolution::Six;
/// Distances that are tried when none is given, in cells.
const DISTANCES: std::ops::RangeInclusive<u32> = 1..=5;
/// Most neighbours that are listed to try a distance, four bytes each.
const NEIGHBOURS_MAX: usize = 20_000_000;

#[derive(Debug)]
pub(super) struct Hotspots;

/// What is compared between cells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Measure {
    Count,
    PerKm2,
    Per10k,
    Mean,
    Share,
}

impl Measure {
    const ALL: [(&str, Self); 5] = [
        ("count", Self::Count),
        ("per_km2", Self::PerKm2),
        ("per_10k", Self::Per10k),
        ("mean", Self::Mean),
        ("share", Self::Share),
    ];
}

impl Analysis for Hotspots {
    fn name(&self) -> &'static str {
        NAME
    }

    fn arguments(&self) -> &'static [&'static str] {
        &["resolution", "k", "measure", "correction"]
    }

    fn plan(&self, input: Input, arguments: &mut Arguments, city: &Arc<City>) -> Result<Planned> {
        let base = city.base_resolution;
        let resolution = arguments.whole("resolution", 0..=i64::from(u8::from(base)))?;
        let resolution = resolution
            .and_then(|number| u8::try_from(number).ok())
            .and_then(|number| Resolution::try_from(number).ok());
        let k = arguments
            .whole("k", 1..=20)?
            .and_then(|k| u32::try_from(k).ok());
        let word = arguments.text("measure")?;
        let chosen = input.chosen()?;
        let measure = match word.as_deref() {
            None if chosen.is_some() => Measure::Share,
            None => Measure::Count,
            Some(word) => Measure::ALL
                .into_iter()
                .find_map(|(known, measure)| (known == word).then_some(measure))
                .ok_or_else(|| {
                    arguments.broken(
                        "measure",
                        &word,
                        "must be one of count, per_km2, per_10k, mean, share".to_owned(),
                    )
                })?,
        };
        let correction = match arguments.text("correction")?.as_deref() {
            None | Some("fdr") => Correction::FalseDiscoveryRate,
            Some("raw") => Correction::Raw,
            Some(other) => {
                return Err(arguments.broken(
                    "correction",
                    &other,
                    "must be fdr or raw".to_owned(),
                ));
            }
        };
        let keys = vec![input.cell()?.alias(PLACE)];
        let mut sums = vec![input.records()];
        if measure == Measure::Mean {
            let value = input
                .value()
                .ok_or_else(|| input.lacks("a column value or result to take the mean of"))?;
            sums.push(sum(value.clone()).alias(TOTAL));
            sums.push(count(value).alias(VALUED));
        }
        if measure == Measure::Share {
            sums.push(chosen.ok_or_else(|| {
                input.lacks("a column chosen that is true for the records whose share is compared")
            })?);
        }
        Ok(Planned {
            input: input.group(keys, sums)?,
            schema: schema(),
            compute: Arc::new(Run {
                city: Arc::clone(city),
                resolution,
                k,
                measure,
                correction,
            }),
        })
    }
}

fn schema() -> SchemaRef {
    let number = |name| Field::new(name, DataType::Float64, true);
    Arc::new(Schema::new(vec![
        Field::new("cell", DataType::UInt64, false),
        number("value"),
        number("records"),
        Field::new("neighbours", DataType::UInt32, false),
        number("z"),
        number("p"),
        number("q"),
        Field::new("bin", DataType::Int8, true),
    ]))
}

#[derive(Debug)]
struct Run {
    city: Arc<City>,
    resolution: Option<Resolution>,
    k: Option<u32>,
    measure: Measure,
    correction: Correction,
}

/// What one cell has.
#[derive(Debug, Clone, Copy, Default)]
struct Sums {
    records: f64,
    total: f64,
    valued: f64,
    chosen: f64,
}

impl Compute for Run {
    fn compute(&self, rows: &[RecordBatch]) -> Result<Found> {
        let counted = Counted::read(rows)?;
        // An empty sum is -0.
        let records = counted.cells.values().map(|sums| sums.records).sum::<f64>() + 0.0;
        let mut note = Map::new();
        note.insert("function".to_owned(), json!(NAME));
        let statistic = match self.measure {
            Measure::Share => "binomial",
            _ => "Gi*",
        };
        note.insert("statistic".to_owned(), json!(statistic));
        let (resolution, k) = match self.resolution {
            Some(resolution) => (resolution, self.k.unwrap_or(1)),
            None => self.choose(&counted, &mut note)?,
        };
        let universe = cells::universe(&self.city, resolution);
        let (sums, outside) = counted.at(resolution, universe)?;
        let values = self.values(&sums, universe, resolution)?;
        let neighbours = cells::disks(universe, k)?;
        let scores = self.scores(&values, &sums, &neighbours)?;

        let number = |value: &dyn Fn(usize) -> Option<f64>| -> ArrayRef {
            Arc::new((0..universe.len()).map(value).collect::<Float64Array>())
        };
        let columns: Vec<ArrayRef> = vec![
            Arc::new(
                universe
                    .iter()
                    .map(|cell| Some(u64::from(*cell)))
                    .collect::<UInt64Array>(),
            ),
            number(&|at| Some(values[at]).filter(|value| value.is_finite())),
            number(&|at| Some(sums[at].records)),
            Arc::new(
                (0..universe.len())
                    .map(|at| u32::try_from(neighbours.of(at).len() + 1).ok())
                    .collect::<UInt32Array>(),
            ),
            number(&|at| scores.get(at).map(|score| score.z)),
            number(&|at| scores.get(at).map(|score| score.p)),
            number(&|at| scores.get(at).map(|score| score.q)),
            Arc::new(
                (0..universe.len())
                    .map(|at| scores.get(at).map(|score| score.bin))
                    .collect::<Int8Array>(),
            ),
        ];
        let word = Measure::ALL
            .iter()
            .find(|(_, measure)| *measure == self.measure);
        note.insert("resolution".to_owned(), json!(u8::from(resolution)));
        note.insert(
            "resolution_chosen".to_owned(),
            json!(self.resolution.is_none()),
        );
        note.insert("k".to_owned(), json!(k));
        note.insert(
            "k_chosen".to_owned(),
            json!(self.resolution.is_none() && self.k.is_none()),
        );
        note.insert("measure".to_owned(), json!(word.map(|(word, _)| word)));
        let correction = match self.correction {
            Correction::FalseDiscoveryRate => "fdr",
            Correction::Raw => "raw",
        };
        note.insert("correction".to_owned(), json!(correction));
        note.insert("cells".to_owned(), json!(universe.len()));
        note.insert("tested".to_owned(), json!(scores.tested().first()));
        note.insert("records".to_owned(), json!(records));
        note.insert("outside".to_owned(), json!(outside));
        note.insert("not_located".to_owned(), json!(counted.not_located));
        note.insert(
            "boundary_version".to_owned(),
            json!(self.city.boundary_version()),
        );
        Ok(Found {
            rows: RecordBatch::try_new(schema(), columns)?,
            parameters: note,
        })
    }
}

impl Run {
    /// How much each cell and those around it differ from the city.
    fn scores(&self, values: &[f64], sums: &[Sums], neighbours: &Neighbours) -> Result<Scores> {
        if self.measure == Measure::Share {
            let chosen: Vec<f64> = sums.iter().map(|sums| sums.chosen).collect();
            let all: Vec<f64> = sums.iter().map(|sums| sums.records).collect();
            let parameters = ShareParameters {
                correction: self.correction,
                ..ShareParameters::default()
            };
            let map = |values| Cube::try_new(values, 1);
            return map(&chosen)
                .and_then(|chosen| shares(chosen, map(&all)?, neighbours, &parameters))
                .map_err(|error| DataFusionError::External(Box::new(error)));
        }
        let parameters = GetisOrdParameters {
            correction: self.correction,
            ..GetisOrdParameters::default()
        };
        getis_ord(values, neighbours, &parameters)
            .map_err(|error| DataFusionError::External(Box::new(error)))
    }

    /// The finest resolution whose cells have enough records, and the distance at which they cluster most, and why.
    fn choose(
        &self,
        counted: &Counted,
        note: &mut Map<String, serde_json::Value>,
    ) -> Result<(Resolution, u32)> {
        let parameters = AutomaticParameters::default();
        let coarsest = COARSEST.min(self.city.base_resolution);
        let mut tried: Vec<Tried> = Vec::new();
        let mut next = Some(self.city.base_resolution);
        while let Some(resolution) = next.filter(|resolution| *resolution >= coarsest) {
            next = resolution.pred();
            let universe = cells::universe(&self.city, resolution);
            let (sums, _outside) = counted.at(resolution, universe)?;
            let counts: Vec<f64> = sums.iter().map(|sums| sums.records).collect();
            #[expect(clippy::cast_precision_loss, reason = "cells are far fewer than 2^53")]
            let full = counts.iter().sum::<f64>() >= parameters.minimum_mean * counts.len() as f64;
            // A resolution that is too fine cannot be chosen: only the coarsest is kept then, to say what is missing.
            if !full && resolution > coarsest {
                continue;
            }
            let distances = self.k.map_or(DISTANCES, |k| k..=k).filter(|k| {
                let near = 3 * *k as usize * (*k as usize + 1);
                *k == *DISTANCES.start()
                    || self.k.is_some()
                    || near * counts.len() <= NEIGHBOURS_MAX
            });
            let disks = distances
                .map(|k| Ok((k, cells::disks(universe, k)?)))
                .collect::<Result<_>>()?;
            tried.push((resolution, counts, disks));
        }
        let disks: Vec<Vec<Disk<'_>>> = tried
            .iter()
            .map(|(_, _, disks)| {
                disks
                    .iter()
                    .map(|(k, neighbours)| Disk { k: *k, neighbours })
                    .collect()
            })
            .collect();
        let aggregations: Vec<Aggregation<'_>> = tried
            .iter()
            .zip(&disks)
            .map(|((resolution, counts, _), disks)| Aggregation {
                resolution: u8::from(*resolution),
                counts,
                disks,
            })
            .collect();
        let choice =
            choose(&aggregations, &parameters).map_err(|refusal| AnalysisError::Refused {
                function: NAME,
                reason: format!("{refusal}, or give a resolution"),
            })?;
        note.insert("records_per_cell".to_owned(), json!(choice.mean));
        note.insert("clustering_z".to_owned(), json!(choice.clustering));
        let ground = match choice.ground {
            Ground::Peak => "clustering peaks at this distance",
            Ground::NoPeak => "clustering has no peak, so the nearest neighbours",
        };
        if self.k.is_none() {
            note.insert("k_ground".to_owned(), json!(ground));
        }
        Ok((tried[choice.aggregation].0, choice.k))
    }

    /// What is compared, NaN where it cannot be said.
    fn values(
        &self,
        sums: &[Sums],
        universe: &[CellIndex],
        resolution: Resolution,
    ) -> Result<Vec<f64>> {
        let ratio = |over: f64, under: f64| if under > 0.0 { over / under } else { f64::NAN };
        Ok(match self.measure {
            Measure::Count => sums.iter().map(|sums| sums.records).collect(),
            Measure::Mean => sums
                .iter()
                .map(|sums| ratio(sums.total, sums.valued))
                .collect(),
            Measure::Share => sums
                .iter()
                .map(|sums| ratio(sums.chosen, sums.records))
                .collect(),
            Measure::PerKm2 => sums
                .iter()
                .zip(universe)
                .map(|(sums, cell)| ratio(sums.records, cell.area_km2()))
                .collect(),
            Measure::Per10k => {
                let residents = cells::residents(&self.city, universe, resolution)?;
                let residents = residents.ok_or_else(|| AnalysisError::Refused {
                    function: NAME,
                    reason:
                        "measure => 'per_10k' needs areas with residents, and the city states none"
                            .to_owned(),
                })?;
                sums.iter()
                    .zip(residents)
                    .map(|(sums, residents)| ratio(sums.records * 10_000.0, residents))
                    .collect()
            }
        })
    }
}

/// A resolution that may be chosen: the count of each cell, and the neighbours within each distance.
type Tried = (Resolution, Vec<f64>, Vec<(u32, Neighbours)>);

/// The rows of the grouped query.
struct Counted {
    cells: HashMap<CellIndex, Sums>,
    not_located: f64,
}

impl Counted {
    fn read(rows: &[RecordBatch]) -> Result<Self> {
        let mut counted = Self {
            cells: HashMap::new(),
            not_located: 0.0,
        };
        for rows in rows {
            let numbers = |name: &str| -> Result<Option<Float64Array>> {
                let column = rows
                    .column_by_name(name)
                    .map(|column| cast(column, &DataType::Float64))
                    .transpose()?;
                Ok(column.map(|column| column.as_primitive::<Float64Type>().clone()))
            };
            let (records, total, valued) = (numbers(RECORDS)?, numbers(TOTAL)?, numbers(VALUED)?);
            let chosen = numbers(CHOSEN)?;
            let places = rows.column_by_name(PLACE).ok_or_else(|| {
                DataFusionError::Internal("the grouped query has a place".to_owned())
            })?;
            let places = places.as_primitive::<UInt64Type>();
            let at = |column: &Option<Float64Array>, row: usize| {
                column
                    .as_ref()
                    .filter(|column| column.is_valid(row))
                    .map_or(0.0, |column| column.value(row))
            };
            for row in 0..rows.num_rows() {
                if places.is_null(row) {
                    counted.not_located += at(&records, row);
                    continue;
                }
                let cell = CellIndex::try_from(places.value(row)).map_err(|error| {
                    AnalysisError::Refused {
                        function: NAME,
                        reason: format!(
                            "{} in the column cell is no H3 cell: {error}",
                            places.value(row)
                        ),
                    }
                })?;
                let sums = counted.cells.entry(cell).or_default();
                sums.records += at(&records, row);
                sums.total += at(&total, row);
                sums.valued += at(&valued, row);
                sums.chosen += at(&chosen, row);
            }
        }
        Ok(counted)
    }

    /// The sums of each cell of the list, and the records in no cell of it.
    fn at(&self, resolution: Resolution, universe: &[CellIndex]) -> Result<(Vec<Sums>, f64)> {
        let mut sums = vec![Sums::default(); universe.len()];
        let mut outside = 0.0;
        for (cell, here) in &self.cells {
            let parent = cell.parent(resolution).ok_or_else(|| AnalysisError::Refused {
                function: NAME,
                reason: format!(
                    "the cell {cell} is coarser than the resolution {resolution}: give a resolution that the query's cells have"
                ),
            })?;
            match cells::number(universe, parent) {
                None => outside += here.records,
                Some(at) => {
                    let all = &mut sums[at as usize];
                    all.records += here.records;
                    all.total += here.total;
                    all.valued += here.valued;
                    all.chosen += here.chosen;
                }
            }
        }
        Ok((sums, outside))
    }
}
